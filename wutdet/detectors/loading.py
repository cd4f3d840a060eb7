"""Turn what a user names into a detector."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from wutdet.detectors.base import Detector, InferenceProtocol


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
    `tiles` of the protocol, which are laid over any detector. One that has no `info` is known by the factory's name
    and source.

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
        from wutdet.detectors.factory import from_factory

        return from_factory(module, factory)
    from wutdet.detectors.ultralytics import UltralyticsDetector

    return UltralyticsDetector(
        spec, protocol=protocol, classes=classes, device=device, threads=threads, trust_weights=trust_weights
    )
