"""Where a split cannot be made, what is named in its place can be."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from wutdet.dataset import Dataset
from wutdet.dataset.splitting.fractions import parse_fractions
from wutdet.dataset.splitting.hashes import FrameHashes
from wutdet.dataset.splitting.resplit import split_by_groups, split_by_ids
from wutdet.dataset.tables import FrameRecord, build_tables
from wutdet.errors import ConfigError


def scenes_of(sizes: list[int], *, near: bool = False) -> tuple[Dataset, FrameHashes]:
    """Sequences in a row, ids 1 apart, whose hashes differ in 32 bits or so, or, where near, in 6 of 64."""
    scene = np.repeat(np.arange(len(sizes)), sizes)
    records = [FrameRecord(f"{number:07d}.jpg", 64, 48, (), sequence=f"s{place}") for number, place in enumerate(scene)]
    dataset = Dataset(*build_tables(records), Path("nowhere"), "made")
    far = np.random.default_rng(11).integers(0, 2**64, len(sizes), dtype=np.uint64)
    close = np.array([0b111 << 3 * place for place in range(len(sizes))], np.uint64)
    words = (close if near else far)[scene]
    return dataset, FrameHashes(dataset.images["image_id"].to_numpy(), words, np.ones(len(scene), np.bool_))


def options_of(error: ConfigError) -> list[dict[str, str]]:
    """The options that the remedy names, each alternative by itself."""
    assert error.remedy.startswith("give --")
    found = error.remedy.removeprefix("give ").split(", or ")
    return [dict(re.findall(r"--([a-z-]+) (\S+)", option)) for option in found]


def obey(dataset: Dataset, hashes: FrameHashes, option: dict[str, str], guard_frames: int) -> dict[str, int]:
    """The splits under an option."""
    fractions = parse_fractions(option.get("fractions", "0.7,0.1,0.2"))
    guard_frames = int(option.get("guard", guard_frames))
    if option.get("by") == "id":
        blocks = int(option.get("block-frames", 50))
        return split_by_ids(dataset, guard_frames=guard_frames, block_frames=blocks).dataset.splits
    radius = int(option.get("radius", 8))
    new = split_by_groups(dataset, "sequence", hashes, fractions=fractions, guard_frames=guard_frames, radius=radius)
    return new.dataset.splits


@pytest.mark.parametrize(
    ("sizes", "guard_frames", "named"),
    [
        ([90, 4, 3, 3], 0, [{"fractions": "train=0.90,val=0.03,test=0.07"}, {"by": "id", "block-frames": "20"}]),
        # 0.74,0.02,0.24 could be dealt, but the guard would take the one frame of val
        ([31, 1, 10], 3, [{"by": "id", "block-frames": "10"}]),
        ([31, 1, 10], 30, [{"guard": "0", "fractions": "train=0.74,val=0.02,test=0.24"}]),
        # a guard that empties a split may be narrower, whatever else works
        ([30, 5, 10], 5, [{"by": "id", "block-frames": "10"}, {"guard": "2"}]),
    ],
)
def test_every_option_that_is_named_works(sizes: list[int], guard_frames: int, named: list[dict[str, str]]) -> None:
    dataset, hashes = scenes_of(sizes)
    with pytest.raises(ConfigError, match=r"are too few|no frame") as caught:
        split_by_groups(dataset, "sequence", hashes, guard_frames=guard_frames)
    options = options_of(caught.value)
    for option in options:
        assert set(obey(dataset, hashes, option, guard_frames)) == {"train", "val", "test"}
    assert options == named


def test_a_smaller_radius_is_named_where_it_parts_the_groups() -> None:
    dataset, hashes = scenes_of([30, 5, 10], near=True)
    with pytest.raises(ConfigError, match="1 group of frames cannot fill 3 splits") as caught:
        split_by_groups(dataset, "sequence", hashes, guard_frames=0)
    assert options_of(caught.value)[0] == {"radius": "4"}
    assert obey(dataset, hashes, {"radius": "4"}, 0) == {"train": 30, "val": 5, "test": 10}


def test_blocks_that_are_too_few_may_be_shorter() -> None:
    dataset, hashes = scenes_of([42])
    with pytest.raises(ConfigError, match="1 block of 50 frames cannot give a frame to 'val'; give") as caught:
        split_by_ids(dataset)
    (option,) = options_of(caught.value)
    assert option == {"block-frames": "10"}
    assert set(obey(dataset, hashes, {"by": "id", **option}, 3)) == {"train", "val", "test"}


def test_where_nothing_works_no_option_is_named() -> None:
    dataset, hashes = scenes_of([2])
    with pytest.raises(ConfigError, match=r"ask for fewer splits, or take more frames$"):
        split_by_groups(dataset, "sequence", hashes)
