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
        """Where half is lost; twice the last dose where it is not, though all values are known."""
        found = half_dose(self.doses, self.values)
        kept = np.isnan(found) & (self.values[..., 0] > 0) & ~np.isnan(self.values).any(axis=-1)
        return np.where(kept, 2 * max(self.doses), found)


def robustness_of(cells: Sequence[Cell], settings: Settings) -> list[Robustness]:
    """mPC, rPC, areas and half doses of the numbers in `ROBUSTNESS_OF`, over single-effect cells."""
    return [_of_number(name, cells, settings) for name in ROBUSTNESS_OF]


def _of_number(name: str, cells: Sequence[Cell], settings: Settings) -> Robustness:
    points = {str(cell.scenario): np.array(cell.measured.values[name]) for cell in cells}
    curves = _curves(cells, points, settings.severities)
    figures = _figures(curves)
    halves = {curve.kind: float(curve.half()) for curve in curves}
    intervals: dict[str, tuple[float, float]] = {}
    if settings.level is not None and all(name in cell.measured.replicates for cell in cells):
        units = sequences_behind(cells[0].measured, name)
        again = {str(cell.scenario): cell.measured.replicates[name] for cell in cells}
        resampled = _curves(cells, again, settings.severities)
        spread = _figures(resampled) | {f"half.{curve.kind}": curve.half() for curve in resampled}
        found = {figure: expanded_interval(values, units, settings.level) for figure, values in spread.items()}
        intervals = {figure: interval for figure, interval in found.items() if interval is not None}
    worst = {curve.kind: max(curve.doses) for curve in curves}
    words = {curve.kind: curve.words for curve in curves}
    return Robustness(
        metric=name,
        mPC=or_none(figures["mPC"]),
        rPC=or_none(figures["rPC"]),
        per_kind={curve.kind: or_none(figures[f"per_kind.{curve.kind}"]) for curve in curves},
        area={curve.kind: or_none(figures[f"area.{curve.kind}"]) for curve in curves},
        half={kind: at if at <= worst[kind] else None for kind, at in halves.items()},
        half_value={kind: words[kind](at) for kind, at in halves.items()},
        intervals=intervals,
        half_interval={
            kind: (words[kind](ends[0]), words[kind](ends[1]))
            for kind in halves
            if (ends := intervals.get(f"half.{kind}")) is not None
        },
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
