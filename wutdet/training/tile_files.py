"""The tiles of a training as files: cut once, and found again when the training goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from wutdet.dataset import Dataset
from wutdet.dataset.dataset import Frame
from wutdet.dataset.files import write_aside
from wutdet.detectors.tiles import Window
from wutdet.training.tile_cutting import keeps_empty, ships_in, tile_pixels, training_windows
from wutdet.training.tile_settings import TrainingTiles

TABLE_NAME: Final = "tiles.json"
"""Written when all tiles are."""
_JPEG: Final = (".jpg", ".jpeg")
_JPEG_WRITING: Final = (
    cv2.IMWRITE_JPEG_QUALITY,
    95,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,  # a ship of 4 px has no colour to spare
)


class Tile(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One tile of a training."""

    name: str
    """Of its file, from the folder of tiles on."""
    frame: str
    """File name of the frame it was cut from."""
    window: Window
    """Where, in native pixels."""
    splits: tuple[str, ...]
    """`train`, `val` or both."""
    boxes: tuple[tuple[float, float, float, float], ...]
    """Its ships, xyxy in its own pixels."""


class TileCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The tiles of a split."""

    tiles: int
    without_ships: int
    ships: int


def cut_tiles(
    dataset: Dataset,
    folder: Path,
    tiles: TrainingTiles,
    *,
    seed: int,
    threads: int,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Tile, ...]:
    """Cut every frame and write its tiles; tiles that an earlier call finished are taken as they are.

    A tile of a JPEG is a JPEG of quality 95 with full colour, any other a PNG. A tile that shows nothing but what is
    left of cut-off ships is left out.

    Args:
        dataset: frames of the splits `train` and `val`, and no others.
        folder: of this training's tiles alone.
        tiles: the settings.
        seed: draws which tiles without ships are kept.
        threads: that cut.
        advance: called with the number of frames that are cut since the last call.

    Raises:
        FrameError: an image is bad.
    """
    table = folder / TABLE_NAME
    if table.is_file():
        advance(len(dataset))
        return msgspec.json.decode(table.read_bytes(), type=tuple[Tile, ...])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    splits = dataset.images["splits"].to_list()

    def cut(place: int) -> list[Tile]:
        return _cut_frame(dataset[place], splits[place], folder, tiles, seed)

    made: list[Tile] = []
    pool = ThreadPoolExecutor(threads)
    try:
        for of_frame in pool.map(cut, range(len(dataset))):
            made += of_frame
            advance(1)
    finally:
        pool.shutdown(cancel_futures=True)  # a bad frame, or Ctrl-C, waits for no other frame
    write_aside(table, msgspec.json.encode(made))
    return tuple(made)


def count_tiles(tiles: Iterable[Tile], split: str) -> TileCounts:
    """How many tiles and ships a split has."""
    ships = [len(tile.boxes) for tile in tiles if split in tile.splits]
    return TileCounts(tiles=len(ships), without_ships=ships.count(0), ships=sum(ships))


def _cut_frame(frame: Frame, splits: Sequence[str], folder: Path, tiles: TrainingTiles, seed: int) -> list[Tile]:
    made = []
    for window in training_windows(frame.image, frame.horizon_row, tiles):
        ships, cut_off = ships_in(window, frame.boxes, tiles.min_visible)
        if not len(ships) and len(cut_off):
            continue
        kept = len(ships) > 0 or keeps_empty(frame.name, window, tiles, seed)
        wanted = tuple(split for split in splits if kept or split == "val")
        if not wanted:
            continue
        suffix = ".jpg" if frame.path.suffix.lower() in _JPEG else ".png"
        name = f"{frame.name}/{window.left}-{window.top}{suffix}"
        boxes = tuple(map(tuple, ships.tolist()))
        made.append(Tile(name=name, frame=frame.name, window=window, splits=wanted, boxes=boxes))
        _write_image(folder / name, tile_pixels(frame.image, window, frame.boxes, tiles.min_visible))
    return made


def _write_image(path: Path, rgb: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    how: Any = _JPEG_WRITING if path.suffix in _JPEG else ()
    write_aside(path, cv2.imencode(path.suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), how)[1].tobytes())
