"""Ask a detector, and hold its answer against what it promised: detectors come from anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wutdet.detectors.base import Detections, Detector
from wutdet.errors import ConfigError

_REMEDY = "return one Detections for each frame it is given"


def ask(detector: Detector, frames: Sequence[NDArray[np.uint8]]) -> list[Detections]:
    """What a detector finds in each frame.

    Args:
        detector: it is called once.
        frames: RGB uint8 (H, W, 3), all of one size.

    Raises:
        ConfigError: it does not answer with one `Detections` for each frame.
    """
    found: object = detector(frames)
    if not isinstance(found, list):
        raise ConfigError(f"the detector returned {_a(found)}, not a list", remedy=_REMEDY)
    if len(found) != len(frames):
        raise ConfigError(f"the detector returned {len(found)} results for {len(frames)} frames", remedy=_REMEDY)
    for one in found:
        if not isinstance(one, Detections):
            raise ConfigError(f"the detector returned {_a(one)} for a frame, not Detections", remedy=_REMEDY)
    return found


def _a(thing: object) -> str:
    return "None" if thing is None else f"a {type(thing).__name__}"
