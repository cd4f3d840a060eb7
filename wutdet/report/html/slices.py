"""The same numbers by camera, scene, condition or sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wutdet.report.html.markup import Markup, paragraph, section, tag
from wutdet.report.html.runs import HEADLINE, ReportRun, typical_cells
from wutdet.report.html.tables import Cell, Table, count_cell, html_table, make_table, number_cell
from wutdet.scoring.scores import CellScores, Numbers

_NUMBERS: Final = ("AP", "AP50", HEADLINE)
_MOST_ROWS: Final = 60
"""Of a table: a dataset may have thousands of sequences."""

Slices = Mapping[str, Mapping[str, Mapping[str, Numbers]]]
"""By scenario, column and value."""


def slices_section(
    runs: Sequence[ReportRun], extra: Mapping[str, Slices] | None = None, lacks: Sequence[str] = ()
) -> Markup:
    """A table a run and column.

    Args:
        runs: the runs.
        extra: slices that the scores lack, by the run's name; None where the data were not given.
        lacks: of runs that could not be sliced by sequence, why.
    """
    parts = []
    for run in runs:
        tables = slice_tables(run, (extra or {}).get(run.name, {}))
        if tables:
            parts += [tag("h3", run.name)] if len(runs) > 1 else []
        for made, left_out in tables:
            parts.append(html_table(made))
            parts += [paragraph(left_out, class_="note")] if left_out else []
    if not parts:
        parts.append(paragraph("The frames do not differ in scene, condition or camera."))
    how = paragraph(
        "Sequences are listed with ",
        tag("code", "--data"),
        ", or where the run was scored with ",
        tag("code", "wutdet score --slices sequence"),
        ".",
        class_="note",
    )
    shown = {column for run in runs for cell in run.scores.cells for column in cell.slices} | {
        column for slices in (extra or {}).values() for columns in slices.values() for column in columns
    }
    if "sequence" not in shown and extra is None:
        parts.append(how)
    parts += [paragraph(line, class_="note") for line in lacks]
    return section("slices", "Cameras, scenes, sequences", *parts)


def slice_tables(run: ReportRun, more: Slices) -> list[tuple[Table, str]]:
    """A table a column, each with what it leaves out in words."""
    slices = {cell.name: {**cell.slices, **more.get(cell.name, {})} for cell in run.scores.cells}
    cells = typical_cells(run.scores)
    first = slices.get(run.clear.name, {})
    return [_table(column, values, cells, slices) for column, values in first.items() if values]


def _table(
    column: str, values: Mapping[str, Numbers], cells: Sequence[CellScores], slices: Slices
) -> tuple[Table, str]:
    weather = [cell.name for cell in cells if cell.severity and column in slices.get(cell.name, {})]
    heads = [column, "frames", "ships", "small", *_NUMBERS, *(f"{HEADLINE}, {name}" for name in weather)]
    rows: list[list[Cell | str]] = []
    for name, numbers in _worst_first(values):
        counts = [count_cell(count) for count in (numbers.images, numbers.ships.all, numbers.ships.small)]
        clear = [number_cell(numbers.number(key), numbers.intervals.get(key)) for key in _NUMBERS]
        rows.append([name, *counts, *clear, *(_in_weather(slices, scenario, column, name) for scenario in weather)])
    left_out = len(values) - len(rows)
    note = f"{left_out:,} more, with better numbers, are left out." if left_out else ""
    return make_table(f"By {column}", heads, rows), note


def _worst_first(values: Mapping[str, Numbers]) -> list[tuple[str, Numbers]]:
    """All where there are few, in their order; else those with the lowest AP50."""
    listed = list(values.items())
    if len(listed) <= _MOST_ROWS:
        return listed
    return sorted(listed, key=lambda item: (item[1].AP50 is None, item[1].AP50 or 0.0, item[0]))[:_MOST_ROWS]


def _in_weather(slices: Slices, scenario: str, column: str, name: str) -> Cell:
    numbers = slices.get(scenario, {}).get(column, {}).get(name)
    if numbers is None:
        return number_cell(None)
    return number_cell(numbers.AP_small, numbers.intervals.get(HEADLINE))
