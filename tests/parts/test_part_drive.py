"""gdown is a stand-in here; that the call fits the real one is checked against its signature."""

from __future__ import annotations

import inspect
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from archives import part_files, zip_of

from wutdet.errors import DataError
from wutdet.parts import download
from wutdet.parts.transfer_error import PageError, QuotaError, TransferError

gdown = pytest.importorskip("gdown")

BAIDU = (
    "get it in a browser from https://pan.baidu.com/s/1Ml5qmU78w1eDGsAbSgKdTw?pwd=MAPG (code MAPG), then: "
    "wutdet import 'WUTDet Part A.zip' --out "
)


@dataclass
class StandIn:
    """Does what gdown does with its files: a beginning `NAMExxxxxxxx.part`, then the name."""

    body: bytes = b""
    stop_after: int | None = None
    error: Exception | None = None
    says_total: bool = True
    calls: list[dict[str, Any]] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)

    def download(self, **options: Any) -> str:
        inspect.signature(REAL).bind(**options)
        self.calls.append(options)
        if self.error is not None:
            raise self.error
        output = Path(options["output"])
        beginnings = list(output.parent.glob(f"{output.name}????????.part"))
        assert len(beginnings) <= 1
        part = beginnings[0] if beginnings else output.with_name(f"{output.name}abcd1234.part")
        start = part.stat().st_size if part.exists() else 0
        self.resumed.append(start)
        total = len(self.body) if self.says_total else None
        with part.open("ab") as file:
            for place in range(start, len(self.body), 500):
                if self.stop_after is not None and place >= self.stop_after:
                    raise gdown.exceptions.DownloadError("Download is incomplete:\n received")
                file.write(self.body[place : place + 500])
                options["progress"](place + len(self.body[place : place + 500]), total)
        part.rename(output)
        return str(output)


REAL: Callable[..., Any] = gdown.download


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StandIn:
    stand_in = StandIn(zip_of(tmp_path / "served.zip", part_files()).read_bytes())
    monkeypatch.setattr(gdown, "download", stand_in.download)
    return stand_in


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_part_comes_from_google_drive(drive: StandIn, out: Path) -> None:
    steps: list[tuple[str, int, int | None]] = []
    imported = download("part-a", out, progress=lambda *step: steps.append(step))
    assert imported.frames == 3
    [call] = drive.calls
    assert call["id"] == "1HvQcqx_NH_20yZ4eX8DXWTlQZlHhNSBK"
    assert (call["quiet"], call["use_cookies"], call["resume"], call["retries"]) == (True, False, True, 5)
    assert call["timeout"] == (15.0, 60.0)
    assert b'"google-drive:1HvQcqx_NH_20yZ4eX8DXWTlQZlHhNSBK"' in (out / "part.json").read_bytes()
    assert ("fetching", len(drive.body), len(drive.body)) in steps
    assert sorted(path.name for path in out.iterdir()) == ["part.json", "voc"]


def test_what_gdown_left_is_continued(drive: StandIn, out: Path) -> None:
    drive.stop_after = 1000
    with pytest.raises(TransferError) as caught:
        download("part-a", out)
    assert str(caught.value) == (
        "google-drive:1HvQcqx_NH_20yZ4eX8DXWTlQZlHhNSBK: gdown cannot get it (Download is incomplete: received); "
        f"give the same command again to continue, or {BAIDU}{out}"
    )
    drive.stop_after = None
    assert download("part-a", out).frames == 3
    assert drive.resumed == [0, 1000]


def test_a_file_of_another_length_is_begun_anew(drive: StandIn, out: Path, tmp_path: Path) -> None:
    """gdown would put the new end to the old beginning."""
    drive.stop_after = 1000
    with pytest.raises(TransferError):
        download("part-a", out)
    drive.stop_after = None
    drive.body = zip_of(tmp_path / "new.zip", part_files() | {"x": b"x"}).read_bytes()
    assert download("part-a", out).frames == 3
    assert drive.resumed == [0, 1000, 0]


