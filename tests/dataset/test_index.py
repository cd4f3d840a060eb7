"""A second load of the same files gives the same dataset without reading them; a changed file is always noticed."""

from __future__ import annotations

import dataclasses
import importlib
import math
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from builders import coco_box, coco_file, coco_image, jpeg_of, voc_xml, write_lists, xml_of
from polars.testing import assert_frame_equal

from wutdet.dataset import Dataset, index, index_key, load
from wutdet.dataset.index import Kept, keep, kept_files, recall
from wutdet.dataset.index_key import Inputs, Key, key_of
from wutdet.dataset.tables import BOX_SCHEMA, IMAGE_SCHEMA, BoxRecord, FrameRecord, build_tables
from wutdet.errors import FrameError

loading = importlib.import_module("wutdet.dataset.load")

LONG_AGO_NS = 10**18


@pytest.fixture(autouse=True)
def small_data_are_kept_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(index, "LEAST_BYTES", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("WUTDET_CACHE", raising=False)
    monkeypatch.delenv("WUTDET_NO_CACHE", raising=False)


@pytest.fixture
def part(voc_part: Path) -> Path:
    """The part of the other tests, with a table of facts, all of it long ago."""
    (voc_part / "frames.csv").write_text("image,camera\n0000020.jpg,bow\n")
    return age(voc_part)


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Two COCO files and their images' folder."""
    root = tmp_path / "coco"
    for split, image_id in (("train", 9), ("val", 3)):
        image = coco_image(image_id, f"{split}.jpg", camera="bow")
        coco_file(root / f"annotations/instances_{split}.json", [image], [coco_box(image_id, image_id, [1, 2, 3, 4])])
    return age(root)


def age(root: Path) -> Path:
    """Date everything back: what has just been written is not kept."""
    for path in [root, *root.rglob("*")]:
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return root


class Reads:
    """How often labels were read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for name in ("read_voc", "read_columns", "read_yolo"):
            monkeypatch.setattr(loading, name, self._counting(getattr(loading, name)))

    def _counting(self, read: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self.count += 1
            return read(*args, **options)

        return counted


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def assert_same(one: Dataset, other: Dataset) -> None:
    assert_frame_equal(one.images, other.images, check_exact=True)
    assert_frame_equal(one.boxes, other.boxes, check_exact=True)
    assert dataclasses.replace(one, images=other.images, boxes=other.boxes) == other


def kept_in(root: Path) -> list[Path]:
    return sorted((root / ".wutdet").glob("*"))


def test_a_second_load_reads_no_label(part: Path, reads: Reads) -> None:
    first, second = load(part), load(part)
    assert reads.count == 1
    assert_same(first, second)
    assert_same(second, load(part, cache=False))
    assert second.images["splits"].to_list() == [["train"], ["train"], ["val"], ["val"], []]
    assert second.images["camera"].to_list() == [None, "bow", None, None, None]
    assert (second.voc_origin, second.name) == ("1", "part")
    assert second.info() == first.info()
    assert second[2].image.shape == (48, 64, 3)
    assert [path.suffix for path in kept_in(part)] == [".tables"]


@pytest.mark.parametrize("inside", ["", "annotations/instances_val.json"])
def test_coco_is_kept_as_well(coco: Path, reads: Reads, inside: str) -> None:
    first, second = load(coco / inside), load(coco / inside)
    assert reads.count == 1
    assert_same(first, second)
    assert second.images["camera"].to_list() == ["bow"] * len(second)


def test_the_files_of_a_folder_are_kept_apart(coco: Path, reads: Reads) -> None:
    for _ in range(2):
        assert load(coco / "annotations/instances_val.json").images["file_name"].to_list() == ["val.jpg"]
        assert load(coco / "annotations/instances_train.json").images["file_name"].to_list() == ["train.jpg"]
    assert reads.count == 2


def test_where_coco_images_are_is_looked_for_at_every_load(coco: Path, reads: Reads) -> None:
    """By the image that comes first in the files, which has not the lowest id."""
    assert load(coco).image_dir == coco / "annotations"
    (coco / "images").mkdir()
    (coco / "images/train.jpg").touch()
    assert load(coco).image_dir == coco / "images"
    assert load(coco, images=coco).image_dir == coco
    assert reads.count == 2  # the folder that is given is another option


def edit_in_place(part: Path) -> None:
    """As many bytes as before."""
    path = xml_of(part, "0000040")
    text = path.read_text()
    path.write_text(text.replace("<xmin>2<", "<xmin>3<"))
    assert path.stat().st_size == len(text)


def add_a_frame(part: Path) -> None:
    xml_of(part, "0000100").write_text(voc_xml([]))
    jpeg_of(part, "0000100").touch()


def remove_a_frame(part: Path) -> None:
    xml_of(part, "0000080").unlink()
    jpeg_of(part, "0000080").unlink()


def rename_an_image(part: Path) -> None:
    jpeg_of(part, "0000080").rename(part / "voc/JPEGImages/0000080.png")


def rename_a_frame(part: Path) -> None:
    xml_of(part, "0000080").rename(xml_of(part, "0000081"))
    jpeg_of(part, "0000080").rename(jpeg_of(part, "0000081"))


def edit_a_list(part: Path) -> None:
    (part / "voc/ImageSets/Main/val.txt").write_text("0000000\n")


def add_a_list(part: Path) -> None:
    (part / "voc/ImageSets/Main/test.txt").write_text("0000080\n")


def change_the_table(part: Path) -> None:
    (part / "frames.csv").write_text("image,camera\n0000020.jpg,aft\n")


def remove_the_table(part: Path) -> None:
    (part / "frames.csv").unlink()


def another_table(part: Path) -> None:
    remove_the_table(part)
    pl.DataFrame({"image": ["0000000.jpg"], "camera": ["mast"]}).write_parquet(part / "frames.parquet")


CHANGES = [
    *(edit_in_place, add_a_frame, remove_a_frame, rename_an_image, rename_a_frame),
    *(edit_a_list, add_a_list, change_the_table, remove_the_table, another_table),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_part_is_noticed(part: Path, reads: Reads, change: Callable[[Path], None]) -> None:
    before = load(part)
    change(part)
    after = load(part)
    assert reads.count == 2
    assert_same(after, load(part, cache=False))
    assert not (after.images.equals(before.images) and after.boxes.equals(before.boxes))


def test_a_file_that_was_only_touched_is_read_again(part: Path, reads: Reads) -> None:
    load(part)
    os.utime(xml_of(part, "0000000"), ns=(LONG_AGO_NS, LONG_AGO_NS + 1))
    load(part)
    assert reads.count == 2
    load(part)
    assert reads.count == 2


def test_a_change_of_size_alone_is_noticed(part: Path, reads: Reads) -> None:
    load(part)
    xml_of(part, "0000060").write_text(voc_xml([]) + "\n")
    age(part)
    load(part)
    assert reads.count == 2


def test_a_coco_file_that_changed_or_came_is_noticed(coco: Path, reads: Reads) -> None:
    load(coco)
    coco_file(coco / "annotations/instances_val.json", [coco_image(3, "new.jpg")])
    assert load(coco).images["file_name"].to_list() == ["new.jpg", "train.jpg"]
    coco_file(coco / "annotations/instances_test.json", [coco_image(4, "more.jpg")])
    assert len(load(coco)) == 3
    assert reads.count == 3


def test_given_tables_and_lists_are_watched(coco: Path, tmp_path: Path, reads: Reads) -> None:
    lists, table = write_lists(tmp_path / "lists", {"test": ["val"]}), tmp_path / "facts.csv"
    table.write_text("image,camera\nval.jpg,mast\n")
    for path in (lists, table.parent):
        age(path)
    for _ in range(2):
        dataset = load(coco, splits=lists, sidecar=table)
        assert (dataset.splits, dataset.images["camera"].to_list()) == ({"test": 1}, ["mast", "bow"])
    assert reads.count == 1
    table.write_text("image,camera\nval.jpg,keel\n")
    assert load(coco, splits=lists, sidecar=table).images["camera"].to_list() == ["keel", "bow"]
    (lists / "val.txt").write_text("train\n")
    assert load(coco, splits=lists, sidecar=table).splits == {"test": 1, "val": 1}


def test_every_set_of_options_has_its_own(part: Path, tmp_path: Path, reads: Reads) -> None:
    lists = age(write_lists(tmp_path / "lists", {"test": ["0000000"]}))
    sets: list[dict[str, Any]] = [
        {},
        {"voc_origin": "0x", "on_error": "skip"},
        {"voc_origin": "1"},
        {"classes": {"boat": "ship"}},
        {"on_error": "skip"},
        {"splits": lists},
        {"images": part / "voc/JPEGImages"},
    ]
    first = [load(part, **options) for options in sets]
    again = [load(part, **options) for options in sets]
    assert reads.count == len(sets)
    for one, other in zip(first, again, strict=True):
        assert_same(one, other)
    assert len({dataset.voc_evidence for dataset in first}) == 2
    assert first[1].boxes.height == 4  # a ship of one pixel is empty there, and its frame left out


def test_problems_are_kept(part: Path, reads: Reads) -> None:
    xml_of(part, "0000060").write_text("<annotation>")
    jpeg_of(part, "0000040").unlink()
    age(part)
    first, second = load(part, on_error="skip"), load(part, on_error="skip")
    assert reads.count == 1
    assert [problem.image for problem in second.problems] == [f"Annotations/00000{n}0.xml" for n in (4, 6)]
    assert_same(first, second)


def test_a_load_that_stops_leaves_nothing(part: Path) -> None:
    xml_of(part, "0000020").write_text("<annotation>")
    age(part)
    for _ in range(2):
        with pytest.raises(FrameError, match="malformed XML"):
            load(part)
    assert kept_in(part) == []


def test_another_version_of_the_reader_reads_again(part: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    load(part)
    monkeypatch.setattr(index_key, "reader_version", lambda: "another")
    load(part)
    assert reads.count == 2


def test_the_version_of_the_reader_is_told_by_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = index_key.reader_version.__wrapped__
    ours = version()
    (tmp_path / "voc.py").write_text("")
    monkeypatch.setattr(index_key, "__file__", str(tmp_path / "index_key.py"))
    empty = version()
    (tmp_path / "voc.py").write_text("#")
    assert len({ours, empty, version()}) == 3


def test_data_may_be_moved(part: Path, tmp_path: Path, reads: Reads) -> None:
    first = load(part, splits=part / "voc/ImageSets/Main")
    part.rename(tmp_path / "other")
    moved = load(tmp_path / "other", splits=tmp_path / "other/voc/ImageSets/Main")
    assert reads.count == 1
    assert (moved.name, moved.image_dir) == ("other", tmp_path / "other/voc/JPEGImages")
    assert moved.sha256 == first.sha256


def test_however_the_path_is_written_it_is_the_same_data(
    part: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(part)
    monkeypatch.chdir(part.parent)
    load("part")
    (part.parent / "link").symlink_to(part)
    load("link")
    assert reads.count == 1


def test_labels_that_changed_a_moment_ago_are_not_kept(part: Path, reads: Reads) -> None:
    """Another change might leave size and time as they are: some file systems count time in steps of 2 s."""
    xml_of(part, "0000000").touch()
    for _ in range(2):
        load(part)
    assert (reads.count, kept_in(part)) == (2, [])


def test_a_change_within_the_step_of_the_clock_is_why(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rule, an edit that leaves size and time alone would go unseen: so the rule is needed."""
    monkeypatch.setattr(index_key, "_SETTLED_NS", 0)
    load(part)
    edit_in_place(part)
    age(part)
    assert load(part).boxes["xmin"].to_list() != load(part, cache=False).boxes["xmin"].to_list()


def test_few_labels_are_not_worth_keeping(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_here = sum(path.stat().st_size for path in [*part.glob("voc/A*/*.xml"), *part.glob("voc/I*/*/*.txt")])
    bytes_here += (part / "frames.csv").stat().st_size
    monkeypatch.setattr(index, "LEAST_BYTES", bytes_here + 1)
    load(part)
    assert not (part / ".wutdet").exists()
    monkeypatch.setattr(index, "LEAST_BYTES", bytes_here)
    load(part)
    assert len(kept_in(part)) == 1


@pytest.mark.parametrize("value", ["1", "yes"])
def test_nothing_is_kept_or_used_when_that_is_turned_off(
    part: Path, tmp_path: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    load(part, cache=False)
    assert not (part / ".wutdet").exists()
    load(part)
    load(part, cache=False)
    assert reads.count == 3
    monkeypatch.setenv("WUTDET_NO_CACHE", value)
    load(part)
    assert reads.count == 4
    monkeypatch.setenv("WUTDET_NO_CACHE", "0")
    load(part)
    assert reads.count == 4
    assert not (tmp_path / "cache").exists()


def test_a_data_folder_that_cannot_be_written_is_kept_elsewhere(part: Path, tmp_path: Path, reads: Reads) -> None:
    (part / ".wutdet").write_text("a file in the way")
    first, second = load(part), load(part)
    assert reads.count == 1
    assert_same(first, second)
    assert len([*(tmp_path / "cache/wutdet").glob("*/*.tables")]) == 1


def test_where_nothing_can_be_written_nothing_is_kept(part: Path, tmp_path: Path, reads: Reads) -> None:
    (part / ".wutdet").write_text("a file in the way")
    (tmp_path / "cache").write_text("another")
    assert_same(load(part), load(part))
    assert reads.count == 2


def test_a_relative_cache_folder_is_not_used(part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (part / ".wutdet").write_text("a file in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.chdir(tmp_path)
    load(part)
    assert not (tmp_path / "relative").exists()


def test_other_files_of_the_cache_folder_are_left_alone(part: Path) -> None:
    (part / ".wutdet").mkdir()
    for number in range(12):
        (part / f".wutdet/hashes{number}.parquet").touch()
    load(part)
    assert len(kept_in(part)) == 13


def test_a_folder_of_ones_own_is_used_in_place_of_all_others(
    part: Path, coco: Path, tmp_path: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WUTDET_CACHE", str(tmp_path / "mine"))
    for _ in range(2):
        assert (len(load(part)), len(load(coco))) == (5, 2)
    assert reads.count == 2
    assert len([*(tmp_path / "mine").glob("*/*.tables")]) == 2
    assert not (part / ".wutdet").exists()
    assert not (tmp_path / "cache").exists()


def test_a_stale_one_beside_the_data_does_not_hide_a_good_one(part: Path, tmp_path: Path, reads: Reads) -> None:
    """Data on a medium that was made read-only after it was loaded, and had changed before."""
    load(part)
    (part / ".wutdet").rename(part / "old")
    edit_in_place(part)
    age(part)
    os.utime(xml_of(part, "0000040"), ns=(LONG_AGO_NS, LONG_AGO_NS + 1))
    (part / ".wutdet").write_text("a file in the way")
    load(part)
    (part / ".wutdet").unlink()
    (part / "old").rename(part / ".wutdet")
    load(part)
    assert reads.count == 2


def flip(data: bytes, share: float) -> bytes:
    """One bit of the byte at this share of the way, which may be one of a box that looks as good as before."""
    place = int(share * len(data))
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


DAMAGE: list[Callable[[bytes], bytes]] = [
    lambda data: b"",
    lambda data: data[:20],
    lambda data: data[: data.index(b"\n") + 40],
    lambda data: data[:-1],
    lambda data: data + b"\0",
    *(partial(flip, share=share) for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
    lambda data: b"\n" + data,
    lambda data: b"\0" * len(data),
    lambda data: data.replace(b"PAR1", b"PAR2"),
    lambda data: b"[" * 100_000,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_passed_over_and_replaced(part: Path, reads: Reads, damage: Callable[[bytes], bytes]) -> None:
    first = load(part)
    (file,) = kept_in(part)
    data = file.read_bytes()
    file.write_bytes(damage(data))
    assert_same(load(part), first)
    assert reads.count == 2
    assert file.read_bytes() == data


def forged(file: Path, change: Callable[[pl.DataFrame, pl.DataFrame], tuple[pl.DataFrame, pl.DataFrame]]) -> None:
    """Rewrite a kept file with other tables and a right checksum."""
    _, _, rest = file.read_bytes().partition(b"\n")
    line, _, tables = rest.partition(b"\n")
    head = msgspec.json.decode(line)
    size = head["images_bytes"]
    images, boxes = change(index._table(tables[:size], IMAGE_SCHEMA, 99), index._table(tables[size:], BOX_SCHEMA, 99))
    images.write_parquet(file)
    head["images_bytes"] = file.stat().st_size
    written = file.read_bytes()
    boxes.write_parquet(file)
    rest = msgspec.json.encode(head) + b"\n" + written + file.read_bytes()
    file.write_bytes(b"%08x\n" % zlib.crc32(rest) + rest)


Tables = tuple[pl.DataFrame, pl.DataFrame]


def with_name(prefix: str) -> Callable[[pl.DataFrame, pl.DataFrame], Tables]:
    return lambda images, boxes: (images.with_columns(file_name=prefix + pl.col("file_name")), boxes)


FORGERIES: dict[str, Callable[[pl.DataFrame, pl.DataFrame], Tables]] = {
    "no frame": lambda images, boxes: (images.clear(), boxes.clear()),
    "a column less": lambda images, boxes: (images.drop("width"), boxes),
    "another type": lambda images, boxes: (images, boxes.with_columns(xmin=pl.lit("ten"))),
    "a number too large": lambda images, boxes: (images.with_columns(width=pl.lit(1e300)), boxes),
    "no name": lambda images, boxes: (images.with_columns(file_name=pl.lit(None, pl.String)), boxes),
    "a name that leads out": with_name("a/../../"),
    "a name that begins above": with_name("../"),
    "a name from the root": with_name("/"),
    "no splits": lambda images, boxes: (images.with_columns(splits=pl.lit(None, pl.List(pl.String))), boxes),
    "an id twice": lambda images, boxes: tuple(table.with_columns(image_id=pl.lit(0)) for table in (images, boxes)),
    "a box of no frame": lambda images, boxes: (images, boxes.with_columns(pl.col("image_id") + 1)),
    "a box that is no number": lambda images, boxes: (images, boxes.with_columns(xmax=pl.lit(float("nan")))),
    "more boxes than bytes": lambda images, boxes: (images, pl.concat([boxes] * 1000)),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_passed_over_and_replaced(part: Path, reads: Reads, name: str) -> None:
    first = load(part)
    (file,) = kept_in(part)
    data = file.read_bytes()
    forged(file, lambda images, boxes: (images, boxes))
    assert_same(load(part), first)
    assert reads.count == 1  # the forger knows the format
    forged(file, FORGERIES[name])
    assert_same(load(part), first)
    assert reads.count == 2
    assert file.read_bytes() == data


def test_numbers_that_need_all_their_bytes_are_kept_exactly(tmp_path: Path) -> None:
    """Of Int64 and Float64, the sign of a zero included; a blank stays blank."""
    odd = BoxRecord(-0.0, 0.1, 1e-40, 2.0**53 + 2, area_px2=1e300, box_id=2**62, contrast=0.1)
    frames = [
        FrameRecord("a.jpg", 1, 1, (odd, BoxRecord(0, 0, 1, 1, 1, 2)), image_id=-(2**63), horizon_row=1 / 3),
        FrameRecord("b.jpg", 2, 2, (), image_id=7),
    ]
    tables, key = build_tables(frames), Key("k", 10**6, settled=True)
    keep([tmp_path / "a.tables"], key, Kept(*tables, "a.jpg", None, "", ()))
    kept = recall([tmp_path / "a.tables"], key)
    assert kept is not None
    for before, after in zip(tables, (kept.images, kept.boxes), strict=True):
        assert_frame_equal(before, after, check_exact=True)
    assert [math.copysign(1, edge) for edge in kept.boxes["xmin"]] == [1, -1]  # by box id


def test_a_dataset_without_a_box_is_kept(tmp_path: Path) -> None:
    tables, key = build_tables([FrameRecord("a.jpg", 1, 1, ())]), Key("k", 10**6, settled=True)
    keep([tmp_path / "a.tables"], key, Kept(*tables, "a.jpg", None, "", ()))
    kept = recall([tmp_path / "a.tables"], key)
    assert kept is not None
    assert_frame_equal(kept.boxes, tables[1], check_exact=True)


def test_a_file_larger_than_tables_of_such_labels_is_not_read(
    part: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(part)
    (file,) = kept_in(part)
    size = file.stat().st_size
    monkeypatch.setattr(index, "_most_bytes", lambda key: size)
    load(part)
    assert reads.count == 1
    monkeypatch.setattr(index, "_most_bytes", lambda key: size - 1)
    load(part)
    assert reads.count == 2


def test_only_the_latest_are_kept(part: Path) -> None:
    (part / ".wutdet").mkdir()
    for number in range(9):
        old = part / f".wutdet/old{number}.tables"
        old.touch()
        os.utime(old, ns=(0, LONG_AGO_NS + number))
    load(part)
    left = [path.name for path in kept_in(part)]
    assert len(left) == 8
    assert left[1:] == [f"old{number}.tables" for number in range(2, 9)]


def test_a_write_that_fails_leaves_what_was_there(part: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", never)
        load(part)
    assert kept_in(part) == []
    load(part)
    load(part)
    assert reads.count == 2


WRITER = """
import sys
from pathlib import Path
from wutdet.dataset import index
from wutdet.dataset.index_key import Key
from wutdet.dataset.tables import FrameRecord, build_tables
index.LEAST_BYTES = 1
frames = [FrameRecord(f"{number}.jpg", int(sys.argv[2]), 9, ()) for number in range(2000)]
tables = build_tables(frames)
for _ in range(40):
    index.keep([Path(sys.argv[1])], Key(sys.argv[2], 10**6, True), index.Kept(*tables, "0.jpg", None, "", ()))
"""


def test_two_processes_that_keep_at_once_never_show_half_a_file(tmp_path: Path) -> None:
    """Each key is found with its own tables, or not at all."""
    file = tmp_path / "kept/one.tables"
    keys = {name: Key(name, 10**6, settled=True) for name in ("7", "8")}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(file), name]) for name in keys]
    seen = dict.fromkeys(keys, 0)
    while any(writer.poll() is None for writer in writers):
        for name, key in keys.items():
            kept = recall([file], key)
            if kept is not None:
                assert kept.images["width"].unique().to_list() == [int(name)]
                seen[name] += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert all(seen.values())
    assert [path.name for path in file.parent.iterdir()] == ["one.tables"]


def key(root: Path, *files: str, folders: tuple[str, ...] = (), listings: tuple[str, ...] = ()) -> Key:
    inputs = Inputs(
        tuple(root / name for name in files),
        tuple((root / name, ".xml") for name in folders),
        tuple(root / name for name in listings),
    )
    return key_of(inputs, home=root, options=())


def test_a_key_tells_names_from_each_other(tmp_path: Path) -> None:
    """No two ways to divide the same letters into names, or names into folders, look alike."""
    for folder, names in {"one": "ab c", "two": "a bc", "three": "", "four": "abc"}.items():
        (tmp_path / folder).mkdir()
        for name in names.split():
            (tmp_path / folder / f"{name}.xml").touch()
    age(tmp_path)
    folders = ("one", "two", "three", "four")
    digests = {key(tmp_path, folders=(name,)).digest for name in folders}
    digests |= {key(tmp_path, listings=(name,)).digest for name in folders if name != "three"}
    digests |= {key(tmp_path, folders=pair).digest for pair in (("one", "three"), ("three", "one"))}
    assert len(digests) == 9


def test_a_key_tells_options_from_each_other_and_not_the_order_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (tmp_path / f"{name}.xml").touch()
    inputs = Inputs((), ((tmp_path, ".xml"),), (tmp_path,))
    one = key_of(inputs, home=tmp_path, options=("1",))
    assert key_of(inputs, home=tmp_path, options=("0x",)).digest != one.digest
    names = os.listdir(tmp_path)
    monkeypatch.setattr(os, "listdir", lambda folder: names[::-1])
    assert key_of(inputs, home=tmp_path, options=("1",)) == one
    monkeypatch.setattr(os, "listdir", lambda folder: names)
    assert key_of(inputs, home=tmp_path, options=("1",)) == one


def test_a_key_counts_bytes_and_looks_at_times(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"12345")
    (tmp_path / "xml").mkdir()
    (tmp_path / "xml/b.xml").write_bytes(b"123")
    (tmp_path / "xml/b.txt").write_bytes(b"1")
    age(tmp_path)
    found = key(tmp_path, "a.json", "nowhere", folders=("xml", "no folder"), listings=("xml",))
    assert (found.label_bytes, found.settled) == (8, True)
    (tmp_path / "xml/b.txt").touch()
    assert key(tmp_path, "a.json", "nowhere", folders=("xml", "no folder"), listings=("xml",)) == found
    (tmp_path / "xml/b.xml").touch()
    assert not key(tmp_path, folders=("xml",)).settled


@pytest.mark.parametrize("time_ns", [-(10**18), 0, 2**63 - 1, 2**63 + 10**9])
def test_odd_times_are_told_apart(tmp_path: Path, time_ns: int) -> None:
    """Before 1970, and after 2262, when nanoseconds no longer fit a number of 64 bits."""
    path = tmp_path / "a.json"
    path.touch()
    try:
        os.utime(path, ns=(0, time_ns))
    except OverflowError:
        pytest.skip("Python cannot set this time")
    if path.stat().st_mtime_ns != time_ns:
        pytest.skip("this file system cannot hold the time")
    found = key(tmp_path, "a.json")
    os.utime(path, ns=(0, time_ns - 10**9))
    assert key(tmp_path, "a.json").digest != found.digest


def test_places_for_the_same_data_and_options_are_the_same(tmp_path: Path) -> None:
    one, same, other, elsewhere = (
        kept_files(folder, options)
        for folder, options in ((tmp_path, "a"), (tmp_path / "x/..", "a"), (tmp_path, "b"), (tmp_path / "y", "a"))
    )
    assert [path.resolve() for path in one] == [path.resolve() for path in same]
    assert not {*one} & {*other}
    assert not {*one} & {*elsewhere}


def test_keeping_a_message_that_cannot_be_encoded_is_no_error(tmp_path: Path, part: Path) -> None:
    dataset = load(part, cache=False)
    kept = Kept(dataset.images, dataset.boxes, "\udcff", None, "", ())
    keep([tmp_path / "a.tables"], Key("k", 10**6, settled=True), kept)
    assert not (tmp_path / "a.tables").exists()
