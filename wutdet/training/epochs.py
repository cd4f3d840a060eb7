"""Epochs as they end: told by ultralytics' callbacks, or read from its table where other processes train."""

from __future__ import annotations

import csv
import statistics
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wutdet.dataset.files import write_aside

RESULTS_NAME: Final = "results.csv"
_MAP50: Final = "metrics/mAP50(B)"


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is known after an epoch."""

    number: int
    """From 1; a resumed training goes on counting."""
    of: int
    map50: float | None
    """Ultralytics' own mAP50 on the val split, a rough guide; None when it was not measured."""


def epoch_callback(tell: Callable[[Epoch], None]) -> Callable[[Any], None]:
    """What to hang on ultralytics' `on_fit_epoch_end`; it calls once more when it has validated the best weights."""
    ended = False

    def callback(trainer: Any) -> None:
        nonlocal ended
        if ended:
            return
        ended = bool(trainer.stop)
        map50 = (trainer.metrics or {}).get(_MAP50) if trainer.args.val else None
        tell(Epoch(trainer.epoch + 1, trainer.epochs, None if map50 is None else float(map50)))

    return callback


@contextmanager
def followed_results(
    table: Path, tell: Callable[[Epoch], None], *, of: int, val: bool, every_s: float = 2.0
) -> Iterator[None]:
    """Tell the epochs that appear in a `results.csv` while the block runs; those that stand there already are not."""
    told = max((number for number, _ in _rows(table)), default=0)
    over = threading.Event()

    def look(told: int) -> int:
        for number, row in _rows(table):
            if number > told:
                told = number
                tell(Epoch(number, of, float(row[_MAP50]) if val and row.get(_MAP50) else None))
        return told

    def follow() -> None:
        seen = told
        while not over.wait(every_s):
            seen = look(seen)
        look(seen)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def drop_rows_after(table: Path, epoch: int) -> None:
    """Leave out of a `results.csv` what a resumed training will write again: epochs later than this one."""
    if not table.is_file():
        return
    header, *lines = table.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
    kept = [line for line in lines if line.endswith("\n") and (_number(line.split(",")[0]) or epoch + 1) <= epoch]
    write_aside(table, "".join([header, *kept]).encode())


def epochs_run(table: Path) -> int:
    """The last epoch of a `results.csv`; 0 where there is none."""
    return max((number for number, _ in _rows(table)), default=0)


def seconds_per_epoch(table: Path, starts: Collection[int] = ()) -> float | None:
    """The median over the epochs of a `results.csv`, in s; None where it has none.

    Args:
        table: the file.
        starts: the epochs that a session began with, at which its clock started anew.
    """
    spent, before = [], 0.0
    for number, row in _rows(table):
        now = float(row["time"])
        spent.append(now if number in starts else now - before)
        before = now
    return statistics.median(spent) if spent else None


def _rows(table: Path) -> list[tuple[int, dict[str, str]]]:
    """Every whole row, by its epoch."""
    try:
        text = table.read_text(encoding="utf-8")
    except OSError:
        return []
    whole = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]  # one may be in the making
    found = ({key.strip(): value for key, value in row.items() if key} for row in csv.DictReader(whole))
    return [(number, row) for row in found if (number := _number(row.get("epoch") or "")) is not None]


def _number(text: str) -> int | None:
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return None
