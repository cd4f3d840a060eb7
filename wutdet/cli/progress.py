"""Progress on stderr: bars of steps or bytes, with rate, elapsed and remaining time; nothing when quiet."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from wutdet.cli import speech
from wutdet.cli.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, TaskID


class ByteProgress(Protocol):
    """Tells how far a stage is."""

    def __call__(self, stage: str, done_bytes: int, total_bytes: int | None, /) -> None:
        """So many bytes are done in all."""


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of steps; yields what to call with the number of steps done, those of an earlier call first.

    Args:
        title: what goes on.
        total: of the steps; 0 where nobody knows.
    """
    with progress_of({title: total}) as (advance,):
        yield advance


@contextmanager
def progress_of(totals: Mapping[str, int]) -> Iterator[tuple[Callable[[int], None], ...]]:
    """One bar a stage, by title; yields what to call with the number of steps done of each."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from wutdet.cli.progress_columns import LeftColumn, RateColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        LeftColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), disable=speech.is_quiet())
    with bar, _gone_on_error(bar):
        paces = {title: Pace(total or None) for title, total in totals.items()}
        tasks = [
            bar.add_task(title, total=pace.total, start=place == 0, pace=pace)
            for place, (title, pace) in enumerate(paces.items())
        ]
        yield tuple(
            functools.partial(_advance, bar, task, pace) for task, pace in zip(tasks, paces.values(), strict=True)
        )
        for task in bar.tasks:
            bar.update(task.id, visible=task.started)  # a stage that was not come to is none


@contextmanager
def byte_progress() -> Iterator[ByteProgress]:
    """A bar of bytes for each stage as it begins. What is there before its first report counts in no rate."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TransferSpeedColumn,
    )

    from wutdet.cli.progress_columns import LeftColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        LeftColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), disable=speech.is_quiet())
    tasks: dict[str, tuple[TaskID, Pace]] = {}

    def advance(stage: str, done_bytes: int, total_bytes: int | None, /) -> None:
        if stage not in tasks:
            bar.start()
            pace = Pace(total_bytes)
            tasks[stage] = bar.add_task(stage, total=total_bytes, pace=pace), pace
        task, pace = tasks[stage]
        pace.total = total_bytes
        pace.report(done_bytes - pace.done)
        bar.update(task, completed=done_bytes, total=total_bytes)

    try:
        with _gone_on_error(bar):
            yield advance
    finally:
        if tasks:
            bar.stop()  # one without a stage would leave an empty line


def resuming(advance: Callable[[int], None], total: int) -> Callable[[int], None]:
    """Pass frames on to a bar, and say how many of them an earlier call has done: those told first.

    Args:
        advance: of the bar.
        total: of the frames; 0 where nobody knows.
    """
    begun = False

    def tell(steps: int) -> None:
        nonlocal begun
        if not begun and steps:
            of = f"{steps} of {speech.counted(total, 'frame')}" if total else speech.counted(steps, "frame")
            speech.note(f"{of} {'was' if steps == 1 else 'were'} there already")
        begun = True
        advance(steps)

    return tell


@contextmanager
def working(title: str) -> Iterator[None]:
    """A sign of life, where stderr is a terminal, while something without steps goes on."""
    from rich.console import Console

    if speech.is_quiet():
        yield
        return
    with Console(stderr=True).status(title):
        yield


@contextmanager
def _gone_on_error(bar: Progress) -> Iterator[None]:
    """Leave no bar before the line that says what is wrong; one that Ctrl-C stopped shows how far it came."""
    try:
        yield
    except Exception:
        bar.live.transient = True
        bar.live.stop()
        bar.disable = True  # its own stop would leave an empty line
        raise


def _advance(bar: Progress, task: TaskID, pace: Pace, steps: int) -> None:
    bar.start_task(task)  # a stage's clock runs from its first step on
    pace.report(steps)
    bar.advance(task, steps)
