"""The plan of a part: which sequences there are, and what is in each."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sin
from typing import Final

import numpy as np

from wutdet.sample.coast import Coast
from wutdet.sample.geometry import HEIGHT_M, View, focal_px
from wutdet.sample.keys import keyed_rng
from wutdet.sample.land import coast_of
from wutdet.sample.light import HOURS, Light, light_of
from wutdet.sample.sea import SeaState
from wutdet.sample.traffic import Track, Waters, tracks_of

STEP_S: Final = 2.0  # time between neighbouring frames
SCENES: Final = ("navigation", "port", "anchorage", "berthing")
# ships of successive sequences, 4.1 on average; some leave the frame or hide
SHIP_COUNTS: Final = (4, 3, 5, 4, 2, 6, 4, 3, 5, 4, 7, 2)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A run of consecutive frames of one scene."""

    index: int
    frames: int
    seed: int
    scene: str
    light: Light
    sea: SeaState
    coast: Coast
    tracks: tuple[Track, ...]
    level_share: float  # row of the true horizontal in image heights
    sway: tuple[float, float, float]  # phases of pitch, yaw and heave

    @property
    def name(self) -> str:
        """Name as in frames.csv, such as `s03`."""
        return f"s{self.index:02d}"

    def time_s(self, frame: int) -> float:
        """Return the time of a frame; 0 is the middle of the sequence."""
        return (frame - (self.frames - 1) / 2) * STEP_S

    def view(self, frame: int, width: int, height: int) -> View:
        """Return the camera of a frame, swaying a little with the ship."""
        t = self.time_s(frame)
        pitch, yaw, heave = self.sway
        return View(
            width=width,
            height=height,
            level_row=self.level_share * height + focal_px(width) * 0.0045 * sin(2 * pi * t / 8.7 + pitch),
            height_m=HEIGHT_M + 0.25 * sin(2 * pi * t / 7.3 + heave),
            yaw_rad=0.008 * sin(2 * pi * t / 31.0 + yaw),
        )


def lengths_of(images: int, seed: int) -> list[tuple[int, bool]]:
    """Return (frames, whether there are ships) of every sequence; the frames add up to `images`.

    Sequences hold about 11 frames; parts of 24 and more have at least three and in addition, for every 120
    frames, a short one without ships. Smaller parts have up to three sequences, at least a frame each.
    """
    empty = max(1, round(images / 120)) if images >= 24 else 0
    rest = images - 3 * empty
    count = min(rest, max(3, round(rest / 11)))
    shares = keyed_rng(seed, "lengths").uniform(0.8, 1.2, count) if images >= 24 else np.ones(count)
    ends = np.round(np.cumsum(shares) / shares.sum() * rest).astype(int)
    plan = [(int(n), True) for n in np.diff(ends, prepend=0)]
    for i in range(empty):
        plan.insert(min(2 + i * 11, len(plan)), (3, False))
    return plan


def plan_part(images: int, size: tuple[int, int], seed: int) -> list[Sequence]:
    """Return the sequences of a part; each is a pure function of the arguments and its own number."""
    lengths = lengths_of(images, seed)
    ships_before = 0
    sequences = []
    start = int(keyed_rng(seed, "start").integers(1000))
    for index, (frames, has_ships) in enumerate(lengths):
        ships = SHIP_COUNTS[(index + start) % len(SHIP_COUNTS)] if has_ships else 0
        sequences.append(_sequence(index, frames, ships, ships_before, size, seed, start))
        ships_before += ships
    return sequences


def _sequence(
    index: int, frames: int, ships: int, ships_before: int, size: tuple[int, int], seed: int, start: int
) -> Sequence:
    rng = keyed_rng(seed, "sequence", index)
    scene = SCENES[(index + start) % len(SCENES)]
    light = light_of(HOURS[(index * 2 + start) % len(HOURS)], rng)
    coast, free_range_m = coast_of(scene, rng)
    slope = rng.uniform(0.05, 0.085) if scene in ("port", "berthing") else rng.uniform(0.06, 0.10)
    wind = rng.uniform(-pi, pi)
    sea = SeaState(slope, wind, max(0.0, (slope - 0.08) * 20), (rng.uniform(0, 500), rng.uniform(0, 500)))
    waters = Waters(size, scene, wind, free_range_m)
    return Sequence(
        index=index,
        frames=frames,
        seed=seed,
        scene=scene,
        light=light,
        sea=sea,
        coast=coast,
        tracks=tracks_of(waters, ships, ships_before, index, seed),
        level_share=rng.uniform(0.34, 0.47),
        sway=(rng.uniform(0, 6.28), rng.uniform(0, 6.28), rng.uniform(0, 6.28)),
    )
