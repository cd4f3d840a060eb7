from __future__ import annotations

import io
import struct
import time
import zipfile
from pathlib import Path

import pytest
from archives import part_files, snapshot, zip_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wutdet.errors import DataError, WutdetError
from wutdet.parts import assembling, import_archive
from wutdet.parts.archive import DamagedError, HostileError

VICTIM = "WUTDet Part A/voc/JPEGImages/0000020.jpg"


def refusal(archive: Path, tmp_path: Path) -> str:
    """What an import says; nothing may have been written anywhere."""
    before = snapshot(tmp_path)
    with pytest.raises(DataError) as caught:
        import_archive(archive, tmp_path / "out")
    assert snapshot(tmp_path) == before
    said = str(caught.value)
    assert said.startswith(f"{archive}: ")
    assert "\n" not in said
    return said.removeprefix(f"{archive}: ")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil", "the member '../evil' leads out of its folder (..)"),
        ("voc/../../evil", "leads out of its folder"),
        ("/tmp/evil", "is an absolute path"),
        ("C:\\evil", "has a backslash"),
        ("C:evil", "has a drive letter"),
        ("\\\\server\\share\\evil", "has a backslash"),
        ("evil\0.xml", "the member 'evil\\x00.xml' has control characters"),
        ("ev\x1bil", "has control characters"),
        ("voc/nul", "has a name that Windows reserves"),
        ("evil/../", "leads out of its folder"),
        ("../", "leads out of its folder"),
        ("__MACOSX/../../evil", "leads out of its folder"),
    ],
)
def test_a_hostile_name_is_refused(tmp_path: Path, name: str, why: str) -> None:
    said = refusal(zip_of(tmp_path / "a.zip", part_files() | {name: b"evil"}), tmp_path)
    assert why in said
    assert said.endswith("; if you trust the archive, unpack it yourself and import the folder")


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["X/a", "X/A"], "'X/a' and 'X/A' clash"),
        (["X/a", "x/b"], "'X' and 'x/b' clash"),
        (["\u00e9", "e\u0301"], "'\\xe9' and 'e\\u0301' clash"),
        (["X", "X/a"], "'X' and 'X/a' clash"),
        (["voc/JPEGImages/0000020.JPG"], "clash"),
        ([".unfinished/voc/x"], "'.unfinished/voc/x' takes a name that wutdet needs"),
        ([".UNFINISHED"], "takes a name that wutdet needs"),
    ],
)
def test_names_that_cannot_stand_together_are_refused(tmp_path: Path, names: list[str], why: str) -> None:
    files = part_files("voc/") | dict.fromkeys(names, b"x")
    assert why in refusal(zip_of(tmp_path / "a.zip", files), tmp_path)


