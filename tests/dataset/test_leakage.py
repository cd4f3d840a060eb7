from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from wutdet import load
from wutdet.dataset import Dataset
from wutdet.dataset.splitting.hashes import FrameHashes, hash_frames
from wutdet.dataset.splitting.leakage import Leakage, leakage_key, measure_leakage
from wutdet.dataset.tables import BOX_SCHEMA, FrameRecord, build_tables

FAR = (0xF0F0_F0F0_0000_0000, 0x0F0F_0F0F_0000_0000, 0xFFFF_0000, 0xFFFF)
"""Hashes of which any two differ in at least 16 bits."""


def dataset_of(frames: Mapping[str, Sequence[str]]) -> Dataset:
    """Frames by stem, each with its splits."""
    records = [FrameRecord(f"{stem}.jpg", 64, 48, (), splits=tuple(splits)) for stem, splits in frames.items()]
    return Dataset(*build_tables(records), Path("nowhere"), "made")


def hashes_of(dataset: Dataset, bits: Mapping[str, int]) -> FrameHashes:
    """Hashes by stem; frames that are not named have none."""
    stems = [name[:-4] for name in dataset.images["file_name"]]
    return FrameHashes(
        dataset.images["image_id"].to_numpy(),
        np.array([bits.get(stem, 0) for stem in stems], np.uint64),
        np.array([stem in bits for stem in stems]),
    )


def numbers(leakage: Leakage) -> tuple[int, int, int, int]:
    return leakage.frames, leakage.by_hash, leakage.by_id, leakage.of


def test_the_key_names_where_it_leaks_from_and_what_it_leaks_into() -> None:
    """Ids 0 … 140, 20 apart. One frame of train (80) stands beside two of test (60 and 100).

    So two of four test frames (60, 100) have a neighbour in train, one of three train frames (80) has one in test.
    """
    dataset = dataset_of(
        {
            **{stem: ["test"] for stem in ("0000000", "0000040", "0000060", "0000100")},
            **{stem: ["train"] for stem in ("0000080", "0000160", "0000180")},
            "0000020": [],
        }
    )
    found = measure_leakage(dataset, None)
    assert leakage_key("train", "test") == "train-test"
    assert list(found) == ["test-train", "train-test"]
    assert numbers(found["train-test"]) == (2, 0, 2, 4)
    assert numbers(found["test-train"]) == (1, 0, 1, 3)
    assert found["train-test"].share == 0.5
    assert found["test-train"].share == pytest.approx(1 / 3)


def test_a_near_duplicate_far_away_leaks() -> None:
    """Frame 900 differs from 0 in 8 bits, 1800 in 9: one is within the radius. No id is near another."""
    dataset = dataset_of({"0": ["train"], "1": ["train"], "900": ["test"], "1800": ["test"], "3000": ["test"]})
    hashes = hashes_of(
        dataset, {"0": FAR[0], "1": FAR[0], "900": FAR[0] ^ 0xFF, "1800": FAR[0] ^ 0x1FF, "3000": FAR[1]}
    )
    found = measure_leakage(dataset, hashes)
    assert numbers(found["train-test"]) == (1, 1, 0, 3)
    assert numbers(found["test-train"]) == (2, 2, 0, 2)
    assert numbers(measure_leakage(dataset, hashes, radius=9)["train-test"]) == (2, 2, 0, 3)
    assert numbers(measure_leakage(dataset, hashes, radius=7)["train-test"]) == (0, 0, 0, 3)
    assert numbers(measure_leakage(dataset, None)["train-test"]) == (0, 0, 0, 3)


def test_a_frame_that_leaks_both_ways_counts_once() -> None:
    """Test frame 20 is beside train's 0 and 40, and equal to 40; frame 60 is beside 40 only."""
    dataset = dataset_of({"0": ["train"], "20": ["test"], "40": ["train"], "60": ["test"]})
    hashes = hashes_of(dataset, {"0": FAR[0], "20": FAR[1], "40": FAR[1], "60": FAR[2]})
    assert numbers(measure_leakage(dataset, hashes)["train-test"]) == (2, 1, 2, 2)


