"""What a detector found under every scenario, and what the weather left of every ship: of a run, or as given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.benchmark.plan import Plan, read_plan, shards
from wutdet.benchmark.rerender import frames_of_run
from wutdet.benchmark.store import FrameResult, Store
from wutdet.browse.judging import IOU, Judged, judge
from wutdet.browse.names import kind_of
from wutdet.dataset import Dataset
from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes, TrueBoxes
from wutdet.scoring.glint import raised_by_glint
from wutdet.scoring.measure import too_faint
from wutdet.scoring.scores import Scores, read_scores
from wutdet.scoring.truth import truth_of
from wutdet.sizes import default_edges_px

FPPI: Final = 0.1
"""False alarms per image in clear weather that the threshold of verdicts allows."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class BoxesWithScores(Protocol):
    """The detections of one frame."""

    @property
    def xyxy(self) -> Floats:
        """(N, 4), 0-based, native pixels."""

    @property
    def scores(self) -> Floats:
        """(N,), each in 0..1."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score from which detections are judged."""

    score: float
    """Infinite where none is accepted."""
    words: str
    """How it was come by."""


@dataclass(frozen=True, slots=True)
class CellEvidence:
    """One scenario. D detections; G ships, in the order of the dataset's boxes."""

    scenario: str
    image_ids: NDArray[np.int64]
    """(I,) the frames that were looked at, rising."""
    found: FoundBoxes
    judged: Judged | None
    """None: no threshold is known."""
    transmittance: Floats | None = None
    """(G,) what the weather left of each ship's light; None: not known."""
    contrast: Floats | None = None
    """(G,) each ship's contrast against its surround that was left, in linear light."""
    glint: Bools | None = None
    """(D,) the false alarms that the glare raised; None: not a scenario with glare alone."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All scenarios on a dataset."""

    dataset: Dataset
    """The frames that were looked at."""
    frames_of_data: int
    """How many frames the data has that these are of."""
    cells: tuple[CellEvidence, ...] = ()
    threshold: Threshold | None = None
    iou: float = IOU
    facts: dict[str, str] = field(default_factory=dict)
    """About the run, in words."""
    left_out: tuple[str, ...] = ()
    """Frames that the run skipped, and why."""
    edges_px: tuple[float, ...] = field(default_factory=default_edges_px)
    """Borders of the size bins, in √px²."""


def evidence_of_run(run: str | Path, dataset: Dataset, *, min_score: float | None, shown_from: float) -> Evidence:
    """What a finished run recorded, judged at its own operating point.

    Args:
        run: the folder.
        dataset: its frames, or a dataset with the split that they are.
        min_score: the score from which detections are judged; None: the one that gave `FPPI` false alarms per image
            at IoU 0.5 in clear weather.
        shown_from: detections below this score and below the threshold are left out.

    Raises:
        DataError: it is no finished run, a shard is missing or damaged, or the dataset is not that of the run.
    """
    folder = Path(run)
    plan, scores = read_plan(folder), read_scores(folder)
    frames = frames_of_run(plan, dataset)
    results = _results(folder, plan, len(frames))
    good = sorted((result for result in results if not result.skipped), key=lambda result: result.image_id)
    kept = frames.filter(pl.col("image_id").is_in([result.image_id for result in good]))
    threshold = Threshold(min_score, "as given") if min_score is not None else _clear_threshold(scores)
    truth = truth_of(kept).boxes
    least = min(shown_from, threshold.score)
    cells: list[CellEvidence] = []
    for place, scenario in enumerate(plan.scenarios):
        found = _found(good, place, least)
        transmittance = _of_ships(truth, [result.cells[place].transmittance for result in good], folder)
        contrast = _of_ships(truth, [result.cells[place].contrast for result in good], folder)
        faint = too_faint(contrast, scores.scoring.ignore_below) if scenario != "clear" else None
        judged = judge(
            replace(truth, ignored=None if faint is None else faint & ~truth.iscrowd), found, threshold.score
        )
        glint = None
        if kind_of(scenario) == "glare":
            glint = _glint(cells[0], found, judged, good, kept, threshold)
        cells.append(CellEvidence(scenario, truth.all_image_ids, found, judged, transmittance, contrast, glint))
    facts = {"run": str(folder), "detector": plan.detector.name, "split": plan.dataset.split}
    return Evidence(
        dataset=kept,
        frames_of_data=len(dataset),
        cells=tuple(cells),
        threshold=threshold,
        facts=facts,
        left_out=tuple(result.skipped for result in results if result.skipped),
        edges_px=scores.scoring.edges_px,
    )


def _results(folder: Path, plan: Plan, frames: int) -> list[FrameResult]:
    pieces = len(list(shards(frames, plan.shard_frames)))
    if not (folder / "shards").is_dir():
        raise DataError("keeps no detections", where=folder, remedy="run the benchmark again")
    return list(Store(folder).frames(pieces))


def _clear_threshold(scores: Scores) -> Threshold:
    score = scores.cells[0].operating.get(f"threshold@fppi={FPPI:g},iou={IOU:g}")
    return threshold_words(score, scores.cells[0].name)


def threshold_words(score: float | None, scenario: str) -> Threshold:
    """A threshold that a scenario sets; None: no score keeps to the false alarms that are allowed."""
    if score is None:
        return Threshold(np.inf, f"no score keeps to {FPPI:g} false alarms per image in {scenario}")
    return Threshold(score, f"{FPPI:g} false alarms per image in {scenario}")


def _found(good: Sequence[FrameResult], place: int, least: float) -> FoundBoxes:
    counts = [len(result.cells[place].scores) for result in good]
    image_ids = np.repeat(np.array([result.image_id for result in good], np.int64), counts)
    xywh = np.array([box for result in good for box in result.cells[place].xywh], np.float64).reshape(-1, 4)
    scores = np.array([score for result in good for score in result.cells[place].scores], np.float64)
    rows = np.flatnonzero(scores >= least)
    return FoundBoxes(image_ids[rows], xywh[rows], scores[rows])


def _of_ships(truth: TrueBoxes, per_frame: Sequence[Sequence[float]], folder: Path) -> Floats:
    """(G,) what was recorded of each ship, frame by frame by rising image id, in the order of the truth's boxes."""
    values = np.array([value for frame in per_frame for value in frame], np.float64)
    if len(values) != len(truth.image_ids):
        raise DataError("a shard is of other frames", where=folder, remedy="give the data of the benchmark")
    ordered = np.empty(len(values))
    ordered[np.argsort(truth.image_ids, kind="stable")] = values
    return ordered


def _glint(
    clear: CellEvidence,
    found: FoundBoxes,
    judged: Judged,
    good: Sequence[FrameResult],
    frames: Dataset,
    threshold: Threshold,
) -> Bools:
    rows = np.flatnonzero(judged.background)
    alarms = FoundBoxes(found.image_ids[rows], found.xywh[rows], found.scores[rows])
    accepted = np.flatnonzero(clear.found.scores >= threshold.score)
    before = FoundBoxes(clear.found.image_ids[accepted], clear.found.xywh[accepted], clear.found.scores[accepted])
    horizons = {result.image_id: result.horizon_px for result in good}
    raised = np.zeros(len(found.scores), np.bool_)
    raised[rows] = raised_by_glint(
        alarms, before, horizons, dict(frames.images.select("image_id", "width").iter_rows())
    )
    return raised
