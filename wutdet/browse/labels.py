"""Boxes as the label documents that FiftyOne stores.

FiftyOne's own label objects cost about 0.3 ms a box to build and as much again to store, which is minutes for
a benchmark's detections; these are the plain documents that such objects turn into, 30 times faster.
FiftyOne boxes are `[x, y, width, height]` relative to the image size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.browse.evidence import CellEvidence
from wutdet.browse.judging import IGNORED, UNJUDGED, WORDS, Judged
from wutdet.browse.names import (
    BOX_ID,
    EDGES,
    GLINT,
    contrast_field,
    evaluation_key,
    transmittance_field,
)
from wutdet.dataset import Dataset
from wutdet.dataset.tables import BOX_EXTRAS, CATEGORY
from wutdet.metrics import FoundBoxes
from wutdet.sizes import bin_names

NO_SHIP: Final = "0" * 24
"""The id of no label. Patches of an evaluation are its ground truth and the detections without a match; one that
points here is none, as FiftyOne looks for its match in vain: so detections below the threshold are left out."""

Document = dict[str, Any]
Columns = Mapping[str, Sequence[object]]
"""Attributes of boxes; None where a box has none."""
Floats = NDArray[np.float64]


def new_ids(new_id: Callable[[], object], count: int) -> list[Any]:
    """As many database ids."""
    return [new_id() for _ in range(count)]


def ship_columns(dataset: Dataset, edges_px: tuple[float, ...]) -> dict[str, Sequence[object]]:
    """What is known of every ship without its verdicts: id, edges, `area_px2`, `size_bin`, `iscrowd`, …

    Args:
        dataset: with the ships.
        edges_px: borders of the size bins, in √px².
    """
    boxes = dataset.boxes
    edges = boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy()
    known = {name: boxes[name].to_list() for name in BOX_EXTRAS if boxes[name].null_count() < boxes.height}
    return {
        BOX_ID: boxes["box_id"].to_list(),
        EDGES: edges.tolist(),
        "area_px2": boxes["area_px2"].to_list(),
        "size_bin": size_bins(boxes["area_px2"].to_numpy(), edges_px),
        "iscrowd": boxes["iscrowd"].to_list(),
        **known,
    }


def verdict_columns_of_ships(cell: CellEvidence, found_ids: Sequence[Any]) -> dict[str, Sequence[object]]:
    """What the scenario left of every ship, and whether it was found there."""
    columns: dict[str, Sequence[object]] = {}
    if cell.transmittance is not None:
        columns[transmittance_field(cell.scenario)] = cell.transmittance.tolist()
    if cell.contrast is not None:
        columns[contrast_field(cell.scenario)] = cell.contrast.tolist()
    judged = cell.judged
    if judged is not None:
        key = evaluation_key(cell.scenario)
        by = judged.true_found
        columns[key] = _words(judged.true)
        columns[f"{key}_id"] = [
            None if verdict == UNJUDGED else _text(found_ids, row)
            for verdict, row in zip(judged.true.tolist(), by.tolist(), strict=True)
        ]
        iou = np.full(len(by), np.nan)
        iou[by >= 0] = judged.found_iou[by[by >= 0]]
        columns[f"{key}_iou"] = _numbers(iou)
    return columns


def detection_columns(cell: CellEvidence, ship_ids: Sequence[Any]) -> dict[str, Sequence[object]]:
    """The `confidence` of every detection, and whether it was right."""
    columns: dict[str, Sequence[object]] = {"confidence": cell.found.scores.tolist()}
    judged = cell.judged
    if judged is not None:
        key = evaluation_key(cell.scenario)
        columns[key] = _words(judged.found)
        columns[f"{key}_id"] = _ship_ids(judged, ship_ids)
        columns[f"{key}_iou"] = _numbers(judged.found_iou)
    if cell.glint is not None:
        columns[GLINT] = cell.glint.tolist()
    return columns


class LabelTable:
    """Boxes of a dataset's frames, from which the documents of any frame are made."""

    def __init__(
        self, dataset: Dataset, boxes: FoundBoxes, ids: Sequence[Any], columns: Columns, looked_at: Sequence[int]
    ) -> None:
        """Sort the boxes by frame.

        Args:
            dataset: the frames.
            boxes: N boxes, of these frames and maybe of others.
            ids: N database ids.
            columns: N values of every attribute.
            looked_at: the frames that have labels, be it none at all.
        """
        images = dataset.images.select("image_id", "width", "height")
        self._sizes = {image_id: (width, height) for image_id, width, height in images.iter_rows()}
        self._order = np.argsort(boxes.image_ids, kind="stable")
        self._image_ids = boxes.image_ids[self._order]
        self._xywh, self._ids, self._columns = boxes.xywh, ids, list(columns.items())
        self._looked_at = frozenset(looked_at)

    def of(self, image_id: int) -> Document | None:
        """The labels of a frame; None of one that was not looked at."""
        if image_id not in self._looked_at:
            return None
        start, stop = np.searchsorted(self._image_ids, [image_id, image_id + 1]).tolist()
        rows = self._order[start:stop]
        boxes = relative_xywh(self._xywh[rows], *self._sizes[image_id]).tolist()
        labels = [self._label(row, box) for row, box in zip(rows.tolist(), boxes, strict=True)]
        return {"_cls": "Detections", "detections": labels}

    def _label(self, row: int, box: list[float]) -> Document:
        label: Document = {
            "_id": self._ids[row],
            "_cls": "Detection",
            "attributes": {},
            "tags": [],
            "label": CATEGORY,
            "bounding_box": box,
        }
        for name, values in self._columns:
            label[name] = values[row]  # None too: FiftyOne's labels have no attribute that is not stored
        return label


def ground_truth_table(dataset: Dataset, ids: Sequence[Any], columns: Columns) -> LabelTable:
    """The ships of a dataset, with these ids and attributes."""
    xyxy = dataset.boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy()
    xywh = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)
    boxes = FoundBoxes(dataset.boxes["image_id"].to_numpy(), xywh, np.ones(len(xywh)))
    return LabelTable(dataset, boxes, ids, columns, dataset.images["image_id"].to_list())


def relative_xywh(xywh: Floats, width: int, height: int) -> Floats:
    """(N, 4) boxes in native pixels as shares of the frame."""
    shares: Floats = xywh / (width, height, width, height)
    return shares


def size_bins(area_px2: Floats, edges_px: tuple[float, ...]) -> list[str]:
    """The bin of each ship by √area, as the scores have it: of the labels' area, a border in the bin above."""
    names = bin_names(edges_px)
    return [names[place] for place in np.digitize(area_px2, np.square(edges_px))]


def _words(verdicts: NDArray[np.int8]) -> list[str | None]:
    return [WORDS[verdict] for verdict in verdicts.tolist()]


def _numbers(values: Floats) -> list[float | None]:
    """NaN as None."""
    return [None if value != value else value for value in values.tolist()]


def _text(ids: Sequence[Any], row: int) -> str:
    """An id as evaluations state it; of nothing it is empty, as FiftyOne has it."""
    return str(ids[row]) if row >= 0 else ""


def _ship_ids(judged: Judged, ship_ids: Sequence[Any]) -> list[str]:
    """The ship of every detection; what is in no patch of its own points at no label."""
    verdicts, ships = judged.found.tolist(), judged.found_ship.tolist()
    return [
        NO_SHIP if verdict == UNJUDGED or (verdict == IGNORED and row < 0) else _text(ship_ids, row)
        for verdict, row in zip(verdicts, ships, strict=True)
    ]
