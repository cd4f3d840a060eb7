"""Fetch a file from Google Drive, through gdown, which knows Drive's pages of confirmation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from wutdet.dataset.files import write_aside
from wutdet.parts.page import says_quota
from wutdet.parts.transfer_error import QuotaError, TransferError
from wutdet.parts.wanted import Wanted
from wutdet.parts.workplace import need_space

_LATER: Final = "give the same command again to continue"
_RANDOM_CHARACTERS: Final = 8  # that gdown puts between the name and `.part`


class _ChangedError(Exception):
    """The file has another length than when its first bytes were fetched."""


def fetch_drive(file_id: str, target: Path, wanted: Wanted) -> None:
    """Bring a public file of Google Drive to `target`, continuing what gdown left of an earlier attempt.

    gdown tries again by itself, and goes on only with a file that has not changed while it runs. Between two runs it
    does not look; so the length is kept beside the beginning, and another length starts anew. A file of the same
    length but other bytes is found out by its checksums. `target` must not be there.

    Raises:
        QuotaError: too many people have downloaded it today.
        TransferError: gdown is missing or does not get it, or it has another length.
        DataError: the disk is too small.
    """
    try:
        _fetch(file_id, target, wanted)
    except _ChangedError:
        for path in (*_beginnings(target), _length_file(target)):
            path.unlink()
        _fetch(file_id, target, wanted)
    _length_file(target).unlink(missing_ok=True)


def _fetch(file_id: str, target: Path, wanted: Wanted) -> None:
    gdown = _import_gdown()
    import requests

    _keep_longest(target)
    where = f"google-drive:{file_id}"
    looked = False

    def on_bytes(have_bytes: int, total_bytes: int | None) -> None:
        nonlocal looked
        if not looked and total_bytes is not None:
            looked = True
            wanted.check_length(total_bytes, where)
            _check_unchanged(target, total_bytes)
            need_space(target.parent, total_bytes - have_bytes + (wanted.unpacked_bytes or total_bytes))
        wanted.progress("fetching", have_bytes, total_bytes)

    try:
        gdown.download(
            id=file_id,
            output=str(target),
            quiet=True,
            use_cookies=False,
            resume=True,
            progress=on_bytes,
            timeout=(wanted.patience.connect_s, wanted.patience.read_s),
            retries=wanted.patience.attempts - 1,
        )
    except (gdown.exceptions.DownloadError, requests.RequestException, AssertionError, KeyError, ValueError) as error:
        if says_quota(str(error)):
            raise QuotaError("its download quota is spent", where=where, remedy="try again tomorrow") from None
        raise TransferError(_fault(error), where=where, remedy=_LATER) from None
    if not target.is_file():
        raise TransferError("gdown brought no file", where=where, remedy=_LATER)


def _import_gdown() -> Any:
    try:
        import gdown
    except ImportError:
        what = "the package 'gdown' is not installed"
        raise TransferError(
            what, remedy="install it with: pip install gdown, or give a plain address with --url"
        ) from None
    return gdown


def _check_unchanged(target: Path, total_bytes: int) -> None:
    path = _length_file(target)
    if path.is_file() and path.read_bytes() != b"%d" % total_bytes:
        raise _ChangedError
    write_aside(path, b"%d" % total_bytes)


def _keep_longest(target: Path) -> None:
    """Leave one beginning: gdown refuses to choose among several."""
    for other in sorted(_beginnings(target), key=lambda path: path.stat().st_size)[:-1]:
        other.unlink()


def _beginnings(target: Path) -> list[Path]:
    length = len(target.name) + _RANDOM_CHARACTERS + len(".part")
    names = (path for path in target.parent.iterdir() if path.name.startswith(target.name))
    return [path for path in names if path.name.endswith(".part") and len(path.name) == length]


def _length_file(target: Path) -> Path:
    return target.with_name(f"{target.name}.length")


def _fault(error: Exception) -> str:
    from requests import ConnectionError, Timeout

    from wutdet.parts.asking import connection_fault

    cause = error.__cause__ or error
    if isinstance(cause, ConnectionError | Timeout):
        return connection_fault(cause)
    return f"gdown cannot get it ({_one_line(error)})"


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}…"
