"""Detectors that a factory makes, `module:factory`, and what a plan knows of those that say nothing of themselves."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wutdet.detectors.base import Described, Detections, Detector, DetectorInfo, Resizable, Staged
from wutdet.detectors.exports import digest
from wutdet.errors import ConfigError


def from_factory(module: str, factory: str) -> Detector:
    """What a factory of a module makes; where that has no `info`, known by the factory's name and source.

    Raises:
        ConfigError: there is no such module or factory, or what it makes is no callable.
    """
    where = f"{module}:{factory}"
    try:
        loaded = importlib.import_module(module)
        make = getattr(loaded, factory)
    except ModuleNotFoundError as error:
        remedy = "check the spelling and PYTHONPATH"
        raise ConfigError(f"cannot import '{error.name}'", where=where, remedy=remedy) from None
    except AttributeError:
        near = difflib.get_close_matches(factory, dir(sys.modules.get(module)), n=1)
        remedy = f"did you mean {module}:{near[0]}?" if near else "check the name"
        raise ConfigError(f"'{module}' has no '{factory}'", where=where, remedy=remedy) from None
    detector: Any = make() if callable(make) else None  # a user's module is untyped
    if not callable(detector):
        raise ConfigError("does not return a callable", where=where, remedy="return the detector")
    if isinstance(detector, Described):
        return detector  # type: ignore[return-value]  # that it is a detector too shows when it is asked
    return _named(detector, DetectorInfo(name=where, weights_sha256=_source_sha256(loaded, factory, make)))


def _source_sha256(module: ModuleType, factory: str, make: Callable[[], Any]) -> str | None:
    """Of the sources of the module and of the factory, and the factory's name; None where there is no source.

    The module's name is left out: one that was moved is the same. The factory's is in: others of a module are others.
    """
    files = [getattr(module, "__file__", None)]
    if inspect.isroutine(make) or inspect.isclass(make):
        files.append(getattr(inspect.getmodule(make), "__file__", None))
    sources = dict.fromkeys(file for file in files if file is not None and Path(file).is_file())
    if not sources:
        return None
    listed = "".join(f"{digest(Path(file))}\n" for file in sources)
    return hashlib.sha256(f"{listed}{factory}\n".encode()).hexdigest()


class _Named:
    """A detector under the name of its factory."""

    def __init__(self, detector: Detector, info: DetectorInfo) -> None:
        self._detector = detector
        self.info = info

    @property
    def stage_s(self) -> Mapping[str, float]:
        """As the detector states it; empty where it does not."""
        return self._detector.stage_s if isinstance(self._detector, Staged) else {}

    def __call__(self, frames: Sequence[NDArray[np.uint8]], /) -> list[Detections]:
        return self._detector(frames)


class _NamedResizable(_Named):
    """One whose network takes inputs of several sizes."""

    def at(self, imgsz: int, /) -> Detector:
        assert isinstance(self._detector, Resizable)
        return _named(self._detector.at(imgsz), self.info)


def _named(detector: Detector, info: DetectorInfo) -> Detector:
    return _NamedResizable(detector, info) if isinstance(detector, Resizable) else _Named(detector, info)
