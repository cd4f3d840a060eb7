from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.errors import ConfigError, DataError
from wutdet.metrics import student
from wutdet.metrics.intervals import (
    draw_weights,
    effective_units,
    expanded_interval,
    expanded_tail,
    interval_warning,
    p_value,
)
from wutdet.metrics.student import normal_cdf, student_cdf, student_quantile

# Student's t


@pytest.mark.parametrize(
    ("p", "df", "t"),
    [
        (0.975, 1.0, 12.7062047362),
        (0.975, 2.0, 4.3026527297),
        (0.975, 5.0, 2.5705818356),
        (0.975, 30.0, 2.0422724563),
        (0.975, math.inf, 1.9599639845),
        (0.75, 1.0, 1.0),
        (0.5, 7.0, 0.0),
    ],
)
def test_quantiles_of_t_are_those_of_the_tables(p: float, df: float, t: float) -> None:
    assert student_quantile(p, df) == pytest.approx(t, abs=6e-11)
    assert student_quantile(1.0 - p, df) == pytest.approx(-t, abs=1e-10)


@pytest.mark.parametrize("t", [0.0, 1e-9, 0.3, 1.0, 1.7, 4.0, 100.0, 1e9])
def test_one_and_two_degrees_of_freedom_have_closed_forms(t: float) -> None:
    """P(T ≤ −t) is atan2(1, t)/π for one degree of freedom, 1/2 − t/2s = 1/(s·(s + t)) for two, s = √(2 + t²)."""
    s = math.sqrt(2.0 + t * t)
    assert student_cdf(-t, 1.0) == pytest.approx(math.atan2(1.0, t) / math.pi, rel=1e-11, abs=0.0)
    assert student_cdf(-t, 2.0) == pytest.approx(1.0 / (s * (s + t)), rel=1e-11, abs=0.0)
    assert student_cdf(t, 2.0) == pytest.approx(1.0 - 1.0 / (s * (s + t)), rel=1e-11, abs=0.0)


@given(st.floats(1e-60, 0.999999), st.floats(1.0, 1e7))
def test_the_quantile_undoes_the_distribution(p: float, df: float) -> None:
    assert student_cdf(student_quantile(p, df), df) == pytest.approx(p, rel=1e-10, abs=0.0)


@given(st.floats(-1e3, 1e3), st.floats(1.0, 1e7))
def test_the_distribution_of_t_is_symmetric_and_heavier_than_the_normal(t: float, df: float) -> None:
    assert student_cdf(t, df) + student_cdf(-t, df) == pytest.approx(1.0, abs=1e-14)
    assert student_cdf(-abs(t), df) >= normal_cdf(-abs(t)) * (1.0 - 1e-11)


def test_the_two_ways_to_the_tail_meet() -> None:
    """Up to 3000 degrees of freedom a continued fraction, above it a series."""
    for t in (0.01, 0.5, 1.73, 2.0, 6.0, 11.0):
        assert student_cdf(-t, 3000.0) == pytest.approx(
            student_cdf(-t, math.nextafter(3000.0, 4000.0)), rel=1e-11, abs=0.0
        )


@pytest.mark.parametrize("t", [0.5, 1.0, 2.0, 3.0])
def test_the_series_holds_where_the_fraction_does(monkeypatch: pytest.MonkeyPatch, t: float) -> None:
    """With 60 degrees of freedom every term of it still counts."""
    by_fraction = student_cdf(-t, 60.0)
    monkeypatch.setattr(student, "_MANY", 1.0)
    by_series = student_cdf(-t, 60.0)
    assert by_series != by_fraction
    assert by_series == pytest.approx(by_fraction, rel=1e-11, abs=0.0)


def test_t_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    t = np.array([1e-5, 0.1, 1.0, 1.5, 1.72, 1.74, 2.0, 3.0, 8.0, 30.0])
    p = np.array([1e-12, 1e-6, 0.001, 0.025, 0.2, 0.45, 0.6, 0.99])
    for df in (1.0, 1.3, 2.0, 4.7, 9.0, 19.5, 80.0, 399.0, 600.0, 2999.0, 3001.0, 1e5, 1e9):
        assert [student_cdf(x, df) for x in -t] == pytest.approx(stats.t.cdf(-t, df), rel=1e-10, abs=0.0)
        assert [student_quantile(x, df) for x in p] == pytest.approx(stats.t.ppf(p, df), rel=1e-10, abs=0.0)


