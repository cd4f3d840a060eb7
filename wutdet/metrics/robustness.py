"""How much of a detector's performance is left in bad weather: mPC, rPC, areas under curves and half doses.

The functions take arrays whose leading axes, written …, are replicates: a point estimate has none, its
bootstrap replicates have one, and both go the same way. NaN is unknown, and spreads to what needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from wutdet.errors import DataError


class Robustness(msgspec.Struct, frozen=True, kw_only=True):
    """Mean performance under corruption, of one metric, and where the weather has taken half of it."""

    metric: str
    mPC: float | None  # noqa: N815  the field's name for it
    """Mean over kinds of the mean over severities (Michaelis et al. 2019, arXiv 1907.07484)."""
    rPC: float | None  # noqa: N815
    """mPC relative to the clear value."""
    per_kind: dict[str, float | None]
    """Mean over the severities of each kind."""
    area: dict[str, float | None] = {}
    """Mean height of the curve over severity from 0 (clear) to the last one run; see `curve_area`."""
    half: dict[str, float | None] = {}
    """Dose of each kind at which the metric first falls to half of its clear value; see `half_dose`. None where that
    is unknown, or in milder or worse weather than was run: it is bounded only, as `half_value` says."""
    half_value: dict[str, str] = {}
    """The same in units, such as `MOR 1370 m`, `milder than MOR 4000 m` where the mildest weather that was run
    leaves less than half, or `beyond MOR 200 m` where the worst leaves more."""
    intervals: dict[str, tuple[float | None, float | None]] = {}
    """Of `mPC`, `rPC`, and by kind of `per_kind.fog`, `area.fog`, `half.fog` (doses). An end of the last is None where
    it is bounded only, as `half_interval` says; no other end is."""
    half_interval: dict[str, tuple[str, str]] = {}
    """The interval of `half` in units, the milder end first."""


def robustness(metric: str, clear: float | None, by_kind: Mapping[str, Sequence[float | None]]) -> Robustness:
    """mPC, rPC and the mean of each kind; None wherever a value it needs is None.

    Args:
        metric: the name of the metric.
        clear: its value on clear frames; None when there was no clear cell.
        by_kind: its values at the severities of each kind that were run.
    """
    per_kind = {kind: mean_over_severities(_array(values)) for kind, values in by_kind.items()}
    mpc = mean_over_kinds(per_kind)
    return Robustness(
        metric=metric,
        mPC=or_none(mpc),
        rPC=or_none(relative_to_clear(mpc, _array(clear))),
        per_kind={kind: or_none(value) for kind, value in per_kind.items()},
    )


def mean_over_severities(values: ArrayLike) -> NDArray[np.float64]:
    """(…, S) values of one kind at its severities → (…) their mean; NaN where one is NaN or S is 0."""
    array = _array(values)
    count = array.shape[-1]
    return np.asarray(array.sum(axis=-1) / count) if count else np.full(array.shape[:-1], np.nan)


def mean_over_kinds(per_kind: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
    """mPC: (…) of each kind → (…) their mean, every kind weighing the same; NaN where one is NaN or none is there."""
    if not per_kind:
        return np.full((), np.nan)
    in_order = [_array(per_kind[kind]) for kind in sorted(per_kind)]  # so that the sum rounds the same in any order
    return mean_over_severities(np.stack(np.broadcast_arrays(*in_order), axis=-1))


def relative_to_clear(values: ArrayLike, clear: ArrayLike) -> NDArray[np.float64]:
    """rPC, when `values` is mPC: (…) values over (…) clear values; NaN where clear is 0 or either is NaN."""
    reference = _array(clear)
    return _array(values) / np.where(reference == 0.0, np.nan, reference)


def curve_area(values_by_severity: ArrayLike, severities: ArrayLike) -> NDArray[np.float64]:
    """Mean height of a metric's curve over severity, in units of the metric: trapezoids, over the span.

    Unlike the mean over severities it counts the clear value, and it does not depend on which severities
    between were left out where the curve is straight.

    Args:
        values_by_severity: (…, S), the clear value among them.
        severities: (S,) in any order, 0 (clear) the lowest.

    Returns:
        (…); NaN where a value is NaN, or clear is the only one.

    Raises:
        DataError: the lengths differ, a severity is not finite, or 0 is not the lowest.
    """
    along, values = _from_clear(severities, values_by_severity, "severities")
    if along[-1] == 0.0:
        return np.full(values.shape[:-1], np.nan)
    area = 0.5 * (values[..., 1:] + values[..., :-1]) * np.diff(along)
    return np.asarray(area.sum(axis=-1) / along[-1])


def half_dose(doses: ArrayLike, values: ArrayLike) -> NDArray[np.float64]:
    """The dose at which a metric first falls to half of its clear value, linear between neighbouring doses.

    Args:
        doses: (S,) in any order, 0 (clear) the lowest; `wutdet.scenarios.dose` gives them.
        values: (…, S) the metric at each, the clear value among them.

    Returns:
        (…); NaN where it never falls to half, the clear value is 0, or a value up to there is NaN.

    Raises:
        DataError: the lengths differ, a dose is not finite, or 0 is not the lowest.
    """
    along, curve = _from_clear(doses, values, "doses")
    if along.size < 2:
        return np.full(curve.shape[:-1], np.nan)
    half = 0.5 * curve[..., :1]
    stops = (curve <= half) | np.isnan(curve)  # where the search ends, found or lost
    after = np.maximum(stops.argmax(axis=-1), 1)[..., None]
    upper, lower = (np.take_along_axis(curve, index, axis=-1) for index in (after - 1, after))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (upper - half) / (upper - lower)
    dose = along[after - 1] + share * (along[after] - along[after - 1])
    return np.asarray(np.where((half > 0.0) & (lower <= half), dose, np.nan)[..., 0])


def or_none(value: ArrayLike) -> float | None:
    """A single number for a file: NaN becomes None."""
    number = float(_array(value))
    return None if np.isnan(number) else number


def _array(values: ArrayLike | Sequence[float | None] | None) -> NDArray[np.float64]:
    """As float64; None becomes NaN."""
    return np.asarray(values, dtype=np.float64)


def _from_clear(along: ArrayLike, values: ArrayLike, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both sorted along the first, which starts at clear."""
    places, curve = _array(along), _array(values)
    if places.ndim != 1 or curve.ndim == 0 or curve.shape[-1] != places.size:
        raise DataError(
            f"{name} have shape {places.shape} and values {curve.shape}",
            where=name,
            remedy="give (S,) and (…, S)",
        )
    if not np.isfinite(places).all() or places.min(initial=np.inf) != 0.0:
        raise DataError(f"{name} do not start at 0", where=name, remedy="put clear at 0 and everything else above it")
    order = np.argsort(places, kind="stable")
    return places[order], curve[..., order]
