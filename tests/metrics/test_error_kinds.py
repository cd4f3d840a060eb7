import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import problems
from pycocotools import mask

from wutdet.metrics.bands import BAND_NAMES, SKY, WATER
from wutdet.metrics.boxes import FoundBoxes, TrueBoxes
from wutdet.metrics.curves import curve_family, read_curves
from wutdet.metrics.error_kinds import FOUND_KINDS, TRUE_KINDS, label_found, label_true, prepare_errors, read_errors
from wutdet.metrics.matching import match

KINDS = ("localisation", "duplicate", "background")
ALL_KINDS = (*KINDS, "missed", "false_positive", "false_negative")

# Ships 10 px long in a row; a box moved by 5 px overlaps its ship by 5/15 = 1/3, one moved by 3 px by 7/13 = 0.54.
SHIP_A, SHIP_B, SHIP_C, SHIP_D = ((start, 0, 10, 10) for start in (0, 100, 200, 300))
NOWHERE = (500, 500, 10, 10)


def moved(ship, px):
    return (ship[0] + px, *ship[1:])


def scene(ships, finds, *, crowds=()):
    """One image; `finds` best first, with scores 0.99, 0.98, …; the crowds stand behind the ships."""
    boxes = np.array([*ships, *crowds], float).reshape(-1, 4)
    true = TrueBoxes(
        np.array([1]),
        np.ones(len(boxes), np.int64),
        boxes,
        boxes[:, 2] * boxes[:, 3],
        np.arange(len(boxes)) >= len(ships),
    )
    count = len(finds)
    scores = 0.99 - np.arange(count) / 100
    return true, FoundBoxes(np.ones(count, np.int64), np.array(finds, float).reshape(-1, 4), scores)


def read(true, found, *, weights=None, unit=None, bands=None):
    matches = match(true, found)
    weights = np.ones((1, len(matches.image_ids)), np.int32) if weights is None else weights
    return read_errors(prepare_errors(matches, unit=unit, bands=bands), weights)


def counts_and_costs(*problem, **options):
    table = {name: float(value[0]) for name, value in read(*problem, **options).items()}
    return tuple(
        {name.split(".", 1)[1].removesuffix(end): value for name, value in table.items() if name.endswith(end)}
        for end in (".count", ".cost")
    )


def found_kinds(true, found):
    return [FOUND_KINDS[kind] for kind in label_found(match(true, found))]


def true_kinds(true, found):
    return [TRUE_KINDS[kind] for kind in label_true(match(true, found))]


def nothing_but(**kinds):
    return {kind: pytest.approx(kinds.get(kind, 0.0), abs=1e-12) for kind in ALL_KINDS}


def test_the_best_localisation_error_of_a_ship_becomes_a_hit_and_the_others_go():
    """A is found, two boxes at 1/3 point to B: precision 1 up to recall 1/2, so 51 of 101 points, and then nothing.

    Fixed, the first of the two finds B and the second is gone: AP50 is 1, for 50/101 more. B is mislocated, not missed.
    Without the unmatched ship B only A counts, and is found first: also 1. Without false alarms nothing changes.
    """
    problem = scene([SHIP_A, SHIP_B], [SHIP_A, moved(SHIP_B, 5), moved(SHIP_B, -5)])
    counts, costs = counts_and_costs(*problem)
    assert counts == nothing_but(localisation=2, false_positive=2, false_negative=1)
    assert costs == nothing_but(localisation=50 / 101, false_negative=50 / 101)
    assert found_kinds(*problem) == ["hit", "localisation", "localisation"]
    assert true_kinds(*problem) == ["found", "mislocated"]


def test_a_localisation_error_at_a_ship_that_was_found_is_removed():
    """A is found, a box at 1/3 points to it, then B is found: precision 1 for 51 points and 2/3 for 50.

    Without the box all 101 points get 1: 50 · 1/3 / 101 more, and as much where all false alarms go.
    """
    counts, costs = counts_and_costs(*scene([SHIP_A, SHIP_B], [SHIP_A, moved(SHIP_A, 5), SHIP_B]))
    assert counts == nothing_but(localisation=1, false_positive=1)
    assert costs == nothing_but(localisation=50 / 3 / 101, false_positive=50 / 3 / 101)


