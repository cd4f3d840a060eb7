from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from archives import part_files, snapshot, tar_of, zip_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wutdet.parts
from wutdet.dataset import load
from wutdet.errors import ConfigError, DataError
from wutdet.parts import import_archive
from wutdet.parts.archive import DamagedError
from wutdet.parts.layout import lay_out
from wutdet.sample import render_part


def refusal(archive: Path, out: Path, **options: object) -> str:
    with pytest.raises((DataError, ConfigError)) as caught:
        import_archive(archive, out, **options)  # type: ignore[arg-type]
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_a_rendered_part_goes_through_a_zip_and_keeps_every_box_and_pixel(tmp_path: Path) -> None:
    part = render_part(tmp_path / "WUTDet Part A", images=4, size=(320, 180), seed=1)
    shutil.make_archive(str(tmp_path / "WUTDet Part A"), "zip", tmp_path, "WUTDet Part A")
    imported = import_archive(tmp_path / "WUTDet Part A.zip", tmp_path / "out")
    assert (imported.name, imported.frames, imported.images) == ("part-a", 4, 4)
    before, after = load(part), load(tmp_path / "out")
    assert after.images.equals(before.images)
    assert after.boxes.equals(before.boxes)
    assert after.boxes.height > 0
    copied = {name: data for name, data in snapshot(tmp_path / "out").items() if name != "part.json"}
    assert copied == snapshot(part)  # frames.csv and splits/ too


@pytest.mark.parametrize(
    ("around", "stripped"),
    [
        ("voc/", ""),
        ("WUTDet Part A/voc/", "'WUTDet Part A/'"),
        ("a/b/c/voc/", "'a/b/c/'"),
        ("", ""),
        ("Part A/", "'Part A/'"),
        ("VOC2007/", "'VOC2007/'"),
    ],
)
@pytest.mark.parametrize("kind", ["zip", "tar", "folder"])
def test_whatever_is_around_the_part_is_stripped(tmp_path: Path, around: str, stripped: str, kind: str) -> None:
    files = part_files(around)
    if kind == "folder":
        source = tmp_path / "src"
        zipfile.ZipFile(zip_of(tmp_path / "a.zip", files)).extractall(source)
    else:
        source = zip_of(tmp_path / "a.zip", files) if kind == "zip" else tar_of(tmp_path / "a.tar", files)
    before = snapshot(tmp_path)
    imported = import_archive(source, tmp_path / "out")
    expected = part_files("voc/")
    found = {name: data for name, data in snapshot(tmp_path / "out").items() if data != "folder"}
    del found["part.json"]
    assert found == expected
    assert snapshot(tmp_path, without=tmp_path / "out") == before
    assert len(load(tmp_path / "out")) == 3
    said = "found 3 frames (3 XML files, 3 images)"
    assert imported.notes[0] == (f"{said} under {stripped}, which is stripped" if stripped else said)


def test_what_lies_beside_comes_along_and_junk_does_not(tmp_path: Path) -> None:
    files = part_files("X/voc/") | {
        "X/frames.csv": b"image,scene\n0000000.jpg,port\n",
        "X/tools/voc2coco.py": b"pass",
        "LICENSE": b"?",
        "X/voc/notes.txt": b"n",
        "X/part.json": b"{}",
        "__MACOSX/X/voc/JPEGImages/._0000000.jpg": b"j",
        "X/.DS_Store": b"j",
        "X/voc/JPEGImages/Thumbs.db": b"j",
    }
    imported = import_archive(zip_of(tmp_path / "a.zip", files), tmp_path / "out")
    found = {name for name, data in snapshot(tmp_path / "out").items() if data != "folder"}
    beside = {"frames.csv", "tools/voc2coco.py", "LICENSE", "voc/notes.txt", "part.json"}
    assert found == {*part_files("voc/"), *beside}
    assert imported.notes[1] == (
        "left out 4 files that are no part of it: '__MACOSX/X/voc/JPEGImages/._0000000.jpg', 'X/.DS_Store', "
        "'X/voc/JPEGImages/Thumbs.db', …"
    )
    assert load(tmp_path / "out").images["scene"].to_list()[0] == "port"


