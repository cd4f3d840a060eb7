"""What kinds of errors a detector makes in each weather, and what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wutdet.report.html.markup import Markup, paragraph, section, tag
from wutdet.report.html.runs import ReportRun
from wutdet.report.html.tables import Cell, Table, count_cell, html_table, make_table, number_cell

_PARENTS: Final = ("localisation", "duplicate", "background", "missed")


def errors_section(runs: Sequence[ReportRun]) -> Markup:
    """Two tables a run: how often, and at what cost."""
    parts = []
    for run in runs:
        parts += [tag("h3", run.name)] if len(runs) > 1 else []
        parts += map(html_table, error_tables(run))
    note = (
        "At IoU 0.5, as TIDE sorts errors (Bolya et al. 2020): localisation overlaps a ship by 0.1 to 0.5, a duplicate "
        "stands on one that was found better, background overlaps none. A cost is the AP50 that mending all errors of "
        "the kind would add; costs do not add up."
    )
    return section("errors", "Kinds of errors", *parts, paragraph(note, class_="note"))


def error_tables(run: ReportRun) -> list[Table]:
    """How often, and at what cost."""
    return [_counts(run), _costs(run)]


def _kinds(run: ReportRun) -> list[str]:
    """The kinds, with the parts of background that hold something behind it."""
    errors = run.clear.errors
    parts = [
        name
        for name in errors
        if "." in name and any(name in cell.errors and cell.errors[name].count for cell in run.scores.cells)
    ]
    kinds: list[str] = []
    for parent in (name for name in _PARENTS if name in errors):
        kinds.append(parent)
        kinds += [name for name in parts if name.startswith(f"{parent}.")]
    return kinds


def _label(kind: str) -> str:
    parent, _, part = kind.partition(".")
    return f"{parent}: {part}" if part else parent.replace("_", " ")


def _counts(run: ReportRun) -> Table:
    kinds = _kinds(run)
    rows: list[list[Cell | str]] = [
        [cell.name, *(count_cell(cell.errors[kind].count) if kind in cell.errors else "" for kind in kinds)]
        for cell in run.scores.cells
    ]
    return make_table("Errors, number", ["scenario", *map(_label, kinds)], rows)


def _costs(run: ReportRun) -> Table:
    kinds = _kinds(run)
    rows: list[list[Cell | str]] = []
    for cell in run.scores.cells:
        found = [cell.errors.get(kind) for kind in kinds]
        costs = [
            number_cell(None if item is None else item.cost, cell.intervals.get(f"errors.{kind}.cost"))
            for kind, item in zip(kinds, found, strict=True)
        ]
        rows.append([cell.name, *costs])
    return make_table("Errors, cost in AP50", ["scenario", *map(_label, kinds)], rows)
