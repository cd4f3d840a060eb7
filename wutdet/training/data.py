"""The frames of a training, laid out as ultralytics reads them."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Final

from wutdet.dataset import Dataset
from wutdet.dataset.yolo import write_yolo
from wutdet.errors import DataError

_DATA: Final = "data"


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


def write_data(dataset: Dataset, folder: Path) -> tuple[Path, bool]:
    """The train and val splits in the YOLO layout; returns `data.yaml` and whether there is a val split.

    What a killed training left there is written anew: half of it may be missing, or its links may lead nowhere.
    """
    wanted = [name for name in ("train", "val") if name in dataset.splits]
    import polars as pl

    shutil.rmtree(folder / _DATA, ignore_errors=True)
    images = dataset.images.with_columns(pl.col("splits").list.set_intersection(wanted))
    kept = dataclasses.replace(dataset, images=images).filter(pl.col("splits").list.len() > 0)
    return write_yolo(kept, folder / _DATA, placement="link"), "val" in wanted
