"""A made-up sea whose true scores are known: sequences that differ, frames inside a sequence that nearly repeat.

A sequence draws how well its ships are seen, by how much all its scores are shifted, how tightly ships are boxed and
how much clutter looks like ships. The same ships and the same clutter are then met in every one of its frames, each
with a little noise. All of it is normal and detections appear above a fixed strength, so that the precision-recall
curve of the population can be written down: `true_numbers`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics import FoundBoxes, TrueBoxes
from wutdet.metrics.curves import RECALL_POINTS
from wutdet.metrics.student import normal_cdf

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SMALL_PX, LARGE_PX, APART_PX = 20.0, 60.0, 200.0
"""Sides of the square boxes, on either side of COCO's 32² px, and the distance of neighbours."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations of a normal sum, by what shares each draw."""

    sequence: float
    thing: float
    frame: float

    @property
    def variance(self) -> float:
        """Of a single sighting."""
        return self.sequence**2 + self.thing**2 + self.frame**2


@dataclass(frozen=True, slots=True)
class Population:
    """What sequences are drawn from. Strengths are in standard normal units; what is above 0 is detected.

    Strengths are such that the true recall lies between two of COCO's 101 recall points: on a point, AP would jump by
    the precision there whenever a simulation's recall comes out a little higher or lower. Ships and clutter have the
    same spread, so that the precision at the very highest scores is nothing that only infinitely many frames show.
    """

    frames: float = 6.0
    """Mean frames of a sequence."""
    length_sigma: float = 0.0
    """Standard deviation of the logarithm of a sequence's length; 0: all are equally long."""
    more_ships: float = 2.0
    """A sequence shows 1 + Poisson(this) ships."""
    small_share: float = 0.6
    """Of ships and of clutter."""
    small_strength: float = 0.525
    large_strength: float = 1.62
    seen: Spread = Spread(0.7, 0.6, 0.2)
    """How strengths of ships vary alike for every detector."""
    own: Spread = Spread(0.25, 0.3, 0.3)
    """How strengths, of ships and clutter, vary from detector to detector."""
    score_shift: float = 0.4
    """Standard deviation of what a sequence adds to all its strengths, ships and clutter alike."""
    clutter: float = 1.5
    """Median number of things in a sequence that may be taken for ships."""
    clutter_sigma: float = 0.8
    """Standard deviation of the logarithm of that number's expectation."""
    clutter_strength: float = -0.1
    clutter_seen: Spread = Spread(0.7, 0.6, 0.2)
    tightness: float = 1.4
    """A ship's box is right where this and a draw of `loose` are above 0; else it overlaps the ship by a third."""
    loose: Spread = Spread(0.6, 0.6, 0.5)


@dataclass(frozen=True, slots=True)
class Sea:
    """Some sequences of a population: S sequences, I frames, N sightings of ships and clutter in frames."""

    frames: Ints
    """(S,) in each sequence."""
    sequence: Ints
    """(N,) of each sighting."""
    thing: Ints
    """(N,) which ship or which piece of clutter is met."""
    frame: Ints
    """(N,)."""
    xywh: Floats
    """(N, 4)."""
    is_ship: Bools
    """(N,)."""
    strength: Floats
    """(N,) that every detector meets."""
    tightness: Floats
    """(N,)."""

    @property
    def unit(self) -> NDArray[np.int32]:
        """(I,) the sequence of each frame."""
        return np.repeat(np.arange(len(self.frames), dtype=np.int32), self.frames)

    @property
    def true(self) -> TrueBoxes:
        """The ships in all frames; image ids are 0, 1, …"""
        xywh = self.xywh[self.is_ship]
        return TrueBoxes(
            all_image_ids=np.arange(self.frames.sum()),
            image_ids=self.frame[self.is_ship],
            xywh=xywh,
            area_px2=xywh[:, 2] * xywh[:, 3],
            iscrowd=np.zeros(len(xywh), bool),
        )


