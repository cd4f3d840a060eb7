from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet import load, render_part
from wutdet.dataset.splitting.frame_order import order_frames, split_stem
from wutdet.dataset.splitting.guard import guard_gaps
from wutdet.dataset.splitting.hashes import hash_frames
from wutdet.dataset.splitting.sequences import CUT_BITS, cut_blocks

A, B, C = 0, 2**20 - 1, (2**20 - 1) << 20
"""Three scenes: 20 bits from A to B and to C, 40 from B to C."""


def blocks(
    names: Sequence[str],
    scenes: Sequence[int | None] | None = None,
    sequences: Sequence[str | None] | None = None,
    *,
    least_frames: int = 1,
    cut_bits: int = CUT_BITS,
) -> list[int]:
    """The block of each frame; scenes are hashes, None an unread image."""
    scenes = [A] * len(names) if scenes is None else scenes
    found = cut_blocks(
        order_frames(names),
        [None] * len(names) if sequences is None else sequences,
        np.array([scene or 0 for scene in scenes], np.uint64),
        np.array([scene is not None for scene in scenes]),
        least_frames=least_frames,
        cut_bits=cut_bits,
    )
    return found.tolist()


def numbered(*numbers: int) -> list[str]:
    return [f"{number:07d}.jpg" for number in numbers]


# Order


@pytest.mark.parametrize(
    ("stem", "parts"),
    [
        ("0000020", ("", 20)),
        ("bow_cam-0017", ("bow_cam-", 17)),
        ("quay", ("quay", 0)),
        ("v2.0_frame", ("v2.0_frame", 0)),
        ("1" * 20, ("11", int("1" * 18))),
        ("٣", ("٣", 0)),
    ],
)
def test_a_stem_is_a_series_and_a_number(stem: str, parts: tuple[str, int]) -> None:
    assert split_stem(stem) == parts


def test_frames_are_ordered_by_series_and_number() -> None:
    order = order_frames(["b/cam10.jpg", "cam9.png", "ahoy.jpg", "x.y/cam200.jpg"])
    assert [order.stems[row] for row in order.rows] == ["ahoy", "cam9", "cam10", "cam200"]


@pytest.mark.parametrize(
    ("numbers", "step"),
    [((0, 20, 40, 80), 20), ((5, 6, 7, 100), 1), ((0, 10, 30), 10), ((3,), 0), ((), 0), ((7, 7, 9), 2)],
)
def test_the_usual_step_is_the_most_frequent(numbers: tuple[int, ...], step: int) -> None:
    """Of equally frequent ones the least: 0, 10, 30 has 10 and 20."""
    assert order_frames(numbered(*numbers)).usual_step == step


def test_steps_are_taken_inside_a_series() -> None:
    assert order_frames(["a1.jpg", "b4.jpg", "a8.jpg", "b11.jpg", "c12.jpg"]).usual_step == 7


# Blocks


def test_a_block_ends_where_ids_are_missing() -> None:
    assert blocks(numbered(0, 20, 40, 80, 100)) == [0, 0, 0, 1, 1]


def test_an_id_between_others_ends_no_block() -> None:
    assert blocks(numbered(0, 20, 40, 50, 60, 80)) == [0, 0, 0, 0, 0, 0]


def test_a_block_ends_with_its_series() -> None:
    assert blocks(["b1.jpg", "a1.jpg", "a2.jpg", "b2.jpg"]) == [1, 0, 0, 1]


def test_a_block_ends_where_the_scene_changes() -> None:
    assert blocks(numbered(0, 20, 40, 60, 80), [A, A, B, B, A]) == [0, 0, 1, 1, 2]


def test_a_scene_changes_beyond_the_threshold_only() -> None:
    frames = numbered(0, 20)
    assert blocks(frames, [A, B], cut_bits=19) == [0, 1]
    assert blocks(frames, [A, B], cut_bits=20) == [0, 0]


def test_rows_may_stand_in_any_order() -> None:
    assert blocks(numbered(80, 0, 60, 20, 40), [A, A, B, A, B]) == [2, 0, 1, 0, 1]


def test_a_frame_without_a_hash_changes_no_scene() -> None:
    """It is passed over: what follows is compared with the last one known."""
    assert blocks(numbered(0, 20, 40, 60), [A, None, A, B]) == [0, 0, 0, 1]
    assert blocks(numbered(0, 20, 40, 60), [B, None, None, A]) == [0, 0, 0, 1]
    assert blocks(numbered(0, 20, 40), [None, B, B]) == [0, 0, 0]


