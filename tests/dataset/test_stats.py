from __future__ import annotations

import json
import random
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from builders import coco_box, coco_file, coco_image
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet import Dataset, evaluate, load
from wutdet.dataset.stats import GRID, Stats, compute_stats
from wutdet.dataset.stats_groups import Group
from wutdet.dataset.stats_values import SIDE_EDGES_PX, box_sides, position_counts, quantiles_of
from wutdet.dataset.tables import BoxRecord, FrameRecord, Problem, build_tables
from wutdet.errors import ConfigError

PROMISED = {
    "images", "boxes", "frames_without_ships", "splits", "size_bins", "coco_small_share", "width_px", "height_px",
    "voc_origin", "sequences",
}  # fmt: skip
"""What others read from `info --json`."""


def ship(x: float, y: float, w: float, h: float, **fields: Any) -> BoxRecord:
    return BoxRecord(x, y, x + w, y + h, area_px2=fields.pop("area", w * h), **fields)


def dataset_of(*frames: FrameRecord) -> Dataset:
    return Dataset(*build_tables(frames), Path("nowhere"), "hand-made")


@pytest.fixture
def hand() -> Dataset:
    """Four frames, five ships.

    | frame | size | split | sequence | camera | scene | horizon | ships (w x h at x, y) |
    |---|---|---|---|---|---|---|---|
    | 1 | 1280x640 | train | s1 | bow | port | 320 | 4x4 at 0, 318; 16x4 at 640, 330 |
    | 2 | 1280x640 | train | s1 | bow | | 160 | none |
    | 3 | 640x480 | val | s2 | stern | port | | 32x32 at 608, 0; 10x40 at 0, 440 |
    | 4 | 1280x640 | | | | | | 128x72 at 576, 284 |
    """
    return dataset_of(
        FrameRecord("1.jpg", 1280, 640, (ship(0, 318, 4, 4), ship(640, 330, 16, 4)), ("train",),
                    sequence="s1", camera="bow", scene="port", horizon_row=320),
        FrameRecord("2.jpg", 1280, 640, (), ("train",), sequence="s1", camera="bow", horizon_row=160),
        FrameRecord("3.jpg", 640, 480, (ship(608, 0, 32, 32), ship(0, 440, 10, 40)), ("val",),
                    sequence="s2", camera="stern", scene="port"),
        FrameRecord("4.jpg", 1280, 640, (ship(576, 284, 128, 72),)),
    )  # fmt: skip


def test_counts(hand: Dataset) -> None:
    stats = compute_stats(hand)
    assert (stats.images, stats.boxes, stats.frames_without_ships, stats.crowd_boxes) == (4, 5, 1, 0)
    assert stats.splits == {"train": 2, "val": 1}
    assert (stats.width_px, stats.height_px) == ((640, 1280), (480, 640))
    assert stats.image_sizes == {"1280x640": 3, "640x480": 1}
    assert list(stats.image_sizes) == ["1280x640", "640x480"]
    assert (stats.sequences, stats.cameras, stats.problems) == (2, 2, [])
    assert (stats.voc_origin, stats.voc_evidence) == (None, "")


def test_sizes_native_and_at_network_scale(hand: Dataset) -> None:
    """√area is 4, 8, 32, 20 and 96; at 640 px the frames of 1280 px shrink by 2: 2, 4, 32, 20 and 48.

    32² px is not small. Medians of 4, 8, 20, 32, 96 and of 2, 4, 20, 32, 48: 20.
    """
    stats = compute_stats(hand)
    assert stats.imgsz == 640
    assert stats.size_bins == {"<8": 1, "8-16": 1, "16-32": 1, "32-96": 1, ">96": 1}
    assert stats.network_size_bins == {"<8": 2, "8-16": 0, "16-32": 1, "32-96": 2, ">96": 0}
    assert stats.coco_small_share == 3 / 5
    assert stats.network_small_share == 3 / 5
    native, network = stats.side_px.quantiles, stats.network_side_px.quantiles
    assert native is not None
    assert network is not None
    assert (native.n, native.mean, native.min, native.median, native.max) == (5, 32.0, 4.0, 20.0, 96.0)
    assert (network.mean, network.median, network.max) == (21.2, 20.0, 48.0)


