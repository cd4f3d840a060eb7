"""Tables for a terminal: without edges, numbers to the right."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from wutdet.report.number_text import UNKNOWN


def plain_table(title: str, *columns: str, padding: int = 1) -> Table:
    """A table without edges; a narrow terminal wraps numbers, never cuts them.

    Columns are aligned right, but for the first and for those with a `<` before their title.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, padding, 0, 0), header_style="bold")
    table.add_column(Text(title), overflow="fold", no_wrap=True)
    for column in columns:
        left = column.startswith("<")
        table.add_column(Text(column.removeprefix("<")), justify="left" if left else "right", overflow="fold")
    return table


def add_row(table: Table, *cells: str, end: bool = False) -> None:
    """A row of plain text, what is unknown dimmed; with a rule below it at the end of a section."""
    table.add_row(*(Text(cell, style="dim" if cell == UNKNOWN else "") for cell in cells), end_section=end)
