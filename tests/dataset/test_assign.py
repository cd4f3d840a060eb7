from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from builders import write_lists, write_voc
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wutdet import load
from wutdet.dataset import Dataset
from wutdet.dataset.splitting.assign import deal_groups, possible_fractions
from wutdet.dataset.splitting.frame_groups import count_groups, group_frames
from wutdet.dataset.splitting.frame_order import order_frames
from wutdet.dataset.splitting.groups import join_linked, link_equal, number_by_first
from wutdet.dataset.splitting.hashes import FrameHashes
from wutdet.dataset.splitting.leakage import measure_leakage
from wutdet.dataset.splitting.resplit import NewSplit, ranges_of, split_by_groups, split_by_ids, split_by_rule
from wutdet.dataset.splitting.split_files import write_split
from wutdet.dataset.splitting.split_report import report_split
from wutdet.dataset.splitting.split_rule import IdRange, IdRule, RangeRule, read_rule
from wutdet.dataset.tables import BoxRecord, FrameRecord, build_tables
from wutdet.errors import ConfigError, DataError

Counts = NDArray[np.int64]
SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}


def frames_only(sizes: list[int]) -> Counts:
    return np.array(sizes, np.int64)[:, None]


def named(count: int) -> list[str]:
    return [f"{number:07d}" for number in range(count)]


def got(counts: Counts, dealt: NDArray[np.int64], splits: int) -> list[int]:
    return [int(counts[dealt == split, 0].sum()) for split in range(splits)]


# Union


def test_what_is_linked_is_one_group() -> None:
    links = [np.array([[4, 1], [5, 4]]), np.empty((0, 2), np.int64), np.array([[0, 3]])]
    assert join_linked(6, links).tolist() == [0, 1, 2, 0, 1, 1]
    assert join_linked(0, []).tolist() == []


def test_equal_labels_are_linked_and_negative_ones_are_not() -> None:
    assert join_linked(6, [link_equal(np.array([7, -1, 7, 0, -1, 7]))]).tolist() == [0, 1, 0, 2, 3, 0]


def test_groups_are_numbered_by_their_first() -> None:
    assert number_by_first(np.array([9, 2, 9, 5, 2])).tolist() == [0, 1, 0, 2, 1]


# Dealing


def test_the_asked_fractions_are_met_where_groups_allow() -> None:
    counts = frames_only([1] * 100)
    assert got(counts, deal_groups(counts, named(100), SHARES, seed=0), 3) == [70, 10, 20]


def test_large_groups_are_dealt_first() -> None:
    """70, 20 and ten of 1: so they fit exactly, whatever their names."""
    counts = frames_only([1] * 10 + [20, 70])
    for seed in range(10):
        assert got(counts, deal_groups(counts, named(12), SHARES, seed=seed), 3) == [70, 10, 20]


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=3, max_size=40),
    st.sampled_from([SHARES, {"a": 0.5, "b": 0.5}, {"a": 0.25, "b": 0.25, "c": 0.5}]),
    st.integers(0, 5),
)
def test_fractions_hold_to_within_one_group(sizes: list[int], fractions: dict[str, float], seed: int) -> None:
    """But where there are hardly more groups than splits: then every split gets one at all events."""
    assume(len(sizes) >= 3 * len(fractions))
    rng = np.random.default_rng(seed)
    counts = np.column_stack([sizes, rng.integers(0, 50, (len(sizes), 4))])
    try:
        dealt = deal_groups(counts, named(len(sizes)), fractions, seed=seed)
    except ConfigError:
        return
    off = np.array(got(counts, dealt, len(fractions))) - np.array(list(fractions.values())) * sum(sizes)
    assert np.abs(off).max() <= max(sizes) + 1e-6


@settings(deadline=None)
@given(st.permutations(range(12)), st.integers(0, 3))
def test_the_order_of_groups_does_not_matter(order: list[int], seed: int) -> None:
    rng = np.random.default_rng(3)
    counts = np.column_stack([rng.integers(5, 9, 12), rng.integers(0, 40, (12, 3))])
    names = named(12)
    expected = dict(zip(names, deal_groups(counts, names, SHARES, seed=seed).tolist(), strict=True))
    shuffled = [names[place] for place in order]
    dealt = deal_groups(counts[order], shuffled, SHARES, seed=seed)
    assert dict(zip(shuffled, dealt.tolist(), strict=True)) == expected


