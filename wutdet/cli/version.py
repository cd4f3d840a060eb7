"""`wutdet --version`: what is installed, and whether two packages overwrite each other."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Final

import wutdet

_SHOWN: Final = (
    "numpy",
    "polars",
    "pycocotools",
    "opencv-python",
    "opencv-python-headless",
    "torch",
    "torchvision",
    "ultralytics",
    "ultralytics-opencv-headless",
    "fiftyone",
)
_SAME_FILES: Final = {
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "ultralytics": ("ultralytics", "ultralytics-opencv-headless"),
}


def version_text() -> str:
    """Versions, a line each, then a warning for every module that two distributions own."""
    lines = [f"wutdet {wutdet.__version__}", f"python {platform.python_version()}"]
    lines += [f"{name} {version}" for name in _SHOWN if (version := installed(name)) is not None]
    return "\n".join([*lines, *clashes()])


def clashes() -> list[str]:
    """Modules that two installed distributions both write: the last one wins, uninstalling one breaks it."""
    found = []
    for module, owners in _SAME_FILES.items():
        present = [name for name in owners if installed(name) is not None]
        if len(present) > 1:
            names = " and ".join(present)
            found.append(f"warning: {names} both own '{module}'; uninstall both, then install one")
    return found


def installed(name: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
