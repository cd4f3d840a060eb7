"""Of how little contrast are ships still found? The share found by what the weather has left, from finished runs.

A ship counts as found when a detection at or above the run's threshold (0.1 false alarms a frame in clear weather) has
an IoU of 0.3 with it. Fog and rain cells alone: glare takes no contrast away, and low light takes it from everything.

Usage: python tests/benchmarks/faint_ships.py DATA RUN [--images DIR] [--splits DIR]
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from pycocotools import mask

import wutdet
from wutdet.benchmark.plan import read_plan, shards
from wutdet.benchmark.store import Store
from wutdet.scoring.scores import read_scores

EDGES = (0.0, 0.002, 0.005, 0.01, 0.02, 1.01)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--splits", type=Path)
    chosen = parser.parse_args()
    plan = read_plan(chosen.run)
    dataset = wutdet.load(chosen.data, images=chosen.images, splits=chosen.splits).split(plan.dataset.split)
    threshold = read_scores(chosen.run).cell("clear").operating["threshold@fppi=0.1,iou=0.3"]
    truth = {frame.image_id: frame.boxes for frame in dataset}
    contrast, found = [], []
    count = len(list(shards(len(dataset), plan.shard_frames)))
    for frame in Store(chosen.run).frames(count):
        ships = truth[frame.image_id]
        for name, cell in zip(plan.scenarios, frame.cells, strict=False):
            if name.split(":")[0] not in ("fog", "rain") or "+" in name or not len(ships):
                continue
            sure = np.array(cell.xywh).reshape(-1, 4)[np.array(cell.scores) >= threshold]
            ship_xywh = np.concatenate([ships[:, :2], ships[:, 2:] - ships[:, :2]], axis=1)
            overlap = mask.iou(ship_xywh, sure, [0] * len(sure)) if len(sure) else np.zeros((len(ships), 1))
            best = np.asarray(overlap).max(axis=1)
            contrast += cell.contrast
            found += (best >= 0.3).tolist()
    left, hit = np.array(contrast), np.array(found)
    print(f"{plan.detector.name}: {len(left)} ships in fog and rain, threshold {threshold:.3f}")
    for low, high in pairwise(EDGES):
        some = (left >= low) & (left < high)
        print(f"{low:.3f} to {high:.3f}: {hit[some].sum():5d} of {some.sum():5d}, {100 * hit[some].mean():.1f} %")
    for edge in EDGES[1:4]:
        some = left < edge
        print(f"below {edge:.3f}: {hit[some].sum():5d} of {some.sum():5d}, {100 * hit[some].mean():.1f} %")


if __name__ == "__main__":
    main()
