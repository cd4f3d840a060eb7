"""How often a training was started, and what each start took: kept in a file, as a kill leaves no memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from wutdet.dataset.files import write_aside
from wutdet.training.energy import EnergyMeter

SESSIONS_NAME: Final = "sessions.json"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One start of a training, up to the last epoch it finished."""

    first_epoch: int
    """From 1."""
    last_epoch: int
    device: str
    threads: int
    seconds: float
    energy_wh: dict[str, float]
    """By source, where it could be read."""


class SessionLog:
    """Writes down the session that is running.

    An epoch is noted before its checkpoint is written, so that a kill in between loses none of the time spent; the
    session that goes on then takes back an epoch that was noted and not saved.

    Args:
        folder: of the training.
        first_epoch: the first that this session will finish.
        device: as ultralytics names them.
        threads: torch threads.
        meter: running, or None.
    """

    def __init__(self, folder: Path, *, first_epoch: int, device: str, threads: int, meter: EnergyMeter) -> None:
        self._path = folder / SESSIONS_NAME
        self._before = [
            replace(item, last_epoch=min(item.last_epoch, first_epoch - 1))
            for item in read_sessions(folder)
            if item.first_epoch < first_epoch
        ]
        self._first_epoch = first_epoch
        self._device = device
        self._threads = threads
        self._meter = meter
        self._started = time.monotonic()

    def reached(self, epoch: int) -> None:
        """Note that an epoch is trained."""
        session = Session(
            first_epoch=self._first_epoch,
            last_epoch=epoch,
            device=self._device,
            threads=self._threads,
            seconds=round(time.monotonic() - self._started, 1),
            energy_wh=self._meter.spent_wh(),
        )
        write_aside(self._path, msgspec.json.encode([*self._before, session]))


def read_sessions(folder: Path) -> list[Session]:
    """The sessions of a training so far; none where the file is missing or damaged."""
    try:
        return msgspec.json.decode((folder / SESSIONS_NAME).read_bytes(), type=list[Session])
    except (OSError, msgspec.DecodeError):
        return []


def energy_wh(sessions: list[Session]) -> dict[str, float] | None:
    """Energy of all sessions by source, of those sources that every session could read; None where there is none."""
    names = set.intersection(*(set(item.energy_wh) for item in sessions)) if sessions else set()
    return {name: round(sum(item.energy_wh[name] for item in sessions), 3) for name in sorted(names)} or None
