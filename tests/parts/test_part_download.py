from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import part_files, snapshot, tar_of, zip_of
from stub_server import Server, always

from wutdet.errors import ConfigError, DataError, WutdetError
from wutdet.parts import ImportedPart, Patience, download, import_archive
from wutdet.parts.archive import DamagedError
from wutdet.parts.transfer_error import PageError, QuotaError, TransferError

Get = Callable[..., ImportedPart]

FILES = part_files("voc/")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The archive as it is on the server."""
    return zip_of(tmp_path / "served.zip", part_files())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def get(server: Server, archive: Path, out: Path, patience: Patience) -> Get:
    """Download part-a from the server into `out`."""
    server.body = archive.read_bytes()

    def call(**options: object) -> ImportedPart:
        return download("part-a", out, **({"url": server.url, "patience": patience} | options))  # type: ignore[arg-type]

    return call


def found_in(out: Path) -> dict[str, bytes | str]:
    """The files of a finished part, but for its record."""
    found = {name: data for name, data in snapshot(out).items() if data != "folder"}
    assert found.pop("part.json")
    return found


def test_a_part_is_downloaded_verified_unpacked_and_the_archive_is_gone(
    get: Get, archive: Path, out: Path, server: Server
) -> None:
    steps: list[tuple[str, int, int | None]] = []
    imported = get(progress=lambda *step: steps.append(step))
    assert (imported.name, imported.frames, imported.out) == ("part-a", 3, out)
    assert found_in(out) == FILES
    assert json.loads((out / "part.json").read_bytes()) == {
        "name": "part-a",
        "archive": "WUTDet Part A.zip",
        "source": server.url,
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "size_bytes": archive.stat().st_size,
        "annotations": 3,
        "images": 3,
        "frames": 3,
    }
    assert list(dict.fromkeys(step[0] for step in steps)) == ["fetching", "checking", "unpacking"]
    for stage in ("fetching", "checking"):
        assert [step for step in steps if step[0] == stage][-1] == (stage, *[archive.stat().st_size] * 2)


def test_the_archive_is_kept_on_demand(get: Get, archive: Path, out: Path) -> None:
    get(keep_archive=True)
    assert found_in(out) == FILES | {"WUTDet Part A.zip": archive.read_bytes()}


def test_a_member_does_not_take_the_kept_archives_name(get: Get, server: Server, tmp_path: Path) -> None:
    server.body = zip_of(tmp_path / "x.zip", part_files("voc/") | {"wutdet part a.ZIP": b"x"}).read_bytes()
    with pytest.raises(DataError, match="takes a name that wutdet needs"):
        get(keep_archive=True)


def test_what_is_there_is_not_fetched_again(get: Get, server: Server, out: Path) -> None:
    get()
    server.asked.clear()
    assert get().notes == ("it was there already; nothing was done",)
    assert server.asked == []
    with pytest.raises(DataError, match="holds a part from another archive"):
        get(sha256="0" * 64)


def test_another_part_is_not_taken_for_it(get: Get, archive: Path, out: Path) -> None:
    import_archive(archive, out)
    with pytest.raises(DataError, match="holds another part, not part-a; choose another --out"):
        get()


def test_an_interrupted_download_continues(get: Get, server: Server, out: Path, archive: Path) -> None:
    server.cuts = [1000] + [0] * 5
    with pytest.raises(TransferError):
        get()
    assert sorted(snapshot(out)) == [
        ".unfinished",
        ".unfinished/WUTDet Part A.zip.part",
        ".unfinished/WUTDet Part A.zip.part.json",
    ]
    server.asked.clear()
    get()
    assert [asked["Range"] for asked in server.asked] == ["bytes=1000-"]
    assert found_in(out) == FILES


def test_an_interrupted_unpacking_continues_without_the_server(
    get: Get, server: Server, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(stage: str, done_bytes: int, _total_bytes: int | None) -> None:
        if stage == "unpacking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(progress=stop)
    assert not (out / "voc").exists()
    server.asked.clear()
    get()
    assert server.asked == []
    assert found_in(out) == FILES


def test_an_import_into_the_same_folder_takes_over(get: Get, server: Server, out: Path, archive: Path) -> None:
    """As the message about the quota advises."""
    server.cuts = [1000] + [0] * 5
    with pytest.raises(TransferError):
        get()
    import_archive(archive, out, part="part-a")
    assert found_in(out) == FILES


def test_an_archive_in_the_workplace_is_not_imported(get: Get, out: Path) -> None:
    def stop(stage: str, *_bytes: int | None) -> None:
        if stage == "unpacking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(progress=stop)
    with pytest.raises(DataError, match=r"is in the workplace of --out; give the same wutdet download again"):
        import_archive(out / ".unfinished" / "WUTDet Part A.zip", out)


def test_a_tar_is_a_part_too(get: Get, server: Server, out: Path, tmp_path: Path) -> None:
    server.body = tar_of(tmp_path / "x.tar.xz", part_files(), mode="w:xz").read_bytes()
    get()
    assert found_in(out) == FILES


# What is not the archive


def test_a_quota_page_is_answered_with_the_way_by_hand(get: Get, server: Server, out: Path, tmp_path: Path) -> None:
    server.behaviours = [always(200, b"<html>Google Drive - Quota exceeded", Content_Type="application/zip")]
    with pytest.raises(QuotaError) as caught:
        get()
    assert str(caught.value) == (
        f"{server.url}: too many people have downloaded it today; try again tomorrow, or get it in a browser from "
        "https://pan.baidu.com/s/1Ml5qmU78w1eDGsAbSgKdTw?pwd=MAPG (code MAPG), then: "
        f"wutdet import 'WUTDet Part A.zip' --out {out}"
    )
    assert not out.exists()


@pytest.mark.parametrize("page", [b"<html>Sign in", b"<!-- x --><html>"])
def test_any_other_page_leaves_nothing(get: Get, server: Server, out: Path, page: bytes) -> None:
    server.behaviours = [always(200, page)]
    with pytest.raises(PageError, match="sends a web page and not the archive; check the address in a browser"):
        get()
    assert not out.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"", "is empty"), (b"MZ\x90 a program", "is neither a zip nor a tar"), (b"PK\3\4 no more", "is cut short or da")],
)
def test_what_is_no_archive_leaves_nothing(get: Get, server: Server, out: Path, body: bytes, said: str) -> None:
    server.body = body
    with pytest.raises(WutdetError, match=said) as caught:
        get()
    if b"PK" not in body:
        assert str(caught.value).startswith(f"{server.url}: what came is ")
    assert not out.exists()


def test_a_short_body_without_a_length_leaves_nothing(get: Get, server: Server, out: Path, archive: Path) -> None:
    """The end of the connection is the end of the file; the zip's own end is missing."""
    server.behaviours = [always(200, archive.read_bytes()[:-30], Content_Length="")]
    with pytest.raises(DamagedError, match="is cut short or damaged"):
        get()
    assert not out.exists()
    get()
    assert found_in(out) == FILES


