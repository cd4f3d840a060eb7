"""A new split of a dataset: by groups that are dealt, or by a rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.fractions import DEFAULT_FRACTIONS, check_fractions
from wutdet.dataset.splitting.frame_groups import By, count_groups, group_frames
from wutdet.dataset.splitting.frame_order import FrameOrder, order_frames, split_stem
from wutdet.dataset.splitting.hashes import NEAR_BITS, FrameHashes
from wutdet.dataset.splitting.id_deal import IdDeal
from wutdet.dataset.splitting.remedies import BLOCK_FRAMES, Asked, block_remedy, group_remedy
from wutdet.dataset.splitting.sequences import CUT_BITS
from wutdet.dataset.splitting.split_rule import IdRange, IdRule, Made, RangeRule, Rule, split_names, splits_of
from wutdet.dataset.splitting.trial import deal_frames
from wutdet.dataset.tables import splits_column
from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

GUARD_FRAMES: Final = 3

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NewSplit:
    """A dataset under a new split, and how that came about."""

    dataset: Dataset
    """The same frames and ships, with the new splits."""
    rule: Rule
    """Gives every frame of the dataset its split by name."""
    names: tuple[str, ...]
    """The splits, in the order asked for."""
    groups: Places
    """(N,) group of every frame; for a rule by ids its block; -1 where ranges do not tell."""


def split_by_groups(
    dataset: Dataset,
    by: By,
    hashes: FrameHashes | None,
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
    guard_frames: int = GUARD_FRAMES,
    radius: int = NEAR_BITS,
    cut_bits: int = CUT_BITS,
) -> NewSplit:
    """Split whole groups of frames, so that no near-duplicate and no neighbour in time is on another side.

    Groups are found by `group_frames` and dealt by `deal_groups`. Then frames with at most `guard_frames` usual steps
    to a later frame of another split are left out of all lists (see `guard_gaps`).

    Raises:
        ConfigError: the fractions make no sense, groups are too few for them, or the guard gaps empty a split; the
            remedy names options with which it works.
        DataError: `by` is camera and frames have none.
    """
    check_fractions(fractions, where="--fractions")
    grouping = group_frames(dataset, by, hashes, radius=radius, cut_bits=cut_bits)
    counts = count_groups(dataset, grouping.groups)
    try:
        splits = deal_frames(grouping, counts, fractions, seed=seed, guard_frames=guard_frames)
    except ConfigError as error:
        asked = Asked(dataset, by, hashes, fractions, seed, guard_frames, radius, cut_bits)
        remedy = group_remedy(asked, grouping, counts, narrow=error.where == "--guard")
        raise ConfigError(error.what, where=error.where, remedy=remedy) from None
    names = tuple(fractions)
    made = Made(
        by=by,
        frames=len(dataset),
        groups=len(counts),
        seed=seed,
        fractions=dict(fractions),
        radius=None if hashes is None else radius,
        cut_bits=cut_bits if by == "sequence" and hashes is not None else None,
        guard_frames=guard_frames,
    )
    rule = RangeRule(made=made, ranges=ranges_of(grouping.order, splits, names))
    return NewSplit(relisted(dataset, splits, names), rule, names, grouping.groups)


def split_by_ids(
    dataset: Dataset,
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
    guard_frames: int = GUARD_FRAMES,
    block_frames: int = BLOCK_FRAMES,
) -> NewSplit:
    """Split blocks of ids as `IdRule` does; no image is looked at.

    Raises:
        ConfigError: the fractions make no sense, the names hold no numbers, blocks are no longer than the guard, or a
            split gets no frame.
    """
    check_fractions(fractions, where="--fractions")
    order = order_frames(dataset.images["file_name"].to_list())
    step = order.usual_step
    if not step:
        raise ConfigError("the names of the frames hold no ids", where=dataset.name, remedy="split by sequence instead")
    if guard_frames >= block_frames:
        raise ConfigError("is not below the length of a block", where="--guard", remedy="give longer --block-frames")
    rule = IdRule(block_ids=block_frames * step, guard_ids=guard_frames * step, seed=seed, fractions=dict(fractions))
    IdDeal(seed, tuple(fractions.items())).check(where="--fractions")
    new = split_by_rule(dataset, rule)
    missing = [name for name in fractions if name not in new.dataset.splits]
    if missing:
        blocks = len(np.unique(new.groups))
        dealt = "1 block of" if blocks == 1 else f"{blocks} blocks of"
        what = f"{dealt} {block_frames} frames cannot give a frame to '{missing[0]}'"
        raise ConfigError(what, where="--by id", remedy=block_remedy(rule, order.stems, step=step))
    return new


def split_by_rule(dataset: Dataset, rule: Rule) -> NewSplit:
    """The split that a rule gives these frames; splits of the rule may be empty here."""
    names = split_names(rule)
    place = {name: index for index, name in enumerate(names)}
    stems = order_frames(dataset.images["file_name"].to_list()).stems
    splits = np.array([-1 if name is None else place[name] for name in splits_of(rule, stems)], np.int64)
    return NewSplit(relisted(dataset, splits, names), rule, names, _blocks(rule, stems))


def relisted(dataset: Dataset, splits: Places, names: Sequence[str]) -> Dataset:
    """The dataset with these splits in place of its own; -1 is in none."""
    column = splits_column([() if split < 0 else (names[split],) for split in splits.tolist()])
    return dataclasses.replace(dataset, images=dataset.images.with_columns(column), split_name=None)


def ranges_of(order: FrameOrder, splits: Places, names: Sequence[str]) -> list[IdRange]:
    """Ranges of ids for runs of frames of one split, in the order of series and number."""
    ranges: list[IdRange] = []
    running = (-1, -1)
    for row in order.rows.tolist():
        split, series, number = int(splits[row]), int(order.series[row]), int(order.numbers[row])
        if split >= 0 and (split, series) == running:
            ranges[-1] = IdRange(first=ranges[-1].first, last=number, split=names[split], series=ranges[-1].series)
        elif split >= 0:
            ranges.append(IdRange(first=number, last=number, split=names[split], series=order.series_names[series]))
        running = (split, series)
    return ranges


def _blocks(rule: Rule, stems: Sequence[str]) -> Places:
    if not isinstance(rule, IdRule):
        return np.full(len(stems), -1, np.int64)
    keys = [(series, number // rule.block_ids) for series, number in map(split_stem, stems)]
    place = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    return np.array([place[key] for key in keys], np.int64)
