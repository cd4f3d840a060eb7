from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.errors import ConfigError
from wutdet.metrics import tally
from wutdet.metrics.boxes import FoundBoxes, TrueBoxes
from wutdet.metrics.matching import Matches, match
from wutdet.metrics.operating import find_thresholds, prepare_operating, read_at_threshold, read_operating
from wutdet.sizes import COCO_RANGES, SizeRange, bin_ranges

BINS = bin_ranges((8.0, 16.0))
AT_NETWORK_SCALE = SizeRange("<8", 0.0, 64.0, at_network_scale=True)
WATER = (500, 500, 10, 10)


@dataclass
class Scene:
    """Frames by number, ships as (frame, x, y, w, h, crowd), detections as (frame, x, y, w, h, score)."""

    frames: list
    ships: list
    found: list

    def matches(self, **columns) -> Matches:
        ships = np.array(self.ships, float).reshape(-1, 6)
        found = np.array(self.found, float).reshape(-1, 6)
        true = TrueBoxes(
            np.array(self.frames, np.int64),
            ships[:, 0].astype(np.int64),
            ships[:, 1:5],
            ships[:, 3] * ships[:, 4],
            ships[:, 5].astype(bool),
            columns.get("true_categories"),
        )
        boxes = FoundBoxes(found[:, 0].astype(np.int64), found[:, 1:5], found[:, 5], columns.get("found_categories"))
        return match(true, boxes, thresholds=(0.3, 0.5), ranges=(*COCO_RANGES, *BINS, AT_NETWORK_SCALE))


def on_ship(frame, score, x=0):
    return (frame, x, 0, 10, 10, score)


def on_water(frame, score):
    return (frame, *WATER, score)


def ship(frame, x=0, crowd=0):
    return (frame, x, 0, 10, 10, crowd)


def read(scene, fppi, weights=None, unit=None, **columns):
    """The figures at IoU 0.3 under one weighting, by their names without the operating point."""
    prepared = prepare_operating(scene.matches(**columns), fppi=(fppi,), ious=(0.3,), unit=unit)
    weights = [1] * (len(scene.frames) if unit is None else max(unit) + 1) if weights is None else weights
    return short(read_operating(prepared, np.array([weights], np.int32)), f"@fppi={fppi:g},iou=0.3")


def short(figures, point):
    assert all(point in name for name in figures)
    return {name.replace(point, ""): float(values[0]) for name, values in figures.items()}


TEN_FRAMES = Scene(
    list(range(10)),
    [ship(1), ship(2), ship(3), ship(4)],
    [
        on_ship(1, 0.9),
        on_water(1, 0.8),
        on_ship(2, 0.7),
        on_water(5, 0.6),
        on_ship(3, 0.5),
        on_water(5, 0.4),
    ],
)


@pytest.mark.parametrize(
    ("fppi", "recall", "threshold", "frames"),
    [
        (0.05, 1 / 4, 0.9, 0.0),  # half an alarm is none: down to the hit before the first alarm
        (0.1, 2 / 4, 0.7, 100.0),  # one alarm, and the hit below it
        (0.2, 3 / 4, 0.5, 200.0),  # the alarms of frames 1 and 5
        (0.3, 3 / 4, 0.4, 200.0),  # three alarms exactly: everything; frame 5 counts once
        (1.0, 3 / 4, 0.4, 200.0),  # ten are allowed, there are three
    ],
)
def test_the_threshold_is_the_lowest_that_keeps_to_the_allowance(fppi, recall, threshold, frames):
    """Ten frames, four ships, one never found; by score: hit, alarm, hit, alarm, hit, alarm at 0.9, 0.8, … 0.4."""
    figures = read(TEN_FRAMES, fppi)
    assert figures["recall"] == recall
    assert figures["threshold"] == threshold
    assert figures["false_alarm_frames_per_1000"] == frames


def test_nothing_is_accepted_where_the_best_detection_is_an_alarm_too_many():
    """One frame, one ship; the alarm at 0.9 stands before the hit at 0.8, and none is allowed."""
    figures = read(Scene([1], [ship(1)], [on_water(1, 0.9), on_ship(1, 0.8)]), 0.5)
    assert figures["recall"] == 0.0
    assert np.isnan(figures["threshold"])
    assert figures["false_alarm_frames_per_1000"] == 0.0


