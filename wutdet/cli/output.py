"""How verbs speak: results on stdout, notes, warnings and progress on stderr."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

from wutdet.cli.progress import byte_progress, progress, progress_of, resuming, working
from wutdet.cli.speech import counted, note, warn

if TYPE_CHECKING:
    from wutdet.scoring import Scores

__all__ = [
    "byte_progress",
    "counted",
    "note",
    "print_json",
    "print_run",
    "print_table",
    "progress",
    "progress_of",
    "resuming",
    "warn",
    "working",
]

PIPED_COLUMNS: Final = 100
"""How wide tables are where stdout is no terminal and COLUMNS says nothing."""


def print_json(value: Any) -> None:
    """A struct, dataclass or mapping as indented JSON; a path as its text."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=os.fspath), indent=2).decode() + "\n")


def print_table(table: Any) -> None:
    """A rich table; when stdout is no terminal, as wide as COLUMNS says, else 100."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _piped_columns()
    Console(width=width, markup=False, emoji=False).print(table)  # names from outside are text, not markup


def _piped_columns() -> int:
    asked = os.environ.get("COLUMNS", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else PIPED_COLUMNS


def print_run(scores: Scores) -> None:
    """The tables of a benchmark, and what its reader should know."""
    from wutdet.report import rich_decline, rich_table

    print_table(rich_table(scores))
    decline = rich_decline(scores)
    if decline is not None:
        print_table(decline)
    for warning in scores.cells[0].warnings:
        warn(f"note: {warning}")
