"""A number against severity, a panel a kind of weather, a line a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wutdet.report.html.markup import Markup, details, paragraph, section, tag
from wutdet.report.html.runs import HEADLINE, ReportRun
from wutdet.report.html.svg import axes, band, draw, legend, line, make_plot, marker
from wutdet.report.html.tables import Cell, Table, html_table, make_table, number_cell
from wutdet.report.number_text import interval_text
from wutdet.report.table import KEPT_RECALL
from wutdet.scoring.scores import CellScores

_CURVES: Final = {HEADLINE: "AP_small", KEPT_RECALL: "recall kept"}


@dataclass(frozen=True, slots=True)
class Point:
    """A cell on a curve."""

    severity: int
    cell: CellScores
    value: float
    interval: tuple[float, float] | None


def curve(run: ReportRun, kind: str, metric: str) -> list[Point]:
    """The cells of a kind along severity, clear first; those without a value are left out."""
    cells = [cell for cell in run.scores.cells if cell.severity is not None and cell.scenario in ("clear", kind)]
    found = [(cell, cell.operating.get(metric) if "@" in metric else cell.number(metric)) for cell in cells]
    points = [
        Point(cell.severity or 0, cell, value, cell.intervals.get(metric)) for cell, value in found if value is not None
    ]
    return sorted(points, key=lambda point: point.severity)


def curves_section(runs: Sequence[ReportRun]) -> Markup:
    """Panels of each number, and the numbers as a table."""
    kinds = list(dict.fromkeys(cell.scenario for run in runs for cell in run.scores.cells if cell.severity))
    if not kinds:
        return section("curves", "Against severity", paragraph("No kind of weather was run by itself."))
    names = [run.name for run in runs]
    blocks = []
    for metric, name in _CURVES.items():
        panels = [_panel(runs, kind, metric, name) for kind in kinds]
        blocks += [tag("h3", name), tag("div", *panels, class_="panels")]
    return section(
        "curves",
        "Against severity",
        legend(names),
        *blocks,
        paragraph("Shaded: intervals. Rest the pointer on a point for its value.", class_="note"),
        details(
            "The numbers of these curves",
            *(html_table(_table(runs, kinds, metric, name)) for metric, name in _CURVES.items()),
            class_="long",  # on paper the tables of the first section have them
        ),
    )


def _panel(runs: Sequence[ReportRun], kind: str, metric: str, name: str) -> Markup:
    lines = [curve(run, kind, metric) for run in runs]
    # one scale for all kinds: panels are compared by eye
    largest = max(cell_top(cell, metric) for run in runs for cell in run.scores.cells if cell.severity is not None)
    severities = sorted({point.severity for points in lines for point in points} or {0, 1})
    plot = make_plot(severities, largest)
    in_units = _in_units([point for points in lines for point in points])
    ticks = [(float(severity), "clear" if severity == 0 else str(severity)) for severity in severities]
    parts = [axes(plot, ticks, f"severity{in_units}", name)]
    for place, points in enumerate(lines):
        ends = [(float(point.severity), *point.interval) for point in points if point.interval is not None]
        parts += [band(plot, ends, place)] if len(ends) > 1 else []
        parts.append(line(plot, [(float(point.severity), point.value) for point in points], place))
    for place, (run, points) in enumerate(zip(runs, lines, strict=True)):
        parts += [
            marker(
                plot,
                float(point.severity),
                point.value,
                place,
                _says(run, point, name),
                run=str(place),
                metric=metric,
                kind=kind,
                scenario=point.cell.name,
                value=point.value,
            )
            for point in points
        ]
    described = f"{name} in {kind} at severities {', '.join(label for _, label in ticks)}"
    return tag("figure", draw(plot, described, "The table below has the numbers.", *parts), tag("figcaption", kind))


def _in_units(points: Sequence[Point]) -> str:
    """The mildest and the worst, as ` (MOR 4000 m … MOR 200 m)`; nothing where severities of runs differ in units."""
    known: dict[int, set[str]] = {}
    for point in points:
        if point.severity:
            known.setdefault(point.severity, set()).add(point.cell.value)
    if not known or any(len(values) > 1 for values in known.values()):
        return ""
    ends = dict.fromkeys((*known[min(known)], *known[max(known)]))
    return f" ({' … '.join(ends)})"


def cell_top(cell: CellScores, metric: str) -> float:
    """How high a cell reaches in a plot: its value, or the upper end of its interval."""
    value = cell.operating.get(metric) if "@" in metric else cell.number(metric)
    return max(value or 0.0, cell.intervals.get(metric, (0.0, 0.0))[1])


def _says(run: ReportRun, point: Point, name: str) -> str:
    in_units = "" if point.severity == 0 else f" ({point.cell.value})"
    return f"{run.name}, {point.cell.name}{in_units}: {name} {interval_text(point.value, point.interval)}"


def _table(runs: Sequence[ReportRun], kinds: Sequence[str], metric: str, name: str) -> Table:
    rows: list[list[Cell | str]] = []
    for kind in kinds:
        by_run = [{point.cell.name: point for point in curve(run, kind, metric)} for run in runs]
        for scenario in dict.fromkeys(name for points in by_run for name in points):
            found = [points.get(scenario) for points in by_run]
            cells = [number_cell(None) if one is None else number_cell(one.value, one.interval) for one in found]
            rows.append([kind, scenario, *cells])
    return make_table(f"{name} by kind and severity", ["kind", "scenario", *(run.name for run in runs)], rows)
