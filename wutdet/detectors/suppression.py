"""Greedy non-maximum suppression of arrays, by OpenCV."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def suppress(xyxy: NDArray[np.float64], scores: NDArray[np.floating[Any]], iou: float) -> NDArray[np.int64]:
    """The boxes that overlap no better one by more than `iou`.

    Args:
        xyxy: (N, 4).
        scores: (N,); of equal ones the first counts as better.
        iou: intersection over union, 0 to 1.

    Returns:
        Indices of the kept boxes, best score first.
    """
    if not len(xyxy):
        return np.empty(0, np.int64)
    import cv2

    xywh: Any = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)
    # OpenCV drops scores of 0 and below; places in the ranking are positive and order the same, ties included.
    order = np.argsort(-scores, kind="stable")
    ranking: Any = np.empty(len(order), np.float32)
    ranking[order] = np.arange(len(order), 0, -1)
    return np.asarray(cv2.dnn.NMSBoxes(xywh, ranking, 0.0, iou), dtype=np.int64).reshape(-1)
