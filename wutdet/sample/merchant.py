"""Large ships: container ship, bulk carrier, ferry."""

from __future__ import annotations

from typing import Final

import numpy as np

from wutdet.sample.hulls import Builder, ship_shape
from wutdet.sample.model import ANTIFOULING, BLACK, GLASS, ORANGE, WHITE, ShipModel, pick

_RUSTY: Final = (0.42, 0.22, 0.17)
_CREAM: Final = (0.84, 0.78, 0.60)
_BOXES: Final = (
    (0.62, 0.16, 0.13), (0.16, 0.30, 0.55), (0.78, 0.42, 0.14), (0.80, 0.80, 0.78),
    (0.18, 0.42, 0.36), (0.40, 0.16, 0.14), (0.34, 0.36, 0.38), (0.13, 0.36, 0.62),
)  # fmt: skip
_CONTAINER_HULLS: Final = (
    (0.10, 0.17, 0.30), (0.09, 0.10, 0.12), (0.42, 0.11, 0.10), (0.12, 0.28, 0.27), (0.50, 0.52, 0.54),
)  # fmt: skip
_BULKER_HULLS: Final = (
    (0.10, 0.11, 0.13), (0.42, 0.14, 0.11), (0.11, 0.17, 0.30), (0.20, 0.30, 0.25), (0.34, 0.36, 0.38),
)  # fmt: skip
_FUNNELS: Final = ((0.12, 0.25, 0.50), (0.65, 0.15, 0.12), (0.85, 0.60, 0.15), (0.20, 0.20, 0.22))


def container(rng: np.random.Generator) -> ShipModel:
    """Container ship: rows of coloured boxes before and behind the accommodation."""
    length = rng.uniform(170, 300)
    beam, deck = length / 7.2, length * 0.042
    b = Builder()
    hull, boot = pick(rng, _CONTAINER_HULLS), rng.uniform(0.14, 0.28)
    shape = ship_shape(length, beam, fore=deck * 1.3, mid=deck, aft=deck, rake=length * 0.03)
    b.hull(shape, ((boot, ANTIFOULING), (0.94, hull), (1.0, WHITE)), _RUSTY)
    letters = (-0.18 * length, 0.16 * length)
    b.side_panels(letters, beam / 2, (0.45 * deck, 0.78 * deck), WHITE, count=7, gap=0.4, layer=0)
    at = length * rng.uniform(-0.30, -0.20)
    roof = b.house((at - 7, at + 7), beam * 0.44, deck, int(rng.integers(7, 9)), WHITE)
    b.pole((at, 0, roof), (at, 0, roof + 8), 0.8, WHITE, layer=3)
    b.box((at - 17, at - 10), (-4, 4), (deck, roof - 4), pick(rng, _FUNNELS))
    b.box((at - 17, at - 10), (-4, 4), (roof - 4, roof - 2.5), BLACK, layer=2)
    for x in np.arange(-length * 0.47, length * 0.40, 14.0):
        if not at - 32 < x < at + 8:
            half = beam * (0.47 if x < length * 0.25 else 0.36)
            _bay(b, rng, float(x), half, deck + 1.5, int(rng.integers(3, 7)))
    b.pole((0.47 * length, 0, deck * 1.25), (0.47 * length, 0, deck * 1.25 + 11), 0.7, WHITE)
    return ShipModel("container", length, beam, 1.1 * roof, tuple(b.faces))


def _bay(b: Builder, rng: np.random.Generator, x: float, half: float, z: float, tiers: int) -> None:
    """Add one bay: two containers long, each tier of one colour a half."""
    for tier in range(tiers):
        low = z + 2.6 * tier
        for x0 in (x, x + 6.2):
            b.box((x0, x0 + 6.05), (-half, half), (low, low + 2.5), pick(rng, _BOXES))


