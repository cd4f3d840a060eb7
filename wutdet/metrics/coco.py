"""The twelve COCO numbers by pycocotools itself: the oracle."""

from __future__ import annotations

import contextlib
import io
import math
from typing import Any

import numpy as np

from wutdet.metrics.boxes import FoundBoxes, TrueBoxes
from wutdet.metrics.numbers import COCO_NAMES


def pycocotools_numbers(true: TrueBoxes, found: FoundBoxes) -> dict[str, float]:
    """Score detections of one class as COCO does: pycocotools matches, accumulates and summarises.

    Detections of images that are not in `true` are left out, as pycocotools would refuse them.

    Returns:
        `AP`, `AP50`, … as `COCO_NAMES` lists them; NaN where no ship has that size.
    """
    from pycocotools.coco import COCO

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
        evaluation = _evaluation(truth, results, true)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    values = zip(COCO_NAMES, evaluation.stats.tolist(), strict=True)
    return {name: math.nan if value == -1 else value for name, value in values}


def _evaluation(truth: Any, results: Any, true: TrueBoxes) -> Any:
    """A COCOeval that ignores `true.ignored`: its own `_prepare` puts `iscrowd` in place of what `ignore` says."""
    from pycocotools.cocoeval import COCOeval

    numbers = set() if true.ignored is None else set((np.flatnonzero(true.ignored) + 1).tolist())

    class Evaluation(COCOeval):  # type: ignore[misc]  # pycocotools is untyped
        def _prepare(self) -> None:
            super()._prepare()
            for ships in self._gts.values():
                for ship in ships:
                    ship["ignore"] = int(ship["ignore"] or ship["id"] in numbers)

    return Evaluation(truth, results, "bbox")


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
