"""The made-up sea of tests/benchmarks/coverage.py is what it says: its frames repeat, and its true scores are true."""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from benchmarks.coverage_model import Population, Spread, detect, draw_sea, true_numbers

from wutdet.metrics.intervals import effective_units
from wutdet.metrics.matching import match
from wutdet.metrics.numbers import prepare_coco, read_coco

STILL = Spread(0.0, 0.0, 0.0)
ONE_DRAW = Spread(0.6, 0.0, 0.8)  # variance 1


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The trials, which import the model as a script's neighbour."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import coverage_trials

    return coverage_trials


# true values by hand


def plain(**changes: object) -> Population:
    """Small ships of strength N(z, 1), all boxed right, no clutter."""
    base = {"small_share": 1.0, "score_shift": 0.0, "own": STILL, "seen": ONE_DRAW, "clutter": 0.0, "tightness": 99.0}
    return Population(**(base | changes))  # type: ignore[arg-type]


def test_without_false_alarms_ap_counts_the_recall_points_that_are_reached() -> None:
    """Φ(1.9599640) = 0.975: precision 1 at 0.00 … 0.97, which are 98 of 101 points."""
    true = true_numbers(plain(small_strength=1.959964))
    assert true["recall"] == pytest.approx(0.975, abs=1e-7)
    assert true["AP50"] == true["AP_small"] == pytest.approx(98 / 101)


def test_a_loose_box_is_a_miss_and_a_false_alarm() -> None:
    """Half the boxes are loose: recall 0.975 / 2 = 0.4875, precision ½ at 49 points."""
    true = true_numbers(plain(small_strength=1.959964, tightness=0.0))
    assert true["recall"] == pytest.approx(0.4875, abs=1e-7)
    assert true["AP50"] == pytest.approx(49 * 0.5 / 101)


def test_clutter_as_strong_as_the_ships_halves_precision() -> None:
    """Of a sequence 1 + 2 ships and 3·exp(−½·0.8²)·exp(½·0.8²) = 3 pieces of clutter, with the ships' strengths."""
    true = true_numbers(
        plain(small_strength=1.0, clutter_strength=1.0, clutter_seen=ONE_DRAW, clutter=3 * math.exp(-0.32))
    )
    reached = math.floor(100 * 0.8413447) + 1  # Φ(1)
    assert true["AP50"] == pytest.approx(0.5 * reached / 101)


def test_precision_is_the_best_at_this_recall_or_more() -> None:
    """Clutter outscores the ships, so that precision is best at full recall: .975 / (.975 + Φ(3)) at 98 points."""
    true = true_numbers(
        plain(small_strength=1.959964, clutter_strength=3.0, clutter_seen=ONE_DRAW, clutter=3 * math.exp(-0.32))
    )
    assert true["AP50"] == pytest.approx(98 * 0.975 / (0.975 + 0.9986501) / 101)


def test_large_ships_are_no_part_of_ap_small() -> None:
    """Half the ships are large and never seen: recall halves, AP_small stays that of the small ones."""
    true = true_numbers(plain(small_strength=1.959964, large_strength=-20.0, small_share=0.5))
    assert true["recall"] == pytest.approx(0.4875, abs=1e-7)
    assert true["AP50"] == pytest.approx(49 / 101)
    assert true["AP_small"] == pytest.approx(98 / 101)


@pytest.mark.parametrize("case", ["equal", "unequal", "fog"])
def test_a_large_simulation_through_the_real_matching_finds_the_true_values(trials: ModuleType, case: str) -> None:
    true = trials.true_values(case)
    simulated = trials.simulated_numbers(case, 12_000, seed=1)
    for metric, (mean, error) in simulated.items():
        assert error < 0.007
        assert abs(mean - true[metric]) < 3.5 * error, metric


def test_all_of_cocos_thresholds_agree_so_that_ap_is_ap50() -> None:
    population = Population()
    rng = np.random.default_rng(5)
    sea = draw_sea(population, 30, rng)
    matches = match(sea.true, detect(population, sea, rng))
    numbers = read_coco(prepare_coco(matches, sea.unit), np.ones((1, 30), np.int32))
    assert 0.2 < numbers["AP50"][0] < 0.9
    assert numbers["AP"] == pytest.approx(numbers["AP50"], abs=1e-12)
    assert set(np.round(matches.candidate_iou, 9)) == {1.0, round(1 / 3, 9)}
    assert numbers["ships.large"][0] == 0
    assert numbers["ships.small"][0] + numbers["ships.medium"][0] == numbers["ships.all"][0]


# how frames hang together


