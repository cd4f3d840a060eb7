"""Leakage: how many frames of one split have a near-duplicate or a neighbour in time in another."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.splitting.frame_order import FrameOrder, order_frames
from wutdet.dataset.splitting.hashes import NEAR_BITS, FrameHashes
from wutdet.dataset.splitting.neighbours import near_between

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

Flags = NDArray[np.bool_]


class Leakage(msgspec.Struct, frozen=True, kw_only=True):
    """What one split gives away about another."""

    frames: int
    """Frames of the second split that have a near-duplicate or an id neighbour in the first."""
    share: float
    """`frames / of`."""
    by_hash: int
    """Those of them with a near-duplicate."""
    by_id: int
    """Those of them with an id neighbour."""
    of: int
    """Frames of the second split."""


def leakage_key(source: str, target: str) -> str:
    """`train-test`: what the frames of train give away about those of test."""
    return f"{source}-{target}"


def measure_leakage(dataset: Dataset, hashes: FrameHashes | None, *, radius: int = NEAR_BITS) -> dict[str, Leakage]:
    """How much every split leaks into every other.

    The key `train-test` counts frames **of test** that have a neighbour **in train**: what a model has seen of the
    frames that it is tested on. `test-train` is another number. A neighbour is a frame

    - whose hash differs in at most `radius` bits, or
    - of the same series whose number differs by at most the usual step (the most frequent difference; see
      `wutdet.dataset.splitting.frame_order`). Without numbers in names, hashes alone count.

    A frame in both splits is its own neighbour. Frames in no split, and frames without a hash, have none by hash.

    Args:
        dataset: images with their splits.
        hashes: of these frames, in any order; None counts id neighbours only.
        radius: in bits.
    """
    order = order_frames(dataset.images["file_name"].to_list())
    bits, known = aligned(dataset, hashes)
    members = {name: in_split(dataset, name) for name in dataset.splits}
    found: dict[str, Leakage] = {}
    for left, right in itertools.combinations(members, 2):
        rows, columns = (np.flatnonzero(members[name] & known) for name in (left, right))
        by_hash = {name: np.zeros(len(known), np.bool_) for name in (left, right)}
        by_hash[left][rows], by_hash[right][columns] = near_between(bits[rows], bits[columns], radius)
        for source, target in ((left, right), (right, left)):
            by_id = members[target] & beside(order, members[source])
            found[leakage_key(source, target)] = _count(by_hash[target], by_id, int(members[target].sum()))
    return dict(sorted(found.items()))


def _count(by_hash: Flags, by_id: Flags, of: int) -> Leakage:
    frames = int((by_hash | by_id).sum())
    share = frames / of if of else 0.0
    return Leakage(frames=frames, share=share, by_hash=int(by_hash.sum()), by_id=int(by_id.sum()), of=of)


def in_split(dataset: Dataset, name: str) -> Flags:
    """(N,) which frames the split lists."""
    return dataset.images.select(pl.col("splits").list.contains(name).fill_null(False)).to_series().to_numpy()


def aligned(dataset: Dataset, hashes: FrameHashes | None) -> tuple[NDArray[np.uint64], Flags]:
    """(N,) hashes in the order of the images table, and which are known."""
    bits, known = np.zeros(len(dataset), np.uint64), np.zeros(len(dataset), np.bool_)
    if hashes is not None and len(hashes.image_ids):
        image_ids = dataset.images["image_id"].to_numpy()
        by_id = np.argsort(hashes.image_ids)
        place = np.searchsorted(hashes.image_ids, image_ids, sorter=by_id).clip(max=len(by_id) - 1)
        row = by_id[place]
        here = (hashes.image_ids[row] == image_ids) & hashes.known[row]
        bits[here], known[here] = hashes.bits[row[here]], True
    return bits, known


def beside(order: FrameOrder, source: Flags) -> Flags:
    """(N,) which frames have a source frame of their series within one usual step, themselves included."""
    rows = order.rows
    series, numbers, is_source = order.series[rows], order.numbers[rows], source[rows]
    places = np.arange(len(rows))
    before = np.maximum.accumulate(np.where(is_source, places, -1))
    after = np.minimum.accumulate(np.where(is_source, places, len(rows))[::-1])[::-1]
    found = np.zeros(len(rows), np.bool_)
    for other, exists in ((before, before >= 0), (after, after < len(rows))):
        other = np.where(exists, other, 0)
        near = np.abs(numbers - numbers[other]) <= order.usual_step
        found |= exists & (series == series[other]) & near
    result = np.zeros(len(rows), np.bool_)
    result[rows] = found
    return result