def test_the_longer_side_of_the_frame_is_scaled(hand: Dataset) -> None:
    """At 1280 px the frame of 640x480 grows by 2: 32 → 64 and 20 → 40; a tall frame shrinks by its height."""
    network = compute_stats(hand, imgsz=1280).network_side_px.quantiles
    assert network is not None
    assert (network.mean, network.max) == ((4 + 8 + 64 + 40 + 96) / 5, 96.0)
    tall = dataset_of(FrameRecord("1.jpg", 100, 1280, (ship(0, 0, 10, 10),)))
    assert compute_stats(tall).network_size_bins["<8"] == 1
    assert compute_stats(tall).size_bins["8-16"] == 1


def test_ships_in_a_frame(hand: Dataset) -> None:
    """2, 0, 2 and 1: mean 5/4, median 1.5."""
    stats = compute_stats(hand)
    assert stats.frames_by_ships == {0: 1, 1: 1, 2: 2}
    spread = stats.ships_per_frame
    assert spread is not None
    assert (spread.n, spread.mean, spread.min, spread.median, spread.max) == (4, 1.25, 0.0, 1.5, 2.0)


def test_rows_from_the_horizon_to_the_waterline(hand: Dataset) -> None:
    """Lower edges 322 and 334 under a horizon at 320; the other ships' frames do not know theirs.

    The horizon is at 320/640 and 160/640 of the frame.
    """
    stats = compute_stats(hand)
    below, horizon = stats.rows_below_horizon, stats.horizon
    assert below is not None
    assert horizon is not None
    assert (below.n, below.min, below.mean, below.max) == (2, 2.0, 8.0, 14.0)
    assert (horizon.n, horizon.min, horizon.max) == (2, 0.25, 0.5)


def test_width_by_height(hand: Dataset) -> None:
    """1, 4, 1, 0.25 and 128/72."""
    aspect = compute_stats(hand).aspect
    assert aspect is not None
    assert (aspect.n, aspect.min, aspect.median, aspect.max) == (5, 0.25, 1.0, 4.0)


def test_positions_in_the_frame(hand: Dataset) -> None:
    """Centres in cells of 1/18 and 1/32: (2, 320) of 1280x640 → row 9, column 0; (648, 332) → 9, 16;
    (624, 16) of 640x480 → 0, 31; (5, 460) → 17, 0; (640, 320) of 1280x640 → 9, 16."""
    grid = np.array(compute_stats(hand).positions)
    assert grid.shape == GRID == (18, 32)
    assert {(row, column): grid[row, column] for row, column in zip(*grid.nonzero(), strict=True)} == {
        (9, 0): 1, (9, 16): 2, (0, 31): 1, (17, 0): 1
    }  # fmt: skip


def test_groups(hand: Dataset) -> None:
    """√area by split: train 4, 8 → median 6; val 32, 20 → 26 (one of two is small); in none 96."""
    groups = compute_stats(hand).groups
    assert list(groups) == ["split", "sequence", "camera", "scene"]  # nothing is known of conditions and scenarios
    assert groups["split"] == {
        "train": Group(frames=2, ships=2, frames_without_ships=1, small_share=1.0, median_side_px=6.0),
        "unsplit": Group(frames=1, ships=1, frames_without_ships=0, small_share=0.0, median_side_px=96.0),
        "val": Group(frames=1, ships=2, frames_without_ships=0, small_share=0.5, median_side_px=26.0),
    }
    assert groups["scene"] == {
        "port": Group(frames=2, ships=4, frames_without_ships=0, small_share=0.75, median_side_px=14.0),
        "unknown": Group(frames=2, ships=1, frames_without_ships=1, small_share=0.0, median_side_px=96.0),
    }
    assert {name: group.frames for name, group in groups["sequence"].items()} == {"s1": 2, "s2": 1, "unknown": 1}
    assert {name: group.ships for name, group in groups["camera"].items()} == {"bow": 2, "stern": 2, "unknown": 1}


def test_a_group_without_ships_has_no_median() -> None:
    groups = compute_stats(dataset_of(FrameRecord("1.jpg", 64, 48, (), camera="bow"))).groups
    assert groups["camera"]["bow"] == Group(
        frames=1, ships=0, frames_without_ships=1, small_share=None, median_side_px=None
    )


def test_lengths_of_sequences(hand: Dataset) -> None:
    """s1 has two frames, s2 one; the frame that names none is no sequence."""
    lengths = compute_stats(hand).sequence_frames
    assert lengths is not None
    assert (lengths.n, lengths.min, lengths.median, lengths.max) == (2, 1.0, 1.5, 2.0)


