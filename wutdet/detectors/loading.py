"""Turn what a user names into a detector."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from wutdet.detectors.base import Detector, InferenceProtocol
from wutdet.errors import ConfigError


def load_detector(
    spec: str | Path | Detector,
    *,
    protocol: InferenceProtocol | None = None,
    classes: Mapping[str, str] | None = None,
    device: str = "cpu",
    threads: int | None = None,
    trust_weights: bool = False,
) -> Detector:
    """A detector from weights, from `pkg.module:factory`, or one that already is a callable.

    A factory is called without arguments and returns the detector; the options are for weights alone, but the
    `tiles` of the protocol, which are laid over any detector.

    Raises:
        ConfigError: it names nothing that exists.
    """
    if protocol is not None and protocol.tiles is not msgspec.UNSET:
        from wutdet.detectors.tiled import tiled

        wrapped = load_detector(
            spec,
            protocol=msgspec.structs.replace(protocol, tiles=msgspec.UNSET),
            classes=classes,
            device=device,
            threads=threads,
            trust_weights=trust_weights,
        )
        return tiled(wrapped, protocol.tiles)
    if not isinstance(spec, str | Path):
        return spec
    module, colon, factory = str(spec).partition(":")
    if colon and not Path(spec).exists() and module.replace(".", "").replace("_", "").isalnum():
        return _from_factory(module, factory)
    from wutdet.detectors.ultralytics import UltralyticsDetector

    return UltralyticsDetector(
        spec, protocol=protocol, classes=classes, device=device, threads=threads, trust_weights=trust_weights
    )


def _from_factory(module: str, factory: str) -> Detector:
    where = f"{module}:{factory}"
    try:
        make = getattr(importlib.import_module(module), factory)
    except ModuleNotFoundError as error:
        remedy = "check the spelling and PYTHONPATH"
        raise ConfigError(f"cannot import '{error.name}'", where=where, remedy=remedy) from None
    except AttributeError:
        near = difflib.get_close_matches(factory, dir(sys.modules.get(module)), n=1)
        remedy = f"did you mean {module}:{near[0]}?" if near else "check the name"
        raise ConfigError(f"'{module}' has no '{factory}'", where=where, remedy=remedy) from None
    detector = make() if callable(make) else None
    if not callable(detector):
        raise ConfigError("does not return a callable", where=where, remedy="return the detector") from None
    return detector  # type: ignore[no-any-return]  # a user's module is untyped
