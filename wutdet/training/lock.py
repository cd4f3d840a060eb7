"""One process at a time trains in a folder. The system lets a lock go when its process ends, however it ends.

With several devices, ultralytics trains in processes of its own: where the one that started them is killed alone, they
may still be at work when the lock is free.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from wutdet.errors import ConfigError, DataError

LOCK_NAME: Final = ".training.lock"
_open: Final[set[int]] = set()
"""Handles of lock files."""


class TrainingBusyError(ConfigError):
    """Another process trains in the folder."""


@contextmanager
def training_lock(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the folder of a training.

    Args:
        folder: exists.
        wait: until whoever holds it is done.

    Raises:
        TrainingBusyError: another process holds it, and it is not to be waited for.
        DataError: the folder takes no file.
    """
    path = folder / LOCK_NAME
    handle = _locked(path, wait=wait)
    try:
        with suppress(OSError):  # a full disk; the name is a help and not the lock
            os.ftruncate(handle, 0)
            os.write(handle, f"{platform.node()}, pid {os.getpid()}".encode())
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        _close(handle)


def _locked(path: Path, *, wait: bool) -> int:
    """The lock file, open and locked."""
    while True:
        handle = _opened(path)
        try:
            _flock(handle, wait=wait)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode(errors="replace")
            _close(handle)
            raise _busy(path.parent, holder) from None
        except OSError:
            return handle  # some network file systems have no locks
        except BaseException:  # Ctrl-C while it waits
            _close(handle)
            raise
        if _is_still(path, handle):
            return handle
        _close(handle)  # whoever held it has deleted the file


def _opened(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        what = f"takes no file ({error.strerror})"
        raise DataError(what, where=path.parent, remedy="choose another --out") from None
    _open.add(handle)
    return handle


def _close(handle: int) -> None:
    _open.discard(handle)
    os.close(handle)


if sys.platform == "win32":

    def _flock(_handle: int, *, wait: bool) -> None:
        """Nothing: Windows has no such lock, and two trainings in one folder are the user's care there."""

else:
    import fcntl

    def _flock(handle: int, *, wait: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _busy(folder: Path, holder: str) -> TrainingBusyError:
    told = f" ({holder})" if holder else ""
    return TrainingBusyError(f"is being trained by another process{told}", where=folder, remedy="wait for it")


def _let_go_in_a_child() -> None:
    """A loader's process, forked from a training, does not keep the lock when the training is killed."""
    for handle in _open:
        with suppress(OSError):
            os.close(handle)
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_a_child)
