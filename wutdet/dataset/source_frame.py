"""A frame of any source, labelled or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.dataset import Frame


@dataclass(frozen=True)
class SourceFrame(Frame):
    """A frame and the camera that took it; `boxes` is (0, 4) where there are no labels."""

    camera: str | None = None
    """Its name, where the data tell it."""


@dataclass(frozen=True)
class DecodedFrame(SourceFrame):
    """A frame that has no file of its own: `path` is the video's."""

    pixels: NDArray[np.uint8] = field(kw_only=True, repr=False)
    """(H, W, 3) uint8 RGB."""

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB."""
        return self.pixels


def no_boxes() -> NDArray[np.float64]:
    """(0, 4): the boxes of a frame without labels."""
    return np.empty((0, 4))