def draw_sea(population: Population, sequences: int, rng: np.random.Generator) -> Sea:
    """Draw sequences with everything that all detectors share."""
    frames = _lengths(population, sequences, rng)
    ships = 1 + rng.poisson(population.more_ships, sequences)
    clutter = rng.poisson(population.clutter * np.exp(population.clutter_sigma * rng.normal(size=sequences)))
    sequence_of = np.repeat(np.arange(sequences), ships + clutter)  # of each thing
    slot = _count_up(ships + clutter)
    is_ship = slot < ships[sequence_of]
    small = rng.random(len(slot)) < population.small_share
    kind = np.where(small, population.small_strength, population.large_strength)
    kind[~is_ship] = population.clutter_strength
    thing = np.repeat(np.arange(len(slot)), frames[sequence_of])
    sequence, ship_here = sequence_of[thing], is_ship[thing]
    shift = population.score_shift * rng.normal(size=sequences)[sequence]
    of_ships = _noise(population.seen, sequence, thing, rng)
    of_clutter = _noise(population.clutter_seen, sequence, thing, rng)
    side = np.where(small, SMALL_PX, LARGE_PX)[thing]
    start = np.cumsum(frames) - frames
    return Sea(
        frames=frames,
        sequence=sequence,
        thing=thing,
        frame=start[sequence] + _count_up(frames[sequence_of]),
        xywh=np.stack([APART_PX * slot[thing], np.zeros(len(thing)), side, side], axis=1),
        is_ship=ship_here,
        strength=kind[thing] + shift + np.where(ship_here, of_ships, of_clutter),
        tightness=population.tightness + _noise(population.loose, sequence, thing, rng),
    )


def detect(population: Population, sea: Sea, rng: np.random.Generator) -> FoundBoxes:
    """One detector's boxes. Every call is another detector; all of them are equally good in the population."""
    strength = sea.strength + _noise(population.own, sea.sequence, sea.thing, rng)
    xywh = sea.xywh.copy()
    xywh[:, 0] += np.where(sea.is_ship & (sea.tightness <= 0.0), 0.5 * xywh[:, 2], 0.0)  # IoU ½ / 1½
    kept = strength > 0.0
    return FoundBoxes(sea.frame[kept], xywh[kept], strength[kept] / (1.0 + strength[kept]))


def true_numbers(population: Population) -> dict[str, float]:
    """AP50, AP_small and recall at IoU 0.5 of infinitely many sequences.

    The expected counts of hits and false alarms above a score are normal tails, and lengths are drawn apart from all
    else, so precision and recall are known at every score, and COCO's 101 points are read off that curve. Boxes are
    right or overlap by a third: all of COCO's thresholds agree, and AP_small is AP50 of the small ships.
    """
    small, large = population.small_share, 1.0 - population.small_share
    whole_recall, whole = _curve(population, small, large)
    _, only_small = _curve(population, small, 0.0)
    return {"AP50": whole, "AP_small": only_small, "recall": whole_recall}


def _curve(population: Population, small: float, large: float) -> tuple[float, float]:
    """Recall and AP of ships of which these shares, of all ships, are of either size."""
    strengths = np.linspace(0.0, 12.0, 40_001)
    own = population.own.variance + population.score_shift**2
    ship_sd, clutter_sd = (math.sqrt(spread.variance + own) for spread in (population.seen, population.clutter_seen))
    found = small * _above(strengths, population.small_strength, ship_sd)
    if large:
        found += large * _above(strengths, population.large_strength, ship_sd)
    right = normal_cdf(population.tightness / math.sqrt(population.loose.variance))
    clutter = population.clutter * math.exp(0.5 * population.clutter_sigma**2) / (1.0 + population.more_ships)
    alarms = clutter * (small + large) * _above(strengths, population.clutter_strength, clutter_sd)
    precision = found * right / (found + alarms)
    recall = found * right / (small + large)  # falls
    best = np.append(np.maximum.accumulate(precision), 0.0)  # at this recall or more; 0 beyond the largest
    reached = (recall[:, None] >= RECALL_POINTS).sum(axis=0)
    return float(recall[0]), float(best[reached - 1].mean())


def _lengths(population: Population, sequences: int, rng: np.random.Generator) -> Ints:
    sigma = population.length_sigma
    drawn = population.frames * np.exp(sigma * rng.normal(size=sequences) - 0.5 * sigma**2)
    return np.maximum(np.rint(drawn), 1).astype(np.int64)


def _noise(spread: Spread, sequence: Ints, thing: Ints, rng: np.random.Generator) -> Floats:
    """(N,) one draw a sequence, one a thing and one a sighting, added."""
    of_sequence = rng.normal(size=int(sequence.max(initial=-1)) + 1)[sequence]
    of_thing = rng.normal(size=int(thing.max(initial=-1)) + 1)[thing]
    return spread.sequence * of_sequence + spread.thing * of_thing + spread.frame * rng.normal(size=len(thing))


def _count_up(lengths: Ints) -> Ints:
    """`[2, 3]` → `[0, 1, 0, 1, 2]`."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _above(strengths: Floats, mean: float, sd: float) -> Floats:
    """The share of a normal distribution above each strength."""
    return np.array([normal_cdf(z) for z in ((mean - strengths) / sd).tolist()])