@pytest.mark.parametrize(("fppi", "recall", "threshold"), [(0.1, 1 / 3, 0.9), (0.2, 2 / 3, 0.8), (0.3, 1.0, 0.7)])
def test_detections_of_one_score_are_accepted_all_or_none(fppi, recall, threshold):
    """Ten frames; a hit at 0.9; a hit and two alarms at 0.8; a hit and an alarm at 0.7.

    With one alarm allowed none of the three at 0.8 is accepted, the hit neither; with two all of them are, and then
    the alarm at 0.7 keeps the hit of its score out.
    """
    tied = [on_ship(2, 0.8), on_water(1, 0.8), on_water(3, 0.8), on_water(4, 0.7), on_ship(3, 0.7)]
    scene = Scene(list(range(10)), [ship(1), ship(2), ship(3)], [on_ship(1, 0.9), *tied])
    figures = read(scene, fppi)
    assert figures["recall"] == recall
    assert figures["threshold"] == threshold


@pytest.mark.parametrize(
    ("fppi", "frames", "allowed"),
    [
        (0.01, 100, 1),
        (0.01, 99, 0),
        (0.1, 30, 3),  # 3.0000000000000004
        (0.1, 29, 2),
        (0.29, 100, 29),  # 28.999999999999996
        (0.07, 100, 7),  # 7.000000000000001
        (1.0, 3, 3),
        (0.0, 3, 0),
    ],
)
def test_an_allowance_that_is_met_exactly_is_kept(fppi, frames, allowed):
    """Alarms alone, at 0.99, 0.98, …: as many as are allowed, and three more."""
    scores = [round(0.99 - 0.01 * number, 2) for number in range(allowed + 3)]
    figures = read(Scene(list(range(frames)), [], [on_water(0, score) for score in scores]), fppi)
    expected = [np.nan, *scores][allowed]
    assert figures["threshold"] == pytest.approx(expected, nan_ok=True)
    assert figures["false_alarm_frames_per_1000"] == pytest.approx(1000 / frames if allowed else 0.0)
    assert np.isnan(figures["recall"])


def test_recall_is_also_told_by_size_bin_in_native_pixels():
    """Ships of √area 6, 6, 8 (on the border: the bin above it) and 20; found are one of 6 and that of 8."""
    ships = [(1, 0, 0, 6, 6, 0), (1, 50, 0, 6, 6, 0), (1, 100, 0, 8, 8, 0), (1, 150, 0, 20, 20, 0)]
    found = [(1, 0, 0, 6, 6, 0.9), (1, 100, 0, 8, 8, 0.8)]
    figures = read(Scene([1], ships, found), 1)
    assert {name: value for name, value in figures.items() if "recall" in name} == {
        "recall": 2 / 4,
        "recall,size=<8": 1 / 2,
        "recall,size=8-16": 1.0,
        "recall,size=>16": 0.0,
    }
    assert np.isnan(read(Scene([1], ships[:1], found), 1)["recall,size=8-16"])


def test_a_ship_of_a_bin_is_found_by_whatever_matched_it_among_ships_of_all_sizes():
    """A detection equals a 10 x 10 ship and overlaps a 10 x 6 one by 0.6: it takes the former, in every bin."""
    figures = read(Scene([1], [(1, 0, 0, 10, 10, 0), (1, 0, 0, 10, 6, 0)], [(1, 0, 0, 10, 10, 0.9)]), 1)
    assert figures["recall"] == 1 / 2
    assert figures["recall,size=8-16"] == 1.0
    assert figures["recall,size=<8"] == 0.0


def test_a_ship_is_binned_by_its_own_size_and_not_by_that_of_the_box():
    """A 6 x 6 ship in a 12 x 6 box, √area 8.5: IoU 0.5."""
    figures = read(Scene([1], [(1, 0, 0, 6, 6, 0)], [(1, 0, 0, 12, 6, 0.9)]), 1)
    assert figures["recall,size=<8"] == 1.0
    assert np.isnan(figures["recall,size=8-16"])