def test_a_scene_is_not_compared_across_missing_ids() -> None:
    """Blocks begin at 60 for the ids, not again at 80, where the last known hash is of another block."""
    assert blocks(numbered(0, 20, 60, 80), [A, A, None, B]) == [0, 0, 1, 1]


def test_a_change_of_scene_ends_no_short_block() -> None:
    scenes = [A, B, A, B, A, B]
    assert blocks(numbered(*range(0, 120, 20)), scenes, least_frames=3) == [0, 0, 0, 1, 1, 1]
    assert blocks(numbered(*range(0, 120, 20)), scenes, least_frames=4) == [0, 0, 0, 0, 1, 1]


def test_missing_ids_end_a_short_block_too() -> None:
    """Then the count begins anew: the scene changes at 100, 120 and 140, the first two behind too few frames."""
    frames = numbered(0, 20, 80, 100, 120, 140)
    assert blocks(frames, [A, A, A, B, A, B], least_frames=3) == [0, 0, 1, 1, 1, 2]


def test_a_named_sequence_is_believed() -> None:
    frames = numbered(0, 20, 40, 60, 80)
    assert blocks(frames, [A, B, A, A, A], ["s1", "s1", "s2", "s2", None]) == [0, 0, 1, 1, 2]


def test_frames_without_a_named_sequence_are_cut_by_looks() -> None:
    frames = numbered(0, 20, 40, 60)
    assert blocks(frames, [A, B, B, A], ["s1", "s1", None, None]) == [0, 0, 1, 2]


def test_no_frame_has_no_block() -> None:
    assert blocks([]) == []


def test_the_cuts_of_a_rendered_voyage_are_found(tmp_path: Path) -> None:
    """Sequences of a swaying ship, 2 s a frame; nothing but the pixels tells where they end."""
    dataset = load(render_part(tmp_path / "part", images=60, size=(320, 180), seed=5))
    named = dataset.images["sequence"].to_list()
    hashes = hash_frames(dataset)
    order = order_frames(dataset.images["file_name"].to_list())
    found = cut_blocks(order, [None] * 60, hashes.bits, hashes.known, least_frames=1)
    cuts = [place for place in range(1, 60) if named[place] != named[place - 1]]
    cut = [place for place in range(1, 60) if found[place] != found[place - 1]]
    assert len(cuts) >= 4
    assert set(cuts) <= set(cut)
    assert len(cut) <= len(cuts) + 3


# Guard gaps


def gaps(names: Sequence[str], splits: Sequence[int], reach: int) -> list[bool]:
    return guard_gaps(order_frames(names), np.array(splits, np.int64), reach).tolist()


def test_a_guard_gap_takes_frames_before_the_cut() -> None:
    frames = numbered(0, 20, 40, 60, 80)
    assert gaps(frames, [0, 0, 0, 1, 1], 40) == [False, True, True, False, False]
    assert gaps(frames, [0, 0, 0, 1, 1], 39) == [False, False, True, False, False]
    assert gaps(frames, [0, 0, 0, 1, 1], 19) == [False] * 5


def test_a_guard_gap_stays_in_its_series() -> None:
    assert gaps(["a1.jpg", "b1.jpg", "b2.jpg"], [0, 1, 0], 5) == [False, True, False]


def test_frames_in_no_split_guard_nothing() -> None:
    assert gaps(numbered(0, 20, 40), [0, -1, 1], 20) == [False, False, False]
    assert gaps(numbered(0, 20, 40), [0, -1, 1], 40) == [True, False, False]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(-1, 2)), max_size=20, unique_by=lambda item: item[0]),
    st.integers(0, 12),
)
def test_no_two_splits_are_within_reach_and_no_frame_is_lost_in_vain(frames: list[tuple[int, int]], reach: int) -> None:
    gap = gaps(numbered(*(number for number, _ in frames)), [split for _, split in frames], reach)
    kept = [frame for frame, lost in zip(frames, gap, strict=True) if not lost and frame[1] >= 0]
    assert all(abs(a - b) > reach for a, split in kept for b, other in kept if split != other)
    for (number, split), lost in zip(frames, gap, strict=True):
        others = [other for other, its in frames if its not in (-1, split)]
        assert lost == (split >= 0 and any(0 < other - number <= reach for other in others))
