"""One frame: sky, sea, coast, ships, and the boxes of what can be seen of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.sample.coast import draw_coast
from wutdet.sample.geometry import View
from wutdet.sample.keys import keyed_rng
from wutdet.sample.raster import Sprite, rasterise
from wutdet.sample.sea import draw_sea
from wutdet.sample.sky import draw_sky
from wutdet.sample.textures import grain_bank
from wutdet.sample.traffic import Track
from wutdet.sample.water_marks import draw_reflection, draw_wake
from wutdet.sample.world import Sequence

Image = NDArray[np.float32]

MIN_VISIBLE_PX: Final = 10  # solid pixels that must remain in sight
MIN_BOX_PX: Final = (4, 3)  # width and height that the box must have
MIN_VISIBLE_SHARE: Final = 0.3  # of the ship's solid pixels in the frame


@dataclass(frozen=True, slots=True)
class ShipBox:
    """The box of a drawn ship: 0-based, continuous, exact to the pixel; and whether the frame cuts the ship."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """A rendered frame.

    Args:
        image: RGB uint8 (H, W, 3).
        instances: uint8 (H, W): 0 where no ship is seen, else the number of the ship, counted from 1 in the
            order of `boxes`.
        boxes: boxes of the ships, nearest first.
        horizon_row: row of the visible sea horizon, None where land hides all of it.
    """

    image: NDArray[np.uint8]
    instances: NDArray[np.uint8]
    boxes: tuple[ShipBox, ...]
    horizon_row: float | None


def draw_frame(sequence: Sequence, frame: int, size: tuple[int, int]) -> Frame:
    """Render one frame of a sequence at (width, height); a pure function of its arguments.

    A ship is drawn if and only if it gets a box: when too little of it would remain in sight (fewer than
    MIN_VISIBLE_PX solid pixels, a box under MIN_BOX_PX, or less than MIN_VISIBLE_SHARE of what lies in the
    frame after occlusion by nearer ships), it is left out of that frame altogether.
    """
    width, height = size
    view, time_s = sequence.view(frame, width, height), sequence.time_s(frame)
    image = _scenery(sequence, view, time_s)
    closed = draw_coast(image, view, sequence.light, sequence.coast)
    kept, boxes, instances = _in_sight(sequence, view, time_s)
    for track, sprite in reversed(kept):
        draw_reflection(image, view, sprite, sequence.sea.slope)
        draw_wake(image, view, track, time_s)
    for _, sprite in reversed(kept):
        target = image[sprite.window]
        target *= 1 - sprite.pixels[..., 3:]
        target += sprite.pixels[..., :3]
    return Frame(
        image=_sensed(image, sequence, frame),
        instances=instances,
        boxes=tuple(boxes),
        horizon_row=None if closed else view.horizon_row,
    )


def _scenery(sequence: Sequence, view: View, time_s: float) -> Image:
    """Return sky over sea (H, W, 3); the row that the horizon crosses is a mixture."""
    split = int(np.clip(np.floor(view.horizon_row), 0, view.height - 1))
    offset = sequence.sea.offset
    sky = draw_sky(view, sequence.light, rows=split + 1, time_s=time_s, offset=offset)
    sea = draw_sea(view, sequence.light, sequence.sea, top_row=split, time_s=time_s)
    image = np.empty((view.height, view.width, 3), np.float32)
    image[:split], image[split:] = sky[:split], sea
    image[split] += np.float32(np.clip(view.horizon_row - split, 0, 1)) * (sky[split] - sea[0])
    return image


def _in_sight(
    sequence: Sequence, view: View, time_s: float
) -> tuple[list[tuple[Track, Sprite]], list[ShipBox], NDArray[np.uint8]]:
    """Return the ships to draw, nearest first, their boxes and the map of what is seen of each."""
    found = [(t, rasterise(t.model, t.at(time_s), t.heading_rad, view, sequence.light)) for t in sequence.tracks]
    near_first = sorted(((t, s) for t, s in found if s is not None), key=lambda pair: pair[1].range_m)
    instances = np.zeros((view.height, view.width), np.uint8)
    kept: list[tuple[Track, Sprite]] = []
    boxes: list[ShipBox] = []
    for track, sprite in near_first:
        seen = sprite.solid & (instances[sprite.window] == 0)
        box = _box_of(seen, sprite)
        if box is None:
            continue
        kept.append((track, sprite))
        boxes.append(box)
        instances[sprite.window][seen] = len(kept)
    return kept, boxes, instances


def _box_of(seen: NDArray[np.bool_], sprite: Sprite) -> ShipBox | None:
    count = int(seen.sum())
    if count < MIN_VISIBLE_PX or count < MIN_VISIBLE_SHARE * sprite.solid.sum():
        return None
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    box = ShipBox(
        xmin=sprite.left + int(columns[0]),
        ymin=sprite.top + int(rows[0]),
        xmax=sprite.left + int(columns[-1]) + 1,
        ymax=sprite.top + int(rows[-1]) + 1,
        truncated=sprite.cut,
    )
    too_small = box.xmax - box.xmin < MIN_BOX_PX[0] or box.ymax - box.ymin < MIN_BOX_PX[1]
    return None if too_small else box


def _sensed(image: Image, sequence: Sequence, frame: int) -> NDArray[np.uint8]:
    """Return the picture as a camera hands it out: a trace of blur, vignetting and grain."""
    height, width = image.shape[:2]
    rng = keyed_rng(sequence.seed, "grain", sequence.index, frame)
    y, x = (int(v) for v in rng.integers(0, 64, 2))
    seen = np.asarray(cv2.GaussianBlur(image, (3, 3), 0.42), dtype=np.float32)
    across = np.linspace(-1, 1, width, dtype=np.float32) ** 2
    down = np.linspace(-1, 1, height, dtype=np.float32) ** 2
    seen *= (1 - 0.05 * (across[None, :] + down[:, None]))[..., None] * np.float32(255)
    seen += grain_bank(height, width)[y : y + height, x : x + width] * np.float32(1.6 / 16)
    return np.asarray(np.clip(seen + 0.5, 0, 255).astype(np.uint8))
