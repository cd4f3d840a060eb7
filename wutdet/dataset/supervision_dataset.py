"""A dataset as supervision has them: images by path, boxes as `Detections`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from wutdet.dataset.tables import CATEGORY
from wutdet.errors import MissingExtraError

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset


def to_supervision(dataset: Dataset) -> Any:
    """A `supervision.DetectionDataset` of these frames, in table order; for one split give `dataset.split(name)`.

    Images stay on disk: supervision reads each when it is asked for, as (H, W, 3) uint8 **BGR**, which is what its
    annotators and detectors take. Boxes are float64 xyxy in native pixels; `class_id` 0 is `ship`. `data` of each
    frame's `Detections` has `box_id`, `area_px2` and `iscrowd` beside the `class_name` that supervision adds.

    Raises:
        MissingExtraError: supervision is not installed.
    """
    try:
        supervision: Any = importlib.import_module("supervision")
    except ModuleNotFoundError:
        raise MissingExtraError("supervision", "exchange") from None
    boxes = dataset.boxes
    edges = boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy()
    beside = {name: boxes[name].to_numpy() for name in ("box_id", "area_px2", "iscrowd")}
    image_ids = boxes["image_id"].to_numpy()
    order = np.argsort(image_ids, kind="stable")
    ranked = image_ids[order]
    annotations = {}
    for image_id, file_name in dataset.images.select("image_id", "file_name").iter_rows():
        rows = order[np.searchsorted(ranked, image_id, "left") : np.searchsorted(ranked, image_id, "right")]
        annotations[str(dataset.image_dir / file_name)] = supervision.Detections(
            xyxy=edges[rows].reshape(-1, 4),
            class_id=np.zeros(len(rows), np.int64),
            data={name: values[rows] for name, values in beside.items()},
        )
    return supervision.DetectionDataset(classes=[CATEGORY], images=list(annotations), annotations=annotations)
