"""Import ultralytics quietly, offline, and with a torchvision that works."""

from __future__ import annotations

import functools
import importlib.util
import math
import os
import sys
from pathlib import Path
from typing import Any, Final

from wutdet.cores import usable_cores
from wutdet.errors import ConfigError, MissingExtraError

_QUIET: Final = {
    "YOLO_OFFLINE": "1",
    "YOLO_AUTOINSTALL": "0",
    "YOLO_VERBOSE": "false",
    "NO_ALBUMENTATIONS_UPDATE": "1",
}
_PATIENT: Final = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Torch's threads wait for each other asleep. Spinning, they take ten times as long where anything else wants a core,
as rendering ahead does. OpenMP reads this when torch is first imported."""


def import_ultralytics(*, online: bool = False) -> Any:
    """The `ultralytics` module, told not to probe the network, install packages or write to the user's settings.

    Torch's threads are told to leave the cores to others while they wait. What the user set in the environment stays.
    Ultralytics and torch read it when they are first imported, so it, and `online`, count only then.

    Args:
        online: allow downloads, because the user named a model that needs one.

    Raises:
        MissingExtraError: ultralytics or torch is not installed.
    """
    for module in ("torch", "torchvision", "ultralytics"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(module, "train")
    for name, value in (_QUIET | _PATIENT).items():
        if not (online and name == "YOLO_OFFLINE"):
            os.environ.setdefault(name, value)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(_config_dir()))
    from wutdet.detectors.torchvision_ops import ensure_torchvision

    ensure_torchvision()
    if not Path(os.environ["YOLO_CONFIG_DIR"]).is_dir():
        Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)
    import ultralytics

    _take_the_time()
    if ultralytics.settings.get("sync"):
        ultralytics.settings.update({"sync": False})
    dict.update(ultralytics.settings, {"raytune": False})  # in memory alone: Ray is an engine here, and no tuner
    if not online:
        import ultralytics.data.utils

        ultralytics.data.utils.check_font = _no_font  # asks the network for a font of figures that are not drawn
    return ultralytics


def check_device(device: str) -> None:
    """Refuse a device that this machine or this build of torch lacks.

    Raises:
        ConfigError: there is no such device.
    """
    from ultralytics.utils.torch_utils import select_device

    try:
        select_device(device, verbose=False)
    except (ValueError, RuntimeError, AssertionError):
        raise ConfigError(
            "no such device here", where=f"--device {device}", remedy="use cpu, or install the GPU build of torch"
        ) from None


def set_torch_threads(threads: int) -> None:
    """Let torch compute with this many threads; ultralytics takes all cores but one, which is one of two."""
    import torch

    torch.set_num_threads(threads)


def default_threads() -> int:
    """The number of cores this process may use."""
    return usable_cores()


def versions() -> dict[str, str]:
    """Versions of the modules that decide what a detector computes, for the manifest."""
    found: dict[str, Any] = {name: sys.modules.get(name) for name in ("torch", "torchvision", "ultralytics")}
    return {name: str(module.__version__) for name, module in found.items() if module is not None}


def _take_the_time() -> None:
    """Let suppression end however long it takes.

    Ultralytics gives up after 2 s and 0.05 s a picture of wall time, and the rest of the batch then has no detections:
    on a busy machine the last cells of a frame would be empty, and the scores another machine's.
    """
    from ultralytics.utils import nms

    if not isinstance(nms.non_max_suppression, functools.partial):
        nms.non_max_suppression = functools.partial(nms.non_max_suppression, max_time_img=math.inf)


def _no_font(*_: Any, **__: Any) -> None:
    return None


def _config_dir() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "wutdet" / "ultralytics"