def test_t_too_large_to_square_leaves_nothing() -> None:
    for df in (1.0, 2000.0, math.inf):
        assert (student_cdf(-1e200, df), student_cdf(math.inf, df)) == (0.0, 1.0)


@pytest.mark.parametrize(("p", "df"), [(0.0, 3.0), (1.0, 3.0), (math.nan, 3.0), (0.5, 0.9), (0.5, math.nan)])
def test_what_has_no_quantile_is_refused(p: float, df: float) -> None:
    with pytest.raises(ValueError, match=r"p is|degrees"):
        student_quantile(p, df)


def test_what_has_no_distribution_is_refused() -> None:
    with pytest.raises(ValueError, match="t is NaN"):
        student_cdf(math.nan, 3.0)
    with pytest.raises(ValueError, match="degrees"):
        student_cdf(0.0, 0.0)


# resampling


def all_rows(units: int, replicates: int, seed: int, block: int = 256) -> np.ndarray:
    return np.concatenate(list(draw_weights(units, replicates, seed, block=block)))


def test_the_draws_of_a_seed_are_these() -> None:
    """Philox' raw output is fixed by its definition, so these stay the same with every numpy."""
    assert all_rows(5, 4, seed=0).tolist() == [[2, 1, 2, 0, 0], [1, 2, 0, 0, 2], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]]


@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 2**64 - 1), st.integers(1, 31), st.integers(1, 31))
def test_rows_depend_on_neither_blocks_nor_what_follows(
    units: int, replicates: int, seed: int, one: int, other: int
) -> None:
    rows = all_rows(units, replicates, seed, one)
    assert rows.shape == (replicates, units)
    assert rows.dtype == np.int32
    assert (rows.sum(axis=1) == units).all()
    assert (rows == all_rows(units, replicates, seed, other)).all()
    assert (rows == all_rows(units, replicates + 7, seed, other)[:replicates]).all()


def test_blocks_are_as_large_as_asked() -> None:
    assert [len(block) for block in draw_weights(3, 10, 0, block=4)] == [4, 4, 2]


def test_every_sequence_is_drawn_as_a_multinomial_draws() -> None:
    """Of n = 12 equal sequences, each: mean 1, variance 1 − 1/n, covariance −1/n; P(not drawn) = (1 − 1/n)^n."""
    rows = all_rows(12, 40_000, seed=3).astype(float)
    assert rows.mean(axis=0) == pytest.approx(np.ones(12), abs=0.025)
    expected = np.eye(12) - 1.0 / 12.0
    assert np.cov(rows.T) == pytest.approx(expected, abs=0.045)
    assert (rows == 0).mean() == pytest.approx((11 / 12) ** 12, abs=0.003)


def test_seeds_differ() -> None:
    assert (all_rows(20, 5, seed=0) != all_rows(20, 5, seed=1)).any()
    assert np.corrcoef(all_rows(20, 500, 0).ravel(), all_rows(20, 500, 1).ravel())[0, 1] == pytest.approx(0, abs=0.04)


@pytest.mark.parametrize(
    ("units", "replicates", "seed", "block"),
    [(0, 1, 0, 1), (2**32, 1, 0, 1), (2, 0, 0, 1), (2, 1, -1, 1), (2, 1, 2**64, 1), (2, 1, 0, 0)],
)
def test_impossible_draws_are_refused_at_once(units: int, replicates: int, seed: int, block: int) -> None:
    with pytest.raises(ConfigError) as caught:
        draw_weights(units, replicates, seed, block=block)
    assert "\n" not in str(caught.value)


# effective sequences


def test_unequal_sequences_count_for_fewer() -> None:
    """One of 100 beside ten of 10: (100 + 100)² / (100² + 10·10²) = 40000 / 11000."""
    assert effective_units([100] + [10] * 10) == pytest.approx(40 / 11)
    assert effective_units([7, 7, 7]) == pytest.approx(3.0)
    assert effective_units([7, 0, 7]) == pytest.approx(2.0)
    assert effective_units([5]) == 1.0
    assert (effective_units([]), effective_units([0, 0])) == (0.0, 0.0)
    assert effective_units([1e300, 1e300]) == pytest.approx(2.0)


