"""The report as Markdown: the tables of the page, to paste."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from wutdet.report.html.cost import cost_tables
from wutdet.report.html.errors import error_tables
from wutdet.report.html.headline import all_numbers, headline_tables
from wutdet.report.html.operating import operating_tables
from wutdet.report.html.runs import ReportRun, captions
from wutdet.report.html.sizes import size_tables
from wutdet.report.html.slices import slice_tables
from wutdet.report.html.tables import Cell, Table
from wutdet.report.markdown import robustness_lines
from wutdet.report.markdown_text import escaped
from wutdet.report.table import RECALL_NOTE, interval_note
from wutdet.report.warning_lines import warning_lines

_MOST_LISTED: Final = 50


def markdown_page(runs: Sequence[ReportRun]) -> str:
    """The report as Markdown, with the numbers that the page shows; text from outside is escaped."""
    return "\n".join(_lines(runs)).rstrip("\n") + "\n"


def _lines(runs: Sequence[ReportRun]) -> Iterator[str]:
    yield from ("# Small ships in bad weather", "", *(f"- {escaped(line)}" for line in captions(runs)), "")
    yield from _section("At a glance", [*headline_tables(runs), all_numbers(runs)])
    note = interval_note(runs[0].scores)
    camera = "Visibilities are nominal: they hold for the camera that the manifest states."
    yield from (". ".join(filter(None, (note, RECALL_NOTE, camera))), "")
    yield from ("## Robustness", "")
    for run in runs:
        yield from (*_name(runs, run), *robustness_lines(run.scores))
    for title, of_run in _BY_RUN.items():
        yield from (f"## {title}", "")
        for run in runs:
            yield from (*_name(runs, run), *(line for made in of_run(run) for line in table_lines(made)))
    yield from _section("Cost", cost_tables(runs))
    yield from ("## Warnings", "")
    for run in runs:
        left_out = run.scores.skipped
        more = [f"{len(left_out) - _MOST_LISTED:,} more frames left out"] if len(left_out) > _MOST_LISTED else []
        told = [*warning_lines(run.scores), *(f"left out: {line}" for line in left_out[:_MOST_LISTED]), *more]
        yield from (*_name(runs, run), *(f"- {escaped(line)}" for line in told or ["none"]), "")


_BY_RUN: Final[dict[str, Callable[[ReportRun], Sequence[Table]]]] = {
    "Size of ship against scenario": size_tables,
    "Operating points": operating_tables,
    "Kinds of errors": error_tables,
    "Cameras, scenes, sequences": lambda run: [made for made, _ in slice_tables(run, {})],
}


def _name(runs: Sequence[ReportRun], run: ReportRun) -> list[str]:
    return [f"### {escaped(run.name)}", ""] if len(runs) > 1 else []


def _section(title: str, tables: Sequence[Table]) -> Iterator[str]:
    if tables:
        yield from (f"## {title}", "")
    for made in tables:
        yield from table_lines(made)


def table_lines(made: Table) -> Iterator[str]:
    """A table with its caption, as lines of GitHub Markdown."""
    numeric = [any(row[column].number for row in made.rows) for column in range(len(made.heads))]
    yield from (f"**{escaped(made.caption)}**", "")
    yield _row(escaped(head) for head in made.heads)
    yield _row("---:" if number else "---" for number in numeric)
    yield from (_row(map(_text, row)) for row in made.rows)
    yield ""


def _row(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(cell: Cell) -> str:
    return f"{escaped(cell.shown)} {cell.interval}".rstrip()