def test_a_localisation_error_points_to_the_ship_it_overlaps_most_even_if_that_was_found():
    """A [0, 10], B [10, 20], a box [5, 14]: 5/14 = 0.36 of A, 4/15 = 0.27 of B. A is found, so B is missed.

    Precision 1 up to recall 1/2: 51/101. Removing the box changes nothing; without B it is 1, for 50/101 more.
    """
    problem = scene([(0, 0, 10, 10), (10, 0, 10, 10)], [(0, 0, 10, 10), (5, 0, 9, 10)])
    counts, costs = counts_and_costs(*problem)
    assert counts == nothing_but(localisation=1, missed=1, false_positive=1, false_negative=1)
    assert costs == nothing_but(missed=50 / 101, false_negative=50 / 101)
    assert true_kinds(*problem) == ["found", "missed"]


def test_the_hit_that_a_localisation_error_becomes_keeps_its_place():
    """Nowhere, then a box at 1/3 of A: nothing is found. Fixed, A is found at precision 1/2."""
    _, costs = counts_and_costs(*scene([SHIP_A], [NOWHERE, moved(SHIP_A, 5)]))
    assert costs["localisation"] == pytest.approx(1 / 2)
    assert costs["background"] == 0.0


def test_duplicates_are_removed():
    """A is found, found again at 7/13, then B is found: 51 points get 1, 50 get 2/3; without the duplicate all 1."""
    problem = scene([SHIP_A, SHIP_B], [SHIP_A, moved(SHIP_A, 3), SHIP_B])
    counts, costs = counts_and_costs(*problem)
    assert counts == nothing_but(duplicate=1, false_positive=1)
    assert costs == nothing_but(duplicate=50 / 3 / 101, false_positive=50 / 3 / 101)
    assert found_kinds(*problem) == ["hit", "duplicate", "hit"]


def test_background_errors_are_removed_band_by_band():
    """Water, A, sky, B: precision 1/2 at A and 2/4 at B, so AP50 is 1/2.

    Without the one on the water 1 at A and 2/3 at B: (51 + 50 · 2/3) / 101. Without the one in the sky 1/2 at A and
    2/3 at B, and the better precision of a larger recall counts for all: 2/3. Without both 1.
    """
    problem = scene([SHIP_A, SHIP_B], [NOWHERE, SHIP_A, moved(NOWHERE, 50), SHIP_B])
    counts, costs = counts_and_costs(*problem, bands=np.array([WATER, WATER, SKY, SKY], np.int8))
    by_band = {f"background.{name}": 0.0 for name in BAND_NAMES}
    assert counts == nothing_but(background=2, false_positive=2) | by_band | {
        "background.water": 1.0,
        "background.sky": 1.0,
    }
    assert costs == nothing_but(background=1 / 2, false_positive=1 / 2) | by_band | {
        "background.water": pytest.approx((51 + 50 * 2 / 3) / 101 - 1 / 2),
        "background.sky": pytest.approx(2 / 3 - 1 / 2),
    }
    assert counts_and_costs(*problem) == (
        nothing_but(background=2, false_positive=2),
        nothing_but(background=1 / 2, false_positive=1 / 2),
    )


def test_missed_ships_are_taken_out_of_the_count():
    """A is found, B mislocated, C and D missed: precision 1 up to recall 1/4, so 26 points.

    Without C and D the recall is 1/2: 51 points. Without B as well it is 1: 101. Were B found (2/4): 51.
    """
    problem = scene([SHIP_A, SHIP_B, SHIP_C, SHIP_D], [SHIP_A, moved(SHIP_B, 5)])
    counts, costs = counts_and_costs(*problem)
    assert counts == nothing_but(localisation=1, missed=2, false_positive=1, false_negative=3)
    assert costs == nothing_but(localisation=25 / 101, missed=25 / 101, false_negative=75 / 101)
    assert true_kinds(*problem) == ["found", "mislocated", "missed", "missed"]


