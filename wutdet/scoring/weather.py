"""What the weather leaves of a detector: robustness over the cells of a table, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics import Robustness
from wutdet.metrics.intervals import expanded_interval
from wutdet.metrics.robustness import (
    curve_area,
    half_dose,
    mean_over_kinds,
    mean_over_severities,
    or_none,
    relative_to_clear,
)
from wutdet.scenarios import SeverityTable, describe_dose, dose, severity_value
from wutdet.scoring.assemble import sequences_behind
from wutdet.scoring.cells import Cell
from wutdet.scoring.measure import Settings

ROBUSTNESS_OF: Final = ("AP", "AP50", "AP_small", "recall@clear_fppi=0.1,iou=0.3")
"""Numbers whose decline is followed; the last is what an operator has who sets a threshold in clear weather."""

_FAR: Final = 1e9
"""Beyond any dose, and finite, so that a percentile between it and a dose is far out too."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Curve:
    """A number of one kind of weather, clear first; leading axes are replicates."""

    kind: str
    severities: tuple[int, ...]
    values: Floats
    """(…, 1 + S); unknown clear values are NaN."""
    table: SeverityTable | None

    @property
    def doses(self) -> list[float]:
        values = (severity_value(self.kind, severity, self.table) for severity in self.severities)
        return [0.0, *(dose(self.kind, value, self.table) for value in values)]

    def words(self, at: float) -> str:
        """A dose in the words of its kind; NaN, which is unknown, has none.

        Before the mildest weather that was run and beyond the worst it is bounded only.
        """
        doses = sorted(self.doses)
        if np.isnan(at):
            return ""
        if at > doses[-1]:
            return f"beyond {describe_dose(self.kind, doses[-1], self.table)}"
        if at < doses[1]:
            return f"milder than {describe_dose(self.kind, doses[1], self.table)}"
        return describe_dose(self.kind, at, self.table)

    def half(self) -> Floats:
        """Where half is lost; infinite where it is not, though all values are known."""
        found = half_dose(self.doses, self.values)
        kept = np.isnan(found) & (self.values[..., 0] > 0) & ~np.isnan(self.values).any(axis=-1)
        return np.where(kept, np.inf, np.minimum(found, max(self.doses)))  # rounding must not carry it beyond

    def half_ends(self, units: float, level: float) -> tuple[float, float] | None:
        """The interval of `half`, where the values are replicates.

        In a resample that is bounded only half may be lost anywhere on that side. So the lower end is read as if it
        were lost as early as can be, the upper one as late: an end between such a resample and another is bounded, or
        lies on the safe side.
        """
        at, doses = self.half(), sorted(self.doses)
        milder, beyond = at < doses[1], at > doses[-1]
        early = np.where(milder, -_FAR, np.where(beyond, np.nextafter(doses[-1], np.inf), at))
        late = np.where(milder, np.nextafter(doses[1], -np.inf), np.where(beyond, _FAR, at))
        lower, upper = (expanded_interval(values, units, level) for values in (early, late))
        return None if lower is None or upper is None else (lower[0], upper[1])

    def inside(self, at: float) -> float | None:
        """A dose within the weather that was run; None outside, where it is bounded only, and where it is unknown."""
        doses = sorted(self.doses)
        return at if doses[1] <= at <= doses[-1] else None


def robustness_of(cells: Sequence[Cell], settings: Settings) -> list[Robustness]:
    """mPC, rPC, areas and half doses of the numbers in `ROBUSTNESS_OF`, over single-effect cells."""
    return [_of_number(name, cells, settings) for name in ROBUSTNESS_OF]


def _of_number(name: str, cells: Sequence[Cell], settings: Settings) -> Robustness:
    points = {str(cell.scenario): np.array(cell.measured.values[name]) for cell in cells}
    curves = {curve.kind: curve for curve in _curves(cells, points, settings.severities)}
    figures = _figures(list(curves.values()))
    halves = {kind: float(curve.half()) for kind, curve in curves.items()}
    intervals, half_ends = _intervals(name, cells, settings)
    return Robustness(
        metric=name,
        mPC=or_none(figures["mPC"]),
        rPC=or_none(figures["rPC"]),
        per_kind={kind: or_none(figures[f"per_kind.{kind}"]) for kind in curves},
        area={kind: or_none(figures[f"area.{kind}"]) for kind in curves},
        half={kind: curves[kind].inside(at) for kind, at in halves.items()},
        half_value={kind: curves[kind].words(at) for kind, at in halves.items()},
        intervals=intervals
        | {f"half.{kind}": (curves[kind].inside(low), curves[kind].inside(high)) for kind, (low, high) in half_ends},
        half_interval={kind: (curves[kind].words(low), curves[kind].words(high)) for kind, (low, high) in half_ends},
    )


def _intervals(
    name: str, cells: Sequence[Cell], settings: Settings
) -> tuple[dict[str, tuple[float | None, float | None]], list[tuple[str, tuple[float, float]]]]:
    """Those of `_figures`, by name, and by kind those of where half is lost, as far as they are known."""
    if settings.level is None or not all(name in cell.measured.replicates for cell in cells):
        return {}, []
    units, level = sequences_behind(cells[0].measured, name), settings.level
    again = {str(cell.scenario): cell.measured.replicates[name] for cell in cells}
    curves = _curves(cells, again, settings.severities)
    figures = {key: expanded_interval(values, units, level) for key, values in _figures(curves).items()}
    halves = ((curve.kind, curve.half_ends(units, level)) for curve in curves)
    return (
        {key: ends for key, ends in figures.items() if ends is not None},
        [(kind, ends) for kind, ends in halves if ends is not None],
    )


def _curves(cells: Sequence[Cell], values: Mapping[str, Floats], table: SeverityTable | None) -> list[_Curve]:
    """One curve a kind, in the order the kinds were run."""
    severities: dict[str, list[int]] = {}
    for cell in cells:
        if cell.scenario.severity:  # neither clear nor a combination
            severities.setdefault(cell.scenario.kind, []).append(cell.scenario.severity)
    some = next(iter(values.values()))
    clear = values.get("clear", np.full(some.shape, np.nan))
    return [
        _Curve(kind, tuple(run), np.stack([clear, *(values[f"{kind}:{severity}"] for severity in run)], axis=-1), table)
        for kind, run in severities.items()
    ]


def _figures(curves: Sequence[_Curve]) -> dict[str, Floats]:
    per_kind = {curve.kind: mean_over_severities(curve.values[..., 1:]) for curve in curves}
    mpc = mean_over_kinds(per_kind)
    clear = curves[0].values[..., 0] if curves else np.array(np.nan)
    return {
        "mPC": mpc,
        "rPC": relative_to_clear(mpc, clear),
        **{f"per_kind.{kind}": value for kind, value in per_kind.items()},
        **{f"area.{curve.kind}": curve_area(curve.values, (0, *curve.severities)) for curve in curves},
    }