def test_beside_annotations_without_voc_the_table_of_frames_goes_where_it_is_read() -> None:
    names = [
        "X/Annotations/1.xml",
        "X/JPEGImages/1.jpg",
        "X/ImageSets/Main/train.txt",
        "X/frames.csv",
        "X/splits/a.txt",
    ]
    layout = lay_out(Path("a.zip"), names)
    assert list(layout.targets.values()) == [
        "voc/Annotations/1.xml",
        "voc/JPEGImages/1.jpg",
        "voc/ImageSets/Main/train.txt",
        "frames.csv",
        "splits/a.txt",
    ]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "holds no part: no Annotations, JPEGImages; check that it is a part of WUTDet"),
        (["cat.jpg"], "holds no part: no Annotations, JPEGImages"),
        (["voc/Annotations/1.xml"], "holds no part: no JPEGImages beside Annotations"),
        (["voc/JPEGImages/1.jpg"], "holds no part: no Annotations"),
        (["a/Annotations/1.xml", "b/JPEGImages/1.jpg"], "holds no part: no JPEGImages beside Annotations"),
        (["voc/Annotations/1.txt", "voc/JPEGImages/1.jpg"], "holds no part: no Annotations"),
        (["voc/annotations/1.xml", "voc/JPEGImages/1.jpg"], "holds no part: no Annotations"),
        (["voc/Annotations/1.xml", "voc/JPEGImages/2.jpg"], "no file in Annotations has the name of an image"),
        (["Part A.zip"], "holds no part, but another archive, 'Part A.zip'; unpack it and import that one"),
        (
            ["a/voc/Annotations/1.xml", "a/voc/JPEGImages/1.jpg", "b/voc/Annotations/1.xml", "b/voc/JPEGImages/1.jpg"],
            "holds 2 parts ('a/voc', 'b/voc'); unpack it and import the folder of one",
        ),
    ],
)
def test_what_is_no_part_is_said(tmp_path: Path, names: list[str], said: str) -> None:
    archive = zip_of(tmp_path / "a.zip", dict.fromkeys(names, b"x"))
    assert refusal(archive, tmp_path / "out").startswith(f"{archive}: {said}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty; give a .zip"),
        (b"Rar!\x1a\7\0", "is neither a zip nor a tar archive; give a .zip, .tar, .tar.gz"),
        (b"<!DOCTYPE html><title>Google Drive - Quota exceeded</title>", "its download quota is spent"),
        (b"\n <html><head>Sign in</head>", "sends a web page and not the archive"),
        (b"\x1f\x8b no gzip", "is cut short or damaged (Unknown compression method)"),
    ],
)
def test_what_is_no_archive_is_said(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(wutdet.errors.WutdetError) as caught:
        import_archive(tmp_path / "a.zip", tmp_path / "out")
    assert str(caught.value).startswith(f"{tmp_path / 'a.zip'}: {said}")
    assert not (tmp_path / "out").exists()


def test_out_must_be_free(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files())
    out = tmp_path / "out"
    assert refusal(tmp_path / "none.zip", out) == f"{tmp_path}/none.zip: does not exist; give an archive or a folder"
    (tmp_path / "file").write_text("")
    assert refusal(archive, tmp_path / "file") == f"{tmp_path}/file: is a file; choose another --out"
    assert "cannot be made (Not a directory)" in refusal(archive, tmp_path / "file" / "out")
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    assert refusal(archive, out) == f"{out}: exists and is not empty; choose another --out or delete it"
    assert snapshot(out) == {"mine.txt": b"keep"}


def test_an_archive_may_lie_in_out(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files())
    data = archive.read_bytes()
    assert import_archive(archive, tmp_path).frames == 3
    assert archive.read_bytes() == data
    (tmp_path / "b").mkdir()
    hostile = zip_of(tmp_path / "b" / "b.zip", part_files("voc/") | {"B.ZIP": b"x"})
    assert "'B.ZIP' takes a name that wutdet needs" in refusal(hostile, tmp_path / "b")


def test_the_same_import_again_does_nothing_and_another_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files())
    import_archive(archive, tmp_path / "out")
    before = snapshot(tmp_path)
    assert import_archive(archive, tmp_path / "out").notes == ("it was there already; nothing was done",)
    other = zip_of(tmp_path / "b.zip", part_files() | {"x": b"x"})
    assert "holds a part from another archive (sha256 " in refusal(other, tmp_path / "out")
    other.unlink()
    assert snapshot(tmp_path) == before