def test_where_nothing_was_found_the_cost_of_missing_is_unknown():
    counts, costs = counts_and_costs(*scene([SHIP_A, SHIP_B], [NOWHERE]))
    assert counts == nothing_but(background=1, missed=2, false_positive=1, false_negative=2)
    assert costs == nothing_but(missed=np.nan, false_negative=np.nan) | {
        "missed": pytest.approx(np.nan, nan_ok=True),
        "false_negative": pytest.approx(np.nan, nan_ok=True),
    }


def test_without_ships_errors_are_counted_and_costs_are_unknown():
    for problem in (scene([], [NOWHERE]), scene([], []), scene([], [NOWHERE], crowds=[SHIP_A])):
        counts, costs = counts_and_costs(*problem)
        alarms = len(problem[1].scores)
        assert counts == nothing_but(background=alarms, false_positive=alarms)
        assert np.isnan(list(costs.values())).all()


def test_what_is_matched_to_a_crowd_is_ignored_and_so_is_the_crowd():
    """The second box lies in the crowd, the third with 4/10 of itself: too little, and no ship is near: background."""
    problem = scene([SHIP_A], [SHIP_A, (610, 0, 10, 10), (594, 0, 10, 10)], crowds=[(600, 0, 50, 50)])
    counts, costs = counts_and_costs(*problem)
    assert counts == nothing_but(background=1, false_positive=1)
    assert costs == nothing_but()
    assert found_kinds(*problem) == ["hit", "ignored", "background"]
    assert true_kinds(*problem) == ["found", "ignored"]


def test_beyond_a_hundred_detections_of_an_image_nothing_counts():
    """A hundred boxes on nothing, then one on the ship, missed as COCO looks no further, and one on nothing."""
    problem = scene([SHIP_A], [*(moved(NOWHERE, 20 * step) for step in range(100)), SHIP_A, moved(NOWHERE, -20)])
    counts, _ = counts_and_costs(*problem)
    assert counts == nothing_but(background=100, missed=1, false_positive=100, false_negative=1)
    assert found_kinds(*problem) == ["background"] * 100 + ["ignored"] * 2


@pytest.mark.parametrize(
    ("width", "kind"), [(5, "duplicate"), (4.99, "localisation"), (1, "localisation"), (0.99, "background")]
)
def test_the_borders_between_the_kinds_are_half_and_a_tenth(width, kind):
    """A box of that width inside the ship's 10 px, of equal height, overlaps by width/10."""
    assert found_kinds(*scene([SHIP_A], [SHIP_A, (0, 0, width, 10)])) == ["hit", kind]


def test_a_threshold_below_a_tenth_leaves_the_kinds_as_they_are():
    """Overlap 0.6/10, which counts as near at the threshold 0.05 but is background all the same."""
    true, found = scene([SHIP_A], [SHIP_A, (0, 0, 0.6, 10)])
    labels = label_found(match(true, found, thresholds=(0.05, 0.5)))
    assert [FOUND_KINDS[kind] for kind in labels] == ["hit", "background"]


def test_matches_without_the_threshold_of_ap50_are_refused():
    true, found = scene([SHIP_A], [SHIP_A])
    with pytest.raises(KeyError):
        prepare_errors(match(true, found, thresholds=(0.75,)))


def test_labels_of_boxes_that_were_not_matched_are_ignored():
    true, found = scene([SHIP_A], [SHIP_A, NOWHERE])
    found.image_ids[0] = 77
    true = TrueBoxes(true.all_image_ids, np.array([77]), true.xywh, true.area_px2, true.iscrowd)
    assert found_kinds(true, found) == ["ignored", "background"]
    assert true_kinds(true, found) == ["ignored"]