def test_frames_of_a_sequence_nearly_repeat() -> None:
    """Of variance 0.7² + 0.6² + 0.2² + 0.4² = 1.05 a ship keeps 1.01 from frame to frame, neighbours share 0.65."""
    sea = draw_sea(Population(small_share=1.0), 20_000, np.random.default_rng(2))
    first = np.append(True, np.diff(sea.thing) != 0) & sea.is_ship
    again = np.flatnonzero(first) + 1
    assert (sea.thing[again] == sea.thing[again - 1]).all()
    assert np.corrcoef(sea.strength[again - 1], sea.strength[again])[0, 1] == pytest.approx(1.01 / 1.05, abs=0.01)
    ships = np.flatnonzero(first)
    neighbours = sea.sequence[ships[:-1]] == sea.sequence[ships[1:]]
    left, right = sea.strength[ships[:-1]], sea.strength[ships[1:]]
    assert np.corrcoef(left[neighbours], right[neighbours])[0, 1] == pytest.approx(0.65 / 1.05, abs=0.02)
    assert np.corrcoef(left[~neighbours], right[~neighbours])[0, 1] == pytest.approx(0.0, abs=0.03)


def test_a_ship_is_in_every_frame_of_its_sequence_and_in_no_other() -> None:
    sea = draw_sea(Population(length_sigma=1.0), 50, np.random.default_rng(3))
    assert (sea.unit[sea.frame] == sea.sequence).all()
    frames_met = np.bincount(sea.thing)
    of_thing = sea.sequence[np.flatnonzero(np.append(True, np.diff(sea.thing) != 0))]
    assert (frames_met == sea.frames[of_thing]).all()
    assert len(set(zip(sea.thing.tolist(), sea.frame.tolist(), strict=True))) == len(sea.thing)


def test_lengths_are_equal_or_lognormal() -> None:
    """Sizes exp(σ·z) keep a share 1/exp(σ²) of the sequences: 0.37 for σ = 1, a little more for whole frames ≥ 1."""
    rng = np.random.default_rng(4)
    assert (draw_sea(Population(), 20, rng).frames == 6).all()
    frames = draw_sea(Population(length_sigma=1.0), 20_000, rng).frames
    assert frames.min() == 1
    assert frames.mean() == pytest.approx(6.0, rel=0.04)
    assert effective_units(frames) / 20_000 == pytest.approx(math.exp(-1.0), rel=0.1)


def test_two_detectors_meet_the_same_sea_and_differ_by_their_own_noise() -> None:
    """Each adds variance 0.25² + 0.3² + 0.3², and no mean; all else is shared, and what is loose is loose for both."""
    population = Population(small_strength=9.0, large_strength=9.0, clutter_strength=9.0)  # everything is detected
    rng = np.random.default_rng(6)
    sea = draw_sea(population, 4000, rng)
    one, other = (detect(population, sea, rng) for _ in range(2))
    assert (one.xywh == other.xywh).all()
    strengths = [found.scores / (1.0 - found.scores) for found in (one, other)]
    for strength in strengths:
        assert (strength - sea.strength).var() == pytest.approx(0.2425, rel=0.05)
        assert (strength - sea.strength).mean() == pytest.approx(0.0, abs=0.02)
    assert (strengths[0] - strengths[1]).var() == pytest.approx(2 * 0.2425, rel=0.05)


# trials


def test_a_trial_depends_on_nothing_but_its_number(trials: ModuleType) -> None:
    rows = trials.run_block(trials.Block("equal", 6, 0, 3, 40, seed=9))
    alone = trials.run_block(trials.Block("equal", 6, 2, 1, 40, seed=9))
    assert len(rows) == 3
    assert repr(rows[2]) == repr(alone[0])  # repr: a NaN is no NaN's equal
    assert rows[0]["AP50.estimate"] != rows[1]["AP50.estimate"]


def test_a_trial_asks_every_method_and_ours_is_wider_than_frames(trials: ModuleType) -> None:
    row = trials.run_block(trials.Block("unequal", 30, 4, 1, 200, seed=9))[0]
    assert 2.0 < row["AP_small.units"] <= row["AP50.units"] * 1.2 < 36.0
    for metric in trials.METRICS:
        widths = {method: row[f"{metric}.{method}.width"] for method in trials.METHODS}
        assert widths["ours"] > widths["plain"] > widths["frames"] > 0.0
        assert widths["plain"] > widths["dropped"]
    between = trials.run_block(trials.Block("unequal", 30, 5, 1, 200, seed=9))[0]
    assert math.isnan(between["AP50.frames.covered"])
    assert between["AP50.ours.covered"] in (0.0, 1.0)


@pytest.mark.nightly
@pytest.mark.parametrize("case", ["equal", "unequal"])
def test_at_sixty_sequences_ours_hold_the_true_value_and_frames_do_not(trials: ModuleType, case: str) -> None:
    """Of 300 trials 95 % ± 1.3 %: 91 to 99 % is three standard errors."""
    rows = trials.run_block(trials.Block(case, 60, 0, 300, 500, seed=1))
    for metric in trials.METRICS:
        assert 0.91 <= np.nanmean([row[f"{metric}.ours.covered"] for row in rows]) <= 0.99
        assert np.nanmean([row[f"{metric}.frames.covered"] for row in rows]) < 0.75
        assert 0.01 <= np.nanmean([row[f"{metric}.rejected"] for row in rows]) <= 0.09