def test_kish_is_the_variance_of_the_weighted_mean() -> None:
    """Var(Σ n·x / Σ n) of independent x with variance 1 is 1 / n_eff: simulated for sizes 8, 4, 2, 1, 1."""
    sizes = np.array([8.0, 4.0, 2.0, 1.0, 1.0])
    x = np.random.default_rng(0).normal(size=(100_000, 5))
    assert (x @ sizes / sizes.sum()).var() == pytest.approx(1.0 / effective_units(sizes), rel=0.02)
    assert effective_units(sizes) == pytest.approx(256 / 86)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_there_are_never_more_effective_sequences_than_sequences(sizes: list[int]) -> None:
    assert 0.0 <= effective_units(sizes) <= sum(size > 0 for size in sizes) + 1e-9


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_sizes_that_are_no_counts_are_refused(bad: float) -> None:
    with pytest.raises(DataError, match="size"):
        effective_units([3.0, bad])


# intervals


def test_the_expanded_interval_by_hand() -> None:
    """n = 10: t(.975, 9) = 2.2621571628, times √(10/9) = 1.0540925534 is 2.384523; Φ(−2.384523) = .0085506.

    Of the replicates 1 … 999 the k-th is the k/1000 quantile: the ends are 8.5506 and 1000 − 8.5506.
    """
    tail = 0.5 * math.erfc(2.3845230199 / math.sqrt(2.0))
    assert tail == pytest.approx(0.0085506, abs=1e-7)
    assert expanded_tail(10.0, 0.95) == pytest.approx(tail, rel=1e-8)
    found = expanded_interval(np.random.default_rng(0).permutation(np.arange(1.0, 1000.0)), 10)
    assert found == pytest.approx((1000 * tail, 1000 - 1000 * tail), rel=1e-8)


@given(st.floats(2.0, 1e4), st.floats(0.5, 0.999))
def test_the_expanded_interval_is_wider_than_the_plain_one(units: float, level: float) -> None:
    replicates = np.random.default_rng(1).normal(size=2000)
    plain = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2], method="weibull")
    found = expanded_interval(replicates, units, level)
    assert found is not None
    assert found[0] < plain[0] < plain[1] < found[1]


def test_with_many_units_the_expanded_interval_tends_to_the_plain_one() -> None:
    replicates = np.random.default_rng(1).normal(size=2000)
    plain = np.quantile(replicates, [0.025, 0.975], method="weibull")
    far = [max(abs(np.array(expanded_interval(replicates, n)) - plain)) for n in (5.0, 20.0, 100.0, 1e4)]
    assert far == sorted(far, reverse=True)
    assert far[-1] < 0.002 < far[0]
    assert expanded_interval(replicates, math.inf) == pytest.approx(plain)


def test_the_expanded_interval_of_a_mean_is_nearly_students() -> None:
    """A mean of n = 8 resampled: m ± t(.975, 7)·s/√8, t = 2.3646, up to the shape of the bootstrap distribution."""
    x = np.array([3.0, 1.0, 4.0, 1.5, 5.0, 2.6, 3.5, 2.4])
    means = all_rows(8, 100_000, seed=0, block=4096) @ x / 8
    low, high = expanded_interval(means, 8) or (0.0, 0.0)
    width = 2 * 2.3646 * x.std(ddof=1) / math.sqrt(8)
    plain = np.ptp(np.quantile(means, [0.025, 0.975]))
    assert high - low == pytest.approx(width, rel=0.08)
    assert plain < 0.8 * width


def test_coverage_at_eight_units_is_as_stated() -> None:
    """Means of 8 normal numbers, 2,000 times: 95 % intervals miss 0 about 1 in 20 times, plain ones twice as often."""
    weights = all_rows(8, 1999, seed=5) / 8
    samples = np.random.default_rng(6).normal(size=(2000, 8))
    means = np.sort(samples @ weights.T, axis=1)
    expanded = np.array([expanded_interval(row, 8) for row in means])
    plain = means[:, [49, 1949]]
    misses = [float(((ends[:, 0] > 0) | (ends[:, 1] < 0)).mean()) for ends in (expanded, plain)]
    assert misses[0] == pytest.approx(0.055, abs=0.015)
    assert misses[1] > 0.09


def test_few_units_have_no_interval() -> None:
    replicates = np.arange(100.0)
    for units in (0.0, 1.0, 1.99, math.nan, -3.0):
        assert expanded_interval(replicates, units) is None
        assert p_value(replicates, units) is None
    assert expanded_interval(replicates, 2.0) == (0.0, 99.0)


