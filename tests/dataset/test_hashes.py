from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest
from builders import jpeg_of, tree_digest, write_voc
from numpy.typing import NDArray

from wutdet import load
from wutdet.dataset import Dataset
from wutdet.dataset.splitting import hashes
from wutdet.dataset.splitting.hashes import NEAR_BITS, hash_frames
from wutdet.dataset.splitting.neighbours import near_pairs
from wutdet.dataset.splitting.perceptual import _PLACES, hash_grey, hash_image
from wutdet.errors import FrameError

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def picture(tiny_voc: Path) -> Picture:
    """A rendered frame, BGR."""
    decoded = cv2.imread(str(sorted((tiny_voc / "voc/JPEGImages").iterdir())[5]))
    assert decoded is not None
    return decoded.astype(np.uint8)


def hash_of(picture: Picture, path: Path, quality: int = 92) -> int:
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return hash_image(path)


def apart(a: int, b: int) -> int:
    return (a ^ b).bit_count()


# The hash

COPIES: dict[str, Callable[[Picture], Picture]] = {
    "as it is": lambda picture: picture,
    "half the size": lambda picture: cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "three times the size": lambda picture: cv2.resize(picture, None, fx=3, fy=3),
    "brighter": lambda picture: cv2.add(picture, (25, 25, 25, 0)),
    "darker": lambda picture: (picture * 0.6).astype(np.uint8),
    "grey": lambda picture: cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_within_the_radius(copy: str, picture: Picture, tmp_path: Path) -> None:
    original = hash_of(picture, tmp_path / "original.jpg")
    assert apart(hash_of(COPIES[copy](picture), tmp_path / "copy.jpg", 85), original) <= NEAR_BITS


def test_a_hard_compressed_copy_is_within_the_radius(picture: Picture, tmp_path: Path) -> None:
    assert apart(hash_of(picture, tmp_path / "a.jpg"), hash_of(picture, tmp_path / "b.jpg", 25)) <= NEAR_BITS


def test_other_formats_are_within_the_radius(picture: Picture, tmp_path: Path) -> None:
    """OpenCV reduces a PNG by picking pixels, which would hash the grain of a noisy frame."""
    noise = np.random.default_rng(1).normal(0, 70, picture.shape)
    noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
    original = hash_of(noisy, tmp_path / "original.jpg", 98)
    assert apart(hash_of(noisy, tmp_path / "copy.png"), original) <= 4
    assert apart(hash_of(noisy, tmp_path / "copy.bmp"), original) <= 4


def test_mirroring_turns_the_bits_of_odd_columns() -> None:
    """A cosine of k half waves across the frame is mirrored into itself for even k, into its negative for odd k."""
    grey = np.random.default_rng(0).integers(0, 256, (90, 160)).astype(np.uint8)
    odd = [place % 32 % 2 == 1 for place in _PLACES.tolist()]
    turned = hash_grey(grey) ^ hash_grey(grey[:, ::-1].copy())
    assert [bit == "1" for bit in f"{turned:064b}"] == odd
    assert 25 <= sum(odd) <= 39


def test_a_mirrored_frame_is_no_copy(picture: Picture, tmp_path: Path) -> None:
    mirrored = hash_of(picture[:, ::-1].copy(), tmp_path / "mirrored.jpg")
    assert apart(mirrored, hash_of(picture, tmp_path / "original.jpg")) > 2 * NEAR_BITS


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_flat_frame_has_the_hash_0(level: int) -> None:
    assert hash_grey(np.full((135, 240), level, np.uint8)) == 0


def test_a_bit_is_the_sign_of_its_frequency() -> None:
    """Of a wave of three half waves across, place 3 of the spectrum is positive, and place 5 of its negative is not."""
    x = np.cos(np.pi * 3 * (np.arange(320) + 0.5) / 320)
    grey = np.broadcast_to(np.rint(128 + 100 * x), (320, 320)).astype(np.uint8)
    bit = 63 - _PLACES.tolist().index(3)
    assert hash_grey(grey) >> bit & 1 == 1
    assert hash_grey(255 - grey) >> bit & 1 == 0


def test_the_average_is_no_bit() -> None:
    assert 0 not in _PLACES
    assert len(set(_PLACES.tolist())) == 64


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"", "not an image"), (b"not an image", "not an image"), (b"\xff\xd8\xff\xe0 and then nothing", "not an image")],
)
def test_a_file_that_is_no_image_is_refused(data: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(FrameError, match=what):
        hash_image(tmp_path / "a.jpg")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="cannot be read"):
        hash_image(tmp_path / "a.jpg")


