"""How verbs speak: results on stdout, notes, warnings and progress on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from wutdet.cli.progress import byte_progress, progress, progress_of, working
from wutdet.cli.speech import note, warn

if TYPE_CHECKING:
    from wutdet.scoring import Scores

__all__ = [
    "byte_progress",
    "note",
    "print_json",
    "print_run",
    "print_table",
    "progress",
    "progress_of",
    "warn",
    "working",
]

PIPED_COLUMNS: Final = 100
"""How wide tables are where stdout is no terminal."""


def print_json(value: Any) -> None:
    """A struct, dataclass or mapping as indented JSON; a path as its text."""
    import os

    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=os.fspath), indent=2).decode() + "\n")


def print_table(table: Any) -> None:
    """A rich table; when stdout is no terminal, 100 columns wide."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPED_COLUMNS
    Console(width=width, markup=False, emoji=False).print(table)  # names from outside are text, not markup


def print_run(scores: Scores) -> None:
    """The tables of a benchmark, and what its reader should know."""
    from wutdet.report import rich_decline, rich_table

    print_table(rich_table(scores))
    decline = rich_decline(scores)
    if decline is not None:
        print_table(decline)
    for warning in scores.cells[0].warnings:
        warn(f"note: {warning}")