def test_a_seed_is_a_split_of_its_own() -> None:
    for counts in (frames_only([1] * 30), frames_only(list(range(33, 63)))):
        splits = {tuple(deal_groups(counts, named(30), SHARES, seed=seed).tolist()) for seed in range(5)}
        assert len(splits) == 5
    counts = frames_only([1] * 30)
    assert len({tuple(deal_groups(counts, named(30), SHARES, seed=1).tolist()) for _ in range(3)}) == 1


def test_known_answer() -> None:
    """Fixed for good: a split is published by its rule, so another answer would be another split."""
    counts = np.column_stack([[30, 10, 10, 10, 10, 10, 10, 10], [5, 0, 9, 1, 3, 8, 2, 2]])
    assert deal_groups(counts, named(8), SHARES, seed=0).tolist() == KNOWN


KNOWN = [0, 2, 0, 0, 0, 2, 0, 1]


def test_the_mix_is_shared_alike() -> None:
    """40 groups of ten frames, half with 10 large ships each, half with 10 small ones: every split gets both alike."""
    kinds = np.repeat(np.array([[10, 10, 0], [10, 0, 10]]), 20, axis=0)
    for seed in range(5):
        dealt = deal_groups(kinds, named(40), SHARES, seed=seed)
        mixes = [kinds[dealt == split].sum(axis=0).tolist() for split in range(3)]
        assert mixes == [[280, 140, 140], [40, 20, 20], [80, 40, 40]]


def test_a_rare_kind_weighs_as_much_as_a_common_one() -> None:
    """One ship in each of ten groups, thousands in all: the ten are shared 7 : 1 : 2."""
    counts = np.zeros((100, 3), np.int64)
    counts[:, 0], counts[:, 1], counts[:10, 2] = 10, 1000, 1
    dealt = deal_groups(counts, named(100), SHARES, seed=0)
    assert [int(counts[dealt == split, 2].sum()) for split in range(3)] == [7, 1, 2]


def test_too_few_groups_are_counted() -> None:
    with pytest.raises(ConfigError, match="2 groups of frames cannot fill 3 splits; ask for at most 2"):
        deal_groups(frames_only([5, 5]), named(2), SHARES, seed=0)
    with pytest.raises(ConfigError, match="1 group of frames cannot fill 2 splits"):
        deal_groups(frames_only([5]), named(1), {"a": 0.5, "b": 0.5}, seed=0)


def test_what_is_possible_instead_can_be_dealt() -> None:
    counts = frames_only([90, 4, 3, 3])
    with pytest.raises(ConfigError) as caught:
        deal_groups(counts, named(4), SHARES, seed=0)
    assert str(caught.value) == (
        "--fractions: 4 groups of frames, the largest with 90% of the frames, are too few; "
        "ask for other fractions, or fewer splits"
    )
    possible = possible_fractions(counts, named(4), SHARES, seed=0)
    assert possible == {"train": 0.9, "val": 0.03, "test": 0.07}
    assert got(counts, deal_groups(counts, named(4), possible, seed=0), 3) == [90, 3, 7]


def test_possible_fractions_are_hundredths_above_0_that_sum_to_1() -> None:
    thirds = {"a": 0.8, "b": 0.1, "c": 0.1}
    assert possible_fractions(frames_only([7, 7, 7]), named(3), thirds, seed=0) == {"a": 0.34, "b": 0.33, "c": 0.33}
    possible = possible_fractions(frames_only([998, 1, 1]), named(3), SHARES, seed=0)
    assert possible == {"train": 0.98, "val": 0.01, "test": 0.01}
    assert possible_fractions(frames_only([5, 5]), named(2), SHARES, seed=0) == {}


def test_every_split_gets_a_group() -> None:
    """44, 4 and 32 frames are asked for: 50 go to train, and test lacks more than val before each group of 10."""
    counts = frames_only([50, 10, 10, 10])
    dealt = deal_groups(counts, named(4), {"train": 0.55, "val": 0.05, "test": 0.4}, seed=0)
    assert got(counts, dealt, 3) == [50, 10, 20]


