"""Do 95 % intervals hold the true value in 95 of 100 cases? A simulation in which the true value is known.

    python tests/benchmarks/coverage.py [--trials 2000] [--replicates 1000] [--figure docs/coverage.svg]

Every trial draws sequences from the population of coverage_model.py, scores two equal detectors on them with the
package's own code, and takes intervals in four ways (coverage_trials.py). Two processes; the same arguments give the
same output. Shares come with binomial standard errors. About 15 minutes on two cores.
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from coverage_figure import draw_figure
from coverage_trials import CASES, METHODS, METRICS, Block, Row, run_block, simulated_numbers, true_values
from numpy.typing import NDArray

SEQUENCES = (5, 7, 10, 14, 20, 34, 60, 120)
TRIALS_PER_BLOCK = 25
PROCESSES = 2
SEED = 20260401
LARGE = 100_000
"""Sequences of the simulation that checks the true values."""
UNIT_EDGES = (2, 5, 7, 10, 14, 20, 30, 45, 70, math.inf)
"""Effective sequences by which trials of all settings are sorted in the last tables."""
FEWEST_TRIALS = 200
"""A cell of those tables with fewer says too little, and is left empty."""

Columns = dict[str, NDArray[np.float64]]
"""What all trials of a setting found: the rows' values, (trials,) each."""
Setting = tuple[str, int]
"""Case, sequences."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how often intervals hold the true value.")
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    print(f"{arguments.trials} trials of each setting, {arguments.replicates} replicates, seed {SEED}\n")
    print_table("True values, and a check of them by simulation", _truths())
    results = run_all(arguments.trials, arguments.replicates)
    for metric in METRICS:
        print_table(f"{metric}: % of 95 % intervals that hold the true value", _coverage(results, metric))
    for metric in METRICS:
        title = f"{metric}: median width over that of a normal interval from the true sampling spread; type-I error, %"
        print_table(title, _widths(results, metric))
    print_table("Ours by effective sequences: % that hold the true value", _by_units(results, "ours.covered"))
    print_table("Type-I error by effective sequences, %", _by_units(results, "rejected"))
    if arguments.figure:
        draw_figure({setting: _shares(columns) for setting, columns in results.items()}, arguments.figure)


def run_all(trials: int, replicates: int) -> dict[Setting, Columns]:
    """All trials of all settings."""
    settings = [(case, sequences) for case in CASES for sequences in SEQUENCES]
    blocks = [
        Block(*setting, first, min(TRIALS_PER_BLOCK, trials - first), replicates, SEED)
        for setting in settings
        for first in range(0, trials, TRIALS_PER_BLOCK)
    ]
    rows: dict[Setting, list[Row]] = {setting: [] for setting in settings}
    start_s = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        for block, found in zip(blocks, pool.imap(run_block, blocks), strict=True):
            done = rows[block.case, block.sequences]
            done += found
            if len(done) == trials:
                took_s = time.monotonic() - start_s
                print(f"{took_s:.0f} s: {block.case}, {block.sequences} sequences done", file=sys.stderr, flush=True)
    return {
        setting: {name: np.array([row[name] for row in found], float) for name in found[0]}
        for setting, found in rows.items()
    }


def print_table(title: str, rows: Iterator[Mapping[str, str]]) -> None:
    """A title and a Markdown table whose columns are aligned."""
    found = list(rows)
    lines = [list(found[0]), *(list(row.values()) for row in found)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    lines.insert(1, ["-" * (width - 1) + ":" for width in widths])
    print(f"{title}\n")
    for line in lines:
        print("| " + " | ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) + " |")
    print(flush=True)


def _truths() -> Iterator[dict[str, str]]:
    for case in CASES:
        simulated = simulated_numbers(case, LARGE, SEED)
        for metric, value in true_values(case).items():
            mean, error = simulated[metric]
            check = f"{mean:.4f} ± {error:.4f}"
            yield {"case": case, "": metric, "true": f"{value:.4f}", f"{LARGE:,} sequences": check}


def _coverage(results: Mapping[Setting, Columns], metric: str) -> Iterator[dict[str, str]]:
    for (case, sequences), columns in results.items():
        yield {
            **_setting(case, sequences, columns, metric),
            **{method: _share(columns[f"{metric}.{method}.covered"]) for method in METHODS},
            "no interval": f"{100 * np.isnan(columns[f'{metric}.ours.covered']).mean():.1f}",
        }


def _widths(results: Mapping[Setting, Columns], metric: str) -> Iterator[dict[str, str]]:
    for (case, sequences), columns in results.items():
        normal = 2 * 1.959964 * np.nanstd(columns[f"{metric}.estimate"], ddof=1)
        yield {
            **_setting(case, sequences, columns, metric),
            "normal width": f"{normal:.3f}",
            **{method: f"{np.nanmedian(columns[f'{metric}.{method}.width']) / normal:.2f}" for method in METHODS},
            "type I": _share(columns[f"{metric}.rejected"]),
        }


def _by_units(results: Mapping[Setting, Columns], column: str) -> Iterator[dict[str, str]]:
    for low, high in itertools.pairwise(UNIT_EDGES):
        row = {"effective": f"{low:g}-{high:g}" if math.isfinite(high) else f"from {low:g}"}
        for metric, case in itertools.product(METRICS, CASES):
            found = [columns for (of_case, _), columns in results.items() if of_case == case]
            hits = _between(found, metric, column, low, high)
            row[f"{metric}, {case}"] = _share(hits) if len(hits) >= FEWEST_TRIALS else ""
        yield row


def _between(found: Sequence[Columns], metric: str, column: str, low: float, high: float) -> NDArray[np.float64]:
    """A column of the trials whose effective sequences lie in [low, high)."""
    units, values = (np.concatenate([columns[f"{metric}.{name}"] for columns in found]) for name in ("units", column))
    return values[(units >= low) & (units < high)]


def _setting(case: str, sequences: int, columns: Columns, metric: str) -> dict[str, str]:
    effective = columns[f"{metric}.units"].mean()
    return {"case": case, "sequences": str(sequences), "effective": f"{effective:.1f}"}


def _share(hits: NDArray[np.float64]) -> str:
    """`95.1 ± 0.5`: percent of those that are known, with the standard error of a binomial share."""
    known = hits[np.isfinite(hits)]
    if not len(known):
        return ""
    share = known.mean()
    return f"{100 * share:.1f} ± {100 * math.sqrt(share * (1 - share) / len(known)):.1f}"


def _shares(columns: Columns) -> dict[str, float]:
    """By `metric.method`."""
    names = [f"{metric}.{method}" for metric in METRICS for method in METHODS]
    return {name: float(np.nanmean(columns[f"{name}.covered"])) for name in names}


if __name__ == "__main__":
    main()
