"""The dataset: two immutable tables and the folder of the images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.coco import encode_coco, write_coco
from wutdet.dataset.files import Placement
from wutdet.dataset.images import decode_image
from wutdet.dataset.tables import Problem
from wutdet.errors import DataError, FrameError

if TYPE_CHECKING:
    from wutdet.dataset.losses import Layout
    from wutdet.dataset.stats import Stats
    from wutdet.dataset.voc_writer import WriteOrigin


@dataclass(frozen=True)
class Frame:
    """One frame: `image` is decoded on first use."""

    image_id: int
    name: str
    """The file name, relative to the image folder: the key of everything that is drawn at random."""
    path: Path
    width: int
    height: int
    boxes: NDArray[np.float64]
    """(N, 4) xyxy, 0-based, native pixels."""
    horizon_row: float | None

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB.

        Raises:
            FrameError: the file is bad, or its size is not the one that the labels state.
        """
        image = decode_image(self.path)
        height, width = image.shape[:2]
        if (width, height) != (self.width, self.height):
            raise FrameError(
                f"is {width}x{height} px but the labels say {self.width}x{self.height}",
                where=self.path,
                remedy="correct the labels, or leave such frames out with --on-error skip",
            )
        return image


@dataclass(frozen=True)
class Dataset:
    """Images and boxes as two polars tables, plus where the images are. Never changes; methods return anew.

    `images` has one row a frame (`image_id, file_name, width, height, splits, camera, sequence, scene,
    condition, scenario, horizon_row, condition_score, condition_by`), `boxes` one row a ship (`box_id, image_id,
    xmin, ymin, xmax, ymax, area_px2, iscrowd, transmittance, contrast`); boxes are 0-based xyxy in native pixels.
    """

    images: pl.DataFrame
    boxes: pl.DataFrame
    image_dir: Path
    name: str
    voc_origin: str | None = None
    voc_evidence: str = ""
    problems: tuple[Problem, ...] = ()
    split_name: str | None = None

    def __len__(self) -> int:
        """The number of frames."""
        return self.images.height

    def __getitem__(self, index: int) -> Frame:
        """The frame at this place in the images table."""
        row = self.images.row(index, named=True)
        return Frame(
            image_id=row["image_id"],
            name=row["file_name"],
            path=self.image_dir / row["file_name"],
            width=row["width"],
            height=row["height"],
            boxes=self._boxes_by_image.get(row["image_id"], np.empty((0, 4))),
            horizon_row=row["horizon_row"],
        )

    def __iter__(self) -> Iterator[Frame]:
        """Every frame, in table order."""
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        """Name, split and counts."""
        split = f" {self.split_name}" if self.split_name else ""
        return f"<Dataset {self.name}{split}: {len(self)} images, {self.boxes.height} boxes>"

    @cached_property
    def _boxes_by_image(self) -> dict[int, NDArray[np.float64]]:
        image_ids = self.boxes["image_id"].to_numpy()
        order = np.argsort(image_ids, kind="stable")
        edges = self.boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy()[order]
        edges.flags.writeable = False  # frames share it, and a dataset never changes
        known, starts = np.unique(image_ids[order], return_index=True)
        return dict(zip(known.tolist(), np.split(edges, starts[1:]), strict=True)) if len(known) else {}

    @property
    def splits(self) -> dict[str, int]:
        """The number of frames in every split, by name."""
        counts = self.images["splits"].explode().drop_nulls().value_counts()
        return dict(sorted(counts.iter_rows()))

    def split(self, name: str) -> Dataset:
        """The frames of one split; `all` is every frame, unless a split is called so.

        Raises:
            DataError: there is no such split.
        """
        if name == "all" and name not in self.splits:
            return replace(self, split_name="all")
        if name not in self.splits:
            known = ", ".join(self.splits) or "none"
            raise DataError(f"no split '{name}'", where=self.name, remedy=f"choose from: {known}")
        chosen = self.filter(pl.col("splits").list.contains(name))
        return replace(chosen, split_name=name)

    def test_split(self) -> Dataset:
        """`test`, where there is none `val`, where there is neither the whole; `split_name` says which."""
        name = next((name for name in ("test", "val") if name in self.splits), None)
        return self.split(name or "all")

    def filter(self, predicate: pl.Expr) -> Dataset:
        """The frames whose row in `images` meets the predicate, with their boxes."""
        images = self.images.filter(predicate)
        boxes = self.boxes.join(images.select("image_id"), on="image_id", how="semi")
        return replace(self, images=images, boxes=boxes)

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical COCO JSON of these frames: equal labels give equal hashes."""
        return hashlib.sha256(encode_coco(self.images, self.boxes)).hexdigest()

    def stats(self, *, imgsz: int = 640) -> Stats:
        """What `wutdet info` shows; `imgsz` is the longer side of the network's input, in px."""
        from wutdet.dataset.stats import compute_stats

        return compute_stats(self, imgsz=imgsz)

    def info(self) -> Stats:
        """`stats()`, at 640 px."""
        return self.stats()

    def to_coco(self, out: str | Path) -> dict[str, Path]:
        """Write `annotations/instances_{split}.json` under `out`; returns the file of each split."""
        return write_coco(self.images, self.boxes, Path(out))

    def to_yolo(self, out: str | Path, *, images: Placement = "copy") -> Path:
        """Write images, labels and the `data.yaml` that stock ultralytics trains on; returns its path."""
        from wutdet.dataset.yolo import write_yolo

        return write_yolo(self, Path(out), placement=images)

    def to_voc(self, out: str | Path, *, images: Placement = "copy", origin: WriteOrigin = "1") -> Path:
        """Write the layout of WUTDet under `out`, with pixels counted from `origin`; returns `out`."""
        from wutdet.dataset.voc_writer import write_voc

        return write_voc(self, Path(out), placement=images, origin=origin)

    def losses(self, to: Layout) -> tuple[str, ...]:
        """What a layout (`coco`, `yolo`, `voc`, `huggingface`) cannot hold of this dataset, one line each."""
        from wutdet.dataset.losses import losses

        return losses(self, to)

    def to_huggingface(self) -> Any:
        """A `datasets.DatasetDict` of its splits; see `wutdet.dataset.huggingface.to_huggingface`."""
        from wutdet.dataset.huggingface import to_huggingface

        return to_huggingface(self)

    def to_supervision(self) -> Any:
        """A `supervision.DetectionDataset` of these frames; see `wutdet.dataset.supervision_dataset`."""
        from wutdet.dataset.supervision_dataset import to_supervision

        return to_supervision(self)

    def to_torch(self, transforms: Any = None) -> Any:
        """A `torch.utils.data.Dataset` of these frames; see `wutdet.training.torch_dataset.TorchDataset`."""
        from wutdet.training.torch_dataset import TorchDataset

        return TorchDataset(self, transforms)

    def to_fiftyone(self, name: str | None = None, **options: Any) -> Any:
        """A FiftyOne dataset of this name, or of the dataset's own; see `wutdet.browse.to_fiftyone` for the options."""
        from wutdet.browse import to_fiftyone

        return to_fiftyone(self, name, **options)