def test_a_length_that_is_too_short_leaves_nothing(get: Get, server: Server, out: Path, archive: Path) -> None:
    server.behaviours = [always(200, archive.read_bytes(), Content_Length=str(archive.stat().st_size - 5))]
    with pytest.raises(DamagedError):
        get()
    assert not out.exists()


def test_a_damaged_member_leaves_nothing_and_a_good_archive_comes_after_it(
    get: Get, server: Server, out: Path, archive: Path
) -> None:
    last = zipfile.ZipFile(archive).infolist()[-1]
    data = bytearray(archive.read_bytes())
    data[last.header_offset + 30 + len(last.filename) + 3] ^= 0xFF
    server.body, whole = bytes(data), server.body
    with pytest.raises(DamagedError, match=f"the member '{last.filename}' is damaged"):
        get()
    assert not out.exists()
    server.body = whole
    get()
    assert found_in(out) == FILES


def test_a_wrong_sha256_leaves_nothing(get: Get, server: Server, out: Path, archive: Path) -> None:
    with pytest.raises(DataError, match=f"sha256 is [0-9a-f]{{64}}, not {'0' * 64} as stated"):
        get(sha256="0" * 64)
    assert not out.exists()
    get(sha256=hashlib.sha256(archive.read_bytes()).hexdigest())


def test_another_archive_than_before_is_kept_until_it_is_accepted(
    get: Get, server: Server, out: Path, archive: Path, tmp_path: Path
) -> None:
    other = zip_of(tmp_path / "WUTDet Part A.zip", part_files() | {"x": b"x"})
    import_archive(other, tmp_path / "before")
    with pytest.raises(DataError, match=r"was [0-9a-f]{64} before; delete it and get it again, or, if it was released"):
        get()
    assert not (out / "voc").exists()
    server.asked.clear()
    get(sha256=hashlib.sha256(archive.read_bytes()).hexdigest())
    assert server.asked == []
    assert found_in(out) == FILES


# Where from


def registry_of(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "mine.yaml"
    entry = ["name: part-a", "archive: A.zip", "licence: x", "source: y", *lines]
    path.write_text("parts:\n  - " + "\n    ".join(entry) + "\n")
    return path


def test_the_next_address_is_tried_when_one_fails(get: Get, server: Server, out: Path, tmp_path: Path) -> None:
    urls = f'urls: ["{server.url}?secret=1", "{server.url}?secret=2"]'
    server.behaviours = [always(404)]
    get(url=None, registry=registry_of(tmp_path, urls))
    assert [asked["path"] for asked in server.asked] == ["/part.zip?secret=1", "/part.zip?secret=2"]
    assert found_in(out) == FILES
    assert b"secret" not in (out / "part.json").read_bytes()


def test_the_last_address_says_what_is_wrong(get: Get, server: Server, out: Path, tmp_path: Path) -> None:
    server.behaviours = [always(404), always(403)]
    urls = f'urls: ["{server.url}", "{server.url}?2"]'
    with pytest.raises(TransferError, match=r"does not allow it \(HTTP 403\); give another address with --url$"):
        get(url=None, registry=registry_of(tmp_path, urls))
    assert not out.exists()


def test_a_registered_length_is_held(get: Get, server: Server, out: Path, archive: Path, tmp_path: Path) -> None:
    size = archive.stat().st_size
    with pytest.raises(TransferError, match=f"has {size} bytes, not the {size + 1} that the registry says"):
        get(registry=registry_of(tmp_path, f"size_bytes: {size + 1}"))
    assert not out.exists()
    get(registry=registry_of(tmp_path, f"size_bytes: {size}"))


def test_a_part_without_an_address_says_so(get: Get, out: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="part-a has no place to fetch it from; give one with --url"):
        get(url=None, registry=registry_of(tmp_path))
    assert not out.exists()


@pytest.mark.parametrize(
    "options", [{"url": "file:///etc/passwd"}, {"url": ""}, {"sha256": "x"}, {"registry": "none.yaml"}]
)
def test_wrong_use_leaves_nothing(get: Get, out: Path, options: dict[str, str]) -> None:
    with pytest.raises(WutdetError):
        get(**options)
    assert not out.exists()
    with pytest.raises(ConfigError, match="no such part; did you mean part-a"):
        download("part-aa", out)
