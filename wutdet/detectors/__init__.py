"""What finds ships: one small protocol, and ultralytics behind it."""

from wutdet.detectors.base import Described, Detections, Detector, DetectorInfo, InferenceProtocol, describe
from wutdet.detectors.loading import load_detector

__all__ = [
    "Described",
    "Detections",
    "Detector",
    "DetectorInfo",
    "InferenceProtocol",
    "describe",
    "load_detector",
]
