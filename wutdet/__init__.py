"""wutdet measures how well a detector sees small ships when the weather turns.

The names here are loaded when they are first used; `import wutdet` alone pulls in nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from wutdet._version import __version__ as __version__

_WHERE = {
    "load": "wutdet.parts",
    "audit": "wutdet.dataset.audit",
    "Dataset": "wutdet.dataset",
    "Frame": "wutdet.dataset",
    "render_part": "wutdet.sample",
    "train": "wutdet.training",
    "benchmark": "wutdet.benchmark.run",
    "evaluate": "wutdet.scoring",
    "from_fiftyone": "wutdet.browse",
    "Detections": "wutdet.detectors",
    "InferenceProtocol": "wutdet.detectors",
    "Camera": "wutdet.scenarios",
    "WutdetError": "wutdet.errors",
}
_PACKAGES = ("scenarios", "metrics", "detectors", "parts", "scoring", "report", "browse")

__all__ = [
    "Camera",
    "Dataset",
    "Detections",
    "Frame",
    "InferenceProtocol",
    "WutdetError",
    "audit",
    "benchmark",
    "browse",
    "detectors",
    "evaluate",
    "from_fiftyone",
    "load",
    "metrics",
    "parts",
    "render_part",
    "report",
    "scenarios",
    "scoring",
    "train",
]

if TYPE_CHECKING:
    from wutdet import browse, detectors, metrics, parts, report, scenarios, scoring
    from wutdet.benchmark.run import benchmark
    from wutdet.browse import from_fiftyone
    from wutdet.dataset import Dataset, Frame
    from wutdet.dataset.audit import audit
    from wutdet.detectors import Detections, InferenceProtocol
    from wutdet.errors import WutdetError
    from wutdet.parts import load
    from wutdet.sample import render_part
    from wutdet.scenarios import Camera
    from wutdet.scoring import evaluate
    from wutdet.training import train


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"wutdet.{name}")
    if name in _WHERE:
        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value  # a subpackage of the same name (benchmark) must not take its place later
        return value
    raise AttributeError(f"module 'wutdet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
