"""The twelve COCO numbers, by pycocotools itself."""

from __future__ import annotations

import contextlib
import io
from typing import Any, Final

import msgspec
import numpy as np

from wutdet.metrics.boxes import FoundBoxes, TrueBoxes

_NAMES: Final = (
    "AP",
    "AP50",
    "AP75",
    "AP_small",
    "AP_medium",
    "AP_large",
    "AR_1",
    "AR_10",
    "AR_100",
    "AR_small",
    "AR_medium",
    "AR_large",
)
_SMALL_PX2: Final = 32**2
_MEDIUM_PX2: Final = 96**2


class Ships(msgspec.Struct, frozen=True, kw_only=True):
    """How many ships the numbers rest on, crowds left out; sizes by area in native pixels, as COCO bounds them."""

    all: int
    small: int
    medium: int
    large: int


class CocoScores(msgspec.Struct, frozen=True, kw_only=True):
    """COCO's numbers for one class at 100 detections an image; None where no ship has that size."""

    AP: float | None
    AP50: float | None
    AP75: float | None
    AP_small: float | None
    AP_medium: float | None
    AP_large: float | None
    AR_1: float | None
    AR_10: float | None
    AR_100: float | None
    AR_small: float | None
    AR_medium: float | None
    AR_large: float | None
    ships: Ships


def coco_scores(true: TrueBoxes, found: FoundBoxes) -> CocoScores:
    """Score detections as COCO does: pycocotools matches, accumulates and summarises.

    Detections of images that are not in `true` are left out, as pycocotools would refuse them.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    known = np.isin(found.image_ids, true.all_image_ids)
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools reports on stdout, which is for results
        truth = COCO()
        truth.dataset = _dataset(true, _annotations(true.image_ids, true.xywh, true.area_px2, true.iscrowd))
        truth.createIndex()
        results = COCO()
        area_px2 = found.xywh[:, 2] * found.xywh[:, 3]
        annotations = _annotations(found.image_ids, found.xywh, area_px2, np.zeros(len(area_px2), bool))
        for annotation, score in zip(annotations, found.scores.tolist(), strict=True):
            annotation["score"] = score
        results.dataset = _dataset(true, [item for item, keep in zip(annotations, known, strict=True) if keep])
        results.createIndex()
        evaluation = COCOeval(truth, results, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    values = {name: _or_none(value) for name, value in zip(_NAMES, evaluation.stats.tolist(), strict=True)}
    return CocoScores(**values, ships=_count(true))


def _dataset(true: TrueBoxes, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "images": [{"id": image_id} for image_id in true.all_image_ids.tolist()],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "ship"}],
    }


def _annotations(image_ids: Any, xywh: Any, area_px2: Any, iscrowd: Any) -> list[dict[str, Any]]:
    columns = zip(image_ids.tolist(), xywh.tolist(), area_px2.tolist(), iscrowd.tolist(), strict=True)
    return [
        {"id": number, "image_id": image, "category_id": 1, "bbox": box, "area": area, "iscrowd": int(crowd)}
        for number, (image, box, area, crowd) in enumerate(columns, start=1)
    ]


def _count(true: TrueBoxes) -> Ships:
    """COCO's areas are closed intervals: a ship of exactly 32² px is small and medium."""
    area_px2 = true.area_px2[~true.iscrowd]
    return Ships(
        all=len(area_px2),
        small=int((area_px2 <= _SMALL_PX2).sum()),
        medium=int(((area_px2 >= _SMALL_PX2) & (area_px2 <= _MEDIUM_PX2)).sum()),
        large=int((area_px2 >= _MEDIUM_PX2).sum()),
    )


def _or_none(value: float) -> float | None:
    return None if value == -1 else value