def test_a_box_beyond_the_range_of_all_sizes_is_no_false_alarm_as_in_coco():
    """4e10 px², four times what COCO's `all` ends at: the hit below it needs no allowance."""
    figures = read(Scene([1], [ship(1)], [(1, 900, 900, 2e5, 2e5, 0.9), on_ship(1, 0.8)]), 0)
    assert (figures["recall"], figures["threshold"], figures["false_alarm_frames_per_1000"]) == (1.0, 0.8, 0.0)


def test_a_detection_on_a_crowd_is_neither_right_nor_wrong():
    """Two on the crowd at 0.9 and 0.8, the hit at 0.7, an alarm at 0.6, one more on the crowd at 0.5.

    Without an alarm allowed the hit is still accepted; with all accepted one frame of two has an alarm, the threshold
    is the lowest score of all, and the crowd is no ship that could be missed.
    """
    crowd = [on_ship(1, 0.9, x=100), on_ship(1, 0.8, x=100), on_ship(2, 0.5, x=100)]
    scene = Scene(
        [1, 2], [ship(1), ship(1, x=100, crowd=1), ship(2, x=100, crowd=1)], [*crowd, on_ship(1, 0.7), on_water(2, 0.6)]
    )
    none, all_of_them = read(scene, 0), read(scene, 1)
    assert (none["recall"], none["threshold"], none["false_alarm_frames_per_1000"]) == (1.0, 0.7, 0.0)
    assert (all_of_them["recall"], all_of_them["threshold"]) == (1.0, 0.5)
    assert all_of_them["false_alarm_frames_per_1000"] == 500.0


def test_a_second_detection_of_a_ship_is_a_false_alarm():
    """Hit at 0.9, its double at 0.8, another hit at 0.7; one frame in two may hold an alarm, so 1 of 2 frames."""
    scene = Scene([1, 2], [ship(1), ship(2)], [on_ship(1, 0.9), on_ship(1, 0.8), on_ship(2, 0.7)])
    assert read(scene, 0.4)["recall"] == 0.5
    assert read(scene, 0.5)["recall"] == 1.0
    assert read(scene, 0.5)["false_alarm_frames_per_1000"] == 500.0


def test_a_loose_box_is_a_hit_at_one_iou_threshold_and_an_alarm_at_the_other():
    """A 10 x 10 ship in a 25 x 10 box: IoU 0.4. At 0.5 it is an alarm in the only frame, and none is allowed."""
    matches = Scene([1], [ship(1)], [(1, 0, 0, 25, 10, 0.9)]).matches()
    figures = read_operating(prepare_operating(matches, fppi=(0.01,)), np.ones((1, 1), np.int32))
    assert figures["recall@fppi=0.01,iou=0.3"] == 1.0
    assert figures["threshold@fppi=0.01,iou=0.3"] == 0.9
    assert figures["recall@fppi=0.01,iou=0.5"] == 0.0
    assert np.isnan(figures["threshold@fppi=0.01,iou=0.5"])


def test_all_classes_count_as_one_and_nothing_is_capped():
    """120 alarms of two classes in one frame, all better than the hit: 120 alarms per image let it in, 119 do not."""
    alarms = [on_water(1, 0.9 - 0.001 * number) for number in range(120)]
    scene = Scene([1], [ship(1)], [*alarms, on_ship(1, 0.5)])
    classes = {"true_categories": np.array([2]), "found_categories": np.array([1, 2] * 60 + [2])}
    assert read(scene, 119, **classes)["recall"] == 0.0
    assert read(scene, 120, **classes)["recall"] == 1.0


def test_every_figure_has_its_name():
    prepared, ones = prepare_operating(TEN_FRAMES.matches()), np.ones((1, 10), np.int32)
    names = read_operating(prepared, ones)
    points = [f"fppi={fppi},iou={iou}" for iou in ("0.3", "0.5") for fppi in ("0.01", "0.1", "1")]
    sizes = ("", ",size=<8", ",size=8-16", ",size=>16")
    both = {f"recall@{{}}{point}{size}" for point in points for size in sizes}
    both |= {f"false_alarm_frames_per_1000@{{}}{point}" for point in points}
    assert set(names) == {name.format("") for name in both} | {f"threshold@{point}" for point in points}
    kept = read_at_threshold(
        prepared, np.ones((1, 10), np.int32), find_thresholds(prepared, np.ones((1, 10), np.int32))
    )
    assert set(kept) == {name.format("clear_") for name in both} | {f"fppi@clear_{point}" for point in points}


