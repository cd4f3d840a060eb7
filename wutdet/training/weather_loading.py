"""Weather between ultralytics' decoding of a frame and its resizing: native pixels, RGB, with boxes and horizon.

Ultralytics' own `augmentations=` come after the mosaic, in BGR and without boxes; a range needs the native frame.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.errors import DataError
from wutdet.scenarios import prepare
from wutdet.training.known_frames import KnownFrame, known_frame
from wutdet.training.tile_cutting import tile_pixels
from wutdet.training.weather import WeatherAugmentation, draw_key

Loaded = tuple[NDArray[np.uint8], tuple[int, int], tuple[int, int]]
"""What ultralytics' `load_image` returns: (h, w, 3) uint8 BGR resized, native (h, w), resized (h, w)."""
_DECIMALS: Final = 3  # of pixels: undoes what single precision did to a border between two


class EpochIndex(int):
    """An index of a frame that carries its epoch to the worker that loads it."""

    epoch: int = 0

    def __new__(cls, index: int, epoch: int = 0) -> EpochIndex:
        """The index, with the epoch beside it."""
        made = super().__new__(cls, index)
        made.epoch = epoch
        return made

    def __reduce__(self) -> tuple[type[EpochIndex], tuple[int, int]]:
        """Keep the epoch on the way to a worker."""
        return EpochIndex, (int(self), self.epoch)


class EpochSampler:
    """A sampler whose indices carry the number of the pass they belong to.

    Workers live through all epochs and fetch ahead, so the trainer's own count does not reach them in time.

    Args:
        sampler: gives the order of each pass.
        trainer: whose `start_epoch` the first pass is, which is known only when training begins.
    """

    def __init__(self, sampler: Any, trainer: Any) -> None:
        self._sampler = sampler
        self._trainer = trainer
        self._first: int | None = None
        self._passes = 0

    def restart(self) -> None:
        """Take the next pass for the trainer's present epoch: workers that had fetched ahead were dismissed."""
        self._first = self._trainer.epoch
        self._passes = 0

    def __len__(self) -> int:
        """Frames in a pass."""
        return len(self._sampler)

    def __iter__(self) -> Iterator[EpochIndex]:
        """One pass; it counts from its first index on, for torch's loader makes one pass that it never begins."""
        epoch = (self._trainer.start_epoch if self._first is None else self._first) + self._passes
        self._passes += 1
        for index in self._sampler:
            yield EpochIndex(index, epoch)


class WeatherLoader:
    """Takes the place of `load_image` on one ultralytics dataset.

    What the dataset keeps (its buffer for mosaics, its cache) stays the clear frame; a rendered one is kept here, for
    the epoch it was drawn in, so that a mosaic that uses it again need not render it again.

    Args:
        dataset: an ultralytics `BaseDataset`, with its labels loaded.
        augmentation: what to draw.
        frames: by absolute path; a frame that is missing here goes by its own file name.
        seed: of the training.
        most_kept: rendered frames to keep.
    """

    def __init__(
        self,
        dataset: Any,
        augmentation: WeatherAugmentation,
        *,
        frames: Mapping[str, KnownFrame],
        seed: int,
        most_kept: int,
    ) -> None:
        self._dataset = dataset
        self._augmentation = augmentation
        self._frames = [known_frame(path, frames) for path in dataset.im_files]
        self._seed = seed
        self._most_kept = most_kept
        self._kept: OrderedDict[tuple[int, int], NDArray[np.uint8]] = OrderedDict()
        self._epoch = 0

    def __call__(self, i: int, *args: Any, **kwargs: Any) -> Loaded:
        """A frame as ultralytics would load it, with the weather of its epoch.

        A plain index (a mosaic's partner) belongs to the epoch of the frame it is asked for.

        Raises:
            DataError: the frame is no colour image.
        """
        self._epoch = getattr(i, "epoch", self._epoch)
        index = int(i)
        clear, native_hw, resized_hw = type(self._dataset).load_image(self._dataset, index, *args, **kwargs)
        frame = self._frames[index]
        values = self._augmentation.draw(frame.name, self._epoch, self._seed)
        if not values:
            return clear, native_hw, resized_hw
        rendered = self._kept.get((index, self._epoch))
        if rendered is None or rendered.shape[:2] != tuple(resized_hw):
            rendered = _resized(self._render(index, frame, values), resized_hw)
            self._keep((index, self._epoch), rendered)
        return rendered.copy(), native_hw, resized_hw  # a copy: some augmentations write into what they get

    def _render(self, index: int, frame: KnownFrame, values: Mapping[str, float]) -> NDArray[np.uint8]:
        """The native frame, or the tile of it, under the frame's weather, BGR."""
        cut = frame.cut
        bgr = _colour_image(self._dataset.im_files[index] if cut is None else cut.path)
        height, width = bgr.shape[:2]
        scene = prepare(
            np.ascontiguousarray(bgr[..., ::-1]),
            key=draw_key(frame.name, self._epoch),
            boxes=_edges_px(self._dataset.labels[index], width, height) if cut is None else cut.boxes,
            horizon=frame.horizon_row,
            camera=self._augmentation.camera(),
            seed=self._seed,
        )
        rendered = np.ascontiguousarray(scene.render_values(values).image[..., ::-1])
        return rendered if cut is None else tile_pixels(rendered, cut.window, cut.boxes, cut.min_visible)

    def _keep(self, which: tuple[int, int], rendered: NDArray[np.uint8]) -> None:
        self._kept[which] = rendered
        while len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)


def _colour_image(path: str) -> NDArray[np.uint8]:
    """An image as ultralytics reads it, (H, W, 3) uint8 BGR.

    Raises:
        DataError: it is no colour image.
    """
    from ultralytics.utils.patches import imread

    bgr: Any = imread(path, flags=cv2.IMREAD_COLOR)
    if bgr is None or bgr.ndim != 3 or bgr.shape[2] != 3:
        raise DataError("is no colour image", where=path, remedy="leave the frame out")
    return np.asarray(bgr, dtype=np.uint8)


def _resized(image: NDArray[np.uint8], hw: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture at a size, as ultralytics resizes."""
    if image.shape[:2] == tuple(hw):
        return image
    return np.asarray(cv2.resize(image, (hw[1], hw[0]), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _edges_px(label: Mapping[str, Any], width: int, height: int) -> NDArray[np.float64]:
    """The ships of a label, float64 (N, 4) xyxy in native pixels; labels are normalised, in single precision."""
    boxes = np.asarray(label["bboxes"], dtype=np.float64).reshape(-1, 4)
    centres, halves = boxes[:, :2], boxes[:, 2:] / 2.0
    size = np.array([width, height], dtype=np.float64)
    edges = np.concatenate([(centres - halves) * size, (centres + halves) * size], axis=1)
    return edges.round(_DECIMALS)
