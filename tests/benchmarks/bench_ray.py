"""What the Ray engine costs beside the local one: the same benchmark by both, interleaved, wall time.

Ray gets two workers on this machine: one renders, one detects. The local engine renders in one thread and detects in
the process itself. Torch has one thread in both. `whole` is from the call to the last frame, with Ray's start and its
loading of the detector; `steady` is from the first recorded shard to the last, what a long run comes to.

Usage: python tests/benchmarks/bench_ray.py DATA WEIGHTS [--frames 40] [--imgsz 640] [--rounds 3] [--scenarios …]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import polars as pl

import wutdet
from wutdet.benchmark.execution import Execution
from wutdet.benchmark.run import benchmark
from wutdet.dataset import Dataset
from wutdet.detectors import InferenceProtocol
from wutdet.scoring.measure import Settings

ENGINES = {
    "local": Execution(engine="local", render_threads=1),
    "ray": Execution(engine="ray", detectors=1, renderers=1),
}


def run_once(dataset: Dataset, chosen: argparse.Namespace, execution: Execution) -> tuple[float, float]:
    """Seconds of the whole, and between the first shard and the last."""
    folder = Path(tempfile.mkdtemp())
    stamps: list[float] = []
    start = time.perf_counter()
    benchmark(
        chosen.weights,
        dataset,
        out=folder / "run",
        scenarios=chosen.scenarios,
        protocol=InferenceProtocol(imgsz=chosen.imgsz),
        classes={"boat": "ship"} if chosen.coco else None,
        threads=1,
        scoring=Settings(level=None),
        execution=execution,
        advance=lambda frames: stamps.append(time.perf_counter()) if frames else None,
    )
    shutil.rmtree(folder)
    return stamps[-1] - start, stamps[-1] - stamps[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scenarios", default="clear,fog:1,fog:3,fog:5,rain:3,glare:3,lowlight:3")
    parser.add_argument("--coco", action="store_true", help="WEIGHTS know COCO's classes: boat is ship")
    chosen = parser.parse_args()
    whole = wutdet.load(chosen.data)
    dataset = whole.filter(pl.col("image_id").is_in(whole.images["image_id"].head(chosen.frames).to_list()))
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ENGINES}
    for number in range(chosen.rounds):
        for name in ENGINES if number % 2 == 0 else reversed(ENGINES):
            seconds[name].append(run_once(dataset, chosen, ENGINES[name]))
            print(
                f"round {number + 1}, {name}: whole {seconds[name][-1][0]:.1f} s, steady {seconds[name][-1][1]:.1f} s"
            )
    for place, what in enumerate(("whole", "steady")):
        local, ray = (statistics.median(item[place] for item in seconds[name]) for name in ("local", "ray"))
        print(f"{what:7s} local {local:6.1f} s   ray {ray:6.1f} s   {ray / local:.2f}x")


if __name__ == "__main__":
    main()
