from __future__ import annotations

import gzip
import io
import tarfile
import time
from pathlib import Path

import pytest
from archives import part_files, snapshot, tar_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wutdet.errors import DataError, WutdetError
from wutdet.parts import import_archive
from wutdet.parts.archive import HostileError

MODES = {"a.tar": "w", "a.tar.gz": "w:gz", "a.tgz": "w:gz", "a.tar.bz2": "w:bz2", "a.tar.xz": "w:xz"}


def refusal(archive: Path, tmp_path: Path) -> str:
    before = snapshot(tmp_path)
    with pytest.raises(DataError) as caught:
        import_archive(archive, tmp_path / "out")
    assert snapshot(tmp_path) == before
    said = str(caught.value)
    assert "\n" not in said
    return said.removeprefix(f"{archive}: ")


@pytest.mark.parametrize(("name", "mode"), MODES.items())
def test_every_packing_is_read_by_its_bytes(tmp_path: Path, name: str, mode: str) -> None:
    archive = tar_of(tmp_path / name, part_files("./voc/"), mode=mode)
    assert import_archive(archive, tmp_path / "out").frames == 3
    archive.rename(tmp_path / "misnamed.zip")
    assert import_archive(tmp_path / "misnamed.zip", tmp_path / "again").frames == 3
    without_record = {name: data for name, data in snapshot(tmp_path / "out").items() if name != "part.json"}
    again = {name: data for name, data in snapshot(tmp_path / "again").items() if name != "part.json"}
    assert without_record == again


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil", "leads out of its folder"),
        ("/tmp/evil", "is an absolute path"),
        ("./../evil", "leads out of its folder"),
        (".//evil", "is an absolute path"),
        ("voc\\evil", "has a backslash"),
        ("ev\udcffil", "has control characters or bytes that are no text"),
        ("ev\nil", "has control characters"),
    ],
)
def test_a_hostile_name_in_a_tar_is_refused(tmp_path: Path, name: str, why: str) -> None:
    assert why in refusal(tar_of(tmp_path / "a.tar", part_files() | {name: b"x"}), tmp_path)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (tarfile.SYMTYPE, "the member 'voc/evil' is a symbolic link"),
        (tarfile.LNKTYPE, "the member 'voc/evil' is a hard link"),
        (tarfile.CHRTYPE, "the member 'voc/evil' is no file"),
        (tarfile.BLKTYPE, "the member 'voc/evil' is no file"),
        (tarfile.FIFOTYPE, "the member 'voc/evil' is no file"),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes, why: str) -> None:
    extra = tarfile.TarInfo("voc/evil")
    extra.type, extra.linkname = kind, "/etc/passwd"
    said = refusal(tar_of(tmp_path / "a.tar", part_files("voc/"), extra=extra), tmp_path)
    assert said.startswith(why)


def test_a_folder_member_that_leads_out_is_refused(tmp_path: Path) -> None:
    extra = tarfile.TarInfo("../evil")
    extra.type = tarfile.DIRTYPE
    assert "leads out" in refusal(tar_of(tmp_path / "a.tar", part_files(), extra=extra), tmp_path)


def test_the_same_member_twice_is_refused(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", part_files("voc/"))
    with tarfile.open(archive, "a") as more:
        more.addfile(tarfile.TarInfo("voc/JPEGImages/0000020.jpg"))
    assert refusal(archive, tmp_path).startswith("holds 'voc/JPEGImages/0000020.jpg' twice; ")


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    """A header that declares 20 GB, in a few kilobytes: less than a second, and nothing is written."""
    info = tarfile.TarInfo("zeros.xml")
    info.size = 20 * 10**9
    with gzip.open(tmp_path / "a.tar.gz", "wb") as file:
        file.write(info.tobuf() + bytes(10 * 2**20))
    started = time.perf_counter()
    said = refusal(tmp_path / "a.tar.gz", tmp_path)
    assert time.perf_counter() - started < 1
    assert said.startswith("would grow from 10.")
    assert "to at least 20.0 GB" in said


def test_a_long_name_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**33
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    assert "a header claims an impossible size" in refusal(tmp_path / "a.tar", tmp_path)


def test_a_negative_size_ends_in_an_error(tmp_path: Path) -> None:
    """tarfile would go round in circles."""
    info = tarfile.TarInfo("a")
    block = bytearray(info.tobuf())
    block[124:136] = b"\xff" * 10 + b"\xfc\x00"
    block[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(block))[0]
    (tmp_path / "a.tar").write_bytes(bytes(block) + bytes(1024))
    refusal(tmp_path / "a.tar", tmp_path)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.9])
