"""Random detection problems with everything that makes COCO's rules bite, and pycocotools' answers to them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from wutdet.metrics import FoundBoxes, TrueBoxes
from wutdet.sizes import SizeRange

RANGES = (
    SizeRange("all", 0, 1e10),
    SizeRange("small", 0, 25),
    SizeRange("medium", 25, 81),
    SizeRange("large", 81, 1e10),
)


@st.composite
def problems(draw, *, most_classes=3, most_images=8, most_ships=25, most_found=60, crowds=True, ignores=False):
    """Ships and detections on a few images: score ties, equal overlaps, crowds, empty images, several classes.

    With `ignores` some ships are ignored, crowds and ships that share detections among them.
    The boxes are drawn by a seeded generator, since most of them must overlap to be of interest.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    images = draw(st.integers(1, most_images))
    ships = draw(st.integers(0, most_ships))
    count = draw(st.integers(0, most_found))
    classes = draw(st.integers(1, most_classes))
    grid = draw(st.sampled_from([1.0, 0.7, 6.3]))
    image_ids = rng.choice(1000, images, replace=False)
    true_xywh = _boxes(rng, ships, grid)
    true_images = rng.choice(image_ids, ships)
    true_classes = rng.integers(0, classes, ships)
    xywh, found_images = _boxes(rng, count, grid), rng.choice(image_ids, count)
    found_classes = rng.integers(0, classes, count)
    if ships and count:
        near = rng.random(count) < 0.7
        ship = rng.integers(0, ships, count)[near]
        xywh[near] = true_xywh[ship] + rng.integers(-1, 2, (len(ship), 4))
        xywh[near, 2:] = np.maximum(xywh[near, 2:], 1)
        found_images[near], found_classes[near] = true_images[ship], true_classes[ship]
    true = TrueBoxes(
        all_image_ids=image_ids,
        image_ids=true_images,
        xywh=true_xywh,
        area_px2=true_xywh[:, 2] * true_xywh[:, 3] * draw(st.sampled_from([1.0, 0.8])),
        iscrowd=(rng.random(ships) < 0.15) & crowds,
        categories=true_classes,
    )
    found = FoundBoxes(found_images, xywh, rng.integers(0, 12, count) / 10, found_classes)
    return (dataclasses.replace(true, ignored=rng.random(ships) < 0.3) if ignores else true), found


def oracle(
    true: TrueBoxes, found: FoundBoxes, thresholds: Sequence[float], ranges: Sequence[SizeRange], max_dets: list[int]
):
    """pycocotools' precision (T, R, K, A, M) and recall (T, K, A, M)."""
    true_classes = _classes(true)
    found_classes = _classes(found)
    classes = sorted({*true_classes, *found_classes}) or [0]
    images = [{"id": int(image_id)} for image_id in true.all_image_ids]
    ships = [
        {"image_id": image, "category_id": kind, "bbox": box, "area": area, "iscrowd": int(crowd)}
        for image, kind, box, area, crowd in zip(
            true.image_ids.tolist(), true_classes, true.xywh.tolist(), true.area_px2.tolist(), true.iscrowd, strict=True
        )
    ]
    finds = [
        {"image_id": image, "category_id": kind, "bbox": box, "area": box[2] * box[3], "iscrowd": 0, "score": score}
        for image, kind, box, score in zip(
            found.image_ids.tolist(), found_classes, found.xywh.tolist(), found.scores.tolist(), strict=True
        )
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = _Ignoring(_coco(images, classes, ships), _coco(images, classes, finds), "bbox")
        evaluation.ignored = set() if true.ignored is None else set((np.flatnonzero(true.ignored) + 1).tolist())
        evaluation.params.iouThrs = np.array(thresholds)
        evaluation.params.areaRng = [[item.low_px2, item.high_px2] for item in ranges]
        evaluation.params.areaRngLbl = [item.name for item in ranges]
        evaluation.params.maxDets = max_dets
        evaluation.params.catIds = classes
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"], evaluation.eval["recall"]


class _Ignoring(COCOeval):
    """pycocotools with annotations marked `ignore`: the mark it would honour is the one it overwrites by `iscrowd`."""

    ignored: set[int]

    def _prepare(self):
        super()._prepare()
        for ships in self._gts.values():
            for ship in ships:
                if ship["id"] in self.ignored:
                    ship["ignore"] = 1


def _boxes(rng, count, grid):
    corner, size = rng.integers(0, 20, (count, 2)), rng.integers(1, 14, (count, 2))
    return np.concatenate([corner, size], axis=1) * grid


def _classes(boxes):
    return [0] * len(boxes.image_ids) if boxes.categories is None else boxes.categories.tolist()


def _coco(images, classes, annotations):
    coco = COCO()
    coco.dataset = {
        "images": images,
        "categories": [{"id": kind, "name": str(kind)} for kind in classes],
        "annotations": [{"id": number, **item} for number, item in enumerate(annotations, start=1)],
    }
    coco.createIndex()
    return coco
