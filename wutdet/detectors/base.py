"""What a detector is: a callable from frames to detections, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from wutdet.detectors.tiling import Tiling
from wutdet.errors import DataError


@dataclass(frozen=True, slots=True)
class Detections:
    """The ships a detector found in one frame, best score first.

    Raises:
        DataError: the arrays do not fit each other, or hold something that is no number or no box.
    """

    xyxy: NDArray[np.float64]
    """(N, 4), 0-based, native pixels."""
    scores: NDArray[np.float64]
    """(N,), in [0, 1]."""

    def __post_init__(self) -> None:
        """Check shapes and values: detectors come from anywhere."""
        if self.xyxy.ndim != 2 or self.xyxy.shape[1] != 4 or self.scores.shape != (len(self.xyxy),):
            shapes = f"boxes {self.xyxy.shape} and scores {self.scores.shape}"
            raise DataError(f"{shapes} of a detector are not (N, 4) and (N,)", remedy="correct the detector")
        if not (np.isfinite(self.xyxy).all() and np.isfinite(self.scores).all()):
            raise DataError("boxes or scores of a detector are not finite", remedy="correct the detector")
        if (self.xyxy[:, 2:] < self.xyxy[:, :2]).any():
            remedy = "give xmin, ymin, xmax, ymax, not x, y, width, height"
            raise DataError("boxes of a detector end before they begin", remedy=remedy)

    def __len__(self) -> int:
        """The number of boxes."""
        return len(self.scores)


class InferenceProtocol(msgspec.Struct, frozen=True, kw_only=True):
    """How a detector is asked; recorded in every manifest. None is unknown: the detector decides, and does not say."""

    confidence: float | None = 0.001
    nms_iou: float | None = 0.7
    max_det: int | None = 300
    imgsz: int | None = None
    """Longer side of the network's input in px; None where the detector decides."""
    tiles: Tiling | msgspec.UnsetType = msgspec.UNSET
    """Looked at beside the full frame; absent where there are none."""


class DetectorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a detector; unknown is None."""

    name: str
    weights_sha256: str | None = None
    """Of the weights, a file or a folder; of the factory's source where the detector comes from one and has no `info`.
    With it the name may change: equal hashes are the same detector under another name."""
    parameters: int | None = None
    gflops: float | None = None
    protocol: InferenceProtocol | None = None
    device: str | None = None
    threads: int | None = None
    ship_classes: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """The classes of the model that count as ship, where they are several: of overlapping boxes the best is kept,
    whatever their classes. Absent where it is one."""


class Detector(Protocol):
    """Anything that turns frames into boxes with scores."""

    def __call__(self, frames: Sequence[NDArray[np.uint8]], /) -> list[Detections]:
        """The detections of each frame.

        Args:
            frames: RGB uint8 images (H, W, 3), all of one size.
        """
        ...


@runtime_checkable
class Described(Protocol):
    """A detector that says what it is."""

    @property
    def info(self) -> DetectorInfo:
        """Its name, size and protocol."""
        ...


@runtime_checkable
class Staged(Protocol):
    """A detector that says how its last call spent its time."""

    @property
    def stage_s(self) -> Mapping[str, float]:
        """Seconds of `preprocess`, `infer` and `postprocess`, of all frames of the last call together."""
        ...


@runtime_checkable
class Resizable(Protocol):
    """A detector whose network takes inputs of several sizes."""

    def at(self, imgsz: int, /) -> Detector:
        """The same detector with another longer side of the network's input, px.

        Raises:
            ConfigError: its network does not take it.
        """
        ...


def describe(detector: Detector) -> DetectorInfo:
    """What a detector says of itself, or its name alone."""
    if isinstance(detector, Described):
        return detector.info
    return DetectorInfo(name=getattr(detector, "__qualname__", type(detector).__qualname__))
