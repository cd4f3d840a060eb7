"""A made-up scoring problem of WUTDet's size: `gt.json` (COCO) and `dets.json` (COCO results).

    python tests/benchmarks/scoring_data.py OUT [--images N]

Sizes are drawn so that 72 % of the ships lie under 32² px, as in WUTDet. Detections come about as a detector's do:
small ships are missed more often and boxed worse, hard sequences score lower, some ships are found twice, and the
rest are false alarms. The same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

FULL_IMAGES = 100_576
FULL_BOXES = 381_378
FRAMES_PER_SEQUENCE = 200
WIDTH_PX, HEIGHT_PX = 1920, 1080
SCENES = ("port", "anchorage", "navigation", "berthing")
CAMERAS = 6
IMAGE_ID_STEP = 20
CHUNK_ROWS = 200_000
"""Rows turned into Python objects at a time, which bounds the memory of writing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes of all frames: `frame` (N,) int64 row of the frame, `xywh` (N, 4) float64 px."""

    frame: np.ndarray
    xywh: np.ndarray


class ImageLine(msgspec.Struct):
    id: int
    file_name: str
    width: int
    height: int
    camera: str
    sequence: str
    scene: str


class ShipLine(msgspec.Struct):
    id: int
    image_id: int
    category_id: int
    iscrowd: int
    bbox: list[int]
    area: int


class FoundLine(msgspec.Struct):
    image_id: int
    category_id: int
    bbox: list[float]
    score: float


def write_problem(
    folder: Path,
    images: int = FULL_IMAGES,
    boxes: int | None = None,
    detections_per_image: float = 30,
    sequences: int | None = None,
    seed: int = 0,
) -> None:
    """Write `gt.json` and `dets.json` into `folder`, which is made.

    Args:
        folder: where to.
        images: frames.
        boxes: ships; None for as many an image as WUTDet has (381,378 at full size).
        detections_per_image: on average.
        sequences: runs of frames; None for runs of about 200.
        seed: of every draw.
    """
    rng = np.random.default_rng(seed)
    boxes = round(images * FULL_BOXES / FULL_IMAGES) if boxes is None else boxes
    sequences = max(1, round(images / FRAMES_PER_SEQUENCE)) if sequences is None else sequences
    sequence = draw_sequences(rng, images, sequences)
    ships = draw_ships(rng, boxes, sequence)
    found, scores = draw_detections(rng, ships, sequence, detections_per_image)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "gt.json").open("wb") as file:
        write_truth(file, sequence, ships, rng.integers(CAMERAS, size=sequences), rng.integers(4, size=sequences))
    with (folder / "dets.json").open("wb") as file:
        write_found(file, found, scores)


def draw_sequences(rng: np.random.Generator, images: int, sequences: int) -> np.ndarray:
    """(images,) int64: the sequence of every frame; runs differ in length by up to a half."""
    run = images / sequences
    cuts = run * (np.arange(1, sequences) + rng.uniform(-0.25, 0.25, sequences - 1))
    return np.searchsorted(cuts, np.arange(images), side="right")


def draw_ships(rng: np.random.Generator, count: int, sequence: np.ndarray) -> Boxes:
    """Whole-pixel boxes inside the frame; busy sequences hold more of them."""
    busy = rng.gamma(1.5, size=sequence.max() + 1)[sequence] * rng.gamma(4, size=len(sequence))
    per_frame = rng.multinomial(count, busy / busy.sum())
    frame = np.repeat(np.arange(len(sequence)), per_frame)
    return Boxes(frame, np.rint(draw_xywh(rng, count, median_px=22, sigma=0.643)))


def draw_xywh(rng: np.random.Generator, count: int, *, median_px: float, sigma: float) -> np.ndarray:
    """(count, 4) ship-like boxes: √area lognormal, about twice as wide as high, near and below the horizon."""
    size_px = median_px * np.exp(sigma * rng.standard_normal(count))
    stretch = np.sqrt(2 * np.exp(0.35 * rng.standard_normal(count)))
    width = np.clip(size_px * stretch, 2, 1600)
    height = np.clip(size_px / stretch, 2, 700)
    x = rng.random(count) * np.floor(WIDTH_PX - width)
    bottom = np.clip(430 + 0.6 * height + 40 * np.abs(rng.standard_normal(count)), height + 1, HEIGHT_PX - 1)
    return np.stack([x, bottom - height, width, height], axis=1)


def draw_detections(
    rng: np.random.Generator, ships: Boxes, sequence: np.ndarray, per_image: float
) -> tuple[Boxes, np.ndarray]:
    """Boxes rounded to 3 decimals and scores (N,) to 6, by frame and then by falling score."""
    size_px = np.sqrt(ships.xywh[:, 2] * ships.xywh[:, 3])
    ease = 0.6 * rng.standard_normal(sequence.max() + 1)[sequence][ships.frame]
    seen = np.flatnonzero(rng.random(len(size_px)) < logistic(1.5 * np.log(size_px / 9) + ease))
    again = rng.choice(seen, round(0.08 * len(seen)), replace=False)
    rows = np.concatenate([seen, again])
    spread = np.exp(0.5 * rng.standard_normal(len(rows)) - 0.2)
    spread[len(seen) :] *= 1.8
    belief = 1.2 * np.log(size_px[rows] / 14) + ease[rows] - 1.1 * np.log(spread) + 0.7 * rng.standard_normal(len(rows))
    belief[len(seen) :] -= 2

    alarms = max(0, round(per_image * len(sequence)) - len(rows))
    clutter = rng.gamma(4, size=sequence.max() + 1)[sequence] * rng.gamma(6, size=len(sequence))
    alarm_frame = np.repeat(np.arange(len(sequence)), rng.multinomial(alarms, clutter / clutter.sum()))
    alarm_belief = -3.8 + 1.2 * rng.standard_normal(alarms)

    frame = np.concatenate([ships.frame[rows], alarm_frame])
    xywh = np.concatenate(
        [jitter(rng, ships.xywh[rows], spread), draw_xywh(rng, alarms, median_px=18, sigma=0.7)]
    ).round(3)
    scores = np.clip(logistic(np.concatenate([belief, alarm_belief])), 0.001, 0.999).round(6)
    order = np.lexsort((-scores, frame))
    frame, xywh, scores = frame[order], xywh[order], scores[order]
    tied = 1 + np.flatnonzero((frame[1:] == frame[:-1]) & (rng.random(len(frame) - 1) < 0.002))
    scores[tied] = scores[tied - 1]
    return Boxes(frame, xywh), scores


def jitter(rng: np.random.Generator, xywh: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """The boxes with every edge moved by about (0.8 px + 5 % of the side) · spread, kept inside the frame."""
    side = np.tile(xywh[:, 2:], 2)
    low, high = xywh[:, :2], xywh[:, :2] + xywh[:, 2:]
    edges = np.hstack([low, high]) + rng.standard_normal(xywh.shape) * (0.8 + 0.05 * side) * spread[:, None]
    frame_px = np.array([WIDTH_PX, HEIGHT_PX])
    low = np.clip(edges[:, :2], 0, frame_px - 1)
    return np.hstack([low, np.clip(edges[:, 2:] - low, 0.5, frame_px - low)])


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def write_truth(file: BinaryIO, sequence: np.ndarray, ships: Boxes, cameras: np.ndarray, scenes: np.ndarray) -> None:
    """COCO JSON with one image or annotation a line, fields in wutdet's order."""
    file.write(b'{"info":{"description":"ships as COCO, boxes in native pixels"},\n"images":[\n')
    write_lines(file, image_lines(sequence, cameras.tolist(), scenes.tolist()))
    file.write(b'\n],\n"annotations":[\n')
    write_lines(file, ship_lines(ships))
    file.write(b'\n],\n"categories":[{"id":1,"name":"ship","supercategory":"vessel"}]}\n')


