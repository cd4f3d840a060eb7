"""Size of the ships against scenario: a table whose cells are coloured by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from wutdet.report.html.markup import Markup, paragraph, section, tag
from wutdet.report.html.runs import ReportRun
from wutdet.report.html.tables import Cell, Table, html_table, make_table, number_cell
from wutdet.report.table import KEPT_RECALL, RECALL_NOTE
from wutdet.scoring.scores import CellScores

_SHADES: Final = 10
Number = Callable[[CellScores, str], tuple[float | None, tuple[float, float] | None]]


def sizes_section(runs: Sequence[ReportRun]) -> Markup:
    """Two heat maps a run: AP50, and the recall that is kept."""
    parts = []
    for run in runs:
        parts += [tag("h3", run.name)] if len(runs) > 1 else []
        parts += map(html_table, size_tables(run))
    note = f"Sizes are √area in native pixels. {RECALL_NOTE}. Darker is more (lighter, on a dark page); — has no ship."
    return section("sizes", "Size of ship against scenario", *parts, paragraph(note, class_="note"))


def size_tables(run: ReportRun) -> list[Table]:
    """AP50, and the recall that is kept."""
    return [
        _heat_map(run, "AP50 by size and scenario", _ap50),
        _heat_map(run, "Recall kept by size and scenario", _kept),
    ]


def shade(value: float | None) -> str:
    """The class that colours a value from 0 to 1."""
    return "" if value is None else f"h{min(_SHADES, max(0, int(value * _SHADES + 0.5)))}"


def _heat_map(run: ReportRun, caption: str, number: Number) -> Table:
    bins = run.clear.bins
    heads = ["scenario", *(f"{name} px (n = {item.ships:,})" for name, item in bins.items())]
    rows: list[list[Cell | str]] = []
    for cell in run.scores.cells:
        row: list[Cell | str] = [cell.name]
        for name in bins:
            value, interval = number(cell, name)
            ends = "" if interval is None else f" [{interval[0]:.3f}, {interval[1]:.3f}]"
            ships = cell.bins[name].ships if name in cell.bins else 0
            told = "unknown" if value is None else f"{value:.3f}{ends}"
            hint = f"{cell.name}, {name} px: {told}, n = {ships:,} ships"
            row.append(number_cell(value, form=".2f", hint=hint, css=shade(value)))
        rows.append(row)
    return make_table(caption, heads, rows, css="heat")


def _ap50(cell: CellScores, name: str) -> tuple[float | None, tuple[float, float] | None]:
    item = cell.bins.get(name)
    return (None if item is None else item.AP50), cell.intervals.get(f"bins.{name}.AP50")


def _kept(cell: CellScores, name: str) -> tuple[float | None, tuple[float, float] | None]:
    key = f"{KEPT_RECALL},size={name}"
    return cell.operating.get(key), cell.intervals.get(key)
