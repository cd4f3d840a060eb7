"""The perceptual hash of every frame, decoded once and kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.hash_cache import Entry, Stamp, keep_hashes, read_hashes, stamp_of
from wutdet.dataset.splitting.perceptual import NEAR_BITS, hash_image
from wutdet.errors import FrameError

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

__all__ = ["NEAR_BITS", "FrameHashes", "hash_frames"]

_CHUNK: Final = 16  # frames a task: about 40 ms
_KEEP_EVERY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class FrameHashes:
    """Hashes of frames, one row a frame in the order of the images table."""

    image_ids: NDArray[np.int64]
    """(N,)"""
    bits: NDArray[np.uint64]
    """(N,); 0 where unknown."""
    known: NDArray[np.bool_]
    """(N,) False where the image is missing, no image, or cut off."""


def hash_frames(
    dataset: Dataset, *, threads: int | None = None, advance: Callable[[int], None] | None = None
) -> FrameHashes:
    """The hash of every frame; an image that cannot be read is `known=False`.

    Hashes are kept in `.wutdet/` beside the image folder, or in the user's cache folder where that cannot be written;
    `WUTDET_CACHE` names a folder in place of both, `WUTDET_NO_CACHE=1` keeps none. A file with another size or time is
    hashed anew. What was hashed before an interruption is kept.

    Args:
        dataset: the frames.
        threads: that decode side by side; None for all cores.
        advance: called with the number of frames done since the last call.
    """
    said = advance or (lambda _: None)
    names = dataset.images["file_name"].to_list()
    stamps = {name: stamp_of(dataset.image_dir / name) for name in names}
    kept = read_hashes(dataset.image_dir)
    fresh = {name: kept[name] for name, stamp in stamps.items() if name in kept and kept[name].stamp == stamp}
    new = {name: stamp for name, stamp in stamps.items() if stamp is not None and name not in fresh}
    said(len(names) - len(new))
    if new:
        fresh |= _hash_new(dataset.image_dir, new, kept, threads or os.cpu_count() or 1, said)
    found = [fresh[name].bits if name in fresh else None for name in names]
    return FrameHashes(
        dataset.images["image_id"].to_numpy(),
        np.array([value or 0 for value in found], np.uint64),
        np.array([value is not None for value in found], np.bool_),
    )


def _hash_new(
    folder: Path, stamps: Mapping[str, Stamp], kept: Mapping[str, Entry], threads: int, said: Callable[[int], None]
) -> dict[str, Entry]:
    """Hash these files side by side, and keep the hashes with those that were kept, now and then and at the end."""
    names = list(stamps)
    done: dict[str, Entry] = {}
    last = time.monotonic()
    pool = ThreadPoolExecutor(threads)
    tasks = [pool.submit(_hash_all, folder, names[at : at + _CHUNK]) for at in range(0, len(names), _CHUNK)]
    try:
        for task in as_completed(tasks):
            done |= {name: Entry(stamps[name], bits) for name, bits in task.result()}
            said(len(task.result()))
            if time.monotonic() - last > _KEEP_EVERY_S:
                keep_hashes(folder, {**kept, **done})
                last = time.monotonic()
    finally:  # also when the user stops it: what is under way is finished and kept
        pool.shutdown(cancel_futures=True)
        for task in tasks:
            if not task.cancelled() and task.exception() is None:
                done |= {name: Entry(stamps[name], bits) for name, bits in task.result()}
        keep_hashes(folder, {**kept, **done})
    return done


def _hash_all(folder: Path, names: Sequence[str]) -> list[tuple[str, int | None]]:
    return [(name, _hash_or_none(folder / name)) for name in names]


def _hash_or_none(path: Path) -> int | None:
    try:
        return hash_image(path)
    except FrameError:
        return None