def test_the_record_is_the_same_each_time(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "WUTDet Part A.zip", part_files())
    for out in ("one", "two"):
        import_archive(archive, tmp_path / out)
    record = (tmp_path / "one" / "part.json").read_bytes()
    assert record == (tmp_path / "two" / "part.json").read_bytes()
    facts = json.loads(record)
    assert len(facts.pop("sha256")) == 64
    assert facts == {
        "name": "part-a",
        "archive": "WUTDet Part A.zip",
        "source": "by hand",
        "size_bytes": archive.stat().st_size,
        "annotations": 3,
        "images": 3,
        "frames": 3,
    }


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = part_files()
    archive = zip_of(tmp_path / "a.zip", files)
    need = sum(map(len, files.values()))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**6, 10**6, need - 1))
    said = refusal(archive, tmp_path / "out")
    assert said == (
        f"{tmp_path}/out: needs 2.6 kB more, and the disk has 2.6 kB free; "
        "free some, or choose an --out on another disk"
    )
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**6, 10**6, need))
    assert import_archive(archive, tmp_path / "out").frames == 3


def test_a_full_disk_is_one_line_and_the_same_command_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files())
    replace, left = os.replace, iter(range(7))

    def full(source: Path, target: Path) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    assert "cannot be used (No space left on device); see to the disk" in refusal(archive, tmp_path / "out")
    assert not (tmp_path / "out" / "voc").exists()
    monkeypatch.undo()
    os.environ["WUTDET_HOME"] = str(tmp_path / "home")
    assert import_archive(archive, tmp_path / "out").frames == 3


class _Stop(BaseException):
    """A kill, as Ctrl-C comes: anywhere."""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 12), max_size=4), kind=st.sampled_from(["zip", "tar", "folder"]))
def test_an_interrupted_import_ends_with_the_right_bytes(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], kind: str
) -> None:
    """Stopped before any of its renames, any number of times: `voc` is there whole or not at all."""
    base = tmp_path_factory.mktemp("cut")
    files = part_files("X/voc/") | {"X/frames.csv": b"file_name\n"}
    archive = zip_of(base / "a.zip", files) if kind == "zip" else tar_of(base / "a.tar", files)
    if kind == "folder":
        import tarfile

        with tarfile.open(archive) as opened:
            opened.extractall(base / "src", filter="data")
        archive = base / "src"
    expected = {**part_files("voc/"), "frames.csv": b"file_name\n"}
    replace = os.replace
    for cut in cuts:
        left = iter(range(cut))

        def stop(source: Path, target: Path, left: object = left) -> None:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise _Stop
            replace(source, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "replace", stop)
            try:
                import_archive(archive, base / "out")
            except _Stop:
                assert not (base / "out" / "voc").exists()
    import_archive(archive, base / "out")
    found = {name: data for name, data in snapshot(base / "out").items() if data != "folder"}
    assert found.pop("part.json")
    assert found == expected


