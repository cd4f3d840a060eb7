"""What is linked, directly or through others, is one group."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def join_linked(count: int, links: Iterable[Places]) -> Places:
    """Groups of things that are linked, directly or through others.

    Args:
        count: the number of things, N.
        links: arrays (L, 2) int64 of places in 0..N-1 that belong together.

    Returns:
        (N,) int64 group of every thing, numbered from 0 in the order of each group's first thing.
    """
    parents = list(range(count))
    for array in links:
        for left, right in array.tolist():
            a, b = _root(parents, left), _root(parents, right)
            parents[max(a, b)] = min(a, b)
    return number_by_first(np.array([_root(parents, place) for place in range(count)], np.int64))


def link_equal(labels: NDArray[np.int64]) -> Places:
    """Links (L, 2) that hold together what has the same label: each place with the next of its label.

    Args:
        labels: (N,) int64; a negative label means that there is none.
    """
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    same = (ordered[1:] == ordered[:-1]) & (ordered[1:] >= 0)
    return np.stack([order[:-1][same], order[1:][same]], axis=1)


def number_by_first(labels: NDArray[np.int64]) -> Places:
    """The same partition, numbered from 0 in the order in which the labels first appear."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.reshape(-1)]


def _root(parents: list[int], place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place
