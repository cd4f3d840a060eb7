from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wutdet.dataset.splitting import neighbours
from wutdet.dataset.splitting.neighbours import count_bits, count_bits_in_words, near_between, near_groups, near_pairs
from wutdet.errors import DataError

Bits = NDArray[np.uint64]


def clusters(seed: int, count: int, centres: int, flips: float) -> Bits:
    """Hashes around a few random ones, each bit turned with a small probability."""
    rng = np.random.default_rng(seed)
    middle = rng.integers(0, 2**64, centres, dtype=np.uint64)
    turned = np.packbits(rng.random((count, 64)) < flips, axis=1).view(">u8").astype(np.uint64).ravel()
    return middle[rng.integers(0, centres, count)] ^ turned


def distances(left: Bits, right: Bits) -> NDArray[np.int64]:
    """(N, M), bit by bit."""
    spread = [
        ((words[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)).astype(float) for words in (left, right)
    ]
    a, b = spread
    return np.rint(a @ (1 - b).T + (1 - a) @ b.T).astype(np.int64)


def pairs_by_hand(bits: Bits, radius: int) -> list[list[int]]:
    apart = distances(bits, bits)
    near = np.argwhere(np.triu(apart <= radius, 1))
    return [[int(i), int(j), int(apart[i, j])] for i, j in near]


def groups_by_hand(bits: Bits, radius: int) -> list[int]:
    near = distances(bits, bits) <= radius
    labels = list(range(len(bits)))
    for _ in range(len(bits)):
        labels = [min(labels[j] for j in np.flatnonzero(near[i])) for i in range(len(bits))]
    first = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    return [first[label] for label in labels]


few_bits = st.lists(st.integers(0, 2**64 - 1).map(lambda word: word & 0x8000_0001_0100_00FF), max_size=14).map(
    lambda words: np.array(words, np.uint64)
)
"""Words of eleven bits spread over all of 64, so that near and equal ones are common."""


@settings(deadline=None)
@given(few_bits, st.integers(0, 6))
def test_pairs_are_those_of_brute_force(bits: Bits, radius: int) -> None:
    assert near_pairs(bits, radius).tolist() == pairs_by_hand(bits, radius)


@settings(deadline=None)
@given(few_bits, st.integers(0, 6))
def test_groups_are_those_of_brute_force(bits: Bits, radius: int) -> None:
    assert near_groups(bits, radius).tolist() == groups_by_hand(bits, radius)


@settings(deadline=None)
@given(few_bits, few_bits, st.integers(0, 6))
def test_neighbours_between_two_sides_are_those_of_brute_force(left: Bits, right: Bits, radius: int) -> None:
    near = distances(left, right) <= radius
    found = near_between(left, right, radius)
    assert found[0].tolist() == near.any(axis=1).tolist()
    assert found[1].tolist() == near.any(axis=0).tolist()
    turned = near_between(right, left, radius)
    assert (turned[1].tolist(), turned[0].tolist()) == (found[0].tolist(), found[1].tolist())


def test_everything_holds_across_the_borders_of_blocks() -> None:
    """5,000 different hashes are more than one block of 64 rows and one of 4,096 columns."""
    bits = clusters(1, 5000, 60, 0.04)
    apart = distances(bits, bits)
    near = np.argwhere(np.triu(apart <= 6, 1))
    expected = np.column_stack([near, apart[near[:, 0], near[:, 1]]])
    np.testing.assert_array_equal(near_pairs(bits, 6), expected)
    left, right = near_between(bits[:2000], bits[2000:], 6)
    np.testing.assert_array_equal(left, (apart[:2000, 2000:] <= 6).any(axis=1))
    np.testing.assert_array_equal(right, (apart[:2000, 2000:] <= 6).any(axis=0))
    labels, before = np.arange(5000), np.full(5000, -1)
    while (labels != before).any():
        before = labels
        labels = np.minimum(labels, np.array([labels[row <= 6].min() for row in apart]))
    groups = near_groups(bits, 6)
    _, expected_groups = np.unique(labels, return_inverse=True)
    np.testing.assert_array_equal(groups, expected_groups)
    assert 60 < groups.max() < 4000


def test_radius_0_finds_equal_hashes_only() -> None:
    bits = np.array([5, 4, 5, 7, 5], np.uint64)
    assert near_pairs(bits, 0).tolist() == [[0, 2, 0], [0, 4, 0], [2, 4, 0]]
    assert near_groups(bits, 0).tolist() == [0, 1, 0, 2, 0]


def test_groups_hang_together_by_chains() -> None:
    """1, 3, 7 differ from the next in one bit; 1 and 7 in two."""
    bits = np.array([2**40, 7, 1, 3], np.uint64)
    assert near_pairs(bits, 1).tolist() == [[1, 3, 1], [2, 3, 1]]
    assert near_groups(bits, 1).tolist() == [0, 1, 1, 1]


def test_the_outermost_bits_count() -> None:
    bits = np.array([0, 2**63, 2**64 - 1], np.uint64)
    assert near_pairs(bits, 64).tolist() == [[0, 1, 1], [0, 2, 64], [1, 2, 63]]


def test_no_hash_has_no_neighbour() -> None:
    none, one = np.empty(0, np.uint64), np.zeros(1, np.uint64)
    assert near_pairs(none, 8).shape == (0, 3)
    assert near_pairs(one, 8).shape == (0, 3)
    assert near_groups(none, 8).shape == (0,)
    assert [side.tolist() for side in near_between(none, one, 8)] == [[], [False]]


def test_pairs_are_counted_before_they_are_listed() -> None:
    """Four equal hashes have six pairs, and two of another class near them eight more and one of their own."""
    bits = np.array([0, 0, 0, 0, 1, 1], np.uint64)
    assert len(near_pairs(bits, 1, most=15)) == 15
    with pytest.raises(DataError, match="more than 14 pairs of frames are near-duplicates; give a smaller radius"):
        near_pairs(bits, 1, most=14)
    with pytest.raises(DataError, match="more than 5 pairs"):
        near_pairs(bits, 0, most=5)


def test_a_fixed_camera_of_50_000_frames_costs_next_to_nothing() -> None:
    """Its 1.25e9 pairs are neither listed nor looked at one by one."""
    bits = np.concatenate([np.full(50_000, 12345, np.uint64), clusters(2, 2000, 2000, 0.0)])
    assert near_groups(bits, 8)[:50_000].max() == 0
    left, right = near_between(bits[:25_000], bits[25_000:], 8)
    assert left.all()
    assert right[:25_000].all()
    with pytest.raises(DataError, match="more than 5,000,000 pairs"):
        near_pairs(bits, 8)


def test_a_crowd_of_different_hashes_is_followed_once() -> None:
    """20,000 hashes within 12 bits have 2e8 pairs; the group is found without them."""
    crowd = np.arange(20_000, dtype=np.uint64) % 4096 + (np.arange(20_000, dtype=np.uint64) // 4096 << np.uint64(60))
    assert near_groups(crowd, 4).max() == 0


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=30))
def test_bits_are_counted_with_and_without_numpy_2(words: list[int]) -> None:
    expected = [word.bit_count() for word in words]
    assert count_bits(np.array(words, np.uint64)).tolist() == expected
    assert count_bits_in_words(np.array(words, np.uint64)).tolist() == expected


def test_an_old_numpy_gives_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    bits = clusters(3, 300, 10, 0.05)
    expected = near_pairs(bits, 8)
    monkeypatch.setattr(neighbours, "count_bits", lambda words, out=None: count_bits_in_words(words))
    np.testing.assert_array_equal(near_pairs(bits, 8), expected)
    assert len(expected) > 100
