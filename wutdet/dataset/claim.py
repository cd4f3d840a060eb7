"""Take a folder for one plan, by a file in it that says which."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from wutdet.dataset.files import create_whole, make_folder
from wutdet.errors import DataError, WutdetError

_SETTLING_S: Final = 10.0  # how long another process may take from naming a file to filling it


def claim(path: Path, data: bytes, refusal: WutdetError) -> bytes | None:
    """Take a folder for what a file in it says, by writing that file; of several processes at once, one does.

    Args:
        path: the file; its folder is made where it lacks.
        data: what it is to hold.
        refusal: raised where the folder holds other things but not the file. What a kill left aside does not count.

    Returns:
        None where this call took the folder; else what the file holds that is there.

    Raises:
        DataError: the folder or the file cannot be made, or the file is empty.
    """
    if not path.is_file():
        if _is_used(path.parent) and not path.is_file():  # others may have taken it since the first look
            raise refusal
        make_folder(path.parent)
        if create_whole(path, data):
            return None
    return _settled(path)


def _is_used(folder: Path) -> bool:
    if not folder.exists():
        return False
    return not folder.is_dir() or not all(path.match(".*.part") for path in folder.iterdir())


def _settled(path: Path) -> bytes:
    """What a file holds that another process may only just have named."""
    until = time.monotonic() + _SETTLING_S
    while not (data := _content(path)):
        if time.monotonic() > until:
            raise DataError("is empty", where=path, remedy="delete it, and give the same command again")
        time.sleep(0.05)
    return data


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # as a network file system may say for a moment of what another machine has written
        return b""
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="choose another --out") from None
