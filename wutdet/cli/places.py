"""Places that a command line names, looked at before the work begins: what is wrong with one is cheap to see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from wutdet.errors import DataError, WutdetError

_REMEDY: Final = "choose another --out"


def check_out(out: Path, plan_name: str, refusal: WutdetError) -> None:
    """Refuse a folder that cannot be taken for new work; whether the work begun in it is the same shows later.

    Args:
        out: the folder.
        plan_name: the file that work of this kind leaves in its folder.
        refusal: raised where the folder holds other things. What a kill left aside does not count.

    Raises:
        DataError: it cannot be made, read or written.
    """
    plan = out / plan_name
    if os.path.isfile(plan):
        return
    if _is_used(out) and not os.path.isfile(plan):  # another process may have begun since the first look
        raise refusal
    check_writable(out)


def check_writable(out: Path) -> None:
    """Refuse a folder that cannot be made or written; nothing is made.

    Raises:
        DataError: it is such a folder.
    """
    place = _nearest(out)
    if not os.access(place, os.W_OK | os.X_OK):
        raise DataError(f"no writing is allowed in {place}", where=out, remedy=_REMEDY)


def check_detector(detector: str, *, trust_weights: bool) -> None:
    """Refuse weights that are not there or hold none; what a factory makes shows when it is called.

    Raises:
        ConfigError: they are such weights.
    """
    from wutdet.detectors.weights_file import check_weights_file

    if ":" not in detector or os.path.exists(detector):
        check_weights_file(Path(detector), trust_weights=trust_weights)


@contextmanager
def folder_for(file: Path) -> Iterator[None]:
    """The folders above a file that is to be written; where there is an error those made are gone again.

    Raises:
        DataError: they cannot be made.
    """
    lacking = [folder for folder in file.absolute().parents if not os.path.exists(folder)]
    try:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"cannot be made ({error.strerror})"
            raise DataError(what, where=file.parent, remedy="choose another folder") from None
        yield
    except BaseException:
        for folder in lacking:
            with suppress(OSError):  # another process may have put something there
                folder.rmdir()
        raise


def _is_used(out: Path) -> bool:
    if not os.path.exists(out):
        return False
    try:
        return not os.path.isdir(out) or not all(Path(name).match(".*.part") for name in os.listdir(out))
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=out, remedy=_REMEDY) from None


def _nearest(out: Path) -> Path:
    """The folder itself where it is there, else the nearest one above it."""
    path = out.absolute()
    for place in (path, *path.parents):
        try:
            place.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise DataError(f"cannot be made ({error.strerror})", where=out, remedy=_REMEDY) from None
        return place
    return path
