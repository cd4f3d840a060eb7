"""Student's t distribution for real degrees of freedom, to eleven digits, without scipy."""

from __future__ import annotations

import math
from typing import Final

_MANY: Final = 3000.0  # degrees of freedom from which the fraction loses digits and Hill's series has gained them
_LARGE: Final = 200.0  # argument from which three terms of the series for the gamma ratio are exact
_TERMS: Final = 500
_PRECISION: Final = 1e-15
_STEPS: Final = 200


def normal_cdf(z: float) -> float:
    """Φ(z), with full relative accuracy in the lower tail."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def student_cdf(t: float, df: float) -> float:
    """P(T ≤ t) of Student's t with `df` degrees of freedom, any real number from 1 to infinity.

    Accurate to a relative 1e-11 where P ≥ 1e-30, and to 1e-10 below that.

    Raises:
        ValueError: `df` is below 1, or an argument is NaN.
    """
    _check(df)
    if math.isnan(t):
        raise ValueError("t is NaN")
    return _upper_tail(-t, df) if t < 0.0 else 1.0 - _upper_tail(t, df)


def student_quantile(p: float, df: float) -> float:
    """The t with P(T ≤ t) = p, for 1e-100 ≤ p < 1 and any real `df` from 1 to infinity.

    Newton's method on the logarithm of the tail over the logarithm of t, from the right: there the curve is
    concave and falls, so that every step lands on the same side of the root and none overshoots.

    Raises:
        ValueError: `p` is outside its range, `df` is below 1, or an argument is NaN.
    """
    _check(df)
    if not 1e-100 <= p < 1.0:
        raise ValueError(f"p is {p}, not within [1e-100, 1)")
    if p == 0.5:
        return 0.0
    tail = min(p, 1.0 - p)
    t = 1.0
    while _upper_tail(t, df) > tail:
        t *= 2.0
    for _ in range(_STEPS):
        found = _upper_tail(t, df)
        step = math.log(found / tail) * found / (t * _density(t, df))
        t *= math.exp(step)
        if abs(step) < _PRECISION:
            break
    return -t if p < 0.5 else t


def _check(df: float) -> None:
    if not df >= 1.0:
        raise ValueError(f"{df} degrees of freedom, fewer than 1")


def _upper_tail(t: float, df: float) -> float:
    """P(T > t) for t ≥ 0: half of the incomplete beta ratio I_x(df/2, 1/2) at x = df / (df + t²); 0 if t² overflows."""
    if math.isinf(t * t):
        return 0.0
    if df > _MANY:
        return normal_cdf(-_normal_equivalent(t, df))
    a, square = 0.5 * df, t * t / df
    y = square / (1.0 + square)  # 1 − x
    factor = math.exp(_log_gamma_ratio(a) - a * math.log1p(square)) * math.sqrt(y / math.pi)
    if y > 1.5 / (a + 2.5):
        return 0.5 * factor / a * _fraction(a, 0.5, 1.0 / (1.0 + square))
    return 0.5 - factor * _fraction(0.5, a, y)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz' method.

    It converges fast for x < (a + 1) / (a + b + 2); the caller sees to that.
    """
    below, c, d = 1.0, 1.0, 0.0
    for term in range(1, _TERMS):
        m = term // 2
        if term % 2:
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / (1.0 + numerator * d)
        c = 1.0 + numerator / c
        below *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            break
    return 1.0 / below


def _normal_equivalent(t: float, df: float) -> float:
    """The normal deviate with the upper tail of t, for many degrees of freedom (Hill 1970, CACM algorithm 395)."""
    if math.isinf(df):
        return t
    a = df - 0.5
    b = 48.0 * a * a
    y = a * math.log1p(t * t / df)
    second = (((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b)
    return ((second + y + 3.0) / b + 1.0) * math.sqrt(y)


def _density(t: float, df: float) -> float:
    if math.isinf(df):
        return math.exp(-0.5 * t * t) / math.sqrt(2.0 * math.pi)
    a = 0.5 * df
    return math.exp(_log_gamma_ratio(a) - (a + 0.5) * math.log1p(t * t / df)) / math.sqrt(df * math.pi)


def _log_gamma_ratio(a: float) -> float:
    """ln(Γ(a + 1/2) / Γ(a)); by its asymptotic series where the two logarithms would cancel."""
    if a < _LARGE:
        return math.lgamma(a + 0.5) - math.lgamma(a)
    return 0.5 * math.log(a) - 1.0 / (8.0 * a) + (1.0 / a) ** 3 / 192.0
