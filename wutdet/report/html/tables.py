"""Tables of a report: captioned, with headings for rows and columns; on the page sortable by what their cells hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wutdet.report.html.markup import Markup, joined, tag
from wutdet.report.number_text import UNKNOWN, number_text


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what it shows, and the number by which it is sorted."""

    shown: str
    value: float | None = None
    number: bool = False
    """Whether the column is one of numbers, also where this one is unknown."""
    hint: str | None = None
    """What shows when the pointer rests on it."""
    css: str = ""
    interval: str = ""
    """Of the number, in brackets."""


@dataclass(frozen=True, slots=True)
class Table:
    """What stands in a table; the first cell of a row is its heading."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    css: str = ""


def number_cell(
    value: float | None,
    interval: tuple[float, float] | None = None,
    *,
    form: str = ".3f",
    hint: str | None = None,
    css: str = "",
) -> Cell:
    """A number, and its interval in smaller letters."""
    ends = ""
    if interval is not None and value is not None:
        low, high = (number_text(end, form) for end in interval)
        ends = f"[{low}, {high}]"
    return Cell(number_text(value, form), value, True, hint, css, ends)


def count_cell(value: int) -> Cell:
    """A whole number."""
    return Cell(f"{value:,}", value, True)


def make_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Cell | str]], *, css: str = "") -> Table:
    """A table.

    Args:
        caption: what the table is.
        heads: of the columns.
        rows: text, or cells.
        css: further classes of the table on the page.
    """
    cells = [[item if isinstance(item, Cell) else Cell(item) for item in row] for row in rows]
    return Table(caption, heads, cells, css)


def html_table(made: Table) -> Markup:
    """The table as HTML."""
    caption, heads, cells, css = made.caption, made.heads, made.rows, made.css
    numeric = [any(row[column].number for row in cells) for column in range(len(heads))]
    head = tag(
        "tr",
        *(
            tag("th", name, scope="col", class_="number" if of_numbers else None)
            for name, of_numbers in zip(heads, numeric, strict=True)
        ),
    )
    body = (tag("tr", *(_cell(cell, first=place == 0) for place, cell in enumerate(row))) for row in cells)
    whole = tag(
        "table",
        tag("caption", caption),
        tag("thead", head),
        tag("tbody", *body),
        class_=f"sortable {css}".rstrip(),
    )
    return tag("div", whole, class_="scroll", role="region", tabindex=0, aria_label=caption)


def without_empty(
    heads: Sequence[str], rows: Sequence[Sequence[Cell | str]]
) -> tuple[list[str], list[list[Cell | str]]]:
    """The columns that say something in some row; the first one always stays."""
    kept = [
        place
        for place in range(len(heads))
        if place == 0 or any(_shown(row[place]) not in ("", UNKNOWN) for row in rows)
    ]
    return [heads[place] for place in kept], [[row[place] for place in kept] for row in rows]


def _shown(item: Cell | str) -> str:
    return item.shown if isinstance(item, Cell) else item


def _cell(cell: Cell, *, first: bool) -> Markup:
    classes = f"{'number ' if cell.number else ''}{'unknown ' if cell.shown == UNKNOWN else ''}{cell.css}".strip()
    interval = joined(" ", tag("span", cell.interval, class_="interval")) if cell.interval else ""
    return tag(
        "th" if first else "td",
        cell.shown,
        interval,
        scope="row" if first else None,
        class_=classes or None,
        data_value=None if cell.value is None else repr(float(cell.value)),
        title=cell.hint,
    )
