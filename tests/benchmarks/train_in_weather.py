"""Does training in fog raise the small-object AP in fog? Pairs of trainings that differ in their weather alone.

For every seed the demo baseline is trained twice on a rendered sample, without weather and with fog on half of its
frames, and both are benchmarked in clear air and in fog on the same test split. Printed: AP_small of both and their
paired difference with its interval, scenario by scenario. Two cores take about twelve minutes a seed.

Usage: python tests/benchmarks/train_in_weather.py FOLDER [--seeds 0 1 2] [--images 500] [--epochs 9] [--data DATA]
    FOLDER: keeps the sample, the trainings and the runs; what is there already is not made again.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import wutdet
from wutdet.dataset import Dataset
from wutdet.scoring.compare import compare_runs

SCENARIOS = "clear,fog:1-5"
FOG = {"p": 0.5, "fog": {"mor_m_range": [500, 4000]}}
ARMS = {"plain": None, "fog": FOG}
NUMBER = "AP_small"


def sample(folder: Path, images: int) -> Dataset:
    if not folder.exists():
        wutdet.render_part(folder, images=images, size=(640, 360), seed=0)
    return wutdet.load(folder, splits=folder / "splits")


def run_folder(folder: Path, dataset: Dataset, arm: str, seed: int, epochs: int) -> Path:
    trained, run = folder / f"train-{arm}-{seed}", folder / f"run-{arm}-{seed}"
    weights = trained / "weights.pt"
    if not weights.exists():
        weights = wutdet.train("demo", dataset, out=trained, seed=seed, epochs=epochs, weather=ARMS[arm]).weights
    wutdet.benchmark(str(weights), dataset.test_split(), out=run, scenarios=SCENARIOS)
    return run


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--data", type=Path, help="train on this dataset instead of the sample")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    dataset = wutdet.load(chosen.data) if chosen.data else sample(chosen.folder / "sample", chosen.images)
    gains: dict[str, list[float]] = {}
    for seed in chosen.seeds:
        plain, fog = (run_folder(chosen.folder, dataset, arm, seed, chosen.epochs) for arm in ARMS)
        for cell in compare_runs(plain, fog, numbers=[NUMBER]).cells:
            gains.setdefault(cell.scenario, []).append(cell.difference)
            interval = "no interval" if cell.interval is None else "{:+.4f} to {:+.4f}".format(*cell.interval)
            print(
                f"seed {seed}  {cell.scenario:6s} plain {cell.a:.4f}  fog {cell.b:.4f}  "
                f"difference {cell.difference:+.4f} ({interval})",
                flush=True,
            )
    print(f"\n{NUMBER}, trained in fog less trained without: mean of {len(chosen.seeds)} seeds")
    for scenario, values in gains.items():
        print(f"{scenario:8s} {statistics.mean(values):+.4f}   " + "  ".join(f"{value:+.4f}" for value in values))


if __name__ == "__main__":
    main()