def bulker(rng: np.random.Generator) -> ShipModel:
    """Bulk carrier: hatches on a long deck, often cranes, everything else aft."""
    length = rng.uniform(140, 200)
    beam, deck = length / 6.2, rng.uniform(6.0, 11.0)
    b = Builder()
    hull, boot = pick(rng, _BULKER_HULLS), rng.uniform(0.15, 0.45)
    shape = ship_shape(length, beam, fore=deck + 3, mid=deck, aft=deck + 1, rake=4)
    b.hull(shape, ((boot, ANTIFOULING), (0.95, hull), (1.0, _CREAM)), _RUSTY)
    at = -0.40 * length
    roof = b.house((at - 6, at + 6), beam * 0.42, deck, 5, WHITE)
    b.pole((at, 0, roof), (at, 0, roof + 7), 0.7, WHITE, layer=3)
    b.box((at - 12, at - 7), (-3, 3), (deck, roof - 2), pick(rng, _FUNNELS))
    b.box((at - 12, at - 7), (-3, 3), (roof - 2, roof - 0.8), BLACK, layer=2)
    b.box((at - 13, at - 7), (-beam * 0.42, -beam * 0.34), (deck + 4, deck + 6.5), ORANGE)  # lifeboat
    hatches = np.linspace(-0.30, 0.38, 6) * length
    for x in hatches[:-1]:
        b.box((x, x + 0.095 * length), (-beam * 0.3, beam * 0.3), (deck, deck + 2.4), (0.40, 0.24, 0.19))
    if rng.random() < 0.6:
        for x in hatches[1:-1]:
            b.box((x - 2.4, x - 0.6), (-1.0, 1.0), (deck, deck + 14), _CREAM, layer=2)
            b.pole((x - 1.5, 0, deck + 12), (x + 0.10 * length, 0, deck + 14.5), 0.9, _CREAM, layer=3)
    b.pole((0.46 * length, 0, deck), (0.46 * length, 0, deck + 12), 0.6, WHITE)
    return ShipModel("bulker", length, beam, 1.15 * roof, tuple(b.faces))


def ferry(rng: np.random.Generator) -> ShipModel:
    """Ferry: white, rows of windows on long decks, a funnel."""
    length = rng.uniform(60, 120)
    beam, deck = length * 0.165, length * 0.05
    b = Builder()
    hull = pick(rng, (WHITE, WHITE, (0.12, 0.22, 0.42), (0.55, 0.14, 0.12)))
    shape = ship_shape(length, beam, fore=deck * 1.45, mid=deck, aft=deck, rake=length * 0.05, fullness=0.7)
    b.hull(
        shape, ((0.16, (0.14, 0.24, 0.40)), (0.8, hull), (0.88, (0.14, 0.24, 0.40)), (1.0, WHITE)), (0.35, 0.42, 0.38)
    )
    z, left, right, level = deck, -0.46 * length, 0.33 * length, 1
    for level in range(1, int(rng.integers(3, 5)) + 1):
        half = beam * (0.50 - 0.02 * level)
        b.box((left, right), (-half, half), (z, z + 2.9), WHITE, layer=level, rake=1.0)
        b.side_panels(
            (left + 1.5, right - 2), half, (z + 1, z + 2.1), GLASS, count=int((right - left) / 3), layer=level
        )
        z, left, right = z + 2.9, left + 0.035 * length, right - 0.045 * length
    for boat in np.linspace(left + 3, right - 16, 3):
        b.box((boat, boat + 7), (-beam * 0.44, beam * 0.44), (z + 0.2, z + 2.2), ORANGE, layer=level + 1)
    b.box((right - 9, right + 2), (-beam * 0.46, beam * 0.46), (z, z + 2.8), WHITE, layer=level + 1)
    b.side_panels((right - 8, right + 2), beam * 0.46, (z + 1.0, z + 2.2), GLASS, layer=level + 1)
    b.front_panel(right + 2.05, beam * 0.46, (z + 1.0, z + 2.2), GLASS, layer=level + 1)
    at = left + 0.25 * (right - left)
    b.box((at - 5, at + 4), (-3, 3), (z, z + 6), pick(rng, _FUNNELS), layer=level + 2, rake=1.5)
    b.pole((right - 4, 0, z + 2.8), (right - 5, 0, z + 8), 0.5, WHITE, layer=level + 2)
    return ShipModel("ferry", length, beam, 1.35 * (z + 2.0), tuple(b.faces))
