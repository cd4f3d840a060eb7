"""Which false alarms the glare raised: those on the water that clear weather did not raise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics import FoundBoxes

Floats = NDArray[np.float64]


def raised_by_glint(
    alarms: FoundBoxes,
    clear: FoundBoxes,
    horizon_px: Mapping[int, tuple[float, float]],
    width_px: Mapping[int, int],
) -> NDArray[np.bool_]:
    """(D,) which alarms stand with their foot below the horizon and touch nothing that was accepted in clear weather.

    Args:
        alarms: detections under glare that overlap no ship.
        clear: every detection that is accepted in clear weather.
        horizon_px: by image id, its rows at the left and right edge of the frame.
        width_px: by image id, of the frame.
    """
    before: dict[int, list[Floats]] = {}
    for image_id, box in zip(clear.image_ids.tolist(), clear.xywh, strict=True):
        before.setdefault(image_id, []).append(box)
    raised = np.zeros(len(alarms.image_ids), np.bool_)
    for row, image_id in enumerate(alarms.image_ids.tolist()):
        box = alarms.xywh[row]
        left, right = horizon_px[image_id]
        line = left + (right - left) * (box[0] + box[2] / 2) / width_px[image_id]
        raised[row] = box[1] + box[3] > line and not any(_touch(box, other) for other in before.get(image_id, ()))
    return raised


def _touch(one: Floats, other: Floats) -> bool:
    """Whether two xywh boxes overlap."""
    return bool((np.maximum(one[:2], other[:2]) < np.minimum(one[:2] + one[2:], other[:2] + other[2:])).all())
