"""What detections are scored against, as columns: the ships, and what is known of every frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset import Dataset
from wutdet.errors import ConfigError
from wutdet.metrics import TrueBoxes

SLICE_COLUMNS: Final = ("scene", "condition", "camera", "sequence", "scenario", "split")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truth:
    """The I frames of a dataset by rising image id, and their G ships."""

    boxes: TrueBoxes
    unit: NDArray[np.int32]
    """(I,) the sequence of each frame, as 0, 1, …; a frame without one is a unit of its own."""
    sequences_known: bool
    """Whether every frame names its sequence."""
    size_px: NDArray[np.int64]
    """(I, 2) width and height."""
    horizon_px: Floats
    """(I, 2) rows of the horizon at the left and right edge; NaN where it is unknown."""
    slices: Mapping[str, Mapping[str, Bools]]
    """Per column and value, (I,) the frames in the slice; slices may overlap."""

    @property
    def units(self) -> int:
        """How many sequences there are."""
        return int(self.unit.max(initial=-1)) + 1

    def network_scale(self, imgsz: int) -> Floats:
        """(I,) by which each frame is scaled when its longer side becomes `imgsz` px."""
        scale: Floats = imgsz / self.size_px.max(axis=1)
        return scale


def truth_of(dataset: Dataset, *, slices: Sequence[str] | Mapping[str, pl.Expr] = ()) -> Truth:
    """The frames and ships of a dataset as columns, equal for a dataset and what it writes as COCO.

    So ships stand by their ids, which decides between equal overlaps, and boxes are of a millionth of a pixel.

    Args:
        dataset: all its frames are scored, also those without ships.
        slices: columns of `dataset.images` to slice by (`SLICE_COLUMNS`), or a name and a predicate on
            `dataset.images` for each slice.

    Raises:
        ConfigError: a slice is no column, or a predicate does not give one truth a frame.
    """
    images = dataset.images.sort("image_id")
    xyxy = dataset.boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy()
    row = images["horizon_row"].cast(pl.Float64).to_numpy()
    return Truth(
        boxes=TrueBoxes(
            all_image_ids=images["image_id"].to_numpy(),
            image_ids=dataset.boxes["image_id"].to_numpy(),
            xywh=np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1).round(6),
            area_px2=dataset.boxes["area_px2"].to_numpy(),
            iscrowd=dataset.boxes["iscrowd"].to_numpy(),
        ),
        unit=_units(images["sequence"]),
        sequences_known=not images["sequence"].null_count(),
        size_px=images.select("width", "height").to_numpy(),
        horizon_px=np.stack([row, row], axis=1),
        slices=_slices(images, slices),
    )


def horizon_at(truth: Truth, image: NDArray[np.int64], x: Floats) -> Floats:
    """(N,) the row of the horizon at column `x` of the frame at place `image`; NaN where it is unknown."""
    left, right = truth.horizon_px[image].T
    row: Floats = left + (right - left) * x / truth.size_px[image, 0]
    return row


def _units(sequence: pl.Series) -> NDArray[np.int32]:
    own = pl.Series([f"\0{place}" for place in range(len(sequence))])  # no sequence is called so
    keys = sequence.cast(pl.String).zip_with(sequence.is_not_null(), own) if len(sequence) else own
    return np.unique(keys.to_numpy().astype(str), return_inverse=True)[1].astype(np.int32)


def _slices(images: pl.DataFrame, slices: Sequence[str] | Mapping[str, pl.Expr]) -> dict[str, dict[str, Bools]]:
    if isinstance(slices, Mapping):
        return {"own": {name: _mask(images, name, predicate) for name, predicate in slices.items()}} if slices else {}
    return {column: _by_value(images, column) for column in slices}


def _by_value(images: pl.DataFrame, column: str) -> dict[str, Bools]:
    if column not in SLICE_COLUMNS:
        known = ", ".join(SLICE_COLUMNS)
        raise ConfigError(f"no slices by '{column}'", where="slices", remedy=f"choose from: {known}")
    if column == "split":
        names = images["splits"].explode().drop_nulls().unique().sort()
        return {name: images["splits"].list.contains(name).to_numpy() for name in names}
    values = images[column].cast(pl.String).fill_null("unknown")
    return {name: (values == name).to_numpy() for name in values.unique().sort()}


def _mask(images: pl.DataFrame, name: str, predicate: pl.Expr) -> Bools:
    try:
        mask = images.select(predicate.alias("mask"))["mask"]
    except pl.exceptions.PolarsError as error:
        line = str(error).splitlines()[0]
        raise ConfigError(
            f"the slice '{name}' is no predicate on images ({line})", where="slices", remedy=_WHY
        ) from None
    if mask.dtype != pl.Boolean or len(mask) != images.height:
        raise ConfigError(f"the slice '{name}' is no predicate on images", where="slices", remedy=_WHY)
    return mask.fill_null(value=False).to_numpy()


_WHY: Final = "write one such as pl.col('scene') == 'port'"
