"""Write files so that nobody ever sees half of one, and place images without endangering the originals."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, Literal

from wutdet.errors import DataError, FrameError

Placement = Literal["copy", "link"]

_EOI: Final = b"\xff\xd9"  # the marker that ends a JPEG
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ABANDONED_S: Final = 24 * 3600.0  # no write takes a day


class UnwritableError(DataError, OSError):
    """A file cannot be written. It is an `OSError` too, for callers that can do without the file."""

    def __init__(self, error: OSError, path: Path) -> None:
        reason = error.strerror or str(error)
        full = error.errno in _FULL
        remedy = (
            "make room, and give the same command again" if full else "choose another place, or allow writing there"
        )
        super().__init__(f"cannot be written ({reason})", where=path, remedy=remedy)
        self.errno, self.strerror, self.filename = error.errno, reason, str(path)

    def __str__(self) -> str:
        """One line; an `OSError` would begin with its number."""
        return f"{self.where}: {self.what}; {self.remedy}"


def write_aside(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write to a neighbour and rename: the file appears whole or not at all.

    Args:
        path: the file, which is replaced where it is there.
        data: what it is to hold.
        durable: wait until the disk has it, some milliseconds, so that not even a power cut leaves it empty.

    Raises:
        UnwritableError: the disk is full, or refuses.
    """
    with open_aside(path, durable=durable) as file:
        file.write(data)


@contextmanager
def open_aside(path: Path, *, durable: bool = False) -> Iterator[IO[bytes]]:
    """A neighbour to write to, which takes the file's place at the end; where there is an error it is gone instead.

    Args:
        path: the file, which is replaced where it is there.
        durable: as of `write_aside`.

    Raises:
        UnwritableError: the disk is full, or refuses.
    """
    with _aside(path) as aside:
        with aside.open("xb") as file:
            yield file
            if durable:
                _flush_to_disk(file)
        os.replace(aside, path)


def create_whole(path: Path, data: bytes) -> bool:
    """Make a file that is not there, whole and on the disk; of several processes at once, one does.

    Returns:
        Whether this call made it; False where it is there.

    Raises:
        UnwritableError: the disk is full, or refuses.
    """
    with _aside(path) as aside:
        with aside.open("xb") as file:
            file.write(data)
            _flush_to_disk(file)
        try:
            os.link(aside, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            return _create_without_links(aside, path)
    return True


def sweep_asides(folder: Path) -> None:
    """Remove what kills left of files that were to be written; nothing that a living process may be writing."""
    for path in folder.glob(".*.part"):
        with suppress(OSError):  # another process may sweep too, or the folder be read-only
            if time.time() - path.stat().st_mtime > _ABANDONED_S:
                path.unlink()


def new_folder(out: Path) -> Path:
    """Make an output folder.

    Raises:
        DataError: it exists and is not empty, is a file, or cannot be made.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError("exists and is not empty", where=out, remedy="choose another --out or delete it")
    return make_folder(out)


def make_folder(out: Path) -> Path:
    """Make a folder where it lacks, and those above it.

    Raises:
        DataError: it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot be made ({error.strerror})", where=out, remedy="choose another --out") from None
    return out


def place_image(source: Path, target: Path, how: Placement) -> None:
    """Put an image at `target` by copy or by symbolic link.

    Some trainers re-encode a JPEG without its end marker in place, through any link. So a file that does not
    end with the marker is copied even when a link was asked for.

    Raises:
        FrameError: the image is not there.
    """
    if not source.is_file():
        raise FrameError("the image is missing", where=source, remedy="restore it, or name the folder with --images")
    target.parent.mkdir(parents=True, exist_ok=True)
    if how == "link" and (source.suffix.lower() not in (".jpg", ".jpeg") or _ends_with_eoi(source)):
        target.symlink_to(source.resolve())
    else:
        shutil.copyfile(source, target)


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """Where a neighbour may be written, which is gone afterwards; its name is drawn, as jobs may share process ids."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            yield aside
        finally:
            aside.unlink(missing_ok=True)
    except UnwritableError:  # of another file that is written at the same time
        raise
    except OSError as error:
        raise UnwritableError(error, path) from None


def _flush_to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _create_without_links(aside: Path, path: Path) -> bool:
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    try:
        os.replace(aside, path)  # empty till here, which `_settled` waits out
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


def _ends_with_eoi(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - len(_EOI)))
        return file.read() == _EOI