def test_a_cut_off_file_is_refused(picture: Picture, tmp_path: Path) -> None:
    """OpenCV would fill the rest with grey, and all such frames would look alike."""
    hash_of(picture, tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FrameError, match="truncated"):
        hash_image(tmp_path / "a.jpg")


# All frames


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """Six frames of noise, each of its own."""
    folder = write_voc(tmp_path / "part", {f"{number:07d}": [] for number in range(0, 120, 20)})
    rng = np.random.default_rng(7)
    for number in range(0, 120, 20):
        coarse = rng.integers(0, 256, (9, 16), np.uint8)
        cv2.imwrite(str(jpeg_of(folder, f"{number:07d}")), cv2.resize(coarse, (320, 180)))
    return folder


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stems of the files that were decoded."""
    seen: list[str] = []

    def noted(path: Path) -> int:
        seen.append(path.stem)
        return hash_image(path)

    monkeypatch.setattr(hashes, "hash_image", noted)
    return seen


def test_frames_are_hashed_in_the_order_of_the_table(part: Path) -> None:
    dataset = load(part)
    found = hash_frames(dataset)
    assert found.image_ids.tolist() == [0, 20, 40, 60, 80, 100]
    assert found.known.all()
    assert found.bits.tolist() == [hash_image(frame.path) for frame in dataset]
    assert len(set(found.bits.tolist())) == 6
    turned = dataclasses.replace(dataset, images=dataset.images.reverse())
    again = hash_frames(turned, threads=1)
    assert again.image_ids.tolist() == [100, 80, 60, 40, 20, 0]
    assert again.bits.tolist() == found.bits.tolist()[::-1]


def test_a_bad_image_is_unknown_and_hides_no_other(part: Path) -> None:
    dataset = load(part)
    jpeg_of(part, "0000000").unlink()
    jpeg_of(part, "0000020").write_bytes(b"\xff\xd8 not an image")
    whole = jpeg_of(part, "0000040").read_bytes()
    jpeg_of(part, "0000040").write_bytes(whole[:-400])
    for _ in range(2):  # also from the cache
        found = hash_frames(dataset)
        assert found.known.tolist() == [False, False, False, True, True, True]
        assert found.bits[:3].tolist() == [0, 0, 0]
        assert found.bits[3:].all()


def test_every_frame_is_counted_once(part: Path) -> None:
    jpeg_of(part, "0000020").write_bytes(b"")
    for _ in range(2):
        steps: list[int] = []
        hash_frames(load(part), advance=steps.append)
        assert sum(steps) == 6


# What is kept


def test_only_new_and_changed_frames_are_hashed(part: Path, decoded: list[str]) -> None:
    first = hash_frames(load(part))
    assert len(decoded) == 6
    decoded.clear()
    again = hash_frames(load(part))
    assert decoded == []
    assert again.bits.tolist() == first.bits.tolist()
    path = jpeg_of(part, "0000040")
    same_size = bytearray(path.read_bytes())
    same_size[len(same_size) // 2] ^= 1
    path.write_bytes(bytes(same_size))
    os.utime(path, ns=(1, 1))
    hash_frames(load(part))
    assert decoded == ["0000040"]
    assert (part / "voc" / ".wutdet").is_dir()


def test_another_size_at_the_same_time_is_noticed(part: Path, decoded: list[str]) -> None:
    path = jpeg_of(part, "0000040")
    before = path.stat().st_mtime_ns
    hash_frames(load(part))
    path.write_bytes(jpeg_of(part, "0000060").read_bytes() + b"\0")
    os.utime(path, ns=(before, before))
    decoded.clear()
    found = hash_frames(load(part))
    assert decoded == ["0000040"]
    assert found.bits[2] == found.bits[3]


def test_what_was_hashed_before_an_interruption_is_kept(
    part: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashes, "_CHUNK", 1)

    def stop(steps: int) -> None:
        if steps and len(decoded) >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hash_frames(load(part), threads=1, advance=stop)
    before = set(decoded)
    decoded.clear()
    assert hash_frames(load(part)).known.all()
    assert before.isdisjoint(decoded)
    assert len(before) + len(decoded) == 6


def test_hashes_of_frames_outside_a_subset_stay(part: Path, decoded: list[str]) -> None:
    hash_frames(load(part))
    os.utime(jpeg_of(part, "0000020"), ns=(1, 1))
    decoded.clear()
    hash_frames(load(part).filter(pl.col("image_id") < 50))
    assert decoded == ["0000020"]
    hash_frames(load(part))
    assert decoded == ["0000020"]


def test_a_cache_that_has_all_is_not_written_again(part: Path) -> None:
    hash_frames(load(part))
    (kept,) = (part / "voc" / ".wutdet").glob("hashes-*.parquet")
    before = kept.stat()
    hash_frames(load(part))
    assert (kept.stat().st_mtime_ns, kept.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_cache_folder_of_the_user_comes_first(
    part: Path, decoded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WUTDET_CACHE", str(tmp_path / "mine"))
    hash_frames(load(part))
    hash_frames(load(part))
    assert len(decoded) == 6
    assert len(list((tmp_path / "mine").rglob("hashes-*.parquet"))) == 1
    assert not (part / "voc" / ".wutdet").exists()


@pytest.mark.parametrize("damage", [b"", b"PAR1 and no table PAR1", b"PAR1" * 9])
def test_a_damaged_cache_is_replaced(damage: bytes, part: Path, decoded: list[str]) -> None:
    first = hash_frames(load(part))
    (kept,) = (part / "voc" / ".wutdet").glob("hashes-*.parquet")
    kept.write_bytes(damage or kept.read_bytes()[:-50])
    decoded.clear()
    assert hash_frames(load(part)).bits.tolist() == first.bits.tolist()
    assert len(decoded) == 6
    decoded.clear()
    hash_frames(load(part))
    assert decoded == []


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"file_name": ["0000000.jpg"]}),
        pl.DataFrame({"file_name": ["a"], "size": ["b"], "mtime_ns": [1], "bits": [1], "known": [True]}),
    ],
)
def test_a_foreign_table_is_no_cache(table: pl.DataFrame, part: Path, decoded: list[str]) -> None:
    hash_frames(load(part))
    (kept,) = (part / "voc" / ".wutdet").glob("hashes-*.parquet")
    table.write_parquet(kept)
    decoded.clear()
    hash_frames(load(part))
    assert len(decoded) == 6


def test_no_cache_leaves_no_trace(part: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")
    before = tree_digest(part)
    hash_frames(load(part))
    hash_frames(load(part))
    assert len(decoded) == 12
    assert tree_digest(part) == before


def test_where_the_data_cannot_be_written_the_user_cache_serves(
    part: Path, decoded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (part / "voc" / ".wutdet").write_text("a file in place of the folder")
    dataset = load(part)
    hash_frames(dataset)
    decoded.clear()
    hash_frames(dataset)
    assert decoded == []
    assert len(list((tmp_path / "cache").rglob("hashes-*.parquet"))) == 1
    assert (part / "voc" / ".wutdet").is_file()


def test_where_nothing_can_be_written_hashing_works(
    part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (part / "voc" / ".wutdet").write_text("a file")
    assert hash_frames(load(part)).known.all()


# Real frames


@pytest.fixture(scope="module")
def real(realdata: Path) -> tuple[Dataset, hashes.FrameHashes]:
    dataset = load(realdata / "truth.json", images=realdata / "voc" / "JPEGImages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WUTDET_NO_CACHE", "1")
        return dataset, hash_frames(dataset)


@pytest.mark.realdata
def test_real_near_duplicates_are_found_and_other_cameras_are_far(
    real: tuple[Dataset, hashes.FrameHashes], realdata: Path
) -> None:
    dataset, found = real
    assert found.known.all()
    pairs = near_pairs(found.bits, 64)
    camera, sequence = (np.array(dataset.images[name].to_list()) for name in ("camera", "sequence"))
    i, j, apart_bits = pairs.T
    source = {image["id"]: image["source"] for image in json.loads((realdata / "truth.json").read_text())["images"]}
    triplets = np.array(["uvic" in source[image_id] for image_id in dataset.images["image_id"].to_list()])
    seconds_apart = (sequence[i] == sequence[j]) & triplets[i]
    assert seconds_apart.sum() > 50
    assert (apart_bits[seconds_apart] <= NEAR_BITS).mean() > 0.95
    assert apart_bits[camera[i] != camera[j]].min() > NEAR_BITS + 4