def test_a_tar_that_is_cut_short_is_refused(tmp_path: Path, name: str, share: float) -> None:
    archive = tar_of(tmp_path / name, part_files(), mode=MODES[name])
    data = archive.read_bytes().rstrip(b"\0") if name == "a.tar" else archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    assert refusal(archive, tmp_path).startswith("is cut short or damaged (")


def test_a_tar_that_ends_between_two_members_is_refused(tmp_path: Path) -> None:
    """tarfile takes it for whole."""
    archive = tar_of(tmp_path / "a.tar", part_files())
    with tarfile.open(archive) as opened:
        cut = opened.getmembers()[-1].offset
    archive.write_bytes(archive.read_bytes()[:cut])
    assert refusal(archive, tmp_path) == "is cut short or damaged (no end of the archive); get the archive again"


def test_a_broken_header_in_the_middle_is_not_taken_for_the_end(tmp_path: Path) -> None:
    """tarfile stops there without a word."""
    archive = tar_of(tmp_path / "a.tar", part_files())
    with tarfile.open(archive) as opened:
        place = opened.getmembers()[-1].offset
    data = bytearray(archive.read_bytes())
    data[place] ^= 0xFF
    archive.write_bytes(data)
    assert refusal(archive, tmp_path) == "is cut short or damaged (a broken header); get the archive again"


def test_the_checksum_of_a_packed_stream_is_held(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar.gz", part_files(), mode="w:gz")
    data = bytearray(archive.read_bytes())
    data[-6] ^= 0xFF  # gzip's own checksum
    archive.write_bytes(data)
    assert refusal(archive, tmp_path).startswith("is cut short or damaged (CRC check failed")


def test_sparse_members_are_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("voc/hole.xml")
    info.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": "1", "GNU.sparse.numblocks": "1"}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    (tmp_path / "a.tar").write_bytes(stream.getvalue())
    assert "is a sparse file" in refusal(tmp_path / "a.tar", tmp_path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mangled_tar_is_an_error_of_ours_or_a_part_in_out(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Headers with other bytes and a right checksum: never a traceback, nothing outside."""
    base = tmp_path_factory.mktemp("mangled")
    archive = tar_of(base / "a.tar", part_files("voc/"))
    with tarfile.open(archive) as opened:
        offsets = [member.offset for member in opened.getmembers()]
    whole = bytearray(archive.read_bytes())
    start = data.draw(st.sampled_from(offsets))
    field = data.draw(st.sampled_from([(0, 100), (100, 8), (124, 12), (156, 1), (157, 100), (257, 8), (345, 155)]))
    mangled = data.draw(st.binary(min_size=1, max_size=field[1]))
    whole[start + field[0] : start + field[0] + len(mangled)] = mangled
    header = bytes(whole[start : start + 512])
    whole[start + 148 : start + 156] = b"%06o\0 " % tarfile.calc_chksums(header)[0]
    archive.write_bytes(whole)
    out = base / "deep" / "out"
    out.parent.mkdir()
    before = snapshot(base)
    try:
        import_archive(archive, out)
    except WutdetError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert not (out / "voc").exists()
        if isinstance(error, HostileError):
            assert snapshot(base) == before
    assert snapshot(base, without=out) == before
