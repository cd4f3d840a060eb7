"""A detector without a network, for tests: boxes around whatever stands out against its surround."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.detectors import Detections


def blobs(frames: Sequence[NDArray[np.uint8]]) -> list[Detections]:
    """A pure function of the pixels."""
    return [_find(frame) for frame in frames]


def make() -> object:
    """The factory that `--detector blobs:make` names."""
    return blobs


def make_mortal() -> object:
    """The same detector, which kills its process (SIGKILL) at the frame that KILL_AT_FRAME names."""
    calls = 0

    def mortal(frames: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        nonlocal calls
        calls += 1
        if str(calls) == os.environ.get("KILL_AT_FRAME"):
            os.kill(os.getpid(), signal.SIGKILL)
        return blobs(frames)

    mortal.__qualname__ = "mortal"
    return mortal


def make_slow() -> object:
    """The same detector, which takes its time, so that a kill meets it at work."""

    def slow(frames: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        time.sleep(0.08)
        return blobs(frames)

    slow.__qualname__ = "slow"
    return slow


def make_nothing() -> object:
    """A detector that finds nothing and costs nothing."""

    def nothing(frames: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return [Detections(np.empty((0, 4)), np.empty(0)) for _ in frames]

    nothing.__qualname__ = "nothing"
    return nothing


def _find(frame: NDArray[np.uint8]) -> Detections:
    planes = [cv2.medianBlur(np.ascontiguousarray(frame[:, :, channel]), 41) for channel in range(3)]
    strength = np.abs(frame.astype(np.float32) - np.stack(planes, axis=2)).max(axis=2)
    _, _, stats, _ = cv2.connectedComponentsWithStats((strength > 30).astype(np.uint8))
    boxes, scores = [], []
    for x, y, w, h, area in stats[1:].tolist():
        if area >= 6:
            boxes.append((x, y, x + w, y + h))
            scores.append(float(strength[y : y + h, x : x + w].max()) / 255)
    order = np.argsort(-np.array(scores), kind="stable")[:300]
    return Detections(np.array(boxes, float).reshape(-1, 4)[order], np.array(scores)[order])
