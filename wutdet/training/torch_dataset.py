"""A dataset for a training loop in PyTorch, in the conventions of torchvision's transforms v2."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wutdet.dataset.dataset import Frame
from wutdet.detectors.torchvision_ops import ensure_torchvision
from wutdet.errors import MissingExtraError

if TYPE_CHECKING:
    from wutdet.dataset import Dataset

for _module in ("torch", "torchvision"):
    if importlib.util.find_spec(_module) is None:
        raise MissingExtraError(_module, "train")
ensure_torchvision()

import torch  # noqa: E402  # torchvision must be made to import first
from torch import Tensor  # noqa: E402
from torchvision import tv_tensors  # noqa: E402

Target = dict[str, Any]
Transforms = Callable[[Any, Target], tuple[Any, Target]]

SHIP_LABEL = 1
"""The label of a ship; 0 is background to torchvision's detectors."""


class TorchDataset(torch.utils.data.Dataset[tuple[Any, Target]]):
    """Frames as `(image, target)`, in table order.

    `image` is a `tv_tensors.Image`, uint8 RGB (3, H, W). `target` has `boxes` (`tv_tensors.BoundingBoxes`, float32
    (N, 4) XYXY in native pixels, with the frame's size as canvas), `labels` (int64 (N,), 1 is a ship), `image_id`
    (int), `area` (float32 (N,), px², as the labels have it, whatever transforms do to the boxes) and `iscrowd`
    (int64 (N,)). It can be pickled, and holds no table, so that workers of a `DataLoader` may be forked.

    Args:
        dataset: its frames; take `.split("train")` first for one split.
        transforms: called with image and target, as `torchvision.transforms.v2.Compose` is.
    """

    def __init__(self, dataset: Dataset, transforms: Transforms | None = None) -> None:
        images, boxes = dataset.images, dataset.boxes
        self.transforms = transforms
        self._folder = dataset.image_dir
        self._names: list[str] = images["file_name"].to_list()
        self._numbers = images.select("image_id", "width", "height").to_numpy()
        order = np.argsort(boxes["image_id"].to_numpy(), kind="stable")
        self._owners = boxes["image_id"].to_numpy()[order]
        self._edges = boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy()[order]
        self._areas = boxes["area_px2"].to_numpy()[order].astype(np.float32)
        self._crowds = boxes["iscrowd"].to_numpy()[order].astype(np.int64)

    def __len__(self) -> int:
        """The number of frames."""
        return len(self._names)

    def __getitem__(self, index: int) -> tuple[Any, Target]:
        """One frame, decoded and transformed.

        Raises:
            FrameError: the image is bad, or not of the size that the labels state.
            IndexError: there is no such frame.
        """
        name = self._names[index]
        image_id, width, height = self._numbers[index].tolist()
        rows = slice(*(int(np.searchsorted(self._owners, image_id, side)) for side in ("left", "right")))
        frame = Frame(image_id, name, self._folder / name, width, height, self._edges[rows], horizon_row=None)
        image: Any = tv_tensors.Image(torch.from_numpy(frame.image).permute(2, 0, 1).contiguous())
        target: Target = {
            "boxes": tv_tensors.BoundingBoxes(
                torch.from_numpy(frame.boxes).to(torch.float32).reshape(-1, 4),
                format="XYXY",
                canvas_size=(height, width),
            ),
            "labels": torch.full((len(frame.boxes),), SHIP_LABEL, dtype=torch.int64),
            "image_id": image_id,
            "area": torch.from_numpy(self._areas[rows].copy()),
            "iscrowd": torch.from_numpy(self._crowds[rows].copy()),
        }
        return (image, target) if self.transforms is None else self.transforms(image, target)


def collate(batch: Sequence[tuple[Tensor, Target]]) -> tuple[list[Tensor], list[Target]]:
    """A batch for a `DataLoader`: images and targets as lists, as torchvision's detectors take them."""
    return [image for image, _ in batch], [target for _, target in batch]
