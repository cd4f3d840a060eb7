"""One trial of coverage.py: draw sequences, score two equal detectors on them, ask every method for its interval."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from coverage_model import Population, Sea, detect, draw_sea, true_numbers
from numpy.typing import NDArray

from wutdet.metrics import FoundBoxes
from wutdet.metrics.curves import CurveFamily, curve_family, read_curves
from wutdet.metrics.intervals import effective_units, expanded_interval, p_value
from wutdet.metrics.matching import Matches, match
from wutdet.metrics.numbers import Table
from wutdet.metrics.resampling import read_once, resample
from wutdet.sizes import COCO_RANGES

LEVEL = 0.95
CASES = {
    "equal": Population(),
    "unequal": Population(length_sigma=1.0),
    "fog": Population(small_strength=-1.5, large_strength=-0.4, clutter_strength=-1.7),
}
"""Sequences of equal and of very unequal length; fog: equal lengths, but only few sequences show what can be found."""
METRICS = {"AP50": "all", "AP_small": "small", "recall": "all"}
"""The numbers, and the ships that each rests on."""
METHODS = ("ours", "plain", "frames", "dropped")
"""Sequences and expanded percentile; the same replicates and plain percentile; single frames; duplicates dropped."""
RANGES = COCO_RANGES[:2]
WRONG_EVERY = 4
"""Frames and dropped duplicates are tried in one of so many trials: they miss so often that fewer show it."""
UNEXPANDED = math.inf  # units of which the expanded interval is the plain percentile interval

Row = dict[str, float]
"""What a trial found, by `metric.column` or `metric.method.column`; NaN where there is no interval."""
Ints = NDArray[np.int32]
Families = dict[str, CurveFamily]


@dataclass(frozen=True, slots=True)
class Block:
    """Some trials of one setting."""

    case: str
    sequences: int
    first: int
    trials: int
    replicates: int
    seed: int


def run_block(block: Block) -> list[Row]:
    """The trials of a block, each from a generator of its own: the same rows however trials are cut into blocks."""
    return [_run_trial(block, block.first + number) for number in range(block.trials)]


def match_all(sea: Sea, found: FoundBoxes) -> Matches:
    """At the one threshold and the two size ranges that are looked at."""
    return match(sea.true, found, thresholds=(0.5,), ranges=RANGES)


def families(matches: Matches, unit: Ints | None) -> Families:
    """The curves of every size range, by its name."""
    return {item.name: curve_family(matches, row, [0], unit=unit) for row, item in enumerate(matches.ranges)}


def read_numbers(curves: Families, weights: Ints) -> Table:
    """Every one of `METRICS`, (B,) each."""
    read = {name: read_curves(family, weights) for name, family in curves.items()}
    return {
        "AP50": read["all"].precision[:, 0].mean(axis=-1),
        "AP_small": read["small"].precision[:, 0].mean(axis=-1),
        "recall": read["all"].recall[:, 0],
    }


def read_without_duplicates(curves: Families, weights: Ints) -> Table:
    """The mistake of a resample that is a set: what is drawn twice counts once."""
    return read_numbers(curves, np.minimum(weights, 1))


def _run_trial(block: Block, number: int) -> Row:
    population = CASES[block.case]
    rng = np.random.default_rng([block.seed, list(CASES).index(block.case), block.sequences, number])
    sea = draw_sea(population, block.sequences, rng)
    matches, other = (match_all(sea, detect(population, sea, rng)) for _ in range(2))
    by_sequence = families(matches, sea.unit)
    draw = functools.partial(_resample, size=len(matches.candidate), replicates=block.replicates, seed=number)
    by_method = {"ours": draw(read_numbers, by_sequence, block.sequences)}
    by_method["plain"] = by_method["ours"]
    if number % WRONG_EVERY == 0:
        by_method["frames"] = draw(read_numbers, families(matches, None), len(sea.unit))
        by_method["dropped"] = draw(read_without_duplicates, by_sequence, block.sequences)
    of_other = draw(read_numbers, families(other, sea.unit), block.sequences)
    truth = true_values(block.case)
    estimates = read_once([functools.partial(read_numbers, by_sequence)], block.sequences)
    row: Row = {}
    for metric, size in METRICS.items():
        units = _sequences_behind(matches, sea.unit, size, block.sequences)
        p = p_value(by_method["ours"][metric] - of_other[metric], units)
        row[f"{metric}.units"] = units
        row[f"{metric}.estimate"] = estimates[metric]
        row[f"{metric}.rejected"] = math.nan if p is None else p < 1.0 - LEVEL
        for method in METHODS:
            replicates = by_method[method][metric] if method in by_method else []  # no replicates: no interval
            ends = expanded_interval(replicates, units if method == "ours" else UNEXPANDED, LEVEL)
            low, high = ends or (math.nan, math.nan)
            row[f"{metric}.{method}.covered"] = math.nan if ends is None else low <= truth[metric] <= high
            row[f"{metric}.{method}.width"] = high - low
    return row


def _resample(
    read: Callable[[Families, Ints], Table], curves: Families, units: int, *, size: int, replicates: int, seed: int
) -> Table:
    reader = functools.partial(read, curves)
    return resample([reader], units=units, size=size, replicates=replicates, seed=seed)


def _sequences_behind(matches: Matches, unit: Ints, size: str, sequences: int) -> float:
    """As the scores of a benchmark count them: Kish's number of the ships that each sequence has."""
    ships = matches.true_in[[item.name for item in RANGES].index(size)]
    return effective_units(np.bincount(unit[matches.true_image[ships]], minlength=sequences))


@functools.cache
def true_values(case: str) -> dict[str, float]:
    """What intervals must hold."""
    return true_numbers(CASES[case])


def simulated_numbers(case: str, sequences: int, seed: int, parts: int = 20) -> dict[str, tuple[float, float]]:
    """Each number in one very large simulation, and its Monte Carlo error, from the spread between its parts."""
    rng = np.random.default_rng([seed, list(CASES).index(case), 0])
    sea = draw_sea(CASES[case], sequences, rng)
    curves = families(match_all(sea, detect(CASES[case], sea, rng)), sea.unit)
    part = np.arange(sequences) * parts // sequences
    weights = np.concatenate([np.ones((1, sequences), bool), part == np.arange(parts)[:, None]]).astype(np.int32)
    return {
        metric: (float(values[0]), float(values[1:].std(ddof=1) / math.sqrt(parts)))
        for metric, values in read_numbers(curves, weights).items()
    }
