"""What the verb score does with the run of a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wutdet.cli.output import note, print_json, print_run, working

if TYPE_CHECKING:
    from wutdet.dataset import Dataset
    from wutdet.scoring.measure import Settings


def score_run(run: Path, dataset: Dataset, settings: Settings, *, as_json: bool) -> None:
    """Score what a benchmark has recorded, and print its table."""
    from wutdet.benchmark.partial import score_recorded

    with working("scoring"):
        found = score_recorded(run, dataset, settings)
    note(f"{found.shards_done} of {found.shards} shards of the run are recorded; nothing is written")
    if as_json:
        print_json(found.scores)
    else:
        print_run(found.scores)
