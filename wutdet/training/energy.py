"""The energy a machine spends on a training, where it can be read: RAPL of processors, nvidia-smi of GPUs.

RAPL counts the whole package, not this process alone; on many systems only an administrator may read it. What cannot be
read is unknown (None), never zero.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

RAPL_FOLDER: Final = Path("/sys/class/powercap")
_JOULES_PER_WH: Final = 3600.0
_EVERY_S: Final = 5.0  # a package's counter wraps in some minutes at the earliest
_SMI_TIMEOUT_S: Final = 10.0


@dataclass(slots=True)
class RaplCounter:
    """The energy of one processor package, from a counter in µJ that starts again at its range."""

    folder: Path
    joules: float = 0.0
    _last_uj: int | None = field(default=None, init=False)

    def read(self) -> None:
        """Add what was spent since the last reading.

        Raises:
            OSError: the counter cannot be read.
            ValueError: it holds no number.
        """
        now_uj = int((self.folder / "energy_uj").read_text())
        if self._last_uj is not None:
            spent_uj = now_uj - self._last_uj
            if spent_uj < 0:
                spent_uj += int((self.folder / "max_energy_range_uj").read_text())
            self.joules += spent_uj / 1e6
        self._last_uj = now_uj


@dataclass(slots=True)
class PowerIntegral:
    """The energy of something whose power in W can be asked for, by trapezoids between readings."""

    watts: Callable[[], float]
    clock: Callable[[], float] = time.monotonic
    joules: float = 0.0
    _last: tuple[float, float] | None = field(default=None, init=False)

    def read(self) -> None:
        """Add what was spent since the last reading.

        Raises:
            OSError: the power cannot be read.
            ValueError: it is no number.
        """
        now_s, power_w = self.clock(), self.watts()
        if self._last is not None:
            then_s, before_w = self._last
            self.joules += (now_s - then_s) * (power_w + before_w) / 2
        self._last = (now_s, power_w)


class EnergyMeter:
    """Reads every source now and then while a `with` block runs.

    Args:
        sources: what to read, by name; one that fails once is unknown for good.
        every_s: seconds between readings.
    """

    def __init__(self, sources: dict[str, Sequence[RaplCounter | PowerIntegral]], every_s: float = _EVERY_S) -> None:
        self._sources = {name: counters for name, counters in sources.items() if counters}
        self._every_s = every_s
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> EnergyMeter:
        """Take the first reading and go on."""
        self._read()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the last reading."""
        self._over.set()
        self._thread.join()
        self._read()

    def spent_wh(self) -> dict[str, float]:
        """Energy until now in Wh, by source; those that cannot be read are missing."""
        self._read()
        with self._lock:
            return {
                name: round(sum(counter.joules for counter in counters) / _JOULES_PER_WH, 3)
                for name, counters in self._sources.items()
            }

    def _follow(self) -> None:
        while not self._over.wait(self._every_s):
            self._read()

    def _read(self) -> None:
        with self._lock:
            for name in list(self._sources):
                try:
                    for counter in self._sources[name]:
                        counter.read()
                except (OSError, ValueError, subprocess.SubprocessError):
                    del self._sources[name]


def energy_meter(device: str, rapl_folder: Path = RAPL_FOLDER) -> EnergyMeter:
    """A meter of this machine's processors (`rapl`), and of the GPUs that a device names (`nvidia-smi`)."""
    packages = [RaplCounter(folder) for folder in sorted(rapl_folder.glob("intel-rapl:*")) if _is_package(folder)]
    gpus = ",".join(part for part in device.removeprefix("cuda:").split(",") if part.strip().isdigit())
    smi = shutil.which("nvidia-smi") if gpus else None
    power = [] if smi is None else [PowerIntegral(lambda: _gpu_watts(smi, gpus))]
    return EnergyMeter({"rapl": packages, "nvidia-smi": power})


def _is_package(folder: Path) -> bool:
    """Whether a domain is a package, of which others would be counted twice.

    `intel-rapl:0:1` is a part of one. `psys`, numbered as packages are, is the whole platform with all of them.
    """
    try:
        name = (folder / "name").read_text()
    except OSError:
        return False
    return folder.name.count(":") == 1 and name.startswith("package") and (folder / "energy_uj").is_file()


def _gpu_watts(smi: str, gpus: str) -> float:
    command = [smi, f"--id={gpus}", "--query-gpu=power.draw", "--format=csv,noheader,nounits"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SMI_TIMEOUT_S)
    return sum(float(line) for line in answer.stdout.split("\n") if line.strip())
