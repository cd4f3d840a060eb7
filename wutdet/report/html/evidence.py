"""What a run recorded about every ship and alarm, as far as its failures are chosen by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.benchmark.plan import Plan, read_plan, shards
from wutdet.benchmark.store import Store
from wutdet.dataset import Dataset
from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes
from wutdet.metrics.matching import BACKGROUND_IOU, match
from wutdet.report.html.runs import ReportRun
from wutdet.scoring.truth import truth_of
from wutdet.sizes import COCO_RANGES

IOU: Final = 0.3
THRESHOLD: Final = "threshold@fppi=0.1,iou=0.3"
"""The score that an operator sets in clear weather: one false alarm in ten frames."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CellEvidence:
    """One scenario: the detections from the clear threshold on, and what became of every ship."""

    found: FoundBoxes
    alarm: Bools
    """(D,) whether a detection overlaps no ship."""
    hit: Bools
    """(G,) whether a ship was found."""
    contrast: Floats
    """(G,) that was left of each ship; NaN in frames that were skipped."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run on its G ships, in the order of the dataset's boxes."""

    plan: Plan
    image_ids: NDArray[np.int64]
    """(G,) of each ship's frame."""
    xyxy: Floats
    """(G, 4)."""
    counts: Bools
    """(G,) whether a ship is one to find: no crowd, in no skipped frame."""
    cells: dict[str, CellEvidence]
    """By scenario."""
    horizons: dict[int, tuple[float, float]]
    """By image id: its rows at the left and right edge."""


def has_detections(run: ReportRun) -> bool:
    """Whether the run folder keeps what failures are chosen by."""
    return (run.folder / "plan.json").is_file() and any((run.folder / "shards").glob("*.msgpack"))


def gather(run: ReportRun, dataset: Dataset, scenarios: list[str]) -> Evidence:
    """Read the stored detections of some scenarios, shard by shard, and match them.

    Args:
        run: a finished benchmark.
        dataset: its frames, see `frames_of_run`.
        scenarios: of the run's.

    Raises:
        DataError: a shard is damaged, or of other frames.
    """
    plan = read_plan(run.folder)
    places = [plan.scenarios.index(name) for name in scenarios]
    least = run.clear.operating.get(THRESHOLD)
    least = np.inf if least is None else least
    boxes = truth_of(dataset).boxes
    order = np.argsort(boxes.image_ids, kind="stable")
    rows = dict(zip(*_pieces(boxes.image_ids[order], order), strict=True))
    contrast = np.full((len(scenarios), len(order)), np.nan)
    found: list[list[tuple[int, tuple[float, float, float, float], float]]] = [[] for _ in scenarios]
    horizons, skipped = {}, set[int]()
    pieces = len(list(shards(len(dataset), plan.shard_frames)))
    for frame in Store(run.folder).frames(pieces):
        if frame.skipped:
            skipped.add(frame.image_id)
            continue
        horizons[frame.image_id] = frame.horizon_px
        for number, place in enumerate(places):
            cell = frame.cells[place]
            ships = rows.get(frame.image_id, order[:0])
            if len(ships) != len(cell.contrast):
                raise DataError("a shard is of other frames", where=run.folder, remedy="give the data of the benchmark")
            contrast[number, ships] = cell.contrast
            pairs = zip(cell.xywh, cell.scores, strict=True)
            found[number] += [(frame.image_id, box, score) for box, score in pairs if score >= least]
    cells = {}
    for number, name in enumerate(scenarios):
        columns = _columns(found[number])
        matches = match(boxes, columns, thresholds=(IOU,), ranges=COCO_RANGES[:1])
        matched = matches.matched(0, 0)
        hit = np.zeros(len(order), bool)
        hit[matches.true_row[matched[matched >= 0]]] = True
        alarm = np.ones(len(columns.scores), bool)
        near = matches.candidate_iou >= BACKGROUND_IOU
        alarm[matches.found_row[matches.candidate[near]]] = False
        cells[name] = CellEvidence(columns, alarm, hit, contrast[number])
    xyxy = boxes.xywh.copy()
    xyxy[:, 2:] += xyxy[:, :2]
    counts = ~boxes.iscrowd & ~np.isin(boxes.image_ids, list(skipped))
    return Evidence(plan, boxes.image_ids, xyxy, counts, cells, horizons)


def _pieces(sorted_ids: NDArray[np.int64], order: NDArray[np.int64]) -> tuple[list[int], list[NDArray[np.int64]]]:
    """The images that have ships, and the rows of each one's."""
    known, starts = np.unique(sorted_ids, return_index=True)
    return known.tolist(), np.split(order, starts[1:]) if len(known) else []


def _columns(found: list[tuple[int, tuple[float, float, float, float], float]]) -> FoundBoxes:
    return FoundBoxes(
        np.array([image_id for image_id, _, _ in found], np.int64),
        np.array([box for _, box, _ in found], np.float64).reshape(-1, 4),
        np.array([score for _, _, score in found], np.float64),
    )
