"""How verbs speak: results on stdout, notes and progress on stderr."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from wutdet.scoring import Scores


def note(text: str) -> None:
    """A line about what is going on."""
    print(text, file=sys.stderr)


def print_json(value: Any) -> None:
    """A struct, dataclass or mapping as indented JSON; a path as its text."""
    import os

    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=os.fspath), indent=2).decode() + "\n")


def print_table(table: Any) -> None:
    """A rich table; when stdout is no terminal, 100 columns wide."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 100
    Console(width=width, markup=False, emoji=False).print(table)  # names from outside are text, not markup


def print_run(scores: Scores) -> None:
    """The tables of a benchmark, and what its reader should know."""
    from wutdet.report import rich_decline, rich_table

    print_table(rich_table(scores))
    decline = rich_decline(scores)
    if decline is not None:
        print_table(decline)
    for warning in scores.cells[0].warnings:
        note(f"note: {warning}")


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; yields what to call with the number of steps done."""
    with progress_of({title: total}) as (advance,):
        yield advance


@contextmanager
def progress_of(totals: Mapping[str, int]) -> Iterator[tuple[Callable[[int], None], ...]]:
    """One bar a stage, by title; yields what to call with the number of steps done of each."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks = [
            bar.add_task(title, total=total, start=place == 0) for place, (title, total) in enumerate(totals.items())
        ]
        yield tuple(functools.partial(_advance, bar, task) for task in tasks)


def _advance(bar: Progress, task: TaskID, steps: int) -> None:
    bar.start_task(task)  # a stage's clock runs from its first step on
    bar.advance(task, steps)
