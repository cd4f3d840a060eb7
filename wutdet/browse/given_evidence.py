"""Detections that are given by scenario and image id, judged like those of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wutdet.browse.evidence import FPPI, BoxesWithScores, CellEvidence, Evidence, Threshold, threshold_words
from wutdet.browse.judging import IOU, judge
from wutdet.dataset import Dataset
from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes, TrueBoxes
from wutdet.metrics.matching import match
from wutdet.metrics.operating import find_thresholds, prepare_operating
from wutdet.scoring.truth import truth_of
from wutdet.sizes import COCO_RANGES


def evidence_of_detections(
    detections: Mapping[str, Mapping[int, BoxesWithScores]],
    dataset: Dataset,
    *,
    min_score: float | None,
    shown_from: float,
) -> Evidence:
    """Detections that are given, by scenario and image id; of each scenario the frames that it names are judged.

    Args:
        detections: `clear`, or else the first of them, sets the threshold.
        dataset: the frames; detections of others are left out.
        min_score, shown_from: as for a run.

    Raises:
        DataError: detections name no frame of the dataset.
    """
    known = set(dataset.images["image_id"].to_list())
    truth = truth_of(dataset).boxes
    looked_at, columns = {}, {}
    for scenario, found in detections.items():
        if found and known.isdisjoint(found):
            what, remedy = "none of its detections is of a frame of this dataset", f"give those of {dataset.name}"
            raise DataError(what, where=scenario, remedy=remedy)
        looked_at[scenario] = np.array(sorted(known.intersection(found)), np.int64)
        columns[scenario] = _given(found, looked_at[scenario])
    reference = "clear" if "clear" in columns else next(iter(columns), None)
    threshold = None if min_score is None else Threshold(min_score, "as given")
    if threshold is None and reference is not None and len(looked_at[reference]):
        threshold = _threshold_of(_only(truth, looked_at[reference]), columns[reference], reference)
    cells = []
    least = shown_from if threshold is None else min(shown_from, threshold.score)
    for scenario, boxes in columns.items():
        rows = np.flatnonzero(boxes.scores >= least)
        shown = FoundBoxes(boxes.image_ids[rows], boxes.xywh[rows], boxes.scores[rows])
        judged = None
        if threshold is not None:
            judged = judge(_only(truth, looked_at[scenario]), shown, threshold.score)
        cells.append(CellEvidence(scenario, looked_at[scenario], shown, judged))
    return Evidence(dataset, len(dataset), tuple(cells), threshold)


def _threshold_of(truth: TrueBoxes, found: FoundBoxes, scenario: str) -> Threshold:
    matches = match(truth, found, thresholds=(IOU,), ranges=COCO_RANGES[:1])
    prepared = prepare_operating(matches, fppi=(FPPI,), ious=(IOU,))
    score = find_thresholds(prepared, np.ones((1, len(matches.image_ids)), np.int32))[FPPI, IOU][0]
    return threshold_words(None if np.isnan(score) else float(score), scenario)


def _given(found: Mapping[int, BoxesWithScores], image_ids: NDArray[np.int64]) -> FoundBoxes:
    each = [found[image_id] for image_id in image_ids.tolist()]
    xyxy = np.concatenate([np.empty((0, 4)), *(np.reshape(one.xyxy, (-1, 4)) for one in each)])
    return FoundBoxes(
        np.repeat(image_ids, [len(one.scores) for one in each]),
        np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1),
        np.concatenate([np.empty(0), *(one.scores for one in each)]),
    )


def _only(truth: TrueBoxes, image_ids: NDArray[np.int64]) -> TrueBoxes:
    """The same ships, of which those in other frames are not judged."""
    return replace(truth, all_image_ids=image_ids)