def test_a_slice_is_read_as_if_there_were_nothing_else():
    """Frames 5 to 9 of ten: two alarms, at 0.6 and 0.4, and no ship. One alarm in five frames is allowed at 0.2.

    Without its weight the hit at 0.5 lends no threshold either: it is 0.6.
    """
    figures = read(TEN_FRAMES, 0.2, weights=[0] * 5 + [1] * 5)
    assert np.isnan(figures["recall"])
    assert figures["threshold"] == 0.6
    assert figures["false_alarm_frames_per_1000"] == 200.0


def test_a_slice_of_nothing_is_unknown():
    assert all(np.isnan(value) for value in read(TEN_FRAMES, 0.1, weights=[0] * 10).values())


def test_a_sequence_drawn_twice_counts_twice():
    """Frames 0–4 are sequence 0, 5–9 sequence 1. Drawn (0 x 2, 1 x 1): 15 frames, 8 ships, 6 of them found.

    At 0.15 alarms per image 2.25 are allowed: the alarm at 0.8 counts 2, the one at 0.6 would be the third. So hits
    at 0.9 and 0.7, 4 of 8 ships, and frames: 2 of 15.
    """
    figures = read(TEN_FRAMES, 0.15, weights=[2, 1], unit=np.repeat(np.arange(2, dtype=np.int32), 5))
    assert figures["recall"] == 0.5
    assert figures["threshold"] == 0.7
    assert figures["false_alarm_frames_per_1000"] == pytest.approx(2000 / 15)


FOG = Scene(
    list(range(10)),
    [ship(1), ship(2), ship(3), ship(4)],
    [on_water(1, 0.95), on_ship(1, 0.7), on_water(6, 0.7), on_water(6, 0.7), on_ship(2, 0.69), on_water(7, 0.1)],
)


def test_a_threshold_set_in_clear_weather_is_kept_in_fog():
    """At 0.1 false alarms per image the clear frames give 0.7, and 2 ships of 4.

    In fog the same score accepts (it lies on it) one ship of 4 and three alarms in ten frames, two of them in one.
    """
    weights = np.ones((1, 10), np.int32)
    clear, fog = (prepare_operating(scene.matches(), fppi=(0.1,), ious=(0.3,)) for scene in (TEN_FRAMES, FOG))
    figures = short(read_at_threshold(fog, weights, find_thresholds(clear, weights)), "@clear_fppi=0.1,iou=0.3")
    assert figures["recall"] == figures["recall,size=8-16"] == 1 / 4
    assert figures["fppi"] == 0.3
    assert figures["false_alarm_frames_per_1000"] == 200.0
    assert np.isnan(figures["recall,size=<8"])


def test_each_replicate_may_bring_its_own_threshold():
    """Thresholds 0.7, 0.96 and unknown in the fog: one ship, none, none; 3, 0 and 0 alarms in ten frames."""
    fog = prepare_operating(FOG.matches(), fppi=(0.1,), ious=(0.3,))
    figures = read_at_threshold(fog, np.ones((3, 10), np.int32), {(0.1, 0.3): np.array([0.7, 0.96, np.nan])})
    assert figures["recall@clear_fppi=0.1,iou=0.3"].tolist() == [0.25, 0.0, 0.0]
    assert figures["fppi@clear_fppi=0.1,iou=0.3"].tolist() == [0.3, 0.0, 0.0]
    assert figures["false_alarm_frames_per_1000@clear_fppi=0.1,iou=0.3"].tolist() == [200.0, 0.0, 0.0]


