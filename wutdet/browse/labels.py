"""Boxes as the label documents that FiftyOne stores.

FiftyOne's own label objects cost about 0.3 ms a box to build and as much again to store, which is minutes for
a benchmark's detections; these are the plain documents that such objects turn into, 30 times faster.
FiftyOne boxes are `[x, y, width, height]` relative to the image size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset import Dataset
from wutdet.dataset.tables import CATEGORY
from wutdet.sizes import bin_names, default_edges_px

GROUND_TRUTH: Final = "ground_truth"

Document = dict[str, Any]


class BoxesWithScores(Protocol):
    """The detections of one frame."""

    @property
    def xyxy(self) -> NDArray[np.float64]:
        """(N, 4), 0-based, native pixels."""

    @property
    def scores(self) -> NDArray[np.float64]:
        """(N,), each in 0..1."""


def prediction_field(scenario: str) -> str:
    """The sample field of a scenario's detections: `fog:2+lowlight:3` is in `predictions_fog_2_lowlight_3`."""
    return "predictions_" + scenario.replace(":", "_").replace("+", "_")


def ground_truth_documents(dataset: Dataset, new_id: Callable[[], object]) -> Iterator[tuple[int, Document]]:
    """(image_id, labels) of every frame; each ship has `area_px2`, `size_bin` and `iscrowd`.

    Args:
        dataset: where the boxes are.
        new_id: makes a new database id.
    """
    facts = dataset.boxes.select("area_px2", "iscrowd", "image_id").partition_by(
        "image_id", as_dict=True, maintain_order=True, include_key=False
    )
    for frame in dataset:
        relative = _relative_xywh(frame.boxes, frame.width, frame.height)
        rows = facts[(frame.image_id,)].iter_rows() if (frame.image_id,) in facts else ()
        ships = [
            {**_ship(new_id(), box), "area_px2": area_px2, "size_bin": size_bin, "iscrowd": iscrowd}
            for box, size_bin, (area_px2, iscrowd) in zip(relative, _size_bins(frame.boxes), rows, strict=True)
        ]
        yield frame.image_id, _labels(ships)


def prediction_documents(
    dataset: Dataset, detections: Mapping[int, BoxesWithScores], new_id: Callable[[], object], *, min_score: float
) -> Iterator[tuple[int, Document]]:
    """(image_id, labels) of every frame that has detections, each box with its `confidence`.

    Args:
        dataset: the frames; detections of other frames are left out.
        detections: by image id.
        new_id: makes a new database id.
        min_score: boxes below this score are left out.
    """
    for image_id, width, height in dataset.images.select("image_id", "width", "height").iter_rows():
        found = detections.get(image_id)
        if found is None:
            continue
        kept = found.scores >= min_score
        relative = _relative_xywh(found.xyxy[kept], width, height)
        scored = zip(relative, found.scores[kept].tolist(), strict=True)
        yield image_id, _labels([{**_ship(new_id(), box), "confidence": score} for box, score in scored])


def _relative_xywh(xyxy: NDArray[np.float64], width: int, height: int) -> list[list[float]]:
    boxes = xyxy.reshape(-1, 4)
    xywh = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    relative: list[list[float]] = (xywh / (width, height, width, height)).tolist()
    return relative


def _size_bins(xyxy: NDArray[np.float64]) -> list[str]:
    side_px = np.sqrt((xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1]))
    edges_px = default_edges_px()
    names = bin_names(edges_px)
    return [names[index] for index in np.digitize(side_px, edges_px)]


def _ship(new_id: object, bounding_box: list[float]) -> Document:
    return {
        "_id": new_id,
        "_cls": "Detection",
        "attributes": {},
        "tags": [],
        "label": CATEGORY,
        "bounding_box": bounding_box,
    }


def _labels(detections: list[Document]) -> Document:
    return {"_cls": "Detections", "detections": detections}
