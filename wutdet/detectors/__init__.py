"""What finds ships: one small protocol, ultralytics behind it, and tiles around any detector."""

from wutdet.detectors.base import (
    Described,
    Detections,
    Detector,
    DetectorInfo,
    InferenceProtocol,
    Resizable,
    Staged,
    describe,
)
from wutdet.detectors.loading import load_detector
from wutdet.detectors.tiled import TiledDetector, tiled
from wutdet.detectors.tiling import Tiling

__all__ = [
    "Described",
    "Detections",
    "Detector",
    "DetectorInfo",
    "InferenceProtocol",
    "Resizable",
    "Staged",
    "TiledDetector",
    "Tiling",
    "describe",
    "load_detector",
    "tiled",
]
