"""What decides the tables of a dataset, as one key: equal keys, equal tables, as far as names, sizes and times tell."""

from __future__ import annotations

import functools
import os
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np

from wutdet._version import __version__

_ABSENT: Final = (-1, -1)
_SETTLED_NS: Final = 2 * 10**9
"""A file that changes twice in less time may have one time stamp: some file systems count in steps of 2 s."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files that a load reads, none of them opened yet."""

    files: tuple[Path, ...]
    """Each by path, size and time; one that is not there counts as such."""
    folders: tuple[tuple[Path, str], ...] = ()
    """Folder and suffix: every file there with this suffix, by name, size and time."""
    listings: tuple[Path, ...] = ()
    """Folders in which the names are all that matters."""


@dataclass(frozen=True, slots=True)
class Key:
    """The key, and what else was seen on the way to it."""

    digest: str
    label_bytes: int
    """The size of all files but those of which only the names matter."""
    settled: bool
    """Whether every later change of a file will show in its time stamp."""


def key_of(inputs: Inputs, *, home: Path, options: object) -> Key:
    """The key of these files as they are now, of these options, and of this version of the reader.

    Args:
        inputs: what is read.
        home: paths are taken relative to this folder, so that data may be moved.
        options: what else decides the tables; its `repr` says all of it.
    """
    now_ns = time.time_ns()
    digest = blake2b(digest_size=16)
    digest.update(_text([reader_version(), repr(options)]))
    listed = [([relative(path, home) for path in inputs.files], home)]
    listed += [
        ([name for name in _names(folder) if name.endswith(suffix)], folder) for folder, suffix in inputs.folders
    ]
    stamps = [_stamps(names, folder) for names, folder in listed]
    for (names, _), stamp in zip(listed, stamps, strict=True):
        digest.update(_text(names))
        digest.update(stamp)
    for folder in inputs.listings:
        digest.update(_text(_names(folder)))
    times_ns, sizes = np.concatenate([np.frombuffer(stamp, np.int64) for stamp in stamps]).reshape(-1, 2).T
    settled = bool((np.abs(times_ns - now_ns) >= _SETTLED_NS).all())
    return Key(digest.hexdigest(), int(sizes.clip(0).sum()), settled)


def relative(path: Path, home: Path) -> str:
    """A path as seen from a folder, however either was written."""
    real, start = os.path.realpath(path), os.path.realpath(home)
    try:
        return os.path.relpath(real, start)
    except ValueError:  # on another drive
        return real


@functools.cache
def reader_version() -> str:
    """Changes with every change of the code that reads."""
    digest = blake2b(__version__.encode(), digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _names(folder: Path) -> list[str]:
    """The names in a folder, sorted: the order in which a folder is listed is not its own."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _text(names: Sequence[str]) -> bytes:
    joined = "\0".join((str(len(names)), *names, ""))
    return joined.encode("utf-8", "surrogatepass")


def _stamps(names: Sequence[str], folder: Path) -> array[int]:
    """Time in ns and size of each file, one after the other."""
    stamps = array("q")
    with _opened(folder) as handle:
        for name in names:
            try:
                status = os.stat(folder / name if handle is None else name, dir_fd=handle)
                stamps.extend((status.st_mtime_ns, status.st_size))
            except (OSError, ValueError):
                stamps.extend(_ABSENT)
            except OverflowError:  # a time after the year 2262
                stamps.extend((hash(status.st_mtime_ns), status.st_size))
    return stamps


@contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    """A handle that names can be looked up from, a sixth faster than by path; None where there is no such thing."""
    try:
        handle = os.open(folder, os.O_RDONLY) if os.stat in os.supports_dir_fd else None
    except OSError:
        handle = None
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)