def harbour(rng, images=4, ships=12, finds=40):
    """Ships and detections around them, all overlaps and scores different, a crowd here and there."""
    xywh = np.concatenate([rng.uniform(0, 60, (ships, 2)), rng.uniform(5, 20, (ships, 2))], axis=1)
    image = rng.integers(0, images, ships)
    near = rng.integers(0, ships, finds)
    boxes = xywh[near] + rng.normal(0, 2.5, (finds, 4))
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 1)
    true = TrueBoxes(np.arange(images), image, xywh, xywh[:, 2] * xywh[:, 3], rng.random(ships) < 0.1)
    found_image = np.where(rng.random(finds) < 0.9, image[near], rng.integers(0, images, finds))
    return true, FoundBoxes(found_image, boxes, rng.permutation(finds) / finds)


seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_perfect_detector_makes_no_errors(rng):
    true, _ = harbour(rng)
    ships = ~true.iscrowd
    found = FoundBoxes(true.image_ids[ships], true.xywh[ships], rng.random(ships.sum()))
    bands = rng.integers(0, len(BAND_NAMES), ships.sum()).astype(np.int8)
    table = read(true, found, bands=bands)
    assert len(table) == 2 * (len(ALL_KINDS) + len(BAND_NAMES))
    assert all(value == 0.0 for value in table.values())


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_order_of_images_ships_and_detections_plays_no_part(rng):
    true, found = harbour(rng)
    bands = rng.integers(0, len(BAND_NAMES), len(found.scores)).astype(np.int8)
    images, ships, finds = (rng.permutation(len(column)) for column in (true.all_image_ids, true.xywh, found.xywh))
    new_true = TrueBoxes(images, true.image_ids[ships], true.xywh[ships], true.area_px2[ships], true.iscrowd[ships])
    new_found = FoundBoxes(found.image_ids[finds], found.xywh[finds], found.scores[finds])
    before, after = read(true, found, bands=bands), read(new_true, new_found, bands=bands[finds])
    assert all(np.array_equal(before[name], after[name], equal_nan=True) for name in before | after)
    old_kinds, old_ship_kinds = found_kinds(true, found), true_kinds(true, found)
    assert [old_kinds[row] for row in finds] == found_kinds(new_true, new_found)
    assert [old_ship_kinds[row] for row in ships] == true_kinds(new_true, new_found)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_weight_equals_as_many_copies_under_new_image_ids(rng):
    true, found = harbour(rng)
    unit = np.array([0, 1, 1, 2], np.int32)
    weights = rng.integers(0, 4, (3, 3)).astype(np.int32)
    bands = rng.integers(0, len(BAND_NAMES), len(found.scores)).astype(np.int8)
    weighted = read(true, found, weights=weights, unit=unit, bands=bands)
    for row, by_image in enumerate(weights[:, unit]):
        ships, ship_copy = copies(by_image[true.image_ids])
        finds, find_copy = copies(by_image[found.image_ids])
        images, image_copy = copies(by_image)
        copied = TrueBoxes(
            images + 100 * image_copy,
            true.image_ids[ships] + 100 * ship_copy,
            true.xywh[ships],
            true.area_px2[ships],
            true.iscrowd[ships],
        )
        find_images = found.image_ids[finds] + 100 * find_copy
        plain = read(copied, FoundBoxes(find_images, found.xywh[finds], found.scores[finds]), bands=bands[finds])
        for name, value in plain.items():
            assert np.array_equal(weighted[name][row : row + 1], value, equal_nan=True), name


@settings(max_examples=40, deadline=None)
@given(problems(), seeds)
def test_weights_of_nought_and_one_equal_the_matches_in_those_images(problem, rng):
    true, found = problem
    matches = match(true, found)
    images = rng.random(len(matches.image_ids)) < 0.6
    bands = rng.integers(0, len(BAND_NAMES), len(found.scores)).astype(np.int8)
    sliced = read_errors(prepare_errors(matches, bands=bands), images[None].astype(np.int32))
    alone = read_errors(prepare_errors(matches.only(images), bands=bands), np.ones((1, images.sum()), np.int32))
    for name, value in alone.items():
        assert np.array_equal(sliced[name], value, equal_nan=True), name


def copies(times):
    """Each row as often as it says, and which copy it is."""
    row = np.repeat(np.arange(len(times)), times)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)