def test_one_number_is_a_threshold_for_all_replicates_and_a_missing_one_is_an_error():
    fog = prepare_operating(FOG.matches(), fppi=(0.1,), ious=(0.3,))
    figures = read_at_threshold(fog, np.ones((2, 10), np.int32), {(0.1, 0.3): 0.69})
    assert figures["recall@clear_fppi=0.1,iou=0.3"].tolist() == [0.5, 0.5]
    with pytest.raises(KeyError):
        read_at_threshold(fog, np.ones((2, 10), np.int32), {(0.1, 0.5): 0.69})


def test_no_detections_find_nothing_and_no_ships_are_unknown():
    nothing = read(Scene([1], [ship(1)], []), 1)
    assert (nothing["recall"], nothing["false_alarm_frames_per_1000"]) == (0.0, 0.0)
    assert np.isnan(nothing["threshold"])
    assert np.isnan(read(Scene([1], [], []), 1)["recall"])
    assert all(np.isnan(value) for value in read(Scene([], [], []), 1).values())


@pytest.mark.parametrize("fppi", [(-0.1,), (float("nan"),), (float("inf"),), ()])
def test_an_allowance_that_is_none_is_refused(fppi):
    with pytest.raises(ConfigError, match="fppi"):
        prepare_operating(TEN_FRAMES.matches(), fppi=fppi)


def test_iou_thresholds_must_have_been_matched_for():
    with pytest.raises(KeyError):
        prepare_operating(TEN_FRAMES.matches(), ious=(0.4,))
    with pytest.raises(ConfigError, match="IoU"):
        prepare_operating(TEN_FRAMES.matches(), ious=())


# Properties, against a slow reading that shares no code: loops over detections, and exact fractions.


def overlap(found, true, crowd):
    width = min(found[0] + found[2], true[0] + true[2]) - max(found[0], true[0])
    height = min(found[1] + found[3], true[1] + true[3]) - max(found[1], true[1])
    common = max(width, 0) * max(height, 0)
    return common / (found[2] * found[3] + (0 if crowd else true[2] * true[3] - common))


def verdicts(scene, iou):
    """(frame, score, verdict) of every detection: the row of the ship it found, "alarm" or "crowd"."""
    told = []
    taken = set()
    for frame, *box, score in sorted(scene.found, key=lambda row: -row[5]):
        best, best_iou, best_crowd = "alarm", iou, True
        for row, (ship_frame, *true, crowd) in enumerate(scene.ships):
            shared = overlap(box, true, crowd)
            if ship_frame != frame or row in taken or shared < iou or (crowd and not best_crowd):
                continue
            if (best_crowd and not crowd) or shared >= best_iou:
                best, best_iou, best_crowd = row, shared, bool(crowd)
        if isinstance(best, int) and scene.ships[best][5]:
            best = "crowd"
        taken |= {best} - {"alarm", "crowd"}
        told.append((frame, score, best))
    return told


def figures_from(scene, weight, told, score):
    """Figures by loops at one score, for the weight of every frame."""
    accepted = [(frame, what) for frame, own, what in told if own >= score and weight[frame]]
    figures = {"false_alarm_frames": sum(weight[f] for f in {f for f, what in accepted if what == "alarm"})}
    figures["alarms"] = sum(weight[frame] for frame, what in accepted if what == "alarm")
    for name, low, high in (("", 0, 1e9), (",size=<8", 0, 8), (",size=8-16", 8, 16), (",size=>16", 16, 1e9)):
        ships = {
            row: weight[frame]
            for row, (frame, _, _, w, h, crowd) in enumerate(scene.ships)
            if not crowd and low**2 <= w * h < high**2
        }
        total = sum(ships.values())
        figures[f"recall{name}"] = sum(ships.get(what, 0) for _, what in accepted) / total if total else np.nan
    return figures


def slow_threshold(weight, told, fppi):
    allowed = Fraction(str(fppi)) * sum(weight.values())
    threshold = np.nan
    for score in sorted({own for frame, own, _ in told if weight[frame]}, reverse=True):
        if sum(weight[frame] for frame, own, what in told if own >= score and what == "alarm") > allowed:
            break
        threshold = score
    return threshold


FPPI = (0.0, 0.1, 0.5, 1.0, 3.0)
SIDES = st.sampled_from([5, 7, 8, 12, 17])
COLUMNS = st.integers(0, 5).map(lambda column: 6 * column)


