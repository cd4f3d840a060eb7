"""What tiles give and cost: AP_small and recall against seconds a frame, for equal weights.

    python tests/benchmarks/accuracy_time.py DATA WEIGHTS [--splits DIR] [--split test] [--frames N] [--band 0.05,0.2]
        [--classes boat=ship] [--threads 1] [--only TEXT] [--json FILE]

Full frames at four sizes, tiles over the whole frame, and tiles around the horizon, all of them and only those with a
candidate (`skip_below`); each frame under every setting before the next, beginning with another setting each time.
`--only` measures the settings whose name holds a text, such as `full frame` or `skip`; it may be repeated.

Seconds: the mean over frames of CPU time of the process (all threads), which neighbours on the machine change little
and which differs by frame where tiles are skipped; the median of wall time. `of best tiling`: AP_small and CPU time as
shares of those of the full tiling with the best AP_small, skipping none. `above curve`: AP_small less that of full
frames at the same CPU time, between sizes by a straight line; above the largest size, less that of the best.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

import wutdet
from wutdet.cli.options import parse_classes
from wutdet.dataset import Dataset
from wutdet.detectors import Detections, Detector, DetectorInfo, InferenceProtocol, Tiling, tiled
from wutdet.detectors.ultralytics import UltralyticsDetector

RECALL = "recall@fppi=0.1,iou=0.3"
FRAME_PX = (640, 960, 1280, 1600)
SKIP_BELOW = (0.01, 0.03)


@dataclass(frozen=True, slots=True)
class Setting:
    """The network's input for the full frame, and the tiles."""

    frame_px: int
    tiling: Tiling | None = None

    def __str__(self) -> str:
        if self.tiling is None:
            return f"full frame {self.frame_px}"
        scale = f"{self.tiling.tile_px} at {self.tiling.network_px}"
        skipping = "" if self.tiling.skips_below is None else f", skip below {self.tiling.skips_below:g}"
        return f"{'full tiling' if self.tiling.plan == 'full' else 'horizon'} {scale}, frame {self.frame_px}{skipping}"


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


class Counted:
    """A detector that counts the images it is given, and those that it is given at another size: the tiles."""

    def __init__(self, inner: UltralyticsDetector) -> None:
        self.inner, self.images = inner, 0
        self.of_tiles: Counted | None = None

    @property
    def info(self) -> DetectorInfo:
        return self.inner.info

    def at(self, imgsz: int, /) -> Counted:
        self.of_tiles = Counted(self.inner.at(imgsz))
        return self.of_tiles

    def __call__(self, frames: Sequence[NDArray[np.uint8]], /) -> list[Detections]:
        self.images += len(frames)
        return self.inner(frames)


class Trial:
    """One setting, frame by frame."""

    def __init__(self, setting: Setting, detector: UltralyticsDetector) -> None:
        self.setting = setting
        self.counted = Counted(detector.at(setting.frame_px))
        self.detector: Detector = self.counted if setting.tiling is None else tiled(self.counted, setting.tiling)
        self.found: list[Detections] = []
        self.cpu_s: list[float] = []
        self.wall_s: list[float] = []

    @property
    def tiles(self) -> int:
        """How many were looked at so far."""
        return 0 if self.counted.of_tiles is None else self.counted.of_tiles.images

    def look(self, image: NDArray[np.uint8]) -> None:
        cpu_start, wall_start = time.process_time(), time.perf_counter()
        [result] = self.detector([image])
        self.cpu_s.append(time.process_time() - cpu_start)
        self.wall_s.append(time.perf_counter() - wall_start)
        self.found.append(result)

    def result(self, dataset: Dataset, tiles: int) -> Result:
        cell = wutdet.evaluate(dataset, self.found, interval=None).cells[0]
        self.found.clear()  # many frames under many settings are many boxes
        return Result(
            setting=str(self.setting),
            plan="frame" if self.setting.tiling is None else self.setting.tiling.plan,
            AP_small=cell.AP_small,
            AP=cell.AP,
            recall=cell.operating[RECALL],
            cpu_s=statistics.fmean(self.cpu_s),
            wall_s=statistics.median(self.wall_s),
            tiles=tiles / len(dataset),
        )


