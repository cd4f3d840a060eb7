"""Hashes that differ in few bits: exactly, at 100,000 hashes, and without listing what would not fit.

Every question is answered by blocks of XOR and bit counts over the *distinct* hashes: at most N² / 2 short operations,
whatever the hashes are. Tables of bit pieces are quicker on random hashes, but frames of the sea share most of their
bits and crowd into few pieces. Equal hashes (a fixed camera may give 50,000) are looked at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.groups import number_by_first
from wutdet.errors import DataError

MOST_PAIRS: Final = 5_000_000
"""More pairs than this are not listed: they take memory (0.4 GB while they are made), and nobody reads them."""

_ROWS: Final = 64
_COLUMNS: Final = 4096  # a block of 64 x 4096 XORs takes 2 MB and stays in the cache

Bits = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def near_pairs(bits: Bits, radius: int, *, most: int = MOST_PAIRS) -> Places:
    """Every pair of hashes that differ in at most `radius` bits.

    Args:
        bits: (N,) uint64.
        radius: in bits; 0 finds equal hashes.
        most: the number of pairs beyond which none are listed.

    Returns:
        (P, 3) int64 rows `i, j, distance` with i < j, sorted.

    Raises:
        DataError: there are more than `most`; `near_groups` and `near_between` know no such limit.
    """
    classes = _classes(bits)
    total = int((classes.counts * (classes.counts - 1) // 2).sum())
    _refuse_many(total, most)
    found: list[Places] = []
    for links in _near_distinct(classes.values, radius):
        total += int((classes.counts[links[:, 0]] * classes.counts[links[:, 1]]).sum())
        _refuse_many(total, most)
        found.append(links)
    pairs = np.concatenate([_equal_pairs(classes), *(_expand(links, classes) for links in found)])
    pairs[:, :2].sort(axis=1)
    return pairs[np.argsort(pairs[:, 0] * len(bits) + pairs[:, 1])]


def near_groups(bits: Bits, radius: int) -> Places:
    """Groups of hashes that hang together by pairs that differ in at most `radius` bits.

    Args:
        bits: (N,) uint64.
        radius: in bits.

    Returns:
        (N,) int64 group of every hash, numbered from 0 in the order of each group's first hash.
    """
    classes = _classes(bits)
    return number_by_first(_label_groups(classes.values, radius)[classes.member])


def near_between(left: Bits, right: Bits, radius: int) -> tuple[Flags, Flags]:
    """Which hashes of either side have one on the other that differs in at most `radius` bits.

    Args:
        left: (N,) uint64.
        right: (M,) uint64.
        radius: in bits.

    Returns:
        (N,) and (M,) bool.
    """
    rows, columns = _classes(left), _classes(right)
    row_hit, column_hit = np.zeros(len(rows.values), np.bool_), np.zeros(len(columns.values), np.bool_)
    with _threads() as pool:
        for start in range(0, len(rows.values), _ROWS):
            block = slice(start, start + _ROWS)
            row_hit[block], hit = _hits(pool, rows.values[block], columns.values, radius)
            column_hit |= hit
    return row_hit[rows.member], column_hit[columns.member]


def count_bits(words: Bits, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """The number of set bits of every word; the shape stays. With `out`, into that array if numpy can."""
    if hasattr(np, "bitwise_count"):  # numpy 2
        counts: NDArray[np.uint8] = np.bitwise_count(words, out=out)
        return counts
    return count_bits_in_words(words)


def count_bits_in_words(words: Bits) -> NDArray[np.uint8]:
    """As `count_bits`, by sums over pairs, nibbles and bytes: for numpy 1, about five times slower."""
    pairs = words - ((words >> np.uint64(1)) & np.uint64(0x5555555555555555))
    nibbles = (pairs & np.uint64(0x3333333333333333)) + ((pairs >> np.uint64(2)) & np.uint64(0x3333333333333333))
    octets = (nibbles + (nibbles >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    sums: NDArray[np.uint64] = (octets * np.uint64(0x0101010101010101)) >> np.uint64(56)
    return sums.astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Classes:
    """Hashes sorted into classes of equal ones."""

    values: Bits
    """(U,) the different hashes, rising."""
    member: Places
    """(N,) the class of every hash."""
    counts: Places
    """(U,) hashes in every class."""
    order: Places
    """(N,) hashes sorted by class; those of class u are at starts[u] … starts[u] + counts[u] - 1, rising."""
    starts: Places


def _classes(bits: Bits) -> _Classes:
    values, member, counts = np.unique(bits.astype(np.uint64, copy=False), return_inverse=True, return_counts=True)
    member = member.reshape(-1)
    starts = np.cumsum(counts) - counts
    return _Classes(values, member, counts, np.argsort(member, kind="stable"), starts)


def _refuse_many(total: int, most: int) -> None:
    if total > most:
        what = f"more than {most:,} pairs of frames are near-duplicates"
        raise DataError(what, remedy="give a smaller radius")


def _near_distinct(values: Bits, radius: int) -> Iterator[Places]:
    """Links (L, 3) `class, class, distance` between different classes, as blocks of rows find them."""

    def look(start: int) -> Places:
        block = values[start : start + _ROWS]
        found = []
        for first, near in _near_blocks(block, values[start:], radius):
            hits = np.flatnonzero(near)  # much faster than the places in two dimensions
            i, j = hits // near.shape[1] + start, hits % near.shape[1] + first + start
            later = i < j
            i, j = i[later], j[later]
            found.append(np.stack([i, j, count_bits(values[i] ^ values[j]).astype(np.int64)], axis=1))
        return np.concatenate(found)

    with _threads() as pool:
        starts = list(range(0, len(values), _ROWS))
        for place in range(0, len(starts), _WORKERS):  # a few at a time: a block of neighbours can be large
            yield from pool.map(look, starts[place : place + _WORKERS])


def _label_groups(values: Bits, radius: int) -> Places:
    """(U,) group of every hash, as the place of one of its own, without listing pairs.

    Blocks of hashes are compared with all that wait, and those that stand alone are done. From each of the others the
    group is followed outwards; what was reached waits no longer, so that a crowd of N costs far less than N² / 2.
    """
    labels = np.arange(len(values))
    waiting = np.arange(len(values))
    with _threads() as pool:
        while len(waiting):
            seeds, waiting = waiting[:_ROWS], waiting[_ROWS:]
            linked, _ = _hits(pool, values[seeds], values[waiting], radius)
            near = count_bits(values[seeds][:, None] ^ values[seeds][None, :]) <= radius
            alone = ~linked & (near.sum(axis=1) == 1)  # near to itself
            waiting = np.concatenate([seeds[~alone], waiting])
            for seed in seeds[~alone].tolist():
                if labels[seed] != seed:
                    continue  # reached from another
                reached, waiting = waiting[:1], waiting[1:]
                while len(reached):
                    rows, reached = reached[:_ROWS], reached[_ROWS:]
                    _, hit = _hits(pool, values[rows], values[waiting], radius)
                    labels[waiting[hit]] = seed
                    reached, waiting = np.concatenate([reached, waiting[hit]]), waiting[~hit]
    return labels


def _hits(pool: ThreadPoolExecutor, block: Bits, columns: Bits, radius: int) -> tuple[Flags, Flags]:
    """(R,) which hashes of the block are near to any column, and (C,) which columns are near to any of the block."""

    def look(part: Bits) -> tuple[Flags, Flags]:
        rows, hit = np.zeros(len(block), np.bool_), np.zeros(len(part), np.bool_)
        for first, near in _near_blocks(block, part, radius):
            rows |= near.any(axis=1)
            near.any(axis=0, out=hit[first : first + near.shape[1]])
        return rows, hit

    parts = np.array_split(columns, _WORKERS if len(columns) > _COLUMNS else 1)
    found = list(pool.map(look, parts))
    return np.any([rows for rows, _ in found], axis=0), np.concatenate([hit for _, hit in found])


def _near_blocks(rows: Bits, columns: Bits, radius: int) -> Iterator[tuple[int, Flags]]:
    """Which hashes are near, (R, C) at a time, with the place of the first column; the next block overwrites it."""
    shape = (len(rows), min(len(columns), _COLUMNS))
    words, counts, near = np.empty(shape, np.uint64), np.empty(shape, np.uint8), np.empty(shape, np.bool_)
    for first in range(0, len(columns), _COLUMNS):
        part = columns[None, first : first + _COLUMNS]
        words, counts, near = words[:, : part.shape[1]], counts[:, : part.shape[1]], near[:, : part.shape[1]]
        np.bitwise_xor(rows[:, None], part, out=words)
        yield first, np.less_equal(count_bits(words, counts), radius, out=near)


def _expand(links: Places, classes: _Classes) -> Places:
    """(P, 3) pairs of hashes for links between classes: every member of one with every member of the other."""
    left, right = links[:, 0], links[:, 1]
    sizes = classes.counts[left] * classes.counts[right]
    link = np.repeat(np.arange(len(links)), sizes)
    turn = np.arange(len(link)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    a = classes.order[classes.starts[left[link]] + turn // classes.counts[right[link]]]
    b = classes.order[classes.starts[right[link]] + turn % classes.counts[right[link]]]
    return np.stack([a, b, links[link, 2]], axis=1)


def _equal_pairs(classes: _Classes) -> Places:
    """(P, 3) pairs within classes, at distance 0: every hash with those of its class before it."""
    first = classes.starts[classes.member[classes.order]]
    before = np.arange(len(classes.order)) - first
    later = np.repeat(np.arange(len(classes.order)), before)
    turn = np.arange(len(later)) - np.repeat(np.cumsum(before) - before, before)
    a, b = classes.order[first[later] + turn], classes.order[later]
    return np.stack([a, b, np.zeros(len(later), np.int64)], axis=1)


_WORKERS: Final = os.cpu_count() or 1


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_WORKERS)
