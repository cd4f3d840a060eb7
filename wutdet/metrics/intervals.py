"""How sure a number is: resampling of whole sequences, intervals and p-values.

Frames of one sequence show the same ships in the same light, so a sequence counts as one observation. Every
replicate draws as many sequences as there are, with replacement, and keeps their multiplicity.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wutdet.errors import ConfigError, DataError
from wutdet.metrics.student import normal_cdf, student_cdf, student_quantile

FEWEST_UNITS: Final = 2.0  # a spread takes two
DOUBTFUL_UNITS: Final = 25.0  # below it AP near 0 was seen to be covered less than 93 times in 100 (docs/intervals.md)
UNKNOWN_SHARE: Final = 0.05
"""Share of unknown replicates from which there is no interval.

With ships of some size in k of many sequences, about e^−k of the resamples hold none: 5 % are reached at k = 3.
What is left then says more about which sequences were drawn than about the detector. Below that share the
unknown replicates are dropped: the interval is that of the metric given that it exists, and its levels are
off by less than that share of themselves."""


def draw_weights(units: int, replicates: int, seed: int, *, block: int = 256) -> Iterator[NDArray[np.int32]]:
    """Yield how often each sequence is drawn: blocks (b, units) int32, `replicates` rows in all, b ≤ `block`.

    Each row draws `units` of the `units` sequences with replacement, so it sums to `units`. Row r depends on
    `units`, `seed` and r alone: not on the block size, nor on how many rows follow. Two detectors resampled
    with the same seed meet the same resamples, so their differences are paired. Sequence ⌊units·u/2³²⌋ is
    drawn for the upper 32 bits u of Philox' raw output, whose stream numpy keeps between its versions, as it
    does not keep that of its distributions.

    Raises:
        ConfigError: `units`, `replicates` or `block` is below 1, `units` is 2³² or more, or `seed` is not
            within [0, 2⁶⁴).
    """
    _demand(1 <= units < 2**32, f"{units} sequences to draw from", "units", "give 1 or more, below 2³²")
    _demand(replicates >= 1, f"{replicates} replicates", "replicates", "give 1 or more; 1000 is usual")
    _demand(block >= 1, f"blocks of {block} replicates", "block", "give 1 or more")
    _demand(0 <= seed < 2**64, f"the seed is {seed}", "seed", "give a whole number from 0 to 2⁶⁴ − 1")
    return _draw(units, replicates, np.random.Philox(key=seed), block)


def effective_units(sizes: ArrayLike) -> float:
    """Kish's effective number of sequences, (Σn)² / Σn²; 0.0 when all are empty.

    A metric pools the ships (or frames) of all sequences, so a long sequence weighs more than a short one. The
    variance of such a weighted mean is that of this many sequences of equal size: one long sequence beside
    twenty short ones is nearly one observation, not 21 (Kish 1965, *Survey Sampling*).

    Args:
        sizes: (units,) what each sequence adds to the metric: its ships, or its frames.

    Raises:
        DataError: a size is negative or not finite.
    """
    count = np.asarray(sizes, dtype=np.float64).ravel()
    if not (np.isfinite(count) & (count >= 0.0)).all():
        raise DataError("the size of a sequence is negative or not finite", where="sizes", remedy="give counts")
    largest = count.max(initial=0.0)
    if largest == 0.0:
        return 0.0
    share = count / largest
    return float(share.sum() ** 2 / (share**2).sum())


def expanded_interval(replicates: ArrayLike, units: float, level: float = 0.95) -> tuple[float, float] | None:
    """Hesterberg's expanded percentile interval of a bootstrapped metric.

    A percentile interval of few units is too narrow twice over: it uses the normal quantile z where Student's t
    belongs, and the bootstrap's spread is √((n−1)/n) of an unbiased one. So the percentiles are taken at
    α′/2 = Φ(−√(n/(n−1))·t_{1−α/2, n−1}) and 1 − α′/2 (Hesterberg 2015, *What Teachers Should Know About the
    Bootstrap*, The American Statistician 69(4), arXiv 1411.5279). The k-th smallest of R replicates is the
    k/(R+1) quantile, as in his software. The ends lie among the replicates: with fewer than 2/α′ of them
    they are the smallest and the largest.

    Args:
        replicates: (R,) the metric in every resample; NaN where it is unknown, such as without a ship.
        units: n, sequences that were resampled; `effective_units` where their sizes differ.
        level: 1 − α, in (0, 1).

    Returns:
        Lower and upper end; None with fewer than two units, without replicates, or when `UNKNOWN_SHARE` of
        them or more are unknown.

    Raises:
        ConfigError: `level` is outside (0, 1).
    """
    _demand(0.0 < level < 1.0, f"the level is {level}", "level", "give a share between 0 and 1, such as 0.95")
    known = _known(replicates)
    if known is None or not units >= FEWEST_UNITS:
        return None
    tail = expanded_tail(units, level)
    low, high = np.quantile(known, [tail, 1.0 - tail], method="weibull").tolist()
    return low, high


@lru_cache(maxsize=256)
def expanded_tail(units: float, level: float) -> float:
    """α′/2, the share of replicates that `expanded_interval` leaves out at either end."""
    return normal_cdf(_widening(units) * student_quantile(0.5 * (1.0 - level), units - 1.0))


def p_value(differences: ArrayLike, units: float) -> float | None:
    """Two-sided p of a difference: the smallest α whose `expanded_interval` leaves 0 outside; never 0.

    p = 2·T_{n−1}(−|z|·√((n−1)/n)) with z = Φ⁻¹(q), q = (m + 1) / (R + 1), at most 1/2, and m replicates on or
    beyond the other side of 0. A replicate of exactly 0 counts on both sides, because an interval that ends at
    0 does not exclude it; so differences that are all 0 give 1.0. The added one makes p valid at any R, and
    bounds it below: give more replicates where a smaller one matters.

    Args:
        differences: (R,) of a metric, in resamples that both sides share; NaN where it is unknown.
        units: n, as in `expanded_interval`.

    Returns:
        p in (0, 1]; None where `expanded_interval` is None.
    """
    known = _known(differences)
    if known is None or not units >= FEWEST_UNITS:
        return None
    beyond = min(int((known <= 0.0).sum()), int((known >= 0.0).sum()))
    return _two_sided(min(0.5, (beyond + 1) / (known.size + 1)), units)


def least_p_value(replicates: int, units: float) -> float | None:
    """The smallest `p_value` that so many replicates can give; None where they give none."""
    return _two_sided(1 / (replicates + 1), units) if units >= FEWEST_UNITS and replicates else None


def _two_sided(q: float, units: float) -> float:
    return 2.0 * student_cdf(NormalDist().inv_cdf(q) / _widening(units), units - 1.0)


def interval_warning(units: float) -> str | None:
    """One line where there are too few sequences for a sound interval; None from `DOUBTFUL_UNITS` on."""
    worth = f"the worth of {units_text(units)}"
    if not units >= FEWEST_UNITS:
        return f"no intervals: they need {FEWEST_UNITS:g} sequences of equal size, here is {worth}"
    if units < DOUBTFUL_UNITS:
        return (
            f"intervals rest on {worth} sequences of equal size: below {DOUBTFUL_UNITS:g} they may still be too narrow"
        )
    return None


def units_text(units: float) -> str:
    """Cut, not rounded, to two decimals: 1.998 is not 2."""
    return f"{math.floor(100 * units) / 100:g}" if math.isfinite(units) else "none"


def _draw(units: int, replicates: int, generator: np.random.Philox, block: int) -> Iterator[NDArray[np.int32]]:
    for start in range(0, replicates, block):
        rows = min(block, replicates - start)
        bits = generator.random_raw(rows * units).reshape(rows, units) >> np.uint64(32)
        drawn = ((bits * np.uint64(units)) >> np.uint64(32)).astype(np.int64)
        drawn += units * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * units).reshape(rows, units).astype(np.int32)


def _known(replicates: ArrayLike) -> NDArray[np.float64] | None:
    """The replicates that are known, or None when there are none or too many are not."""
    values = np.asarray(replicates, dtype=np.float64).ravel()
    known = values[np.isfinite(values)]
    return known if values.size and values.size - known.size < UNKNOWN_SHARE * values.size else None


def _widening(units: float) -> float:
    """√(n/(n−1)), written so that it holds for infinitely many units too."""
    return 1.0 / math.sqrt(1.0 - 1.0 / units)


def _demand(holds: bool, what: str, where: str, remedy: str) -> None:
    if not holds:
        raise ConfigError(what, where=where, remedy=remedy)
