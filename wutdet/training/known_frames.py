"""What is known of the images of a training, by their paths: names, horizons, and where tiles were cut."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wutdet.detectors.tiles import Window
from wutdet.training.tile_files import Tile
from wutdet.training.tile_settings import TrainingTiles

if TYPE_CHECKING:
    from wutdet.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a tile was cut from its frame."""

    path: str
    """Of the frame's image."""
    boxes: NDArray[np.float64]
    """(N, 4) xyxy of all the frame's ships, native pixels."""
    window: Window
    min_visible: float
    """As for `ships_in`."""


@dataclass(frozen=True, slots=True)
class KnownFrame:
    """What is known of a frame besides its pixels and boxes."""

    name: str
    """Its file name, which its weather is drawn by; a tile has its frame's, and so its frame's weather."""
    horizon_row: float | None = None
    """In native pixels of the frame; None to have the horizon found."""
    cut: Cut | None = None
    """Where it is a tile: the frame is rendered, and then cut."""


def known_frames(dataset: Dataset, image_dir: Path | None = None) -> dict[str, KnownFrame]:
    """The frames of a dataset by the absolute path of each image.

    Args:
        dataset: whose names and horizons to use.
        image_dir: where the images are that will be trained on, when not at the dataset's own place.
    """
    folder = os.path.abspath(image_dir or dataset.image_dir)
    rows = dataset.images.select("file_name", "horizon_row").iter_rows()
    return {os.path.normpath(os.path.join(folder, name)): KnownFrame(name, row) for name, row in rows}


def known_tiles(
    dataset: Dataset, image_dir: Path, tiles: Sequence[Tile], *, tile_dir: Path, settings: TrainingTiles
) -> dict[str, KnownFrame]:
    """The tiles of a dataset's frames by the absolute path of each tile's image.

    Args:
        dataset: whose frames were cut.
        image_dir: where the frames' images are.
        tiles: what was cut.
        tile_dir: where the tiles' images are.
        settings: how they were cut.
    """
    frames = {frame.name: frame for frame in dataset}
    folder = os.path.abspath(tile_dir)
    known = {}
    for tile in tiles:
        frame = frames[tile.frame]
        cut = Cut(str(image_dir / frame.name), frame.boxes, tile.window, settings.min_visible)
        path = os.path.normpath(os.path.join(folder, tile.name))
        known[path] = KnownFrame(frame.name, frame.horizon_row, cut)
    return known


def known_frame(path: str, frames: Mapping[str, KnownFrame]) -> KnownFrame:
    """A frame by its path; one that nobody described is named as the YOLO layout names it: from `images/` on."""
    absolute = os.path.abspath(path)
    name = absolute.rpartition(f"{os.sep}images{os.sep}")[2] if f"{os.sep}images{os.sep}" in absolute else path
    return frames.get(absolute) or KnownFrame(name if name != path else os.path.basename(path))
