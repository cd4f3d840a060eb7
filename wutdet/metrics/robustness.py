"""How much of a detector's performance is left in bad weather: mPC and rPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec


class Robustness(msgspec.Struct, frozen=True, kw_only=True):
    """Mean performance under corruption, of one metric."""

    metric: str
    mPC: float | None  # noqa: N815  the field's name for it
    """Mean over kinds of the mean over severities (Michaelis et al. 2019, arXiv 1907.07484)."""
    rPC: float | None  # noqa: N815
    """mPC relative to the clear value."""
    per_kind: dict[str, float | None]
    """Mean over the severities of each kind."""


def robustness(metric: str, clear: float | None, by_kind: Mapping[str, Sequence[float | None]]) -> Robustness:
    """mPC, rPC and the mean of each kind; None wherever a value it needs is None.

    Args:
        metric: the name of the metric.
        clear: its value on clear frames; None when there was no clear cell.
        by_kind: its values at the severities of each kind that were run.
    """
    per_kind = {kind: _mean(values) for kind, values in by_kind.items()}
    mpc = _mean(list(per_kind.values()))
    rpc = None if mpc is None or not clear else mpc / clear
    return Robustness(metric=metric, mPC=mpc, rPC=rpc, per_kind=per_kind)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
