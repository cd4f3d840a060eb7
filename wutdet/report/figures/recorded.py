"""The detections that a run recorded, matched to the ships again for what the scores do not keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.benchmark.plan import Plan, read_plan, shards
from wutdet.benchmark.rerender import frames_of_run
from wutdet.benchmark.store import FrameResult, Store
from wutdet.dataset import Dataset
from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes
from wutdet.metrics.matching import Matches
from wutdet.report.html.evidence import has_detections
from wutdet.report.html.runs import ReportRun
from wutdet.scoring.measure import Settings, match_all, too_faint
from wutdet.scoring.truth import Truth, truth_of


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run with the frames that it was made on."""

    plan: Plan
    frames: Dataset
    matches: dict[str, Matches]
    """By scenario."""
    guessed: frozenset[int]
    """The frames, by image id, whose horizon was neither given nor found."""


def recorded_of(run: ReportRun, data: Dataset, scenarios: Sequence[str]) -> Recorded | None:
    """Match what a run recorded of some scenarios as its scores were; None of a run that kept no detections.

    Raises:
        DataError: the data are not those of the run, or a shard is damaged or of other frames.
    """
    if not has_detections(run):
        return None
    plan = read_plan(run.folder)
    dataset = frames_of_run(plan, data)
    stored = Store(run.folder).frames(len(list(shards(len(dataset), plan.shard_frames))))
    good = sorted((frame for frame in stored if not frame.skipped), key=lambda frame: frame.image_id)
    scored = dataset.filter(pl.col("image_id").is_in([frame.image_id for frame in good]))
    truth = truth_of(scored)
    settings = Settings(level=None, edges_px=run.scores.scoring.edges_px)
    ignore_below = run.scores.scoring.ignore_below
    matches = {}
    for name in scenarios:
        place = plan.scenarios.index(name)
        faint = None if name == "clear" else too_faint(_contrast(run, good, place, truth), ignore_below)
        boxes = truth.boxes if faint is None else replace(truth.boxes, ignored=faint & ~truth.boxes.iscrowd)
        matches[name] = match_all(replace(truth, boxes=boxes), _found(good, place), settings)
    guessed = frozenset(frame.image_id for frame in good if frame.horizon_source == "fallback")
    return Recorded(plan, dataset, matches, guessed)


def _found(frames: Sequence[FrameResult], place: int) -> FoundBoxes:
    cells = [frame.cells[place] for frame in frames]
    ids = np.array([frame.image_id for frame in frames], np.int64)
    return FoundBoxes(
        np.repeat(ids, [len(cell.scores) for cell in cells]),
        np.array([box for cell in cells for box in cell.xywh], np.float64).reshape(-1, 4),
        np.array([score for cell in cells for score in cell.scores], np.float64),
    )


def _contrast(run: ReportRun, frames: Sequence[FrameResult], place: int, truth: Truth) -> NDArray[np.float64]:
    """(G,) what was left of each ship, in the order of the truth's boxes."""
    values = np.array([value for frame in frames for value in frame.cells[place].contrast], np.float64)
    if len(values) != len(truth.boxes.image_ids):
        raise DataError("a shard is of other frames", where=run.folder, remedy="give the data of the benchmark")
    ordered = np.empty(len(values))
    ordered[np.argsort(truth.boxes.image_ids, kind="stable")] = values
    return ordered
