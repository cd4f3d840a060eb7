"""The folder OUT while a part comes into being: `OUT/.unfinished` holds what is not done, for one process at a time."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.errors import DataError
from wutdet.parts.archive import bytes_text
from wutdet.parts.layout import WORK_NAME


class _Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is being unpacked."""

    identity: str


@contextmanager
def workplace(out: Path, *, beside: Collection[str] = ()) -> Iterator[Path]:
    """Take OUT, new, empty or unfinished; yields `OUT/.unfinished`, which is removed when all went well.

    After an error or Ctrl-C it stays, and the next command on OUT continues; an empty one is removed.

    Args:
        out: the folder of the part.
        beside: names that may already be in it.

    Raises:
        DataError: OUT is in use by another process, holds something else, or cannot be made.
    """
    work = out / WORK_NAME
    if not work.is_dir() and out.exists():
        if not out.is_dir():
            raise DataError("is a file", where=out, remedy="choose another --out")
        if any(entry.name not in beside for entry in out.iterdir()):
            raise DataError("exists and is not empty", where=out, remedy="choose another --out or delete it")
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot be made ({error.strerror})", where=out, remedy="choose another --out") from None
    with _alone(work):
        try:
            yield work
        except OSError as error:
            where = error.filename or out
            raise DataError(f"cannot be used ({error.strerror})", where=where, remedy="see to the disk") from None
        else:
            shutil.rmtree(work)
        finally:
            if not (work / "tree").exists():
                (work / "origin.json").unlink(missing_ok=True)
            with suppress(OSError):  # not empty: there is something to continue
                work.rmdir()
                out.rmdir()


def claim(work: Path, identity: str) -> Path:
    """The folder to unpack into; what is there already is kept when it is from the same archive.

    The files of two archives never mix: the beginning of another is removed.
    """
    origin, tree = work / "origin.json", work / "tree"
    data = msgspec.json.encode(_Origin(identity))
    if not origin.is_file() or origin.read_bytes() != data:
        forget(work)
        write_aside(origin, data)
    return tree


def forget(work: Path) -> None:
    """Remove what is unpacked so far."""
    for name in ("origin.json", "member"):
        (work / name).unlink(missing_ok=True)
    if (work / "tree").exists():
        shutil.rmtree(work / "tree")


def need_space(work: Path, need_bytes: int) -> int:
    """The free bytes of the workplace's disk.

    Raises:
        DataError: they are fewer than needed.
    """
    free_bytes = shutil.disk_usage(work).free
    if need_bytes > free_bytes:
        what = f"needs {bytes_text(need_bytes)} more, and the disk has {bytes_text(free_bytes)} free"
        raise DataError(what, where=work.parent, remedy="free some, or choose an --out on another disk")
    return free_bytes


if sys.platform == "win32":

    @contextmanager
    def _alone(_folder: Path) -> Iterator[None]:
        """Windows locks no folder; two processes at once are the user's care there."""
        yield

else:
    import fcntl

    @contextmanager
    def _alone(folder: Path) -> Iterator[None]:
        """Hold the folder; the system lets it go when the process ends, however it ends."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            _lock(handle, folder.parent)
            yield
        finally:
            os.close(handle)

    def _lock(handle: int, out: Path) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError("another wutdet is at work here", where=out, remedy="wait until it is done") from None
        except OSError:
            pass  # some network file systems have no locks