# Whole datasets

WIDE = 0x1_0001_0001_0001
"""A factor that spreads the bits of a small number over the word four times, so that unequal ones differ much."""


def dataset_of(
    count: int,
    scenes: list[int],
    *,
    step: int = 20,
    sequences: list[str | None] | None = None,
    camera: str | None = None,
) -> tuple[Dataset, FrameHashes]:
    """Frames `step` ids apart; frames of one scene have one hash, scenes differ in 32 bits; ships by number."""
    records = [
        FrameRecord(
            f"{number * step:07d}.jpg",
            640,
            480,
            tuple(BoxRecord(0, 0, side, side, area_px2=side**2) for side in (5, 16, 50)[: number % 4]),
            sequence=None if sequences is None else sequences[number],
            camera=camera,
        )
        for number in range(count)
    ]
    dataset = Dataset(*build_tables(records), Path("nowhere"), "made")
    rng = np.random.default_rng(11)
    words = rng.integers(0, 2**64, max(scenes) + 1, dtype=np.uint64)
    bits = words[scenes]
    return dataset, FrameHashes(dataset.images["image_id"].to_numpy(), bits, np.ones(count, np.bool_))


def split_of(new: NewSplit) -> dict[str, str | None]:
    images = new.dataset.images
    assert images["splits"].list.len().max() == 1
    return dict(zip(images["file_name"], images["splits"].list.first(), strict=True))


SCENES = [number // 15 for number in range(300)]


def test_no_group_is_torn_and_nothing_leaks() -> None:
    """20 scenes of 15 frames; every third returns to the port of scene 0: those are one group."""
    scenes = [0 if scene % 3 == 0 else scene for scene in SCENES]
    dataset, hashes = dataset_of(300, scenes)
    grouping = group_frames(dataset, "sequence", hashes, radius=8)
    assert grouping.groups.tolist() == [scenes.index(scene) // 15 - (scene // 3) if scene else 0 for scene in scenes]
    assert len(set(grouping.blocks.tolist())) == 20
    new = split_by_groups(dataset, "sequence", hashes)
    by_name = split_of(new)
    for group in range(14):
        members = {by_name[f"{number * 20:07d}.jpg"] for number in range(300) if grouping.groups[number] == group}
        assert len(members - {None}) == 1
    assert all(leak.frames == 0 for leak in measure_leakage(new.dataset, hashes).values())
    assert set(new.dataset.splits) == {"train", "val", "test"}


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=60, max_size=60),
    st.lists(st.booleans(), min_size=60, max_size=60),
    st.integers(0, 4),
    st.integers(0, 10),
)
def test_no_two_splits_share_a_neighbour(scenes: list[int], steps: list[bool], guard: int, radius: int) -> None:
    """Any scenes, ids with holes: no pair of frames of two splits is within the radius or the guard."""
    dataset, hashes = dataset_of(60, scenes)
    holes = dataset.filter(pl.Series([True] * 20 + steps[20:]))
    try:
        new = split_by_groups(holes, "sequence", hashes, guard_frames=guard, radius=radius)
    except ConfigError:
        return
    splits = new.dataset.images.filter(pl.col("splits").list.len() > 0)
    ids, names = splits["image_id"].to_numpy(), splits["splits"].list.first().to_numpy()
    other = names[:, None] != names[None, :]
    assert (np.abs(ids[:, None] - ids[None, :])[other] > 20 * guard).all()
    bits = dict(zip(hashes.image_ids.tolist(), hashes.bits.tolist(), strict=True))
    own = [bits[image_id] for image_id in ids.tolist()]
    apart = np.array([[(a ^ b).bit_count() for b in own] for a in own])
    assert (apart[other] > radius).all()


def test_the_order_of_rows_does_not_matter() -> None:
    dataset, hashes = dataset_of(300, SCENES)
    expected = split_of(split_by_groups(dataset, "sequence", hashes))
    order = np.random.default_rng(5).permutation(300)
    turned = Dataset(dataset.images[order], dataset.boxes.reverse(), dataset.image_dir, "made")
    again = split_by_groups(turned, "sequence", hashes)
    assert split_of(again) == expected
    assert again.rule == split_by_groups(dataset, "sequence", hashes).rule
    assert len(set(expected.values())) == 4  # three splits and the guard gaps