@st.composite
def scenes(draw, ties=True):
    frames = draw(st.permutations(range(draw(st.integers(1, 6)))))
    frame = st.sampled_from(frames)
    ships = st.tuples(frame, COLUMNS, st.integers(0, 2), SIDES, SIDES, st.sampled_from([0, 0, 0, 1]))
    boxes = st.tuples(frame, COLUMNS, st.integers(0, 2), SIDES, SIDES)
    found = draw(st.lists(boxes, max_size=20))
    if ties:
        scores = [draw(st.integers(1, 6)) / 8 for _ in found]
    else:
        scores = draw(st.permutations([(number + 1) / 64 for number in range(len(found))]))
    return Scene(
        list(frames), draw(st.lists(ships, max_size=8)), [(*box, s) for box, s in zip(found, scores, strict=True)]
    )


@st.composite
def weighted(draw, replicates=3):
    """A scene, the unit of each of its frames by number, and weights of the units."""
    scene = draw(scenes())
    unit = np.array(draw(st.lists(st.integers(0, 2), min_size=len(scene.frames), max_size=len(scene.frames))), np.int32)
    row = st.lists(st.integers(0, 3), min_size=3, max_size=3)
    return scene, unit, np.array([draw(row) for _ in range(replicates)], np.int32)


@pytest.fixture(params=[1, 3, tally._BLOCK], ids="blocks of {}".format)
def block(request, monkeypatch):
    """How many detections stand in a block: tiny ones, so that small scenes have several, and the usual."""
    monkeypatch.setattr(tally, "_BLOCK", request.param)
    monkeypatch.setattr(tally, "_BLOCK_PER_UNIT", 0)


many = settings(max_examples=60, deadline=None)


@pytest.mark.usefixtures("block")
@many
@given(weighted())
def test_readings_equal_those_of_loops_over_detections(problem):
    scene, unit, weights = problem
    weights[0] = 1
    prepared = prepare_operating(scene.matches(), fppi=FPPI, unit=unit)
    fast = read_operating(prepared, weights)
    kept = read_at_threshold(prepared, weights, dict.fromkeys(find_thresholds(prepared, weights), 0.375))
    told = {iou: verdicts(scene, iou) for iou in (0.3, 0.5)}
    for replicate, row in enumerate(weights):
        weight = {frame: int(row[unit[frame]]) for frame in scene.frames}
        images = sum(weight.values())
        for iou in (0.3, 0.5):
            clear = figures_from(scene, weight, told[iou], 0.375)
            rate = kept[f"fppi@clear_fppi=0.1,iou={iou}"][replicate]
            assert rate == pytest.approx(clear["alarms"] / images if images else np.nan, nan_ok=True)
            for fppi in FPPI:
                threshold = slow_threshold(weight, told[iou], fppi)
                point = f"fppi={fppi:g},iou={iou}"
                assert fast[f"threshold@{point}"][replicate] == pytest.approx(threshold, nan_ok=True)
                score = np.inf if np.isnan(threshold) else threshold
                slow = figures_from(scene, weight, told[iou], score)
                for figures, names, source in ((slow, point, fast), (clear, f"clear_{point}", kept)):
                    frames = 1000 * figures["false_alarm_frames"] / images if images else np.nan
                    name = f"false_alarm_frames_per_1000@{names}"
                    assert source[name][replicate] == pytest.approx(frames, nan_ok=True)
                    for size in ("", ",size=<8", ",size=8-16", ",size=>16"):
                        found = source[f"recall@{names}{size}"][replicate]
                        assert found == pytest.approx(figures[f"recall{size}"], nan_ok=True)


def repeated(scene, copies):
    """The scene with each frame as often as `copies` says, every copy under a number of its own."""
    numbers = {frame: [frame + 100 * copy for copy in range(copies[frame])] for frame in scene.frames}
    return Scene(
        [number for frame in scene.frames for number in numbers[frame]],
        [(number, *row[1:]) for row in scene.ships for number in numbers[row[0]]],
        [(number, *row[1:]) for row in scene.found for number in numbers[row[0]]],
    )


