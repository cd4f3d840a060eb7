"""`wutdet --version`: what is installed and on what machine, and whether two packages overwrite each other."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import wutdet
from wutdet.cores import usable_cores

_CORE: Final = ("numpy", "polars", "msgspec", "pycocotools", "opencv-python", "opencv-python-headless", "matplotlib")
_EXTRAS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "train": (("torch",), ("torchvision",), ("ultralytics", "ultralytics-opencv-headless")),
    "augment": (("albumentations", "albumentationsx"),),
    "exchange": (("datasets",), ("supervision",)),
    "browse": (("fiftyone",),),
    "ray": (("ray",),),
}
"""By extra, what it brings; of distributions of the same module any one is enough."""
_SAME_FILES: Final = {
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "ultralytics": ("ultralytics", "ultralytics-opencv-headless"),
}
_GPUS: Final = Path("/proc/driver/nvidia/gpus")  # asking the driver's files takes no import of torch


def version_text() -> str:
    """Versions and the machine, a line each, then a warning for every module that two distributions own."""
    lines = [
        f"wutdet {wutdet.__version__}",
        f"python {platform.python_version()}",
        f"platform {platform.platform(terse=True)}, {platform.machine()}, {usable_cores()} CPU cores",
        f"gpu {', '.join(gpu_names()) or 'none that an NVIDIA driver lists'}",
    ]
    lines += [f"{name} {version}" for name in _CORE if (version := installed(name)) is not None]
    return "\n".join([*lines, *_extras(), *clashes()])


def gpu_names(folder: Path = _GPUS) -> list[str]:
    """The models of the GPUs that NVIDIA's driver lists on Linux; nothing elsewhere."""
    names = []
    for path in sorted(folder.glob("*/information")):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        names += [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Model:")]
    return names


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


def _extras() -> Iterator[str]:
    """What the extras bring, or how to get it."""
    for extra, groups in _EXTRAS.items():
        for names in groups:
            known = [f"{name} {version}" for name in names if (version := installed(name)) is not None]
            yield from known or [f"{names[0]} not installed (pip install 'wutdet[{extra}]')"]