def test_two_files_that_become_one_when_the_folders_around_are_stripped_are_refused(tmp_path: Path) -> None:
    files = part_files("X/voc/") | {"X/README": b"of the part", "readme": b"of the archive"}
    assert "'README' and 'readme' clash" in refusal(zip_of(tmp_path / "a.zip", files), tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    def rename(entries: list[zipfile.ZipInfo]) -> None:
        entries[-1].filename = VICTIM

    archive = zip_of(tmp_path / "a.zip", part_files() | {f"{VICTIM[:-5]}1.jpg": b"x"}, tweak=rename)
    assert refusal(archive, tmp_path).startswith("holds 'WUTDet Part A/voc/JPEGImages/0000020.jpg' twice; ")


@pytest.mark.parametrize(
    ("mode", "why"),
    [(0o120777, "is a symbolic link"), (0o020666, "is no file"), (0o010666, "is no file"), (0o060666, "is no file")],
)
def test_links_and_devices_are_refused(tmp_path: Path, mode: int, why: str) -> None:
    def tweak(entries: list[zipfile.ZipInfo]) -> None:
        entries[3].external_attr = mode << 16

    assert why in refusal(zip_of(tmp_path / "a.zip", part_files(), tweak=tweak), tmp_path)


def test_encrypted_members_and_unknown_methods_are_refused(tmp_path: Path) -> None:
    def encrypt(entries: list[zipfile.ZipInfo]) -> None:
        entries[3].flag_bits |= 1

    def deflate64(entries: list[zipfile.ZipInfo]) -> None:
        entries[3].compress_type = 9

    assert "is encrypted" in refusal(zip_of(tmp_path / "a.zip", part_files(), tweak=encrypt), tmp_path)
    said = refusal(zip_of(tmp_path / "b.zip", part_files(), tweak=deflate64), tmp_path)
    assert "is packed by method 9, which Python cannot read" in said


def test_a_member_that_grows_too_much_is_refused(tmp_path: Path) -> None:
    """64 MiB of zeros are 64 kB deflated: 1,030 times."""
    said = refusal(zip_of(tmp_path / "a.zip", part_files() | {"zeros.xml": bytes(64 * 2**20)}), tmp_path)
    assert said.startswith("the member 'zeros.xml' would grow from 65.")
    assert " kB to 67.1 MB; " in said


def test_many_members_that_grow_together_are_refused(tmp_path: Path) -> None:
    """Each is below the 1 MiB that may be blank; 40 of them are more than 16 MiB and 100 times the archive."""
    files = part_files() | {f"{number}.xml": bytes(2**20) for number in range(40)}
    said = refusal(zip_of(tmp_path / "a.zip", files), tmp_path)
    assert said.startswith("would grow from ")


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """The bomb of overlapping members: every one is honest by itself."""

    def overlap(entries: list[zipfile.ZipInfo]) -> None:
        entries[4].header_offset = entries[3].header_offset

    said = refusal(zip_of(tmp_path / "a.zip", part_files(), tweak=overlap), tmp_path)
    assert "overlaps another member" in said

    def reach_into_next(entries: list[zipfile.ZipInfo]) -> None:
        entries[3].compress_size += 100

    assert "overlaps another member" in refusal(
        zip_of(tmp_path / "b.zip", part_files(), tweak=reach_into_next), tmp_path
    )

    def reach_into_directory(entries: list[zipfile.ZipInfo]) -> None:
        entries[-1].compress_size += 100

    said = refusal(zip_of(tmp_path / "c.zip", part_files(), tweak=reach_into_directory), tmp_path)
    assert "overlaps another member" in said


def test_more_members_than_any_part_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wutdet.parts.archive.MOST_MEMBERS", 7)
    assert "holds more than 7 members" in refusal(zip_of(tmp_path / "a.zip", part_files()), tmp_path)


def test_a_directory_that_would_fill_the_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files())
    monkeypatch.setattr("wutdet.parts.zip_archive._MOST_DIRECTORY_BYTES", 500)
    assert "a header claims an impossible size" in refusal(archive, tmp_path)


