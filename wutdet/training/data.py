"""The frames and tiles of a training, laid out as ultralytics reads them."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wutdet.dataset import Dataset
from wutdet.dataset.files import write_aside
from wutdet.dataset.tables import BoxRecord, FrameRecord, build_tables
from wutdet.dataset.yolo import IMAGES, write_labels, write_yolo
from wutdet.errors import DataError
from wutdet.training.config import BaselineConfig
from wutdet.training.tile_files import Tile, cut_tiles

TILES: Final = "wutdet-tiles"
"""The folder of tiles: in a training's folder, and as a link among its images."""
_DATA: Final = "data"
_SPLITS: Final = ("train", "val")


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What was written."""

    path: Path
    """`data.yaml`."""
    has_val: bool
    tiles: tuple[Tile, ...] = ()


def require_train(dataset: Dataset) -> None:
    """Refuse a dataset without a split to train on.

    Raises:
        DataError: it has no split `train`.
    """
    if "train" not in dataset.splits:
        known = ", ".join(dataset.splits) or "none"
        raise DataError(
            f"no split 'train' (there is {known})", where=dataset.name, remedy="give lists with --splits DIR"
        )


def write_data(
    dataset: Dataset,
    folder: Path,
    config: BaselineConfig,
    *,
    threads: int,
    advance: Callable[[int], None] = lambda _: None,
) -> TrainingData:
    """The train and val splits in the YOLO layout, and tiles of them where the config wants some.

    What a killed training left there is written anew: half of it may be missing, or its links may lead nowhere.
    Tiles are no links, and are cut once; `advance` is told how many frames were.

    Raises:
        DataError: there is no tile, and tiles alone are to be trained on.
        FrameError: an image is bad.
    """
    import polars as pl

    wanted = [name for name in _SPLITS if name in dataset.splits]
    shutil.rmtree(folder / _DATA, ignore_errors=True)
    images = dataset.images.with_columns(pl.col("splits").list.set_intersection(wanted))
    kept = dataclasses.replace(dataset, images=images).filter(pl.col("splits").list.len() > 0)
    path = write_yolo(kept, folder / _DATA, placement="link")
    tiles: tuple[Tile, ...] = ()
    if config.tiles is not None:
        tiles = cut_tiles(kept, folder / TILES, config.tiles, seed=config.seed, threads=threads, advance=advance)
        _add_tiles(path.parent, folder / TILES, tiles, wanted, with_frames=config.tiles.with_frames)
    return TrainingData(path, "val" in wanted, tiles)


def _add_tiles(data: Path, made: Path, tiles: tuple[Tile, ...], splits: Sequence[str], *, with_frames: bool) -> None:
    """Put tiles among the frames of a written layout: a link to their folder, their labels, and their lines."""
    (data / IMAGES / TILES).symlink_to(os.path.relpath(made, data / IMAGES), target_is_directory=True)
    write_labels(*build_tables(map(_record, tiles)), data)
    for split in splits:
        names = [f"./{IMAGES}/{TILES}/{tile.name}\n" for tile in tiles if split in tile.splits]
        if not names and not with_frames:
            remedy = "train with tiles.with_frames=true, or on another split"
            raise DataError(f"no tile of the split '{split}' is left to train on", where=data, remedy=remedy)
        lines = (data / f"{split}.txt").read_text(encoding="utf-8") if with_frames else ""
        write_aside(data / f"{split}.txt", (lines + "".join(names)).encode())


def _record(tile: Tile) -> FrameRecord:
    boxes = tuple(BoxRecord(*box, area_px2=(box[2] - box[0]) * (box[3] - box[1])) for box in tile.boxes)
    width, height = tile.window.right - tile.window.left, tile.window.bottom - tile.window.top
    return FrameRecord(f"{TILES}/{tile.name}", width, height, boxes, splits=tile.splits)
