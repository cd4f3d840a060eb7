"""Which tiles a network is trained on beside whole frames, or in their place."""

from __future__ import annotations

from typing import Literal

import msgspec

from wutdet.detectors.tiling import Tiling
from wutdet.errors import ConfigError


class TrainingTiles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the frames of a training are cut into tiles, at their own scale.

    Raises:
        ConfigError: a value is impossible.
    """

    plan: Literal["full", "horizon"] = "full"
    """Tiles over the whole frame, or over the band around its horizon; over the whole where there is no horizon."""
    tile_px: int = 640
    """Longest side of a tile in native pixels; the network sees it at the baseline's `imgsz`."""
    overlap: float = 0.2
    """Of neighbours, at least, as a share of `tile_px`."""
    band: tuple[float, float] = (0.05, 0.2)
    """How far the band reaches above and below the horizon, as shares of the frame's height."""
    keep_empty: float = 0.1
    """Share of the training tiles without a ship that are kept; of the tiles of val all are."""
    min_visible: float = 0.5
    """A ship that a border cuts is one of the tile's where this share of its area is in it; else it is blanked."""
    with_frames: bool = True
    """Whether whole frames stay among what is trained on and chosen by."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        Tiling(plan=self.plan, tile_px=self.tile_px, overlap=self.overlap, band=self.band)  # says what is wrong
        if not 0.0 <= self.keep_empty <= 1.0:
            raise ConfigError(f"keep_empty is {self.keep_empty:g}", where="tiles", remedy="give a share from 0 to 1")
        if not 0.0 < self.min_visible <= 1.0:
            remedy = "give a share above 0, up to 1"
            raise ConfigError(f"min_visible is {self.min_visible:g}", where="tiles", remedy=remedy)
