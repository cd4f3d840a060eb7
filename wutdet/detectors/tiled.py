"""Any detector, looking at a frame and then closer, at tiles of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from wutdet.detectors.asking import ask
from wutdet.detectors.base import (
    Detections,
    Detector,
    DetectorInfo,
    InferenceProtocol,
    Resizable,
    Staged,
    describe,
)
from wutdet.detectors.merging import merge
from wutdet.detectors.tiles import Window, band_windows, frame_windows, windows_on
from wutdet.detectors.tiling import Tiling
from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from wutdet.scenarios import Horizon

_SURE: Final = 0.1  # the score from which a box of the full frame says where ships are
_STRIDE_PX: Final = 32  # sides of a network's input are multiples of it
_UNKNOWN: Final = InferenceProtocol(confidence=None, nms_iou=None, max_det=None)


def tiled(detector: Detector, tiling: Tiling | None = None, **settings: Any) -> TiledDetector:
    """A detector that also looks at tiles, in a frame of any size.

    Args:
        detector: what finds ships in frames and in tiles.
        tiling: which tiles, and how they are merged; `Tiling()`, the band around the horizon, by default.
        **settings: fields of `Tiling` in its place, such as `plan="full", tile_px=512`.

    Raises:
        ConfigError: a setting is impossible, or the detector cannot take tiles at `imgsz`.
    """
    return TiledDetector(detector, Tiling(**settings) if tiling is None else tiling)


class TiledDetector:
    """A detector over full frames and tiles, merged.

    With the plan `horizon` the line is the one that is found in the frame. Where none is, it is a level line through
    the middle of what the full frame was sure of; where that is nothing, there are no tiles. With `skip_below` weaker
    candidates give the line then, and only tiles with a candidate are looked at.
    """

    def __init__(self, detector: Detector, tiling: Tiling) -> None:
        """Wrap a detector.

        Raises:
            ConfigError: the detector cannot take tiles at the tiling's `imgsz`.
        """
        self._tiling = tiling
        self._stage_s: dict[str, float] = {}
        self._of_frames = detector
        self._of_tiles = {tiling.network_px: detector.at(tiling.network_px)} if isinstance(detector, Resizable) else {}
        # A callable decides for itself what its network sees, so it is given tiles that are enlarged already.
        self._scale = 1.0 if isinstance(detector, Resizable) else tiling.network_px / tiling.tile_px
        inner = describe(detector)
        self._protocol = msgspec.structs.replace(inner.protocol or _UNKNOWN, tiles=tiling)
        # GFLOPs of a frame depend on how many tiles it has.
        self._info = msgspec.structs.replace(
            inner, name=f"{inner.name} + {tiling.plan} tiles", protocol=self._protocol, gflops=None
        )

    @property
    def info(self) -> DetectorInfo:
        """What is known of the wrapped detector, and the tiling in its protocol."""
        return self._info

    @property
    def stage_s(self) -> dict[str, float]:
        """As the wrapped detector states it, of the frames and tiles of the last call; empty where it does not."""
        return dict(self._stage_s)

    def __call__(self, frames: Sequence[NDArray[np.uint8]], /) -> list[Detections]:
        """Detections of each RGB uint8 (H, W, 3) frame: all frames in one batch, then the tiles of each in one.

        Raises:
            ConfigError: the wrapped detector does not answer with one `Detections` for each frame and tile.
        """
        self._stage_s = {}
        given = list(frames)
        return [
            self._closer(frame, found) for frame, found in zip(given, self._asked(self._of_frames, given), strict=True)
        ]

    def windows(self, frame: NDArray[np.uint8], found: Detections) -> list[Window]:
        """The tiles of an RGB frame that are looked at, where `found` was found in the whole of it."""
        least = self._tiling.skips_below
        if least is None:
            return self._all_windows(frame, found)
        candidates = found.xyxy[found.scores >= least]
        return windows_on(self._all_windows(frame, found), candidates) if len(candidates) else []

    def _all_windows(self, frame: NDArray[np.uint8], found: Detections) -> list[Window]:
        height, width = frame.shape[:2]
        tiling = self._tiling
        if tiling.plan == "full":
            return frame_windows(width, height, tiling.tile_px, tiling.overlap)
        line = horizon_of(frame, found, _SURE if tiling.skips_below is None else tiling.skips_below)
        if line is None:
            return []
        return band_windows(line, width, height, tiling.band, tiling.tile_px, tiling.overlap)

    def _closer(self, frame: NDArray[np.uint8], found: Detections) -> Detections:
        windows = self.windows(frame, found)
        if windows:
            tiles = [_cropped(frame, window, self._scale) for window in windows]
            seen = self._asked(self._for_tiles(max(tiles[0].shape[:2])), tiles)
            moved = [(window, _moved(one, window, self._scale)) for window, one in zip(windows, seen, strict=True)]
            height, width = frame.shape[:2]
            found = merge(found, moved, width=width, height=height, iou=self._tiling.merge_iou)
        least, most = self._protocol.confidence, self._protocol.max_det
        wanted = np.flatnonzero(found.scores >= (-np.inf if least is None else least))[:most]
        return Detections(found.xyxy[wanted], found.scores[wanted])

    def _for_tiles(self, longest_px: int) -> Detector:
        """The detector of tiles whose longest side is this: in a frame narrower than `tile_px` it is less than that.

        All tiles are seen at one scale, so the network's input shrinks with them. An export of a fixed size cannot: it
        sees small tiles enlarged.
        """
        tiling = self._tiling
        if not isinstance(self._of_frames, Resizable):
            return self._of_frames
        strides = math.ceil(tiling.network_px * longest_px / tiling.tile_px / _STRIDE_PX)
        px = min(strides * _STRIDE_PX, tiling.network_px)
        if px not in self._of_tiles:
            try:
                self._of_tiles[px] = self._of_frames.at(px)
            except ConfigError:
                self._of_tiles[px] = self._of_tiles[tiling.network_px]
        return self._of_tiles[px]

    def _asked(self, detector: Detector, images: list[NDArray[np.uint8]]) -> list[Detections]:
        """What a detector finds in one batch; its time is added to the stages."""
        found = ask(detector, images)
        for stage, seconds in (detector.stage_s if isinstance(detector, Staged) else {}).items():
            self._stage_s[stage] = self._stage_s.get(stage, 0.0) + seconds
        return found


def horizon_of(frame: NDArray[np.uint8], found: Detections, least: float = _SURE) -> Horizon | None:
    """The line that tiles follow: the frame's horizon, else one through what was found for sure, else none.

    Args:
        frame: RGB.
        found: in the whole of it.
        least: the score from which boxes give the line where none is sure.
    """
    from wutdet.scenarios import Horizon, find_horizon

    line = find_horizon(frame)
    if line is not None:
        return line
    for score in (_SURE, least):
        middles = found.xyxy[found.scores >= score][:, [1, 3]].mean(axis=1)
        if len(middles):
            return Horizon.level(float(np.median(middles)))
    return None


def _cropped(frame: NDArray[np.uint8], window: Window, scale: float) -> NDArray[np.uint8]:
    tile = np.ascontiguousarray(frame[window.top : window.bottom, window.left : window.right])
    if scale == 1.0:
        return tile
    import cv2

    size = (round(tile.shape[1] * scale), round(tile.shape[0] * scale))
    enlarged: Any = cv2.resize(tile, size, interpolation=cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA)
    return np.asarray(enlarged, dtype=np.uint8)


def _moved(found: Detections, window: Window, scale: float) -> Detections:
    """Detections of a tile in pixels of the frame."""
    corner = np.array([window.left, window.top, window.left, window.top], np.float64)
    return Detections(found.xyxy / scale + corner, found.scores)