@settings(max_examples=60, deadline=None)
@given(problems(), seeds)
def test_the_kinds_share_out_the_false_alarms_and_no_cost_is_negative(problem, rng):
    """Of D detections in the range of all sizes, those not matched at 0.5 are the false alarms of AP50."""
    true, found = problem
    matches = match(true, found)
    unit = rng.integers(0, 5, len(matches.image_ids)).astype(np.int32)
    weights = rng.integers(0, 3, (6, 5)).astype(np.int32)
    bands = rng.integers(0, len(BAND_NAMES), len(found.scores)).astype(np.int8)
    table = read_errors(prepare_errors(matches, unit=unit, bands=bands), weights)
    unmatched = np.ones(len(matches.found_image), bool)
    matched = matches.matched(0, matches.threshold_index(0.5))
    unmatched[matches.candidate[matched >= 0]] = False
    alarms = weights[:, unit[matches.found_image[unmatched]]].sum(axis=1)
    assert np.array_equal(table["errors.false_positive.count"], alarms)
    assert np.array_equal(sum(table[f"errors.{kind}.count"] for kind in KINDS), alarms)
    by_band = sum(table[f"errors.background.{name}.count"] for name in BAND_NAMES)
    assert np.array_equal(by_band, table["errors.background.count"])
    for name, value in table.items():
        assert (np.isnan(value) | (value >= 0.0)).all(), name
    ships = read_curves(curve_family(matches, 0, [1], unit=unit), weights).ships
    fixes = [name for name in table if name.endswith("cost") and "missed" not in name and "negative" not in name]
    for name in fixes:
        assert np.array_equal(np.isnan(table[name]), ships == 0), name


@settings(max_examples=60, deadline=None)
@given(problems(most_classes=1), seeds)
def test_kinds_and_costs_equal_those_of_plain_loops_over_the_boxes(problem, rng):
    true, found = problem
    bands = rng.integers(0, len(BAND_NAMES), len(found.scores)).astype(np.int8)
    kinds, points_to, ship_kinds = plain_kinds(true, found)
    assert found_kinds(true, found) == kinds
    assert true_kinds(true, found) == ship_kinds

    order = np.lexsort((found.image_ids, -found.scores))
    ships = len(ship_kinds) - ship_kinds.count("ignored")
    unmatched = {ship for ship, kind in enumerate(ship_kinds) if kind in ("mislocated", "missed")}

    def ap(keep, counted, hits=("hit",)):
        return plain_ap([kinds[row] in hits for row in order if keep(row) and kinds[row] != "ignored"], counted)

    def is_not(*gone):
        return lambda row: kinds[row] not in gone

    def is_hit_or_best(row):
        if kinds[row] != "localisation":
            return True
        ship = points_to[row]
        return ship in unmatched and row == next(other for other in order if points_to[other] == ship)

    fixed = {
        "localisation": ap(is_hit_or_best, ships, ("hit", "localisation")),
        "duplicate": ap(is_not("duplicate"), ships),
        "background": ap(is_not("background"), ships),
        "missed": ap(is_not(), ships - ship_kinds.count("missed")),
        "false_positive": ap(is_not(*KINDS), ships),
        "false_negative": ap(is_not(), ships - len(unmatched)),
    } | {
        f"background.{name}": ap(lambda row, band=band: kinds[row] != "background" or bands[row] != band, ships)
        for band, name in enumerate(BAND_NAMES)
    }
    _, costs = counts_and_costs(true, found, bands=bands)
    now = ap(is_not(), ships)
    assert costs == {kind: pytest.approx(value - now, abs=1e-12, nan_ok=True) for kind, value in fixed.items()}