def test_frames_in_two_splits_count_in_both() -> None:
    one = FrameRecord("1.jpg", 64, 48, (ship(0, 0, 4, 4),), ("train", "val"))
    other = FrameRecord("2.jpg", 64, 48, (), ("unsplit",))  # a list may be called so
    bare = FrameRecord("3.jpg", 64, 48, ())
    groups = compute_stats(dataset_of(one, other, bare)).groups["split"]
    assert {name: (group.frames, group.ships) for name, group in groups.items()} == {
        "train": (1, 1), "val": (1, 1), "unsplit": (2, 0)
    }  # fmt: skip


def test_an_empty_dataset_has_unknown_numbers(hand: Dataset) -> None:
    stats = compute_stats(hand.filter(pl.col("image_id") < 0))
    assert (stats.images, stats.boxes, stats.frames_without_ships) == (0, 0, 0)
    assert (stats.width_px, stats.height_px, stats.coco_small_share, stats.network_small_share) == (None,) * 4
    assert (stats.ships_per_frame, stats.aspect, stats.horizon, stats.sequence_frames) == (None,) * 4
    assert (stats.side_px.quantiles, stats.rows_below_horizon, stats.sequences, stats.cameras) == (None,) * 4
    assert (stats.splits, stats.image_sizes, stats.frames_by_ships, stats.groups) == ({}, {}, {}, {})
    assert sum(stats.size_bins.values()) == sum(stats.side_px.counts) == int(np.sum(stats.positions)) == 0
    assert json.loads(msgspec.json.encode(stats))["width_px"] is None


def test_frames_without_any_ship(hand: Dataset) -> None:
    stats = compute_stats(hand.filter(pl.col("image_id") == 2))
    assert (stats.images, stats.boxes, stats.frames_without_ships) == (1, 0, 1)
    assert stats.frames_by_ships == {0: 1}
    assert (stats.coco_small_share, stats.side_px.quantiles, stats.rows_below_horizon) == (None, None, None)
    assert stats.horizon is not None


def test_the_json_keeps_its_keys_and_comes_back(hand: Dataset) -> None:
    stats = replace_problems(hand, "frame 9 is bad")
    document = json.loads(msgspec.json.encode(stats))
    assert document.keys() >= PROMISED
    assert document["problems"] == ["frame 9 is bad"]
    assert document["width_px"] == [640, 1280]
    assert document["size_bins"] == {"<8": 1, "8-16": 1, "16-32": 1, "32-96": 1, ">96": 1}
    assert document["frames_by_ships"] == {"0": 1, "1": 1, "2": 2}
    assert msgspec.json.decode(msgspec.json.encode(stats), type=Stats) == stats


def replace_problems(dataset: Dataset, message: str) -> Stats:
    return compute_stats(replace(dataset, problems=(Problem("9.jpg", message),), voc_origin="1", voc_evidence="none"))


@pytest.mark.parametrize("imgsz", [0, -640])
def test_a_network_without_pixels_is_refused(hand: Dataset, imgsz: int) -> None:
    with pytest.raises(ConfigError, match="imgsz: "):
        compute_stats(hand, imgsz=imgsz)


# areas that are odd ---------------------------------------------------------------------------------------------


def test_the_stated_area_decides_as_in_the_scores(tmp_path: Path) -> None:
    """COCO files state areas of their own. √ of 64, 63.9, 1024, 9216 and 100 (of a box of 1x1), half at 320 px."""
    areas = (64, 63.9, 1024, 9216, 100)
    document = coco_file(
        tmp_path / "labels.json",
        [coco_image(1, "1.jpg", (640, 480))],
        [coco_box(n, 1, [10 * n, 10, 1, 1], area=area) for n, area in enumerate(areas)],
    )
    dataset = load(document)
    stats = compute_stats(dataset, imgsz=320)
    assert stats.size_bins == {"<8": 1, "8-16": 2, "16-32": 0, "32-96": 1, ">96": 1}
    assert stats.network_size_bins == {"<8": 3, "8-16": 0, "16-32": 1, "32-96": 1, ">96": 0}
    [cell] = evaluate(dataset, {}, imgsz=320, interval=None).cells
    assert {name: numbers.ships for name, numbers in cell.bins.items()} == stats.size_bins
    assert {name: cell.network_bins[name].ships for name in stats.network_size_bins} == stats.network_size_bins