def test_members_that_are_there_are_not_read_again_unless_they_are_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before the last; then one file gets other bytes, one loses its end; only those three are read."""
    files = part_files("voc/")
    archive = zip_of(tmp_path / "a.zip", files)
    _stop_after(archive, tmp_path / "out", len(files) - 1)
    voc = tmp_path / "out" / ".unfinished" / "tree" / "voc"
    xml, jpeg = voc / "Annotations" / "0000000.xml", voc / "JPEGImages" / "0000000.jpg"
    xml.write_bytes(xml.read_bytes().replace(b"10", b"11"))
    jpeg.write_bytes(jpeg.read_bytes()[:-1])
    opened: list[str] = []
    read = zipfile.ZipFile.open

    def count(self: zipfile.ZipFile, entry: zipfile.ZipInfo) -> object:
        opened.append(entry.filename)
        return read(self, entry)

    monkeypatch.setattr(zipfile.ZipFile, "open", count)
    import_archive(archive, tmp_path / "out")
    assert opened == ["voc/Annotations/0000000.xml", "voc/JPEGImages/0000000.jpg", list(files)[-1]]
    found = {name: data for name, data in snapshot(tmp_path / "out").items() if data != "folder"}
    del found["part.json"]
    assert found == files


def _stop_after(archive: Path, out: Path, members: int) -> None:
    left = iter(range(members - 1))

    def stop(stage: str, _done_bytes: int, _total_bytes: int | None) -> None:
        if stage == "unpacking" and next(left, None) is None:
            raise _Stop

    with pytest.raises(_Stop):
        import_archive(archive, out, progress=stop)


def test_the_beginning_of_another_archive_is_not_mixed_in(tmp_path: Path) -> None:
    _stop_after(zip_of(tmp_path / "a.zip", {"voc/old.txt": b"x"} | part_files("voc/")), tmp_path / "out", 4)
    assert (tmp_path / "out" / ".unfinished" / "tree" / "voc" / "old.txt").exists()
    files = part_files("voc/") | {"new.txt": b"x"}
    import_archive(zip_of(tmp_path / "b.zip", files), tmp_path / "out")
    found = {name: data for name, data in snapshot(tmp_path / "out").items() if data != "folder"}
    del found["part.json"]
    assert found == files


def test_a_damaged_archive_leaves_nothing(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files(), method=zipfile.ZIP_STORED)
    data = bytearray(archive.read_bytes())
    data[data.rindex(b"<annotation>")] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(DamagedError, match=r"the member '.*/0000040\.xml' is damaged \(Bad CRC-32"):
        import_archive(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_two_processes_do_not_work_in_one_folder(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files())
    work = tmp_path / "out" / ".unfinished"
    work.mkdir(parents=True)
    hold = (
        "import fcntl, os, sys\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX); print(1, flush=True); input()"
    )
    other = subprocess.Popen([sys.executable, "-c", hold, work], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    assert refusal(archive, tmp_path / "out").endswith("out: another wutdet is at work here; wait until it is done")
    other.communicate(b"\n")
    assert import_archive(archive, tmp_path / "out").frames == 3


def test_a_link_in_out_leads_nothing_out(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files("voc/"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    work = tmp_path / "out" / ".unfinished"
    work.mkdir(parents=True)
    (work / "tree").symlink_to(elsewhere)
    (work / "origin.json").write_text(f'{{"identity":"{hashlib.sha256(archive.read_bytes()).hexdigest()}"}}')
    assert "is a link that leads out of --out; delete the link" in refusal(archive, tmp_path / "out")
    assert not [path for path in elsewhere.rglob("*") if path.is_file()]


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    files = part_files()
    archive = zip_of(tmp_path / "a.zip", files)
    seen: list[tuple[str, int, int | None]] = []
    import_archive(archive, tmp_path / "out", progress=lambda *step: seen.append(step))
    size, total = archive.stat().st_size, sum(map(len, files.values()))
    assert seen[0] == ("checking", size, size)
    unpacking = [step for step in seen if step[0] == "unpacking"]
    assert [step[1] for step in unpacking] == sorted(step[1] for step in unpacking)
    assert (len(unpacking), unpacking[-1]) == (len(files), ("unpacking", total, total))
