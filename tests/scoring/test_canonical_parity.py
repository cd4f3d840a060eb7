"""COCO's numbers are those that pycocotools gives of the canonical file, which may not be the file that was read."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image

import wutdet
from wutdet.metrics import FoundBoxes
from wutdet.metrics.numbers import COCO_NAMES


def of_pycocotools(labels: Path, found: FoundBoxes) -> dict[str, float | None]:
    """The original's numbers of a file as it stands."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    columns = zip(found.image_ids.tolist(), found.xywh.tolist(), found.scores.tolist(), strict=True)
    results = [{"image_id": image, "category_id": 1, "bbox": box, "score": score} for image, box, score in columns]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(labels))
        run = COCOeval(truth, truth.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return {name: None if value == -1 else float(value) for name, value in zip(COCO_NAMES, run.stats, strict=True)}


def three_ways(folder: Path, boxes: list[dict[str, Any]], found: FoundBoxes) -> list[dict[str, float | None]]:
    """Ours, pycocotools' of the file, and pycocotools' of what wutdet writes of it."""
    given = coco_file(folder / "labels.json", [coco_image(1, "1.jpg", (200, 100))], boxes)
    dataset = wutdet.load(given)
    [written] = dataset.to_coco(folder / "canonical").values()
    cell = wutdet.evaluate(dataset, found, interval=None).cells[0]
    ours = {name: getattr(cell, name) for name in COCO_NAMES}
    return [ours, of_pycocotools(given, found), of_pycocotools(written, found)]


@pytest.mark.parametrize(("ids", "average_precision"), [((1, 2), 0.8174917491749174), ((2, 1), 0.8504950495049505)])
def test_equal_overlaps_go_to_the_ship_of_the_higher_id(
    tmp_path: Path, ids: tuple[int, int], average_precision: float
) -> None:
    """The best detection lies between two ships; pycocotools gives it the later one in the file."""
    boxes = [
        coco_box(ids[0], 1, [10, 10, 30, 30], iscrowd=0, area=900),
        coco_box(ids[1], 1, [14, 10, 30, 30], iscrowd=0, area=900),
    ]
    xywh = np.array([(12, 10, 30, 30), (14, 10, 30, 30), (8, 10, 30, 30)], float)
    ours, given, canonical = three_ways(tmp_path, boxes, FoundBoxes(np.ones(3, int), xywh, np.array([0.9, 0.8, 0.7])))
    assert ours == canonical
    assert ours["AP"] == average_precision
    assert given["AP"] == 0.8174917491749174


def test_more_decimals_than_six_are_rounded_as_the_canonical_file_has_them(tmp_path: Path) -> None:
    """Half of a ship of 10 px is found, of which 10.0000004 px is less: the overlap is 0.5 or just below."""
    for width, alike in ((10.000001, True), (10.0000004, False)):
        folder = tmp_path / str(width)
        folder.mkdir()
        found = FoundBoxes(np.ones(1, int), np.array([(20.0, 20, 5, 10)]), np.array([0.9]))
        ours, given, canonical = three_ways(folder, [coco_box(1, 1, [20, 20, width, 10], iscrowd=0, area=100)], found)
        assert ours == canonical
        assert (ours == given) is alike
        assert ours["AP50"] == pytest.approx(0 if alike else 1)
        assert given["AP50"] == 0
