"""Deal groups of frames to splits: whole groups, the asked fractions, the same mix of ship sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.errors import ConfigError

_MOST_EXCHANGES: Final = 300
_LOOKED_AT: Final = 100  # groups a side of every exchange, the smallest: 10,000 pairs
_WORTH: Final = 1e-8
_FRAMES_WEIGH: Final = 4.0  # the asked fractions are of frames: as much as four columns of the mix

Counts = NDArray[np.float64]
Places = NDArray[np.int64]


def deal_groups(
    counts: NDArray[np.int64], names: Sequence[str], fractions: Mapping[str, float], *, seed: int
) -> Places:
    """The split of every group.

    Frames of a split differ from its fraction of all by at most the largest group. Under that rule groups are
    exchanged until no exchange brings the mixes of the splits (the other columns) nearer to the whole's.
    The result depends on the counts, the names, the fractions and the seed: not on the order of groups, nor on the
    machine (ties and order go by blake2b of seed and name).

    Args:
        counts: (G, K) int64: in column 0 the frames of each group, in the others what the splits should share alike.
        names: of the groups, all different.
        fractions: of the frames, by split; they sum to 1.
        seed: another seed, another split.

    Returns:
        (G,) int64 index of the split, in the order of `fractions`.

    Raises:
        ConfigError: there are fewer groups than splits, or a split could not get half of what was asked.
    """
    shares = np.array(list(fractions.values()), np.float64)
    if len(counts) < len(shares):
        what = f"{_groups(len(counts))} cannot fill {len(shares)} splits"
        raise ConfigError(what, where="--fractions", remedy=f"ask for at most {len(counts)}")
    dealt = _deal_in_order(counts, names, shares, seed=seed)
    _check(counts[:, 0], dealt, shares)
    return dealt


def possible_fractions(
    counts: NDArray[np.int64], names: Sequence[str], fractions: Mapping[str, float], *, seed: int
) -> dict[str, float]:
    """The fractions, in whole hundredths that sum to 1, which the groups come to when dealt for the asked ones.

    Nothing where groups are fewer than splits. Where a split comes to less than a hundredth, it may be that not even
    these can be dealt. The arguments are those of `deal_groups`.
    """
    if len(counts) < len(fractions):
        return {}
    dealt = _deal_in_order(counts, names, np.array(list(fractions.values()), np.float64), seed=seed)
    hundredths = np.maximum(1, np.rint(100 * _got(counts[:, 0], dealt, len(fractions))))
    hundredths[hundredths.argmax()] += 100 - hundredths.sum()
    return dict(zip(fractions, (hundredths / 100).tolist(), strict=True))


def _deal_in_order(counts: NDArray[np.int64], names: Sequence[str], shares: Counts, *, seed: int) -> Places:
    keys = [blake2b(f"{seed}/{name}".encode(), digest_size=16).digest() for name in names]
    # large ones first, which fits best, but those within a factor of two by the seed
    size = [int(frames).bit_length() for frames in counts[:, 0]]
    order = np.array(sorted(range(len(names)), key=lambda group: (-size[group], keys[group])), np.int64)
    dealt = _exchange(counts[order], _deal(counts[order, 0], shares), shares)
    result = np.empty(len(counts), np.int64)
    result[order] = dealt
    return result


def _deal(frames: Places, shares: Counts) -> Places:
    """Deal each group to the split that lacks most; then fill splits that got none.

    Who has too much at the end lacked most before its last group: so nobody lacks more than that group, in any order.
    """
    lacking = shares * float(frames.sum())
    dealt = np.empty(len(frames), np.int64)
    for group, size in enumerate(frames.tolist()):
        dealt[group] = int(lacking.argmax())
        lacking[dealt[group]] -= size
    for split in range(len(shares)):
        if not (dealt == split).any():
            several = np.bincount(dealt, minlength=len(shares))[dealt] > 1
            dealt[np.flatnonzero(several)[-1]] = split  # the last that leaves no other split empty
    return dealt


def _exchange(counts: NDArray[np.int64], dealt: Places, shares: Counts) -> Places:
    """Exchange groups between two splits, or move one, as long as that brings the mixes nearer to the whole's."""
    counts = counts[:, counts.any(axis=0)]
    whole = counts.sum(axis=0)
    parts = counts / whole  # so that a column does not weigh by what it counts
    most = float(parts[:, 0].max())
    dealt = dealt.copy()
    for _ in range(_MOST_EXCHANGES):
        got = np.stack([counts[dealt == split].sum(axis=0) for split in range(len(shares))])
        over = got / whole - shares[:, None]
        best = min(
            (_best_exchange(parts, dealt, over, (a, b), most) for a in range(len(shares)) for b in range(a)),
            default=(0.0, -1, -1, 0, 0),
        )
        gain, left, right, a, b = best
        if gain > -_WORTH:
            break
        if left >= 0:
            dealt[left] = b
        if right >= 0:
            dealt[right] = a
    return dealt


def _best_exchange(
    parts: Counts, dealt: Places, over: Counts, pair: tuple[int, int], most: float
) -> tuple[float, int, int, int, int]:
    """(change of cost, group of a or -1, group of b or -1, a, b) of the best exchange between splits a and b."""
    a, b = pair
    left, right = (np.append(np.flatnonzero(dealt == split)[-_LOOKED_AT:], -1) for split in pair)
    nothing = np.zeros((1, parts.shape[1]))
    gives = np.concatenate([parts[left[:-1]], nothing])
    takes = np.concatenate([parts[right[:-1]], nothing])
    change = np.zeros((len(left), len(right)))
    for column in range(parts.shape[1]):  # summed one by one: the same to the last bit on every machine
        moved = takes[None, :, column] - gives[:, None, column]
        cost = (over[a, column] + moved) ** 2 - over[a, column] ** 2
        cost += (over[b, column] - moved) ** 2 - over[b, column] ** 2
        change += cost * (_FRAMES_WEIGH if column == 0 else 1.0)
    frames = takes[None, :, 0] - gives[:, None, 0]
    kept = (np.abs(over[a, 0] + frames) <= most) & (np.abs(over[b, 0] - frames) <= most)
    if len(left) == 2:
        kept[0, -1] = False  # the only group of a split stays, or is exchanged
    if len(right) == 2:
        kept[-1, 0] = False
    change[~kept] = np.inf
    i, j = np.unravel_index(int(change.argmin()), change.shape)
    return float(change[i, j]), int(left[i]), int(right[j]), a, b


def _check(frames: Places, dealt: Places, shares: Counts) -> None:
    if (_got(frames, dealt, len(shares)) < shares / 2).any():
        what = f"{_groups(len(frames))}, the largest with {frames.max() / frames.sum():.0%} of the frames, are too few"
        raise ConfigError(what, where="--fractions", remedy="ask for other fractions, or fewer splits")


def _got(frames: Places, dealt: Places, splits: int) -> Counts:
    """(S,) the share of the frames that each split got."""
    got: Counts = np.bincount(dealt, weights=frames, minlength=splits) / frames.sum()
    return got


def _groups(count: int) -> str:
    return "1 group of frames" if count == 1 else f"{count} groups of frames"
