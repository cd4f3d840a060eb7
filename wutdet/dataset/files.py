"""Write files so that nobody ever sees half of one, and place images without endangering the originals."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final, Literal

from wutdet.errors import DataError, FrameError

Placement = Literal["copy", "link"]

_EOI: Final = b"\xff\xd9"  # the marker that ends a JPEG


def write_aside(path: Path, data: bytes) -> None:
    """Write to a neighbour and rename: the file appears whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_bytes(data)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def new_folder(out: Path) -> Path:
    """Make an output folder.

    Raises:
        DataError: it exists and is not empty, is a file, or cannot be made.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError("exists and is not empty", where=out, remedy="choose another --out or delete it")
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


def _ends_with_eoi(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - len(_EOI)))
        return file.read() == _EOI
