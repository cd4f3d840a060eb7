"""Which tiles are looked at beside the full frame. Every field decides detections, so all of it is in the plan."""

from __future__ import annotations

from typing import Literal

import msgspec

from wutdet.errors import ConfigError


class Tiling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of inference on tiles.

    Raises:
        ConfigError: a value is impossible.
    """

    plan: Literal["full", "horizon"] = "horizon"
    """Tiles over the whole frame, or over the band around its horizon."""
    tile_px: int = 640
    """Longest side of a tile in native pixels."""
    imgsz: int | None = None
    """Longer side of the network's input for a tile of `tile_px`; None is `tile_px`: native scale."""
    overlap: float = 0.2
    """Of neighbours, at least, as a share of `tile_px`. Ships up to that size lie whole in some tile."""
    band: tuple[float, float] = (0.05, 0.2)
    """How far the band reaches above and below the horizon, as shares of the frame's height."""
    merge_iou: float = 0.5
    """Of detections that overlap by more than this the best is kept."""
    skip_below: float | msgspec.UnsetType | None = msgspec.UNSET
    """Tiles are left out in which the full frame found nothing with this score or more; None looks at every tile.

    None becomes unset, which a plan does not state: plans of before stay as they are.
    """

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        wrong = [
            (self.plan not in ("full", "horizon"), f"plan is '{self.plan}'", "choose full or horizon"),
            (self.tile_px < 32, f"tile_px is {self.tile_px}", "give 32 or more"),
            (self.imgsz is not None and self.imgsz < 32, f"imgsz is {self.imgsz}", "give 32 or more"),
            (not 0 <= self.overlap <= 0.9, f"overlap is {self.overlap}", "give a share from 0 to 0.9"),
            (
                len(self.band) != 2 or not all(0 <= share <= 1 for share in self.band) or not any(self.band),
                f"band is {self.band}",
                "give shares of the height above and below the horizon, such as 0.05,0.2",
            ),
            (not 0 < self.merge_iou <= 1, f"merge_iou is {self.merge_iou}", "give an IoU above 0, up to 1"),
            (
                self.skips_below is not None and not 0 <= self.skips_below <= 1,
                f"skip_below is {self.skip_below}",
                "give a score from 0 to 1, such as 0.01",
            ),
        ]
        for is_so, what, remedy in wrong:
            if is_so:
                raise ConfigError(what, where="tiles", remedy=remedy)
        if self.skip_below is None:
            msgspec.structs.force_setattr(self, "skip_below", msgspec.UNSET)

    @property
    def network_px(self) -> int:
        """Longer side of the network's input for a tile of `tile_px`."""
        return self.imgsz or self.tile_px

    @property
    def skips_below(self) -> float | None:
        """`skip_below`, None where it is unset."""
        return None if self.skip_below is msgspec.UNSET else self.skip_below
