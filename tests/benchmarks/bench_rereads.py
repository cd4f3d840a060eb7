"""What is read off one matching costs: slices, bootstrap replicates, a whole table.

    python tests/benchmarks/bench_rereads.py FOLDER [--table-images 15000] [--replicates 1000] [--skip-table]

FOLDER is as for bench_scores.py. The table has 21 cells of the first `--table-images` frames, all fed the same
detections, so that no cell is cheaper for having lost its ships.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl

import wutdet
from wutdet.metrics import FoundBoxes, match
from wutdet.metrics.intervals import draw_weights
from wutdet.metrics.numbers import prepare_coco, read_coco
from wutdet.scenarios import parse_scenarios
from wutdet.scoring import KnownImages, read_results
from wutdet.scoring.cells import CellInput, score_cells
from wutdet.scoring.measure import Settings
from wutdet.scoring.truth import truth_of

ALL_CELLS = "clear,fog:1-5,glare:1-5,rain:1-5,lowlight:1-5"


@contextmanager
def timed(title: str, parts: int = 1) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{title:64s} {1e3 * wall / parts:10.1f} {1e3 * cpu / parts:10.1f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--table-images", type=int, default=15_000)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--skip-table", action="store_true")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n{'':64s} {'wall ms':>10s} {'CPU ms':>10s}")

    with timed("load gt.json"):
        dataset = wutdet.load(arguments.folder / "gt.json")
    images = dataset.images
    with timed("read dets.json"):
        known = KnownImages(images["image_id"].to_numpy(), images["file_name"].to_list())
        found = read_results(arguments.folder / "dets.json", known).found
    truth = truth_of(dataset)
    with timed("match: COCO's ranges and thresholds, and IoU 0.3"):
        matches = match(truth.boxes, found)
    ones = np.ones((1, truth.units), np.int32)
    with timed("the COCO table: prepare"):
        table = prepare_coco(matches, truth.unit)
    with timed("the COCO table: read"):
        read_coco(table, ones)
    slice_of = truth.unit * 20 // truth.units
    with timed("twenty disjoint slices of the COCO table, together"):
        for number in range(20):
            part = matches.only(slice_of == number)
            read_coco(prepare_coco(part), np.ones((1, len(part.image_ids)), np.int32))
    count = 20
    with timed("one bootstrap replicate of the COCO table", count):
        for weights in draw_weights(truth.units, count, 0, block=1):
            read_coco(table, weights)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")

    if not arguments.skip_table:
        columns = (found.image_ids, found.xywh, found.scores)
        few = dataset.filter(pl.col("image_id").is_in(images["image_id"].head(arguments.table_images)))
        inside = FoundBoxes(
            *(column[np.isin(found.image_ids, few.images["image_id"].to_numpy())] for column in columns)
        )
        cells = [CellInput(scenario, inside) for scenario in parse_scenarios(ALL_CELLS)]
        settings = dataclasses.replace(Settings(), replicates=arguments.replicates)
        title = f"a table: {len(few)} frames, {len(cells)} cells, all numbers, {arguments.replicates} replicates"
        with timed(title):
            score_cells(truth_of(few), cells, settings)


if __name__ == "__main__":
    main()