def settings(band: tuple[float, float]) -> Iterator[Setting]:
    for size in FRAME_PX:
        yield Setting(size)
    for frame_px, imgsz in ((640, 640), (640, 960), (960, 640)):
        yield Setting(frame_px, Tiling(plan="full", imgsz=imgsz))
    for frame_px, imgsz in ((640, 640), (640, 960), (960, 640), (960, 960), (960, 1280), (1280, 960)):
        yield Setting(frame_px, Tiling(imgsz=imgsz, band=band))
    for least in SKIP_BELOW:
        yield Setting(960, Tiling(plan="full", imgsz=640, skip_below=least))
        for frame_px, imgsz in ((960, 640), (960, 960), (1280, 1280)):
            yield Setting(frame_px, Tiling(imgsz=imgsz, band=band, skip_below=least))


def measure(detector: UltralyticsDetector, dataset: Dataset, tried: Sequence[Setting]) -> list[Result]:
    trials = [Trial(setting, detector) for setting in tried]
    for trial in trials:
        trial.detector([dataset[0].image])  # a first call allocates
    warmed = [trial.tiles for trial in trials]
    for place in range(len(dataset)):
        image = dataset[place].image
        first = place % len(trials)
        for trial in (*trials[first:], *trials[:first]):
            trial.look(image)
        print(f"\r{place + 1} of {len(dataset)} frames", end="", flush=True, file=sys.stderr)
    print(file=sys.stderr)
    return [trial.result(dataset, trial.tiles - before) for trial, before in zip(trials, warmed, strict=True)]


def show(results: Sequence[Result]) -> None:
    print("| setting | tiles | AP_small | AP | recall | CPU s | wall s | AP_small, CPU of best tiling | above curve |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for item in results:
        print(
            f"| {item.setting} | {item.tiles:.1f} | {item.AP_small or 0:.4f} | {item.AP or 0:.4f} "
            f"| {item.recall or 0:.3f} | {item.cpu_s:.3f} | {item.wall_s:.3f} "
            f"| {of_best_tiling(item, results)} | {above_curve(item, results)} |"
        )


def of_best_tiling(item: Result, results: Sequence[Result]) -> str:
    tilings = [other for other in results if other.plan == "full" and "skip" not in other.setting]
    if not tilings:
        return "-"
    best = max(tilings, key=lambda other: other.AP_small or 0.0)
    return f"{(item.AP_small or 0.0) / (best.AP_small or np.nan):.0%}, {item.cpu_s / best.cpu_s:.0%}"


def above_curve(item: Result, results: Sequence[Result]) -> str:
    frames = sorted((other for other in results if other.plan == "frame"), key=lambda other: other.cpu_s)
    if len(frames) < 2:
        return "-"
    best_until = np.maximum.accumulate([other.AP_small or 0.0 for other in frames])
    curve = float(np.interp(item.cpu_s, [other.cpu_s for other in frames], best_until))
    return f"{(item.AP_small or 0.0) - curve:+.4f}"


def wanted(tried: Sequence[Setting], only: Sequence[str]) -> list[Setting]:
    chosen = [setting for setting in tried if not only or any(text in str(setting) for text in only)]
    if not chosen:
        names = "\n  ".join(map(str, tried))
        sys.exit(f"no setting holds {' or '.join(only)}; there are\n  {names}")
    return chosen


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
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="of a setting's name; repeatable")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    above, below = map(float, arguments.band.split(","))
    tried = wanted(list(settings((above, below))), arguments.only)
    dataset = wutdet.load(arguments.data, splits=arguments.splits)
    dataset = dataset.split(arguments.split) if arguments.split else dataset.test_split()
    if arguments.frames is not None and arguments.frames < len(dataset):
        places = np.linspace(0, len(dataset) - 1, arguments.frames).round().astype(int)
        spread = dataset.images["image_id"].gather(places).implode()
        dataset = dataset.filter(pl.col("image_id").is_in(spread))
    detector = UltralyticsDetector(
        arguments.weights,
        protocol=InferenceProtocol(imgsz=FRAME_PX[0]),
        classes=parse_classes(arguments.classes),
        threads=arguments.threads,
    )
    results = measure(detector, dataset, tried)
    show(results)
    if arguments.json is not None:
        facts = {"frames": len(dataset), "threads": arguments.threads, "band": [above, below]}
        arguments.json.write_text(json.dumps(facts | {"results": [asdict(item) for item in results]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
