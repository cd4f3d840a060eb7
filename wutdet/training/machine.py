"""The machine a training ran on, as its manifest states it; what cannot be read is None."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

import msgspec

from wutdet.detectors.runtime import default_threads

_CPU_INFO: Final = Path("/proc/cpuinfo")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A machine, without its name or address."""

    system: str
    architecture: str
    """Such as `x86_64`."""
    cpu: str | None
    cores: int | None
    cores_usable: int
    """Those this process may use."""
    memory_gib: float | None
    devices: list[str]
    """Models of the accelerators that were used; empty on the CPU."""


def this_machine(device: str) -> Machine:
    """The machine, with the names of the accelerators that a device names.

    Args:
        device: as ultralytics names them: `cpu`, `0`, `0,1`, `mps`.
    """
    return Machine(
        system=platform.system(),
        architecture=platform.machine(),
        cpu=cpu_model(),
        cores=os.cpu_count(),
        cores_usable=default_threads(),
        memory_gib=_memory_gib(),
        devices=_device_names(device),
    )


def cpu_model(cpu_info: Path = _CPU_INFO) -> str | None:
    """The processor's name: Linux tells it in a file, others by `platform`."""
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, None) or platform.processor() or None


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None


def _device_names(device: str) -> list[str]:
    import torch

    if device == "mps":
        return ["mps"]
    numbers = [int(part) for part in device.removeprefix("cuda:").split(",") if part.strip().isdigit()]
    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(number) for number in numbers if number < torch.cuda.device_count()]
