"""What a benchmark costs beside the inference it is for: 21 cells a frame against predicting preloaded arrays.

Pairs in one run, interleaved: a benchmark of N frames under 21 scenarios (decoding, rendering, detecting, recording;
scoring apart), and ultralytics predicting 21·N arrays that were rendered before, in the same batches. Wall time.

Usage: python tests/benchmarks/bench_overhead.py DATA WEIGHTS [--frames 6] [--threads 1 2] [--imgsz 640] [--rounds 3]
    DATA needs images of one size; WEIGHTS with a class `ship`, or `boat`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import polars as pl

import wutdet
from wutdet.benchmark.execution import Execution
from wutdet.benchmark.run import benchmark
from wutdet.benchmark.weather import make_weather, render_frame
from wutdet.dataset import Dataset
from wutdet.detectors import Detector, InferenceProtocol, load_detector
from wutdet.scoring.measure import Settings

SCENARIOS = "clear,fog:1-5,rain:1-5,glare:1-5,lowlight:1-5"


def run_once(detector: Detector, dataset: Dataset, render_threads: int | None) -> tuple[float, float]:
    """Seconds of a benchmark without its scoring, and those that its rendering took."""
    folder = Path(tempfile.mkdtemp())
    stamps: list[float] = []
    start = time.perf_counter()
    benchmark(
        detector,
        dataset,
        out=folder / "run",
        scenarios=SCENARIOS,
        scoring=Settings(level=None),
        execution=Execution(render_threads=render_threads),
        advance=lambda _frames: stamps.append(time.perf_counter()),
    )
    manifest = (folder / "run" / "manifest.json").read_bytes()
    spent = json.loads(manifest)["measured"]["stages"]
    shutil.rmtree(folder)
    return stamps[-1] - start, spent["decode"]["total_s"] + spent["render"]["total_s"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--frames", type=int, default=6)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    whole = wutdet.load(chosen.data)
    size = whole.images.select("width", "height").row(0)
    alike = whole.images.filter((pl.col("width") == size[0]) & (pl.col("height") == size[1]))
    ids = alike["image_id"].head(chosen.frames).to_list()
    dataset = whole.filter(pl.col("image_id").is_in(ids))
    weather = make_weather(SCENARIOS, camera=None, cameras=None, ambient=None, severities=None, seed=0)
    batches = [[view.image for view in render_frame(frame.image, frame, None, weather).rendered] for frame in dataset]
    for threads in chosen.threads:
        detector = load_detector(
            chosen.weights,
            protocol=InferenceProtocol(imgsz=chosen.imgsz),
            classes={"boat": "ship"},
            threads=threads,
            trust_weights=True,
        )
        detector(batches[0])
        alone, ahead, between, rendering = [], [], [], []
        for _ in range(chosen.rounds):
            start = time.perf_counter()
            for batch in batches:
                detector(batch)
            alone.append(time.perf_counter() - start)
            seconds, rendered = run_once(detector, dataset, None)
            ahead.append(seconds)
            seconds, rendered = run_once(detector, dataset, 0)
            between.append(seconds)
            rendering.append(rendered)
        base, drawn = statistics.median(alone), statistics.median(rendering)
        print(f"{threads} torch threads, {len(batches)} frames x {len(batches[0])} cells, {chosen.imgsz} px, {size}")
        print(f"  preloaded arrays     {base:7.2f} s")
        print(f"  decoding, rendering  {drawn:7.2f} s")
        for name, seconds in (("rendered ahead", ahead), ("rendered between", between)):
            found = statistics.median(seconds)
            print(f"  {name:19s} {found:8.2f} s   {found / base:5.2f} x arrays   {found / (base + drawn):5.2f} x both")


if __name__ == "__main__":
    main()
