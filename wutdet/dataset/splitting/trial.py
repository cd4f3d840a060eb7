"""A split as asked, tried: groups or blocks dealt, guard gaps cut, and no split empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.assign import deal_groups
from wutdet.dataset.splitting.frame_groups import Grouping
from wutdet.dataset.splitting.guard import guard_gaps
from wutdet.dataset.splitting.split_rule import IdRule, splits_of
from wutdet.errors import ConfigError

Places = NDArray[np.int64]


def deal_frames(
    grouping: Grouping, counts: Places, fractions: Mapping[str, float], *, seed: int, guard_frames: int
) -> Places:
    """(N,) the split of every frame, by groups; -1 in a guard gap.

    Args:
        grouping: of the frames.
        counts: what the groups hold (see `deal_groups`).
        fractions: by split.
        seed: of the deal.
        guard_frames: how many usual steps two frames of different splits lie apart at least.

    Raises:
        ConfigError: groups are too few for the fractions, or the guard gaps empty a split.
    """
    order = grouping.order
    splits = deal_groups(counts, grouping.names, fractions, seed=seed)[grouping.groups]
    splits = np.where(guard_gaps(order, splits, guard_frames * order.usual_step), -1, splits)
    for place, name in enumerate(fractions):
        if not (splits == place).any():
            raise ConfigError(f"the guard gaps leave '{name}' no frame", where="--guard", remedy="give a smaller one")
    return splits


def empty_splits(rule: IdRule, stems: Sequence[str]) -> list[str]:
    """The splits of the rule that get none of these frames."""
    filled = set(splits_of(rule, stems))
    return [name for name in rule.fractions if name not in filled]