def plain_kinds(true, found):
    """The kind of each detection, the ship a localisation error points to, and the kind of each ship or crowd."""
    kinds, points_to = [""] * len(found.scores), [-1] * len(found.scores)
    taken = set()
    for row in np.argsort(-found.scores, kind="stable").tolist():
        here = true.image_ids == found.image_ids[row]
        by_overlap = overlaps(found.xywh[row], true, here & ~true.iscrowd)
        free = [(overlap, ship) for overlap, ship in by_overlap if overlap >= 0.5 and ship not in taken]
        largest, nearest = by_overlap[-1] if by_overlap else (0.0, -1)
        if free:
            kinds[row] = "hit"
            taken.add(free[-1][1])
        elif any(overlap >= 0.5 for overlap, _ in overlaps(found.xywh[row], true, here & true.iscrowd)):
            kinds[row] = "ignored"
        elif largest >= 0.5:
            kinds[row] = "duplicate"
        elif largest >= 0.1:
            kinds[row], points_to[row] = "localisation", nearest
        else:
            kinds[row] = "background"
    pointed_to = set(points_to)
    ship_kinds = [
        "ignored"
        if true.iscrowd[ship]
        else "found"
        if ship in taken
        else "mislocated"
        if ship in pointed_to
        else "missed"
        for ship in range(len(true.image_ids))
    ]
    return kinds, points_to, ship_kinds


def overlaps(box, true, chosen):
    """The overlaps of a box with the chosen ships or crowds, and their rows, rising."""
    rows = np.flatnonzero(chosen).tolist()
    values = mask.iou(box[None], true.xywh[rows], true.iscrowd[rows].tolist()) if rows else []
    return sorted(zip(np.ravel(values), rows, strict=True))


def plain_ap(hits, ships):
    """COCO's AP of a list of hits and false alarms, best first."""
    if not ships:
        return np.nan
    running = np.cumsum(hits)
    points = list(zip(running / ships, running / np.arange(1, len(hits) + 1), strict=True))
    return np.mean([max((p for r, p in points if r >= at), default=0.0) for at in np.linspace(0, 1, 101)])


@settings(max_examples=40, deadline=None)
@given(problems())
def test_a_fix_equals_mending_the_boxes_and_scoring_anew(problem):
    """The costs against AP50 of the mended data, to the bit: detections moved or removed, ships removed."""
    true, found = problem
    matches = match(true, found)
    kinds = np.array(found_kinds(true, found), dtype=object)
    ship_kinds = np.array(true_kinds(true, found), dtype=object)
    table = read(true, found)

    def removed(*gone):
        return ap50(true, keep_found(found, ~np.isin(kinds, gone)))

    best = np.full(len(found.scores), -1)
    for place, ship in zip(matches.candidate, matches.candidate_true, strict=True):
        row, ship_row = matches.found_row[place], matches.true_row[ship]
        if kinds[row] == "localisation" and ship_kinds[ship_row] == "mislocated" and ship_row not in best:
            best[row] = ship_row
    xywh = np.where((best >= 0)[:, None], true.xywh[best] if len(true.xywh) else found.xywh, found.xywh)
    mended = FoundBoxes(found.image_ids, xywh, found.scores, found.categories)
    fixed = {
        "localisation": ap50(true, keep_found(mended, (best >= 0) | (kinds != "localisation"))),
        "duplicate": removed("duplicate"),
        "background": removed("background"),
        "missed": ap50(keep_true(true, ship_kinds != "missed"), found),
        "false_positive": removed(*KINDS),
        "false_negative": ap50(keep_true(true, np.isin(ship_kinds, ("found", "ignored"))), found),
    }
    now = ap50(true, found)
    for kind, value in fixed.items():
        assert np.array_equal(table[f"errors.{kind}.cost"], value - now, equal_nan=True), kind


def ap50(true, found):
    matches = match(true, found)
    family = curve_family(matches, matches.range_index("all"), [matches.threshold_index(0.5)])
    return read_curves(family, np.ones((1, len(matches.image_ids)), np.int32)).precision[:, 0].mean(axis=-1)


def keep_found(found, rows):
    return FoundBoxes(found.image_ids[rows], found.xywh[rows], found.scores[rows], found.categories[rows])


def keep_true(true, rows):
    columns = (true.image_ids, true.xywh, true.area_px2, true.iscrowd)
    return TrueBoxes(true.all_image_ids, *(column[rows] for column in columns), true.categories[rows])