def test_a_named_sequence_stays_whole_wherever_its_frames_are() -> None:
    """Ten frames of each sequence in turn: six sequences of fifty, twice each, though all scenes differ."""
    sequences: list[str | None] = [f"s{number // 10 % 6}" for number in range(300)]
    dataset, hashes = dataset_of(300, list(range(300)), sequences=sequences)
    grouping = group_frames(dataset, "sequence", hashes, radius=0)
    assert grouping.groups.tolist() == [number // 10 % 6 for number in range(300)]
    assert len(set(grouping.blocks.tolist())) == 30
    assert grouping.names == [f"{number * 200:07d}" for number in range(6)]


def test_frames_whose_names_no_list_can_tell_apart_stay_together() -> None:
    names = [f"{folder}/{number}.jpg" for number in (1, 5, 90) for folder in "ab"] + ["c/090.jpg"]
    records = [FrameRecord(name, 64, 48, (), sequence=name) for name in names]
    dataset = Dataset(*build_tables(records), Path("nowhere"), "made")
    groups = group_frames(dataset, "sequence", None, radius=8).groups
    by_name = dict(zip(dataset.images["file_name"], groups.tolist(), strict=True))
    assert by_name["a/1.jpg"] == by_name["b/1.jpg"]
    assert by_name["a/90.jpg"] == by_name["b/90.jpg"] == by_name["c/090.jpg"]
    assert by_name["a/1.jpg"] != by_name["a/90.jpg"]


def test_cameras_are_kept_whole_and_joined_by_looks() -> None:
    """Four cameras in turn, frame by frame; two show one scene."""
    records = [FrameRecord(f"{number}.jpg", 64, 48, (), camera=f"cam{number % 4}") for number in range(40)]
    dataset = Dataset(*build_tables(records), Path("nowhere"), "made")
    words = np.random.default_rng(2).integers(0, 2**64, 40, dtype=np.uint64)
    words[7] = words[4]  # cam3 shows what cam0 does
    hashes = FrameHashes(dataset.images["image_id"].to_numpy(), words, np.ones(40, np.bool_))
    assert group_frames(dataset, "camera", hashes, radius=8).groups.tolist() == [0, 1, 2, 0] * 10
    assert group_frames(dataset, "camera", None, radius=8).groups.tolist() == [0, 1, 2, 3] * 10


def test_a_frame_without_a_camera_stops_a_split_by_camera() -> None:
    dataset, hashes = dataset_of(30, [0] * 30)
    with pytest.raises(DataError, match=r"made: 30 of 30 frames name no camera; add a table frames\.csv with the col"):
        split_by_groups(dataset, "camera", hashes)


def test_a_group_is_counted_by_sizes_of_ships() -> None:
    """Frame n has n mod 4 ships of 5, 16 and 50 px: of 8 frames two are empty, six have 5 px, four 16, two 50.

    A ship of 16 px is the least of the bin 16-32.
    """
    dataset, _ = dataset_of(8, [0] * 8)
    groups = np.array([0, 0, 0, 0, 1, 1, 1, 0])
    assert count_groups(dataset, groups).tolist() == [[5, 1, 4, 0, 3, 2, 0], [3, 1, 2, 0, 1, 0, 0]]
    turned = Dataset(dataset.images.reverse(), dataset.boxes.reverse(), dataset.image_dir, "made")
    np.testing.assert_array_equal(count_groups(turned, groups[::-1]), count_groups(dataset, groups))


def test_a_guard_that_leaves_a_split_empty_is_refused() -> None:
    dataset, hashes = dataset_of(60, [number // 15 for number in range(60)])
    with pytest.raises(ConfigError, match=r"--guard: the guard gaps leave '\w+' no frame; give --guard 15$"):
        split_by_groups(dataset, "sequence", hashes, guard_frames=60, fractions={"a": 0.5, "b": 0.5})


# Rules


def test_the_rule_of_ranges_gives_the_same_split_without_images() -> None:
    dataset, hashes = dataset_of(300, SCENES)
    new = split_by_groups(dataset, "sequence", hashes)
    assert isinstance(new.rule, RangeRule)
    assert len(new.rule.ranges) < 30
    again = split_by_rule(dataset, new.rule)
    assert split_of(again) == split_of(new)
    some = dataset.filter(pl.col("image_id") % 60 == 0)
    expected = {name: split for name, split in split_of(new).items() if int(name[:7]) % 60 == 0}
    assert split_of(split_by_rule(some, new.rule)) == expected


def test_a_range_ends_with_its_series_its_split_and_at_a_frame_left_out() -> None:
    order = order_frames(["a1.jpg", "a2.jpg", "a3.jpg", "a4.jpg", "a5.jpg", "b6.jpg", "b7.jpg"])
    found = ranges_of(order, np.array([0, 0, -1, 0, 1, 1, 1]), ("x", "y"))
    assert [(item.series, item.first, item.last, item.split) for item in found] == [
        ("a", 1, 2, "x"),
        ("a", 4, 4, "x"),
        ("a", 5, 5, "y"),
        ("b", 6, 7, "y"),
    ]


def test_a_split_by_ids_is_its_rule() -> None:
    dataset, _ = dataset_of(600, [0] * 600)
    new = split_by_ids(dataset, block_frames=10, guard_frames=2)
    assert new.rule == IdRule(block_ids=200, guard_ids=40, fractions=SHARES)
    assert split_of(new) == split_of(split_by_rule(dataset, new.rule))
    assert len(set(new.groups.tolist())) == 60
    leakage = measure_leakage(new.dataset, None)
    assert all(leak.by_id == 0 for leak in leakage.values())


def test_a_split_by_ids_wants_ids_and_blocks_enough() -> None:
    dataset, _ = dataset_of(60, [0] * 60)
    with pytest.raises(ConfigError, match=r"6 blocks of 10 frames cannot give a frame to '.*'; ask for fewer spl"):
        split_by_ids(dataset, block_frames=10, fractions={"a": 0.98, "b": 0.01, "c": 0.01})
    with pytest.raises(ConfigError, match="--guard: is not below the length of a block; give longer --block-frames"):
        split_by_ids(dataset, block_frames=3)
    unnumbered = dataset.filter(pl.col("image_id") == 0)
    with pytest.raises(ConfigError, match="the names of the frames hold no ids; split by sequence instead"):
        split_by_ids(unnumbered)


# Reports and files


def test_the_report_counts_both_splits() -> None:
    dataset, hashes = dataset_of(300, SCENES)
    old = dataset.images.with_columns(
        pl.when(pl.col("image_id") % 40 == 0).then(pl.lit(["train"])).otherwise(pl.lit(["val"])).alias("splits")
    )
    came = Dataset(old, dataset.boxes, dataset.image_dir, "made")
    new = split_by_groups(came, "sequence", hashes)
    report = report_split(came, new, hashes)
    assert (report.kind, report.frames, report.groups, report.largest_group) == ("sequence", 300, 20, 15)
    assert (report.radius, report.unread) == (8, 0)
    assert report.came_with.leakage["train-val"].share == 1.0
    assert report.came_with.splits["train"].frames == 150
    assert report.came_with.splits["train"].groups is None
    assert report.came_with.left_out == 0
    assert list(report.new.splits) == ["train", "val", "test"]
    counts = report.new.splits.values()
    assert sum(part.frames for part in counts) + report.new.left_out == 300
    assert sum(part.groups or 0 for part in counts) == 20
    lists = new.dataset.images.explode("splits").filter(pl.col("splits") == "val")
    ships = came.boxes.join(lists, on="image_id", how="semi")
    assert report.new.splits["val"].ships == ships.height
    assert report.new.splits["val"].small_ships == (ships["area_px2"] < 1024).sum()
    assert report.new.splits["val"].frames_without_ships == (lists["image_id"] % 80 == 0).sum()
    assert all(leak.frames == 0 for leak in report.new.leakage.values())
    unread = FrameHashes(hashes.image_ids, hashes.bits, hashes.image_ids > 40)
    assert report_split(came, new, unread).unread == 3
    blind = report_split(came, split_by_rule(came, new.rule), None)
    assert (blind.kind, blind.groups, blind.radius, blind.unread) == ("sequence", None, None, 0)
    assert report_split(came, split_by_rule(came, RangeRule(ranges=[])), None).kind == "ranges"


def test_written_lists_are_read_by_splits(tmp_path: Path) -> None:
    stems = [f"{number:07d}" for number in range(0, 2000, 20)]
    part = write_voc(tmp_path / "part", {stem: [] for stem in stems}, splits={"train": stems})
    dataset = load(part)
    new = split_by_ids(dataset, block_frames=10, guard_frames=1)
    written = write_split(new, tmp_path / "lists")
    assert [path.name for path in written] == ["rule.yaml", "test.txt", "train.txt", "val.txt"]
    lists = {path.stem: path.read_text().split() for path in written[1:]}
    assert all(stems == sorted(stems) for stems in lists.values())
    again = load(part, splits=tmp_path / "lists")
    assert again.splits == new.dataset.splits
    assert again.images.equals(new.dataset.images)
    assert read_rule(tmp_path / "lists" / "rule.yaml") == new.rule
    assert load(part).splits == {"train": 100}  # the data's own split is untouched


def test_names_with_spaces_come_back_from_written_lists(tmp_path: Path) -> None:
    """`bow 1` is no `bow` with Pascal's 1 behind it, and the stem `bow.jpg` is not the file of `bow`."""
    stems = ["bow", "bow 1", "bow 20", "bow.jpg", "кадр 1 (copy)"]
    part = write_voc(tmp_path / "part", {stem: [] for stem in stems})
    rule = RangeRule(
        ranges=[
            IdRange(first=0, last=0, split="train", series="bow"),
            IdRange(first=1, last=20, split="val", series="bow "),
            IdRange(first=0, last=0, split="test", series="bow.jpg"),
            IdRange(first=0, last=0, split="test", series="кадр 1 (copy)"),
        ]
    )
    write_split(split_by_rule(load(part), rule), tmp_path / "lists")
    assert (tmp_path / "lists/val.txt").read_text() == "bow 1\nbow 20\n"
    again = load(part, splits=tmp_path / "lists")
    names = {split: again.split(split).images["file_name"].to_list() for split in ("train", "val", "test")}
    assert names == {
        "train": ["bow.jpg"],
        "val": ["bow 1.jpg", "bow 20.jpg"],
        "test": ["bow.jpg.jpg", "кадр 1 (copy).jpg"],
    }


def test_a_folder_with_files_is_not_written_to(tmp_path: Path) -> None:
    dataset, hashes = dataset_of(300, SCENES)
    new = split_by_groups(dataset, "sequence", hashes)
    write_lists(tmp_path / "lists", {"train": ["1"]})
    with pytest.raises(DataError, match="exists and is not empty; choose another --out or delete it"):
        write_split(new, tmp_path / "lists")
    assert [path.name for path in (tmp_path / "lists").iterdir()] == ["train.txt"]
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_split(new, tmp_path / "file" / "lists")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "lists"]


def test_a_name_that_no_list_can_hold_is_refused(tmp_path: Path) -> None:
    records = [FrameRecord(f"frame\n{number}.jpg", 64, 48, ()) for number in range(200)]
    dataset = Dataset(*build_tables(records), Path("nowhere"), "made")
    with pytest.raises(DataError, match=r"'frame\\n0': has a name that no list can hold; rename such frames"):
        write_split(split_by_rule(dataset, read_rule("part-a")), tmp_path / "lists")
    assert not (tmp_path / "lists").exists()


def test_a_split_without_frames_gets_no_list(tmp_path: Path) -> None:
    """All ids are in block 0 of the rule, which is in train."""
    dataset, _ = dataset_of(30, [0] * 30)
    new = split_by_rule(dataset, read_rule("part-a"))
    assert [path.name for path in write_split(new, tmp_path / "lists")] == ["rule.yaml", "train.txt"]
    assert report_split(dataset, new, None).new.splits["val"].frames == 0