@pytest.mark.usefixtures("block")
@many
@given(weighted(replicates=1))
def test_a_unit_of_weight_two_is_that_unit_twice(problem):
    scene, unit, weights = problem
    again = repeated(scene, {frame: int(weights[0, unit[frame]]) for frame in scene.frames})
    ones = np.ones((1, len(again.frames)), np.int32)
    once, twice = (prepare_operating(item.matches(), fppi=FPPI, unit=u) for item, u in ((scene, unit), (again, None)))
    np.testing.assert_equal(read_operating(once, weights), read_operating(twice, ones))
    scores = find_thresholds(once, np.ones_like(weights))
    np.testing.assert_equal(read_at_threshold(once, weights, scores), read_at_threshold(twice, ones, scores))


@many
@given(weighted())
def test_more_false_alarms_never_buy_less_recall(problem):
    scene, unit, weights = problem
    figures = read_operating(prepare_operating(scene.matches(), fppi=FPPI, unit=unit), weights)
    for iou in (0.3, 0.5):
        for name in ("recall", "false_alarm_frames_per_1000"):
            values = np.array([figures[f"{name}@fppi={fppi:g},iou={iou}"] for fppi in FPPI])
            assert not (np.diff(values, axis=0) < 0).any()
        thresholds = np.array([figures[f"threshold@fppi={fppi:g},iou={iou}"] for fppi in FPPI])
        assert not (np.diff(np.where(np.isnan(thresholds), 2.0, thresholds), axis=0) > 0).any()


@many
@given(scenes(ties=False), st.randoms(use_true_random=False))
def test_the_order_of_frames_and_detections_plays_no_part(scene, random):
    ones = np.ones((1, len(scene.frames)), np.int32)
    new_number = dict(zip(scene.frames, random.sample(range(100), len(scene.frames)), strict=True))
    shuffled = Scene(
        [new_number[frame] for frame in scene.frames],
        [(new_number[row[0]], *row[1:]) for row in scene.ships],
        [(new_number[row[0]], *row[1:]) for row in random.sample(scene.found, len(scene.found))],
    )
    before, after = (read_operating(prepare_operating(item.matches(), fppi=FPPI), ones) for item in (scene, shuffled))
    np.testing.assert_equal(before, after)


def test_a_list_of_many_blocks_is_read_as_deep_as_a_weighting_needs():
    """Sequences 0 to 2 of 1,000 frames each: 4,000 alarms, every one in the first; 5,000 hits in the second.

    Scores fall by turns: alarm, hit, alarm, hit … (then hits). One per image under equal weights: 3,000 alarms, so
    3,000 hits of 5,000 and one more score above them. With the first sequence weighing 3 of 3: every alarm weighs 3,
    the allowance is 3,000, so 1,000 alarms and no ship to find. With the second alone: everything, 5,000 hits.
    """
    alarms, hits = np.arange(4000), np.arange(5000)
    found = [on_water(a % 1000, 1 - 2 * a / 10000) for a in alarms]
    found += [(1000 + h % 1000, 20 * (h // 1000), 0, 10, 10, 1 - (2 * h + 1) / 10000) for h in hits]
    ships = [ship(1000 + h % 1000, x=20 * (h // 1000)) for h in hits]
    unit = np.repeat(np.arange(3, dtype=np.int32), 1000)
    matches = Scene(list(range(3000)), ships, found).matches()
    prepared = prepare_operating(matches, fppi=(1.0,), ious=(0.5,), unit=unit)
    figures = read_operating(prepared, np.array([[1, 1, 1], [3, 0, 0], [0, 3, 0]], np.int32))
    np.testing.assert_equal(figures["recall@fppi=1,iou=0.5"], [3000 / 5000, np.nan, 1.0])
    np.testing.assert_allclose(
        figures["threshold@fppi=1,iou=0.5"], [1 - 5999 / 10000, 1 - 1998 / 10000, 1 - 9999 / 10000]
    )
    np.testing.assert_allclose(figures["false_alarm_frames_per_1000@fppi=1,iou=0.5"], [1000 / 3, 1000.0, 0.0])
