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


def sequence_slices(runs: Sequence[ReportRun], data: Dataset) -> tuple[dict[str, Slices], list[str]]:
    """By run's name: the slices by sequence of clear weather and of each kind's typical severity, where they are known.

    Returns:
        The slices, and of the other runs a line each: why they have none.

    Raises:
        DataError: the data are not those of a run, or a file of detections is damaged.
    """
    found, lines = {}, []
    for run in runs:
        frames = frames_of_run(read_plan(run.folder), data) if has_detections(run) else None
        why = _why_not(run, frames)
        if frames is not None and not why:
            found[run.name] = _of_run(run, frames)
        else:
            lines.append(f"{run.name}: {why}.")
    return found, lines


def _why_not(run: ReportRun, frames: Dataset | None) -> str:
    """Why there are no numbers by sequence; empty where there are."""
    if frames is None:
        return "sequences are not listed, as its folder keeps no detections"
    known = frames.images["sequence"].n_unique()
    if known < 2:
        return "all frames are of one sequence"
    if known > _MOST:
        return f"its {known:,} sequences are too many to list"
    # the numbers would be others: which frames and ships these are is not known here
    if run.scores.skipped:
        return "sequences are not listed, as bad frames were left out"
    if run.scores.scoring.ignore_below is not None:
        return "sequences are not listed, as ships are ignored"
    return ""


def _of_run(run: ReportRun, frames: Dataset) -> Slices:
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
