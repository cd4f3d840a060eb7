"""What the verb score does with the predictions on rendered copies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wutdet.cli.output import note, print_json, print_run, progress
from wutdet.errors import DataError

if TYPE_CHECKING:
    from wutdet.scoring.measure import Settings


def score_all_copies(
    copies: Path,
    predictions: Path,
    settings: Settings,
    *,
    split: str | None,
    name: str | None,
    category: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Score a results file a scenario, and print the table of a benchmark."""
    from wutdet.benchmark.copies import score_copies

    if not predictions.is_dir():
        what, remedy = (
            "no such folder",
            "give one with a results file a scenario, or name one scenario's copies as DATA",
        )
        raise DataError(what, where=predictions, remedy=remedy)
    with progress("scoring", len(list(predictions.iterdir()))) as advance:
        found = score_copies(
            copies,
            predictions,
            settings,
            split=split,
            detector=predictions.resolve().name if name is None else name,
            category=category,
            out=out,
            advance=advance,
        )
    data = found.scores.dataset
    note(f"scored the split '{data.split}': {data.images} frames")
    for line in found.notes:
        note(line)
    if as_json:
        print_json(found.scores)
    else:
        print_run(found.scores)
