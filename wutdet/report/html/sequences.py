"""Numbers by sequence, from stored detections: a benchmark's scores have none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wutdet.benchmark.plan import read_plan
from wutdet.benchmark.rerender import frames_of_run
from wutdet.benchmark.store import cell_file_stem, read_detections
from wutdet.dataset import Dataset
from wutdet.report.html.evidence import has_detections
from wutdet.report.html.runs import ReportRun, typical_cells
from wutdet.report.html.slices import Slices
from wutdet.scoring import evaluate

_MOST: Final = 300
"""Sequences that are scored for a report: each takes as long as a small dataset."""


def sequence_slices(runs: Sequence[ReportRun], data: Dataset) -> dict[str, Slices]:
    """By run's name: the slices by sequence of clear weather and of each kind's typical severity, where they are known.

    Raises:
        DataError: the data are not those of a run, or a file of detections is damaged.
    """
    return {run.name: _of_run(run, data) for run in runs if has_detections(run)}


def _of_run(run: ReportRun, data: Dataset) -> Slices:
    frames = frames_of_run(read_plan(run.folder), data)
    known = frames.images["sequence"].n_unique()
    # frames that were skipped, and ships that were ignored, are not known here: the numbers would be others
    if not 1 < known <= _MOST or run.scores.skipped or run.scores.scoring.ignore_below is not None:
        return {}
    cells = [cell.name for cell in typical_cells(run.scores)]
    return {
        name: evaluate(
            frames,
            read_detections(run.folder / "detections" / f"{cell_file_stem(name)}.json"),
            slices=["sequence"],
            interval=None,
            edges_px=run.scores.scoring.edges_px,
        )
        .cells[0]
        .slices
        for name in cells
    }