def damage(archive: Path, tmp_path: Path) -> str:
    """What an import says of a member that only shows while it is unpacked; nothing may be left."""
    with pytest.raises(DamagedError) as caught:
        import_archive(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    return str(caught.value).removeprefix(f"{archive}: ")


@pytest.mark.parametrize("change_bytes", [-1, 1])
def test_a_member_of_another_length_than_declared_is_damaged(tmp_path: Path, change_bytes: int) -> None:
    def lie(entries: list[zipfile.ZipInfo]) -> None:
        [entry] = [entry for entry in entries if entry.filename == VICTIM]
        entry.file_size += change_bytes

    said = damage(zip_of(tmp_path / "a.zip", part_files(), tweak=lie), tmp_path)
    assert said.startswith(f"the member '{VICTIM}' is damaged (")
    assert said.endswith("); get the archive again")


def test_a_small_declared_size_does_not_get_a_bomb_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB behind a directory that says 10 bytes: not one byte more than 10 is written, in less than a second."""

    def lie(entries: list[zipfile.ZipInfo]) -> None:
        entries[-1].file_size = 10

    archive = zip_of(tmp_path / "a.zip", part_files() | {"zeros.xml": bytes(64 * 2**20)}, tweak=lie)
    written: list[int] = []
    forget = assembling.forget
    monkeypatch.setattr(assembling, "forget", lambda work: (written.append(bytes_in(work)), forget(work)))
    started = time.perf_counter()
    assert damage(archive, tmp_path).startswith("the member 'zeros.xml' is damaged (Bad CRC-32")
    assert time.perf_counter() - started < 1
    assert 0 < written[0] < 10_000


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_flipped_byte_names_its_member(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files(), method=zipfile.ZIP_STORED)
    data = bytearray(archive.read_bytes())
    place = data.index(VICTIM.encode()) + len(VICTIM) + 50
    data[place] ^= 0xFF
    archive.write_bytes(data)
    assert damage(archive, tmp_path).startswith(f"the member '{VICTIM}' is damaged (Bad CRC-32 for file")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95, 0.999])
def test_a_zip_that_is_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    archive = zip_of(tmp_path / "a.zip", part_files())
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    said = refusal(archive, tmp_path)
    assert said == "is cut short or damaged (File is not a zip file); get the archive again"


def test_a_zip64_and_every_method_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
        for number, (name, data) in enumerate(part_files().items()):
            info = zipfile.ZipInfo(name)
            info.compress_type = methods[number % 4]
            with archive.open(info, "w", force_zip64=True) as member:
                member.write(data)
    assert import_archive(tmp_path / "a.zip", tmp_path / "out").frames == 3


def test_a_zip_behind_a_program_is_read(tmp_path: Path) -> None:
    data = zip_of(tmp_path / "a.zip", part_files()).read_bytes()
    (tmp_path / "b.zip").write_bytes(b"#!/bin/sh\n" * 10 + data)
    assert import_archive(tmp_path / "b.zip", tmp_path / "out").frames == 3


def test_folders_are_no_members(tmp_path: Path) -> None:
    files = {"WUTDet Part A/": b"", "WUTDet Part A/voc/": b"", "WUTDet Part A/empty/": b""} | part_files()
    import_archive(zip_of(tmp_path / "a.zip", files), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["part.json", "voc"]


HOSTILE = st.lists(
    st.sampled_from(["..", ".", "", "a", "A", "voc", "C:", "\\", "/", "\0", "nul", "link", "é", "e\u0301", "\n"]),
    min_size=1,
    max_size=5,
).map("/".join)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore:Duplicate name")
@given(names=st.lists(HOSTILE | st.text(max_size=12), max_size=3), mode=st.sampled_from([0, 0o100644, 0o120777]))
def test_no_archive_writes_outside_of_out(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], mode: int
) -> None:
    """Whatever the members are called: the tree around OUT stays, and OUT is a whole part or nothing."""
    base = tmp_path_factory.mktemp("hostile")
    (base / "mine.txt").write_text("keep")
    names = [name.encode("utf-8", "replace").decode() for name in names]

    def tweak(entries: list[zipfile.ZipInfo]) -> None:
        entries[-1].external_attr = mode << 16

    archive = zip_of(base / "a.zip", part_files() | dict.fromkeys(names, b"evil"), tweak=tweak)
    out = base / "deep" / "out"
    out.parent.mkdir()
    before = snapshot(base)
    try:
        import_archive(archive, out)
    except HostileError:
        assert snapshot(base) == before
    else:
        assert snapshot(base, without=out) == before
        assert len(list((out / "voc" / "JPEGImages").iterdir())) == 3
        assert all(path.resolve().is_relative_to(out.resolve()) for path in out.rglob("*"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mangled_zip_is_an_error_of_ours_or_the_right_part(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any bytes of the directory and the headers, changed: never a traceback, never other pixels."""
    base = tmp_path_factory.mktemp("mangled")
    files = part_files("voc/")
    whole = bytearray(zip_of(base / "a.zip", files).read_bytes())
    directory = struct.unpack("<I", whole[-6:-2])[0]
    headers = [place for place in range(len(whole)) if whole[place : place + 4] == b"PK\3\4"]
    places = st.integers(directory, len(whole) - 1) | st.sampled_from(headers).flatmap(
        lambda start: st.integers(start, start + 29)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(places)] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    (base / "a.zip").write_bytes(whole)
    try:
        import_archive(base / "a.zip", base / "out")
    except WutdetError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert not (base / "out" / "voc").exists()
    else:
        originals = {name: content for name, content in files.items() if (base / "out" / name).exists()}
        assert {name: (base / "out" / name).read_bytes() for name in originals} == originals


def test_a_broken_end_record_is_no_traceback(tmp_path: Path) -> None:
    stream = io.BytesIO(b"PK\5\6" + b"\xff" * 18)
    (tmp_path / "a.zip").write_bytes(stream.getvalue())
    assert "is cut short or damaged (" in refusal(tmp_path / "a.zip", tmp_path)
