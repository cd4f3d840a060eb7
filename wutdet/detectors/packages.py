"""Which packages run a detector's weights, and in which versions: what decides detections besides the weights."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from typing import Final

from wutdet.detectors.base import DetectorInfo

SUPPRESSION: Final = "nms"
"""Among the versions: whose suppression of overlapping boxes is used."""
_OF_EXPORTS: Final = {
    ".onnx": ("onnxruntime", "onnxruntime-gpu"),
    "_openvino_model": ("openvino",),
    ".engine": ("tensorrt", "tensorrt-cu12", "tensorrt-cu13"),
}
"""By how the name of an export ends, the packages that may run it."""


def runtime_versions(info: DetectorInfo) -> dict[str, str]:
    """Versions of what runs a detector's weights, beside torch and ultralytics; empty of other detectors.

    Args:
        info: of a detector that is loaded.
    """
    return {} if info.device is None else dict(_versions(info.name))  # a detector of one's own names no device


def _versions(weights: str) -> Iterator[tuple[str, str]]:
    """Suppression is torchvision's for exports too."""
    name = weights.partition(" + ")[0]  # what follows are tiles
    ends = [end for end in _OF_EXPORTS if name.endswith(end)]
    for package in ("torchvision", *(package for end in ends for package in _OF_EXPORTS[end])):
        try:
            yield package, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    if "torchvision" in sys.modules:
        from wutdet.detectors.torchvision_ops import ensure_torchvision

        yield SUPPRESSION, "opencv" if ensure_torchvision() else "torchvision"
