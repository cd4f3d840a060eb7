"""What is in a tile of a frame: its pixels, and those of the frame's ships that it shows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.detectors.tiles import Window, band_windows, frame_windows
from wutdet.scenarios import Horizon, find_horizon
from wutdet.scenarios.keyed import generator
from wutdet.training.tile_settings import TrainingTiles

BLANK: Final = 114
"""Ultralytics' grey around a letterboxed frame: neither ship nor water."""


def training_windows(image: NDArray[np.uint8], horizon_row: float | None, tiles: TrainingTiles) -> list[Window]:
    """Where a frame is cut.

    Args:
        image: (H, W, 3) uint8 RGB.
        horizon_row: in native pixels; None to have the horizon found.
        tiles: the settings.
    """
    height, width = image.shape[:2]
    line = None
    if tiles.plan == "horizon":
        line = find_horizon(image) if horizon_row is None else Horizon.level(horizon_row)
    if line is None:
        return frame_windows(width, height, tiles.tile_px, tiles.overlap)
    return band_windows(line, width, height, tiles.band, tiles.tile_px, tiles.overlap)


def ships_in(
    window: Window, boxes: NDArray[np.float64], min_visible: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ships of a tile, and what is left in it of ships that its borders cut off.

    Args:
        window: the tile.
        boxes: (N, 4) xyxy of the frame's ships, native pixels.
        min_visible: a ship of which this share of the area is in the tile is one of its ships.

    Returns:
        Two (·, 4) arrays, xyxy in pixels of the tile, nothing beyond it; ships in the order of `boxes`.
    """
    corner = np.array([window.left, window.top], np.float64)
    size = np.array([window.right, window.bottom], np.float64) - corner
    moved = boxes.reshape(-1, 4) - np.tile(corner, 2)
    clipped = np.clip(moved, 0.0, np.tile(size, 2))
    area, visible = (np.prod(edges[:, 2:] - edges[:, :2], axis=1) for edges in (moved, clipped))
    whole = (clipped == moved).all(axis=1)
    shown = whole | ((visible > 0.0) & (visible >= min_visible * area))
    return clipped[shown], clipped[~shown & (visible > 0.0)]


def tile_pixels(
    image: NDArray[np.uint8], window: Window, boxes: NDArray[np.float64], min_visible: float
) -> NDArray[np.uint8]:
    """The pixels of a tile, with what is left of cut-off ships blanked.

    To learn a bow at the border as water would be as wrong as to learn it as a ship. Ships of the tile that stand
    before or behind it keep their pixels.

    Args:
        image: (H, W, 3) uint8 of the frame, RGB or BGR.
        window: the tile.
        boxes: (N, 4) xyxy of the frame's ships, native pixels.
        min_visible: as for `ships_in`.
    """
    tile = image[window.top : window.bottom, window.left : window.right].copy()
    ships, cut_off = ships_in(window, boxes, min_visible)
    if len(cut_off):
        tile[_covered(tile, cut_off) & ~_covered(tile, ships)] = BLANK
    return tile


def keeps_empty(frame_name: str, window: Window, tiles: TrainingTiles, seed: int) -> bool:
    """Whether a training tile without ships is kept: a draw by frame, corner and seed, and by nothing else."""
    key = f"{frame_name}/{window.left},{window.top}"
    return float(generator(key, "empty tile", seed).random()) < tiles.keep_empty


def _covered(tile: NDArray[np.uint8], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(H, W): the pixels that any of the boxes touches."""
    mask = np.zeros(tile.shape[:2], bool)
    for left, top, right, bottom in np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], 1).astype(int):
        mask[top:bottom, left:right] = True
    return mask
