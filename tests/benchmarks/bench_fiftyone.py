"""How long a dataset with detections takes into FiftyOne: 5,000 frames, 5 ships and 4 fields of 20 detections each.

    python tests/benchmarks/bench_fiftyone.py [--frames 5000] [--scenarios 4] [--detections 20] [--profile]

Wall and CPU time of `to_fiftyone`, verdicts and views included, without the start of FiftyOne. It uses the database
that the environment names (FIFTYONE_DATABASE_URI) and deletes its dataset. Exits with 1 when it takes 60 s or more.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.browse import to_fiftyone
from wutdet.browse.runtime import start_fiftyone
from wutdet.dataset import Dataset
from wutdet.dataset.tables import BOX_SCHEMA, IMAGE_SCHEMA

BAR_S = 60.0
SHIPS = 5
WIDTH, HEIGHT = 1920, 1080


@dataclass(frozen=True)
class Found:
    xyxy: NDArray[np.float64]
    scores: NDArray[np.float64]


def make_dataset(folder: Path, frames: int, rng: np.random.Generator) -> Dataset:
    """Frames that are links to one small JPEG; nothing here looks into it."""
    first = folder / "0000000.jpg"
    cv2.imwrite(str(first), np.zeros((48, 64, 3), np.uint8))
    names = [f"{number:07}.jpg" for number in range(frames)]
    for name in names[1:]:
        os.link(first, folder / name)
    images = pl.DataFrame(
        {"image_id": range(frames), "file_name": names, "width": WIDTH, "height": HEIGHT, "splits": [["test"]] * frames}
    )
    known = set(images.columns)
    images = images.with_columns(pl.lit(None, kind).alias(n) for n, kind in IMAGE_SCHEMA.items() if n not in known)
    corner = rng.uniform(0, (WIDTH - 120, HEIGHT - 120), (frames * SHIPS, 2)).round()
    far = corner + rng.uniform(4, 100, (frames * SHIPS, 2)).round()
    boxes = pl.DataFrame(
        {
            "box_id": range(1, frames * SHIPS + 1),
            "image_id": np.repeat(np.arange(frames), SHIPS),
            **dict(zip(("xmin", "ymin", "xmax", "ymax"), np.concatenate([corner, far], axis=1).T, strict=True)),
            "area_px2": (far - corner).prod(axis=1),
            "iscrowd": False,
            "transmittance": None,
            "contrast": None,
        }
    )
    return Dataset(
        images.select(IMAGE_SCHEMA.names()).cast(dict(IMAGE_SCHEMA)), boxes.cast(dict(BOX_SCHEMA)), folder, "bench"
    )


def make_found(dataset: Dataset, most: int, rng: np.random.Generator) -> dict[int, Found]:
    found = {}
    for frame in dataset:
        extra = rng.uniform(0, (WIDTH - 60, HEIGHT - 60), (most - SHIPS, 2))
        boxes = np.concatenate([frame.boxes + 0.5, np.concatenate([extra, extra + 20], axis=1)])
        found[frame.image_id] = Found(boxes, np.sort(rng.uniform(0.06, 1, most))[::-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--scenarios", type=int, default=4)
    parser.add_argument("--detections", type=int, default=20)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    start_fiftyone()
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_dataset(Path(folder), options.frames, rng)
        names = ["clear", *(f"fog:{number}" for number in range(1, options.scenarios))]
        detections = {name: make_found(dataset, options.detections, rng) for name in names}
        profile = cProfile.Profile()
        if options.profile:
            profile.enable()
        start, cpu = time.perf_counter(), time.process_time()
        made = to_fiftyone(dataset, "wutdet bench", detections=detections, overwrite=True, persistent=False)
        wall_s, cpu_s = time.perf_counter() - start, time.process_time() - cpu
        if options.profile:
            profile.disable()
            pstats.Stats(profile).sort_stats("cumulative").print_stats(40)
        boxes = made.count("ground_truth.detections") + sum(
            made.count(f"predictions_{name.replace(':', '_')}.detections") for name in names
        )
        made.delete()
    print(f"{options.frames} frames, {boxes} boxes: {wall_s:.1f} s wall, {cpu_s:.1f} s CPU of this process")
    sys.exit(wall_s >= BAR_S)


if __name__ == "__main__":
    main()
