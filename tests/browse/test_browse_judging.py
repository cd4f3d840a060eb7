"""Verdicts without FiftyOne: against a plain matching written out, and against the numbers that scores give."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.browse.judging import FN, FP, IGNORED, TP, UNJUDGED, judge
from wutdet.metrics import FoundBoxes, TrueBoxes
from wutdet.metrics.matching import match
from wutdet.metrics.operating import prepare_operating, read_at_threshold
from wutdet.sizes import COCO_RANGES

side = st.integers(1, 12).map(float)
place = st.integers(0, 14).map(float)
box = st.tuples(place, place, side, side)
truth = st.lists(
    st.tuples(st.integers(0, 2), box, st.sampled_from(["ship", "ship", "ship", "crowd", "ignored"])), max_size=9
)
detections = st.lists(st.tuples(st.integers(0, 2), box, st.sampled_from([0.2, 0.4, 0.6, 0.8])), max_size=9)


def _true(rows: list) -> TrueBoxes:
    rows = sorted(rows, key=lambda row: row[0])
    xywh = np.array([row[1] for row in rows], float).reshape(-1, 4)
    kinds = [row[2] for row in rows]
    crowd = np.array([kind == "crowd" for kind in kinds], bool)
    ignored = np.array([kind == "ignored" for kind in kinds], bool)
    ids = np.array([row[0] for row in rows], np.int64)
    return TrueBoxes(np.arange(3), ids, xywh, xywh[:, 2:].prod(axis=1), crowd, ignored=ignored)


def _found(rows: list) -> FoundBoxes:
    ids = np.array([row[0] for row in rows], np.int64)
    return FoundBoxes(ids, np.array([r[1] for r in rows], float).reshape(-1, 4), np.array([r[2] for r in rows], float))


def _iou(one: np.ndarray, other: np.ndarray, crowd: bool) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    common = np.maximum(high - low, 0).prod()
    whole = one[2:].prod() if crowd else one[2:].prod() + other[2:].prod() - common
    return float(common / whole)


def _plain(true: TrueBoxes, found: FoundBoxes, threshold: float) -> tuple[list[int], list[int]]:
    """COCO's greedy matching, one detection after the other."""
    of_found, of_true = [UNJUDGED] * len(found.scores), []
    free = [True] * len(true.image_ids)
    hidden = true.iscrowd | true.ignored
    of_true = [IGNORED if hidden[row] else FN for row in range(len(free))]
    for row in np.argsort(-found.scores, kind="stable").tolist():
        if found.scores[row] < threshold:
            continue
        best = None
        for ship in range(len(free)):
            iou = _iou(found.xywh[row], true.xywh[ship], bool(true.iscrowd[ship]))
            if true.image_ids[ship] == found.image_ids[row] and free[ship] and iou >= 0.5:
                rank = (not hidden[ship], iou, ship)
                best = rank if best is None or rank > best else best
        if best is None:
            of_found[row] = FP
            continue
        ship = best[2]
        of_found[row] = IGNORED if hidden[ship] else TP
        if not hidden[ship]:
            of_true[ship] = TP
        free[ship] = bool(true.iscrowd[ship])
    return of_found, of_true


@settings(max_examples=60)
@given(truth=truth, detections=detections, threshold=st.sampled_from([0.0, 0.4, 0.5, 0.9]))
def test_verdicts_are_those_of_cocos_matching(truth: list, detections: list, threshold: float) -> None:
    true, found = _true(truth), _found(detections)
    judged = judge(true, found, threshold)
    assert (judged.found.tolist(), judged.true.tolist()) == _plain(true, found, threshold)
    for row, ship in enumerate(judged.found_ship.tolist()):
        assert (ship >= 0) == (judged.found[row] in (TP, IGNORED))
        if ship >= 0:
            own = _iou(found.xywh[row], true.xywh[ship], bool(true.iscrowd[ship]))
            assert judged.found_iou[row] == pytest.approx(own)
            assert own >= 0.5
            assert true.image_ids[ship] == found.image_ids[row]
        else:
            assert np.isnan(judged.found_iou[row])
    for ship, row in enumerate(judged.true_found.tolist()):
        assert (row >= 0) == (judged.true[ship] == TP)
        assert row < 0 or judged.found_ship[row] == ship
    near = [
        any(
            _iou(found.xywh[row], true.xywh[ship], bool(true.iscrowd[ship])) >= 0.1
            for ship in np.flatnonzero(true.image_ids == image)
        )
        for row, image in enumerate(found.image_ids.tolist())
    ]
    assert judged.background.tolist() == [v == FP and not n for v, n in zip(judged.found.tolist(), near, strict=True)]


@settings(max_examples=40)
@given(truth=truth, detections=detections)
def test_verdicts_give_the_recall_and_the_alarms_of_the_scores(truth: list, detections: list) -> None:
    true, found = _true(truth), _found(detections)
    tp, fp, fn = judge(true, found, 0.5).counts()
    matches = match(true, found, thresholds=(0.5,), ranges=COCO_RANGES[:1])
    read = read_at_threshold(
        prepare_operating(matches, fppi=(0.1,), ious=(0.5,)), np.ones((1, 3), np.int32), {(0.1, 0.5): 0.5}
    )
    assert read["fppi@clear_fppi=0.1,iou=0.5"][0] == fp / 3
    if tp + fn:
        assert read["recall@clear_fppi=0.1,iou=0.5"][0] == tp / (tp + fn)


def test_frames_that_were_not_looked_at_are_not_judged() -> None:
    true = _true([(0, (0.0, 0.0, 5.0, 5.0), "ship"), (1, (0.0, 0.0, 5.0, 5.0), "ship")])
    found = _found([(1, (0.0, 0.0, 5.0, 5.0), 0.9)])
    judged = judge(dataclasses.replace(true, all_image_ids=np.array([1])), found, 0.5)
    assert judged.true.tolist() == [UNJUDGED, TP]
    assert judged.counts() == (1, 0, 0)