def write_found(file: BinaryIO, found: Boxes, scores: np.ndarray) -> None:
    file.write(b"[\n")
    write_lines(file, found_lines(found, scores))
    file.write(b"\n]\n")


def write_lines(file: BinaryIO, chunks: Iterator[list[msgspec.Struct]]) -> None:
    encoder = msgspec.json.Encoder()
    for number, chunk in enumerate(chunks):
        file.write(b",\n" if number else b"")
        file.write(encoder.encode_lines(chunk)[:-1].replace(b"\n", b",\n"))


def image_lines(sequence: np.ndarray, cameras: list[int], scenes: list[int]) -> Iterator[list[ImageLine]]:
    for rows in chunks(len(sequence)):
        yield [
            ImageLine(
                id=IMAGE_ID_STEP * row,
                file_name=f"{IMAGE_ID_STEP * row:07d}.jpg",
                width=WIDTH_PX,
                height=HEIGHT_PX,
                camera=f"camera-{cameras[number]}",
                sequence=f"sequence-{number:04d}",
                scene=SCENES[scenes[number]],
            )
            for row, number in enumerate(sequence[rows].tolist(), start=rows.start)
        ]


def ship_lines(ships: Boxes) -> Iterator[list[ShipLine]]:
    for rows in chunks(len(ships.frame)):
        columns = zip(ships.frame[rows].tolist(), ships.xywh[rows].astype(np.int64).tolist(), strict=True)
        yield [
            ShipLine(number, IMAGE_ID_STEP * frame, 1, 0, box, box[2] * box[3])
            for number, (frame, box) in enumerate(columns, start=rows.start + 1)
        ]


def found_lines(found: Boxes, scores: np.ndarray) -> Iterator[list[FoundLine]]:
    for rows in chunks(len(scores)):
        columns = zip(found.frame[rows].tolist(), found.xywh[rows].tolist(), scores[rows].tolist(), strict=True)
        yield [FoundLine(IMAGE_ID_STEP * frame, 1, box, score) for frame, box, score in columns]


def chunks(count: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK_ROWS, count)) for start in range(0, count, CHUNK_ROWS))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write gt.json and dets.json for the scoring benchmark.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=int, default=FULL_IMAGES)
    arguments = parser.parse_args()
    write_problem(arguments.out, arguments.images)


if __name__ == "__main__":
    main()