def test_a_frame_in_two_splits_leaks_into_both() -> None:
    dataset = dataset_of({"0": ["test", "train"], "500": ["train"], "1000": ["test"], "1001": ["test"], "1002": []})
    found = measure_leakage(dataset, None)
    assert numbers(found["train-test"]) == (1, 0, 1, 3)
    assert numbers(found["test-train"]) == (1, 0, 1, 2)
    same = measure_leakage(dataset, hashes_of(dataset, {"0": FAR[0]}))
    assert numbers(same["train-test"]) == (1, 1, 1, 3)


def test_frames_without_a_hash_are_no_near_duplicates() -> None:
    """Their bits are 0 alike; that says nothing."""
    dataset = dataset_of({"quay": ["train"], "mole": ["test"], "pier": ["test"]})
    assert numbers(measure_leakage(dataset, hashes_of(dataset, {}))["train-test"]) == (0, 0, 0, 2)
    assert numbers(measure_leakage(dataset, hashes_of(dataset, {"quay": 0, "pier": 0}))["train-test"]) == (1, 1, 0, 2)


def test_neighbours_in_time_are_of_one_series() -> None:
    dataset = dataset_of({"a1": ["train"], "a2": ["train"], "b2": ["test"], "b3": ["test"], "a3": ["test"]})
    assert numbers(measure_leakage(dataset, None)["train-test"]) == (1, 0, 1, 3)


def test_every_ordered_pair_of_splits_is_measured() -> None:
    dataset = dataset_of({"0": ["train"], "1": ["val"], "2": ["test"], "9": []})
    found = measure_leakage(dataset, None)
    assert {key: value.frames for key, value in found.items()} == {
        "test-train": 0,
        "test-val": 1,
        "train-test": 0,
        "train-val": 1,
        "val-test": 1,
        "val-train": 1,
    }


def test_without_two_splits_there_is_no_leakage() -> None:
    assert measure_leakage(dataset_of({"0": ["train"], "1": []}), None) == {}
    empty = dataset_of({"0": ["train"], "1": ["test"]}).filter(pl.col("image_id") > 5)
    assert measure_leakage(empty, None) == {}
    assert empty.boxes.schema == BOX_SCHEMA


def test_the_order_of_tables_and_hashes_does_not_matter() -> None:
    dataset = dataset_of({"0": ["train"], "20": ["test"], "40": ["train"], "900": ["test"]})
    hashes = hashes_of(dataset, {"0": FAR[0], "20": FAR[1], "40": FAR[2], "900": FAR[0]})
    turned = FrameHashes(hashes.image_ids[::-1], hashes.bits[::-1], hashes.known[::-1])
    expected = measure_leakage(dataset, hashes)
    assert measure_leakage(dataset, turned) == expected
    assert numbers(expected["train-test"]) == (2, 1, 1, 2)
    some = FrameHashes(hashes.image_ids[:1], hashes.bits[:1], hashes.known[:1])
    assert numbers(measure_leakage(dataset, some)["train-test"]) == (1, 0, 1, 2)


def test_it_is_json_of_plain_names() -> None:
    found = measure_leakage(dataset_of({"0": ["train"], "1": ["test"]}), None)
    assert msgspec.to_builtins(found["train-test"]) == {"frames": 1, "share": 1.0, "by_hash": 0, "by_id": 1, "of": 1}


@pytest.mark.realdata
def test_the_random_split_of_the_real_frames_leaks(realdata: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")
    dataset = load(realdata / "voc")
    found = measure_leakage(dataset, hash_frames(dataset))
    assert found["train-val"].of == dataset.splits["val"]
    assert found["train-val"].share > 0.9
    assert found["train-val"].by_hash > 10