@pytest.mark.parametrize("says_total", [True, False])
def test_the_registered_length_is_held(drive: StandIn, out: Path, tmp_path: Path, says_total: bool) -> None:
    registry = tmp_path / "mine.yaml"
    entry = "name: b, archive: b.zip, google_drive: abcdefgh, licence: x, source: y"
    registry.write_text(f"parts: [{{{entry}, size_bytes: {len(drive.body) + 1}}}]")
    drive.says_total = says_total
    with pytest.raises(TransferError, match=r"has \d+ bytes, not the \d+ that the registry says"):
        download("b", out, registry=registry)
    assert not (out / "voc").exists()
    registry.write_text(f"parts: [{{{entry}, size_bytes: {len(drive.body)}}}]")
    assert download("b", out, registry=registry).frames == 3


def test_several_beginnings_are_no_hindrance(drive: StandIn, out: Path) -> None:
    work = out / ".unfinished"
    work.mkdir(parents=True)
    for name, length in (("aaaaaaaa", 500), ("bbbbbbbb", 1500), ("cccccccc", 0)):
        (work / f"WUTDet Part A.zip.drive{name}.part").write_bytes(drive.body[:length])
    assert download("part-a", out).frames == 3
    assert drive.resumed == [1500]


@pytest.mark.parametrize(
    "text",
    [
        "Failed to retrieve file url:\n\n\tToo many users have viewed or downloaded\n this file recently.",
        "Quota exceeded",
        "Cannot retrieve the public link of the file. You may need to change the permission to "
        "'Anyone with the link', or have had many accesses.",
    ],
)
def test_gdowns_word_of_the_quota_is_answered_with_the_way_by_hand(drive: StandIn, out: Path, text: str) -> None:
    drive.error = gdown.exceptions.FileURLRetrievalError(text)
    with pytest.raises(QuotaError) as caught:
        download("part-a", out)
    assert str(caught.value) == (
        "google-drive:1HvQcqx_NH_20yZ4eX8DXWTlQZlHhNSBK: too many people have downloaded it today; "
        f"try again tomorrow, or {BAIDU}{out}"
    )
    assert not out.exists()


def test_a_quota_page_that_gdown_saved_is_known(drive: StandIn, out: Path) -> None:
    drive.body = b"<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title></html>"
    with pytest.raises(
        QuotaError, match=r"^google-drive:.*NSBK: too many people have downloaded it today; .* .code MAPG"
    ):
        download("part-a", out)
    assert not out.exists()
    drive.body = b"<!DOCTYPE html><html><title>Sign in</title></html>"
    with pytest.raises(PageError, match=r"^google-drive:.*NSBK: sends a web page"):
        download("part-a", out)
    assert not out.exists()


@pytest.mark.parametrize(
    "error", [KeyError("Content-Type"), AssertionError(), ValueError("bad"), requests.HTTPError("404")]
)
def test_whatever_gdown_raises_is_one_line(drive: StandIn, out: Path, error: Exception) -> None:
    drive.error = error
    with pytest.raises(TransferError, match=r"gdown cannot get it \(.+\); give the same command again to continue, or"):
        download("part-a", out)
    assert not out.exists()


def test_a_connection_that_fails_is_said_in_few_words(drive: StandIn, out: Path) -> None:
    drive.error = gdown.exceptions.DownloadError("Download failed after 5 retries: HTTPSConnectionPool(host=…")
    drive.error.__cause__ = requests.ConnectTimeout("HTTPSConnectionPool")
    with pytest.raises(TransferError, match=r"^google-drive:.*NSBK: the server does not answer; give the same command"):
        download("part-a", out)


def test_the_disk_is_looked_at_before_the_second_chunk(
    drive: StandIn, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(0, 0, 3000))
    with pytest.raises(DataError, match=r"needs .* more, and the disk has 3\.0 kB free"):
        download("part-a", out)


def test_without_gdown_the_line_says_how_to_get_it(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(
        TransferError, match=r"^the package 'gdown' is not installed; install it with: pip install gdown"
    ):
        download("part-a", out)
    assert not out.exists()


def test_importing_the_package_does_not_import_gdown() -> None:
    import subprocess

    code = "import sys, wutdet.parts; print([name for name in ('gdown', 'requests', 'bs4') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
