"""The axis of a kind of weather: from clear air on the left to the worst on the right, in the kind's own unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wutdet.report.figures.style import LETTER_MM, short
from wutdet.report.number_text import plain
from wutdet.scenarios import known_severities
from wutdet.scenarios.severities import KindSeverities
from wutdet.scoring.scores import CellScores

_NAMES: Final = {
    "fog": "fog: MOR, m",
    "rain": "rain: rate, mm/h",
    "glare": "glare: % of water",
    "lowlight": "low light: EV",
}
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_LABEL_MM: Final = 7.2  # from the middle of a label of 7 pt to the middle of the next
_MOST_TICKS: Final = 4


@dataclass(frozen=True, slots=True)
class WeatherAxis:
    """Where values of a kind stand."""

    kind: str
    rule: str
    """`value`, `reciprocal` or `negative`, see `KindSeverities.dose`; `severity` where the kind is not known here."""
    values: tuple[float, ...]
    """Those that some run has, the mildest first."""

    @property
    def label(self) -> str:
        """What the axis shows, with its unit."""
        if self.rule == "severity":
            return f"{self.kind}: severity"
        return _NAMES.get(self.kind) or f"{self.kind}: {known_severities().kinds[self.kind].unit}"

    @property
    def clear(self) -> float:
        """Where clear air stands: at 0; on a logarithmic axis, which has none, one step before the mildest."""
        if self.rule != "reciprocal":
            return 0.0
        first = self.values[0]
        return first * (first / self.values[1] if len(self.values) > 1 else 2.0)

    def ends_of(self, run: Iterable[float | None]) -> tuple[float, float]:
        """The mildest and the worst of the values of one run; None is clear air."""
        own = set(run)
        values = [value for value in self.values if value in own]
        return values[0], values[-1]

    def of_dose(self, dose: float) -> float:
        """The value of a dose, no further out than what was run and clear air."""
        if self.rule == "severity":
            return dose
        value = KindSeverities(unit="", text="", severities=(), source="", dose=self.rule).from_dose(dose)  # type: ignore[arg-type]
        low, high = sorted((self.clear, self.values[-1]))
        return min(max(value, low), high)

    def apply(self, axes: Any, panel_mm: float) -> None:
        """Set scale, direction, ticks and label of the x axis of a panel of about this width."""
        axes.set_xlabel(_fitting(self.label, panel_mm))
        worst = self.values[-1]
        if self.rule == "reciprocal":
            axes.set_xscale("log")
            axes.set_xlim(self.clear * 1.12, worst / 1.12)
            ticks = [self.clear, *self.values]
            kept = _spread([panel_mm * _share(tick, self.clear, worst) for tick in ticks])
            labels = ["clear", *(f"{value:g}" for value in self.values)]
            axes.set_xticks([ticks[place] for place in kept], [labels[place] for place in kept])
            axes.set_xticks([ticks[place] for place in range(len(ticks)) if place not in kept], minor=True)
            axes.tick_params(axis="x", which="minor", labelbottom=False)
            return
        from matplotlib.ticker import MaxNLocator

        margin = 0.04 * worst
        axes.set_xlim(-margin, worst + margin)
        ticks = [
            tick
            for tick in MaxNLocator(_MOST_TICKS, steps=(1, 2, 2.5, 5, 10)).tick_values(0.0, worst)
            if 0 <= tick / worst <= 1
        ]
        axes.set_xticks(ticks, ["clear" if tick == 0 else f"{tick:g}".replace("-", "−") for tick in ticks])


def weather_axis(kind: str, cells: Sequence[CellScores]) -> WeatherAxis:
    """The axis of a kind.

    Args:
        kind: such as `fog`.
        cells: of this kind, of any run, at severities from 1.
    """
    rule = known_severities().kinds[kind].dose if kind in known_severities().kinds else "severity"
    values = {value for cell in cells if (value := cell_value(cell, rule))}
    return WeatherAxis(kind, rule, tuple(sorted(values, key=abs, reverse=rule == "reciprocal")))


def cell_value(cell: CellScores, rule: str) -> float:
    """The value of a cell in the unit of its kind, as the scores state it: 1000.0 of `MOR 1000 m`."""
    found = _NUMBER.findall(cell.value)
    return float(cell.severity or 0) if rule == "severity" or not found else float(found[-1])


def _fitting(label: str, width_mm: float) -> str:
    """A label in two lines where one is too long for the panel, and cut where two are."""
    label = plain(label)
    lines = [label] if short(label, width_mm, LETTER_MM) == label else label.split(": ", 1)
    return "\n".join(short(line, width_mm, LETTER_MM) for line in lines)


def _spread(places_mm: Sequence[float]) -> list[int]:
    """Which of some rising places to label: first and last, and between them as many as keep apart."""
    kept = [0]
    for number in range(1, len(places_mm) - 1):
        if min(places_mm[number] - places_mm[kept[-1]], places_mm[-1] - places_mm[number]) >= _LABEL_MM:
            kept.append(number)
    return [*kept, len(places_mm) - 1] if len(places_mm) > 1 else kept


def _share(value: float, first: float, last: float) -> float:
    return math.log(value / first) / math.log(last / first)