def test_odd_areas_are_counted_somewhere() -> None:
    """A crowd counts; an area of 0 or less is in the least bin, one without end in the greatest."""
    odd = (0.0, -5.0, 1e300, float("inf"), 1e-300)
    frame = FrameRecord("1.jpg", 64, 48, tuple(ship(0, 0, 4, 4, area=area, iscrowd=True) for area in odd))
    stats = compute_stats(dataset_of(frame))
    assert stats.crowd_boxes == 5
    assert stats.size_bins == {"<8": 3, "8-16": 0, "16-32": 0, "32-96": 0, ">96": 2}
    assert (stats.side_px.counts[0], stats.side_px.counts[-1], sum(stats.side_px.counts)) == (3, 2, 5)
    assert stats.side_px.quantiles is not None
    assert (stats.side_px.quantiles.n, stats.side_px.quantiles.max) == (4, 1e150)


def test_the_histogram_of_sizes_begins_each_bin_with_its_lower_border() -> None:
    """Four bins an octave from 1 px: 8 px begins bin 4 · 3 + 1 (bin 0 lies below 1 px), 32 px bin 4 · 5 + 1."""
    sides = (0.5, 1.0, 8.0, 7.99, 32.0, 2047.0, 2048.0, 5000.0)
    counts = box_sides(np.array(sides) ** 2).counts
    assert len(counts) == len(SIDE_EDGES_PX) + 1 == 46
    assert (SIDE_EDGES_PX[0], SIDE_EDGES_PX[12], SIDE_EDGES_PX[20], SIDE_EDGES_PX[-1]) == (1, 8, 32, 2048)
    assert {place: n for place, n in enumerate(counts) if n} == {0: 1, 1: 1, 12: 1, 13: 1, 21: 1, 44: 1, 45: 2}


def test_centres_on_the_far_edge_are_in_the_last_cell() -> None:
    assert position_counts(np.array([1.0, 0.0, 0.5]), np.array([1.0, 0.0, 0.25]), (2, 2)) == [[1, 1], [0, 1]]


def test_quantiles_are_interpolated() -> None:
    """Of 0, 10, 20, 30 the 5 % quantile stands at place 0.15: 1.5; the 95 % one at 2.85: 28.5."""
    spread = quantiles_of(np.array([30.0, 0, np.nan, 20, 10, np.inf]))
    assert spread is not None
    assert (spread.n, spread.mean, spread.p25, spread.median, spread.p75) == (4, 15.0, 7.5, 15.0, 22.5)
    assert (spread.p5, spread.p95) == pytest.approx((1.5, 28.5))
    assert quantiles_of(np.array([np.nan])) is None


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=2))
def test_quantiles_are_those_of_the_standard_library(values: list[float]) -> None:
    spread = quantiles_of(np.array(values))
    assert spread is not None
    twentieths = statistics.quantiles(values, n=20, method="inclusive")
    expected = [twentieths[place] for place in (0, 4, 9, 14, 18)]
    found = (spread.p5, spread.p25, spread.median, spread.p75, spread.p95)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert spread.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-6)


# what holds for every dataset -----------------------------------------------------------------------------------

SIZES = ((1920, 1080), (640, 512), (300, 900))
NAMES = st.none() | st.sampled_from(["a", "b", "unknown"])


@st.composite
def boxes_in(draw: st.DrawFn, width: int, height: int) -> BoxRecord:
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return ship(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))


@st.composite
def frames(draw: st.DrawFn) -> list[FrameRecord]:
    made = []
    for number in range(draw(st.integers(0, 8))):
        width, height = draw(st.sampled_from(SIZES))
        ships = draw(st.lists(boxes_in(width, height), max_size=5))
        splits = draw(st.sampled_from([(), ("train",), ("val",)]))
        facts = {name: draw(NAMES) for name in ("sequence", "camera", "scene", "condition", "scenario")}
        horizon = draw(st.none() | st.integers(-10, height))
        made.append(FrameRecord(f"{number}.jpg", width, height, tuple(ships), splits, horizon_row=horizon, **facts))
    return made


@given(made=frames())
@settings(deadline=None, max_examples=40)
def test_parts_add_up_to_the_whole(made: list[FrameRecord]) -> None:
    stats = compute_stats(dataset_of(*made))
    boxes = [box for frame in made for box in frame.boxes]
    assert (stats.images, stats.boxes) == (len(made), len(boxes))
    for sizes in (stats.size_bins, stats.network_size_bins):
        assert sum(sizes.values()) == len(boxes)
    for sides in (stats.side_px, stats.network_side_px):
        assert sum(sides.counts) == len(boxes)
    assert int(np.sum(stats.positions)) == len(boxes)
    assert sum(stats.frames_by_ships.values()) == sum(stats.image_sizes.values()) == len(made)
    assert sum(ships * number for ships, number in stats.frames_by_ships.items()) == len(boxes)
    assert stats.frames_by_ships.get(0, 0) == stats.frames_without_ships
    for groups in stats.groups.values():
        assert sum(group.frames for group in groups.values()) == len(made)
        assert sum(group.ships for group in groups.values()) == len(boxes)
        assert sum(group.frames_without_ships for group in groups.values()) == stats.frames_without_ships
    assert sum(group.frames for group in stats.groups.get("split", {}).values()) in (0, len(made))


