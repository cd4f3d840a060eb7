"""A new split beside the one that the data came with: counts, and what leaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.hashes import NEAR_BITS, FrameHashes
from wutdet.dataset.splitting.leakage import Leakage, in_split, measure_leakage
from wutdet.dataset.splitting.resplit import NewSplit
from wutdet.dataset.splitting.split_rule import IdRule

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

SMALL_PX2 = 32.0**2


class SplitCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What one split holds."""

    frames: int
    share: float
    """Of all frames, those in no list included."""
    ships: int
    small_ships: int
    """Under 32² px, as COCO has it."""
    frames_without_ships: int
    groups: int | None
    """None where groups are not known: in a split that the data came with, or one by ranges."""


class SplitMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """One split of a dataset."""

    splits: dict[str, SplitCounts]
    left_out: int
    """Frames in no list."""
    leakage: dict[str, Leakage]
    """`train-test`: frames of test with a neighbour in train; see `measure_leakage`."""


class SplitReport(msgspec.Struct, frozen=True, kw_only=True):
    """`split --json` is this struct."""

    kind: str
    """`sequence`, `camera` or `id`, as the rule was made; `ranges` where it does not tell."""
    frames: int
    groups: int | None
    largest_group: int | None
    """Frames of the largest group."""
    radius: int | None
    """Bits of a near-duplicate; None where no image was looked at: then leakage counts id neighbours only."""
    unread: int
    """Frames without a hash, where images were looked at."""
    new: SplitMeasures
    came_with: SplitMeasures


def report_split(
    dataset: Dataset, new: NewSplit, hashes: FrameHashes | None, *, radius: int = NEAR_BITS
) -> SplitReport:
    """Counts and leakage of the new split, and of the one that `dataset` came with."""
    known = bool((new.groups >= 0).all())
    return SplitReport(
        kind=_kind(new),
        frames=len(dataset),
        groups=len(np.unique(new.groups)) if known else None,
        largest_group=int(np.bincount(new.groups).max()) if known else None,
        radius=None if hashes is None else radius,
        unread=0 if hashes is None else int((~hashes.known).sum()),
        new=_measure(new.dataset, new.names, hashes, radius, new.groups if known else None),
        came_with=_measure(dataset, tuple(dataset.splits), hashes, radius, None),
    )


def _measure(
    dataset: Dataset, names: Sequence[str], hashes: FrameHashes | None, radius: int, groups: NDArray[np.int64] | None
) -> SplitMeasures:
    listed = np.zeros(len(dataset), np.bool_)
    splits: dict[str, SplitCounts] = {}
    image_ids = dataset.images["image_id"].to_numpy()
    boxes, area_px2 = dataset.boxes["image_id"].to_numpy(), dataset.boxes["area_px2"].to_numpy()
    for name in names:
        member = in_split(dataset, name)
        listed |= member
        own = np.isin(boxes, image_ids[member])
        splits[name] = SplitCounts(
            frames=int(member.sum()),
            share=float(member.sum()) / len(dataset),
            ships=int(own.sum()),
            small_ships=int((area_px2[own] < SMALL_PX2).sum()),
            frames_without_ships=int((~np.isin(image_ids[member], boxes)).sum()),
            groups=None if groups is None else len(np.unique(groups[member])),
        )
    leakage = measure_leakage(dataset, hashes, radius=radius)
    return SplitMeasures(splits=splits, left_out=int((~listed).sum()), leakage=leakage)


def _kind(new: NewSplit) -> str:
    if isinstance(new.rule, IdRule):
        return "id"
    return new.rule.made.by if new.rule.made else "ranges"
