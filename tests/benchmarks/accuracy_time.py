"""What tiles give and cost: AP_small and recall against seconds a frame, for equal weights.

    python tests/benchmarks/accuracy_time.py DATA WEIGHTS [--splits DIR] [--split test] [--frames N] [--band 0.05,0.2]
        [--classes boat=ship] [--threads 1] [--json FILE]

Full frames at four sizes, tiles over the whole frame, and tiles around the horizon, each frame under every setting
before the next, beginning with another setting each time. Seconds: the median over frames of CPU time of the process
(all threads), which neighbours on the machine change little, and of wall time. `of best tiling`: AP_small and CPU
time as shares of those of the full tiling with the best AP_small. `above curve`: AP_small less that of full frames at
the same CPU time, between sizes by a straight line; above the largest size, less that of the best.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import wutdet
from wutdet.cli.options import parse_classes
from wutdet.dataset import Dataset
from wutdet.detectors import Detections, InferenceProtocol, Tiling, tiled
from wutdet.detectors.ultralytics import UltralyticsDetector

RECALL = "recall@fppi=0.1,iou=0.3"
FRAME_PX = (640, 960, 1280, 1600)


@dataclass(frozen=True, slots=True)
class Setting:
    """The network's input for the full frame, and the tiles."""

    frame_px: int
    tiling: Tiling | None = None

    def __str__(self) -> str:
        if self.tiling is None:
            return f"full frame {self.frame_px}"
        scale = f"{self.tiling.tile_px} at {self.tiling.network_px}"
        return f"{'full tiling' if self.tiling.plan == 'full' else 'horizon'} {scale}, frame {self.frame_px}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a setting gave."""

    setting: str
    plan: str
    AP_small: float | None
    AP: float | None
    recall: float | None
    cpu_s: float
    wall_s: float
    tiles: float
    """Of a frame, in the mean."""


def settings(band: tuple[float, float]) -> Iterator[Setting]:
    for size in FRAME_PX:
        yield Setting(size)
    for imgsz in (640, 960):
        yield Setting(640, Tiling(plan="full", imgsz=imgsz))
    for frame_px, imgsz in ((640, 640), (640, 960), (960, 640), (960, 960), (960, 1280), (1280, 960)):
        yield Setting(frame_px, Tiling(imgsz=imgsz, band=band))


def measure(detector: UltralyticsDetector, dataset: Dataset, tried: Sequence[Setting]) -> list[Result]:
    found: dict[Setting, list[Detections]] = {setting: [] for setting in tried}
    cpu, wall, tiles = ({setting: [] for setting in tried} for _ in range(3))
    of_frame = {size: detector.at(size) for size in {setting.frame_px for setting in tried}}
    asked: dict[Setting, Any] = {
        setting: tiled(of_frame[setting.frame_px], setting.tiling) if setting.tiling else of_frame[setting.frame_px]
        for setting in tried
    }
    for setting in tried:
        asked[setting]([dataset[0].image])  # a first call allocates
    for place in range(len(dataset)):
        image = dataset[place].image
        first = place % len(tried)
        for setting in (*tried[first:], *tried[:first]):
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            [result] = asked[setting]([image])
            cpu[setting].append(time.process_time() - cpu_start)
            wall[setting].append(time.perf_counter() - wall_start)
            found[setting].append(result)
            if setting.tiling is not None:
                [whole] = of_frame[setting.frame_px]([image])
                tiles[setting].append(len(asked[setting].windows(image, whole)))
        print(f"\r{place + 1} of {len(dataset)} frames", end="", flush=True)
    print()
    return [
        result_of(setting, dataset, found[setting], cpu[setting], wall[setting], tiles[setting]) for setting in tried
    ]


def result_of(
    setting: Setting,
    dataset: Dataset,
    found: list[Detections],
    cpu: list[float],
    wall: list[float],
    tiles: list[int],
) -> Result:
    cell = wutdet.evaluate(dataset, found, interval=None).cells[0]
    return Result(
        setting=str(setting),
        plan="frame" if setting.tiling is None else setting.tiling.plan,
        AP_small=cell.AP_small,
        AP=cell.AP,
        recall=cell.operating[RECALL],
        cpu_s=statistics.median(cpu),
        wall_s=statistics.median(wall),
        tiles=statistics.fmean(tiles) if tiles else 0.0,
    )


def show(results: Sequence[Result]) -> None:
    frames = sorted((item for item in results if item.plan == "frame"), key=lambda item: item.cpu_s)
    curve_s = [item.cpu_s for item in frames]
    curve_ap = np.maximum.accumulate([item.AP_small or 0.0 for item in frames])
    best = max((item for item in results if item.plan == "full"), key=lambda item: item.AP_small or 0.0)
    print("| setting | tiles | AP_small | AP | recall | CPU s | wall s | AP_small, CPU of best tiling | above curve |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for item in results:
        small = item.AP_small or 0.0
        share = f"{small / (best.AP_small or np.nan):.0%}, {item.cpu_s / best.cpu_s:.0%}"
        above = small - float(np.interp(item.cpu_s, curve_s, curve_ap))
        print(
            f"| {item.setting} | {item.tiles:.1f} | {small:.4f} | {item.AP or 0:.4f} | {item.recall or 0:.3f} "
            f"| {item.cpu_s:.3f} | {item.wall_s:.3f} | {share} | {above:+.4f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("weights")
    parser.add_argument("--splits")
    parser.add_argument("--split", help="default: test, else val, else all")
    parser.add_argument("--frames", type=int, help="only so many, evenly spaced")
    parser.add_argument("--band", default="0.05,0.2")
    parser.add_argument("--classes", action="append", default=[])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    above, below = map(float, arguments.band.split(","))
    dataset = wutdet.load(arguments.data, splits=arguments.splits)
    dataset = dataset.split(arguments.split) if arguments.split else dataset.test_split()
    if arguments.frames is not None and arguments.frames < len(dataset):
        places = np.linspace(0, len(dataset) - 1, arguments.frames).round().astype(int)
        wanted = dataset.images["image_id"].gather(places).implode()
        dataset = dataset.filter(pl.col("image_id").is_in(wanted))
    detector = UltralyticsDetector(
        arguments.weights,
        protocol=InferenceProtocol(imgsz=FRAME_PX[0]),
        classes=parse_classes(arguments.classes),
        threads=arguments.threads,
    )
    results = measure(detector, dataset, list(settings((above, below))))
    show(results)
    if arguments.json is not None:
        facts = {"frames": len(dataset), "threads": arguments.threads, "band": [above, below]}
        arguments.json.write_text(json.dumps(facts | {"results": [asdict(item) for item in results]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