@given(made=frames())
@settings(deadline=None, max_examples=40)
def test_groups_are_what_their_frames_alone_give(made: list[FrameRecord]) -> None:
    stats = compute_stats(dataset_of(*made))
    for column in ("sequence", "camera", "scene", "condition", "scenario"):
        for name, group in stats.groups.get(column, {}).items():
            own = [frame for frame in made if (getattr(frame, column) or "unknown") == name]
            sides = [box.area_px2**0.5 for frame in own for box in frame.boxes]
            assert (group.frames, group.ships) == (len(own), len(sides))
            assert group.median_side_px == (pytest.approx(statistics.median(sides)) if sides else None)
            share = sum(side < 32 for side in sides) / len(sides) if sides else None
            assert group.small_share == (None if share is None else pytest.approx(share))


@given(made=frames(), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_the_order_of_frames_and_ships_does_not_matter(made: list[FrameRecord], seed: int) -> None:
    shuffled = [
        replace(frame, boxes=tuple(random.Random(seed).sample(frame.boxes, len(frame.boxes)))) for frame in made
    ]
    random.Random(seed).shuffle(shuffled)
    dataset = dataset_of(*made)
    mixed = replace(
        dataset_of(*shuffled),
        images=dataset.images.sample(fraction=1, shuffle=True, seed=seed),
        boxes=dataset.boxes.sample(fraction=1, shuffle=True, seed=seed),
    )
    expected = msgspec.json.encode(compute_stats(dataset))
    assert msgspec.json.encode(compute_stats(dataset_of(*shuffled))) == expected
    assert msgspec.json.encode(compute_stats(mixed)) == expected


@given(made=frames())
@settings(deadline=None, max_examples=40)
def test_frames_boxes_and_network_may_grow_together(made: list[FrameRecord]) -> None:
    """Twice as large: √area and rows double, shares and places stay, and at the same network so do its sizes."""
    grown = [_twice(frame) for frame in made]
    small, large = compute_stats(dataset_of(*made)), compute_stats(dataset_of(*grown))
    assert (large.network_size_bins, large.network_side_px) == (small.network_size_bins, small.network_side_px)
    assert (large.aspect, large.positions, large.horizon) == (small.aspect, small.positions, small.horizon)
    assert _doubled(small.side_px.quantiles) == _spread(large.side_px.quantiles)
    assert _doubled(small.rows_below_horizon) == _spread(large.rows_below_horizon)
    wide = compute_stats(dataset_of(*grown), imgsz=1280)
    assert _doubled(small.network_side_px.quantiles) == _spread(wide.network_side_px.quantiles)


def _twice(frame: FrameRecord) -> FrameRecord:
    ships = tuple(
        BoxRecord(2 * box.xmin, 2 * box.ymin, 2 * box.xmax, 2 * box.ymax, area_px2=4 * box.area_px2)
        for box in frame.boxes
    )
    row = None if frame.horizon_row is None else 2 * frame.horizon_row
    return replace(frame, width=2 * frame.width, height=2 * frame.height, boxes=ships, horizon_row=row)


def _spread(values: Any) -> list[float] | None:
    return None if values is None else list(msgspec.structs.astuple(values)[1:])


def _doubled(values: Any) -> list[float] | None:
    spread = _spread(values)
    return None if spread is None else [2 * value for value in spread]


@pytest.mark.realdata
def test_the_real_frames(realdata: Path) -> None:
    """Counted from truth.json without polars or numpy."""
    truth = json.loads((realdata / "truth.json").read_text())
    stats = compute_stats(load(realdata / "truth.json"))
    sides = sorted((box["bbox"][2] * box["bbox"][3]) ** 0.5 for box in truth["annotations"])
    assert (stats.images, stats.boxes) == (329, 1787)
    assert stats.side_px.quantiles is not None
    assert stats.side_px.quantiles.median == pytest.approx(statistics.median(sides))
    assert stats.coco_small_share == pytest.approx(sum(side < 32 for side in sides) / len(sides))
    assert stats.cameras == 7
    assert stats.ships_per_frame is not None
    assert stats.ships_per_frame.max == 67