def test_unknown_replicates_are_dropped_while_they_are_few() -> None:
    replicates = np.arange(1.0, 1001.0)
    replicates[::25] = np.nan  # 4 %
    assert expanded_interval(replicates, 10) == expanded_interval(replicates[np.isfinite(replicates)], 10)
    assert p_value(replicates - 30.0, 10) == p_value(replicates[np.isfinite(replicates)] - 30.0, 10)
    replicates[:] = np.arange(1.0, 1001.0)
    replicates[::20] = np.nan  # 5 %
    assert expanded_interval(replicates, 10) is None
    assert p_value(replicates, 10) is None
    assert expanded_interval([], 10) is None
    assert p_value([np.nan] * 30, 10) is None


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, -0.1, math.nan])
def test_a_level_that_is_no_share_is_refused(level: float) -> None:
    with pytest.raises(ConfigError, match="level"):
        expanded_interval([1.0, 2.0], 10, level)


# p-values


def test_p_by_hand() -> None:
    """999 differences, 24 of them negative: q = 25/1000, z = −1.9599639845.

    Of very many units p = 2·.025. Of two, T has one degree of freedom and 2·T(−z/√2) = 1 − 2/π·atan(1.3859038).
    """
    differences = np.concatenate([np.full(24, -1.0), np.full(975, 2.0)])
    assert p_value(differences, math.inf) == pytest.approx(0.05)
    assert p_value(differences, 1e9) == pytest.approx(0.05, rel=1e-6)
    assert p_value(differences, 2) == pytest.approx(1 - 2 / math.pi * math.atan(1.9599639845 / math.sqrt(2)))
    assert p_value(-differences, 2) == p_value(differences, 2)


def test_differences_on_one_side_have_a_small_p_that_is_not_0() -> None:
    """None of 999 at or below 0: q = 1/1000, twice that with infinitely many units."""
    assert p_value(np.ones(999), math.inf) == pytest.approx(0.002)
    assert p_value(np.ones(99_999), math.inf) == pytest.approx(0.000_02)
    assert p_value(np.ones(999), 10) > 0.002


def test_no_difference_has_p_1() -> None:
    assert p_value(np.zeros(100), 10) == 1.0
    assert p_value([-1.0, 1.0] * 50, 10) == 1.0
    assert p_value([-1.0, 0.0, 0.0, 0.0, 1.0], 10) == 1.0


def test_a_replicate_of_0_speaks_for_neither_side() -> None:
    """60 zeros and 939 above: q = 61/1000, though none is below 0."""
    differences = np.concatenate([np.zeros(60), np.ones(939)])
    assert p_value(differences, math.inf) == pytest.approx(0.122)


@given(st.lists(st.integers(-3, 12), min_size=5, max_size=200), st.floats(2.0, 100.0))
def test_p_is_the_level_at_which_the_interval_leaves_0(differences: list[int], units: float) -> None:
    """Just above p the interval excludes 0; where one replicate fewer is left out, it still holds 0."""
    p = p_value(differences, units)
    assert p is not None
    assert 0.0 < p <= 1.0
    known = np.array(differences)
    beyond = min((known <= 0).sum(), (known >= 0).sum())
    if p < 0.99:
        low, high = expanded_interval(differences, units, 1.0 - p * (1.0 + 1e-7)) or (0.0, 0.0)
        assert low > 0.0 or high < 0.0
    if beyond and 2 * beyond <= known.size:
        fewer = p_value([1.0] * (known.size - beyond + 1) + [-1.0] * (beyond - 1), units) or 1.0
        low, high = expanded_interval(differences, units, 1.0 - fewer * (1.0 - 1e-7)) or (1.0, 1.0)
        assert low <= 0.0 <= high


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50), st.floats(2.0, 1e6), st.floats(1e-3, 1e3))
def test_p_and_interval_turn_with_the_sign_and_p_ignores_the_scale(x: list[float], units: float, scale: float) -> None:
    values = np.array(x)
    values[np.abs(values) < 1e-6] = 0.0
    low, high = expanded_interval(values, units) or (0.0, 0.0)
    assert expanded_interval(-values, units) == pytest.approx((-high, -low), abs=1e-12)
    assert low <= high
    assert p_value(-values, units) == p_value(values, units) == p_value(values * scale, units)


def test_nothing_warns_on_the_console() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expanded_interval([math.nan, *range(100)], math.inf)
        p_value([math.nan, *range(100)], math.inf)


# warnings


def test_few_sequences_are_said() -> None:
    assert interval_warning(1.998) == ("no intervals: they need 2 sequences of equal size, here is the worth of 1.99")
    assert interval_warning(7.345) == (
        "intervals rest on the worth of 7.34 sequences of equal size: below 25 they may still be too narrow"
    )
    assert "24.89 sequences" in (interval_warning(24.899) or "")
    assert interval_warning(25.0) is None
    assert "no intervals" in (interval_warning(math.nan) or "")
