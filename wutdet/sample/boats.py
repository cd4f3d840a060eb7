"""Small craft: tug, fishing boat, sailing yacht."""

from __future__ import annotations

from typing import Final

import numpy as np

from wutdet.sample.hulls import Builder, ship_shape
from wutdet.sample.model import ANTIFOULING, BLACK, GLASS, ORANGE, STEEL, WHITE, Colour, ShipModel, pick

_WOOD: Final = (0.75, 0.70, 0.55)
_TUG_HULLS: Final = (BLACK, (0.10, 0.20, 0.38), (0.45, 0.12, 0.10))
_FISHING_HULLS: Final = (
    (0.12, 0.28, 0.46), (0.20, 0.36, 0.30), (0.16, 0.17, 0.19), (0.46, 0.15, 0.12), (0.82, 0.82, 0.80),
)  # fmt: skip


def tug(rng: np.random.Generator) -> ShipModel:
    """Tug: high wheelhouse forward of midships, low working deck aft, fenders round the hull."""
    length, beam = rng.uniform(25, 34), rng.uniform(9.5, 11)
    b = Builder()
    hull = pick(rng, _TUG_HULLS)
    shape = ship_shape(length, beam, fore=4.4, mid=2.6, aft=1.9, rake=1.0, fullness=0.65)
    b.hull(shape, ((0.16, ANTIFOULING), (0.72, hull), (1.0, BLACK)), (0.27, 0.36, 0.30))
    house = pick(rng, (WHITE, (0.86, 0.80, 0.62), (0.85, 0.42, 0.16)))
    _cabin(b, (-0.12 * length, 0.28 * length), beam * 0.33, (2.7, 5.6), house, layer=1, windows=5)
    _cabin(b, (0.02 * length, 0.22 * length), beam * 0.28, (5.6, 9.2), WHITE, layer=2, windows=3)
    funnel = pick(rng, (BLACK, (0.7, 0.2, 0.12), (0.12, 0.25, 0.5)))
    for at in (-0.22 * beam, 0.22 * beam):
        b.box((-0.11 * length, -0.04 * length), (at - 0.8, at + 0.8), (5.6, 9.0), funnel, layer=2)
    b.box((-0.30 * length, -0.24 * length), (-1.2, 1.2), (2.0, 3.6), STEEL)  # towing winch
    b.pole((0.09 * length, 0, 9.2), (0.07 * length, 0, 15), 0.45, house, layer=3)
    b.pole((0.08 * length, -1.6, 12.5), (0.08 * length, 1.6, 12.5), 0.3, house, layer=3)
    return ShipModel("tug", length, beam, 14.5, tuple(b.faces))


def _cabin(
    b: Builder, x: tuple[float, float], half: float, z: tuple[float, float], colour: Colour, *, layer: int, windows: int
) -> None:
    """Add a deck house with windows on three sides in its upper half."""
    b.box(x, (-half, half), z, colour, layer=layer)
    high = z[1] - 0.18 * (z[1] - z[0])
    pane = (high - 0.33 * (z[1] - z[0]), high)
    b.side_panels((x[0] + 0.5, x[1] - 0.3), half, pane, GLASS, count=windows, gap=0.2, layer=layer)
    b.front_panel(x[1] + 0.05, half - 0.2, pane, GLASS, layer=layer)


def fishing(rng: np.random.Generator) -> ShipModel:
    """Fishing boat: wheelhouse aft or forward, mast, boom and gallows."""
    length = rng.uniform(15, 28)
    beam = length * 0.27
    b = Builder()
    hull = pick(rng, _FISHING_HULLS)
    shape = ship_shape(
        length, beam, fore=length * 0.15, mid=length * 0.075, aft=length * 0.09, rake=length * 0.08, fullness=0.6
    )
    b.hull(shape, ((0.15, ANTIFOULING), (0.78, hull), (0.88, WHITE), (1.0, hull)), (0.50, 0.40, 0.30))
    aft = rng.random() < 0.7
    at, z, half = length * (-0.28 if aft else 0.16), length * 0.08, beam * 0.34
    house = pick(rng, (WHITE, (0.80, 0.84, 0.84), (0.86, 0.82, 0.70)))
    b.box((at - 0.12 * length, at + 0.11 * length), (-half, half), (z, z + 2.4), house)
    _cabin(b, (at - 0.05 * length, at + 0.11 * length), half * 0.9, (z + 2.4, z + 4.8), house, layer=2, windows=3)
    mast = length * (0.12 if aft else -0.12)
    b.pole((mast, 0, z), (mast, 0, z + 0.48 * length), 0.35, _WOOD)
    b.pole((mast, 0, z + 1.5), (mast - 0.28 * length, 0, z + 0.32 * length), 0.25, _WOOD)
    b.pole((at, 0, z + 4.8), (at, 0, z + 7.4), 0.25, STEEL, layer=3)
    for side in (-1, 1):
        b.pole((-0.46 * length, side * half, z), (-0.46 * length, side * half, z + 3.4), 0.3, STEEL)
    gear = pick(rng, (ORANGE, (0.2, 0.42, 0.5), STEEL))
    b.box((-0.02 * length, 0.06 * length), (-half * 0.7, half * 0.7), (z, z + 1.3), gear)
    return ShipModel("fishing", length, beam, 0.55 * length, tuple(b.faces))


def sail(rng: np.random.Generator) -> ShipModel:
    """Sailing yacht under main and jib, heeling a little."""
    length = rng.uniform(10, 15)
    beam = length * 0.3
    b = Builder()
    hull = pick(rng, (WHITE, WHITE, (0.12, 0.18, 0.32), (0.16, 0.16, 0.18)))
    shape = ship_shape(length, beam, fore=1.5, mid=1.1, aft=1.1, rake=1.0, fullness=0.5)
    b.hull(shape, ((0.15, (0.5, 0.12, 0.12)), (0.75, hull), (0.9, (0.15, 0.22, 0.40)), (1.0, hull)), (0.72, 0.66, 0.55))
    b.box((-0.12 * length, 0.20 * length), (-beam * 0.25, beam * 0.25), (1.1, 1.7), WHITE, rake=0.8)
    b.side_panels((-0.08 * length, 0.12 * length), beam * 0.25, (1.3, 1.55), GLASS, count=3)
    top, heel = length * 1.28, rng.uniform(0.06, 0.2) * (1 if rng.random() < 0.5 else -1)
    cloth = pick(rng, ((0.97, 0.96, 0.92), (0.98, 0.97, 0.95), (0.93, 0.90, 0.82)))
    foot, head = 0.06 * length, heel * top
    b.pole((foot, 0, 1.1), (foot, head, top), 0.2, (0.7, 0.7, 0.7))
    boom, leech = (-0.38 * length, 1.2 * heel * length, 2.2), (-0.2 * length, 0.6 * head, 0.45 * top)
    b.sail([(0.05 * length, 0, 2.2), boom, leech, (0.05 * length, head, top)], cloth)
    clew = (0.02 * length, 0.8 * heel * length, 2.0)
    b.sail([(0.47 * length, 0, 1.6), clew, (0.07 * length, 0.85 * head, 0.86 * top)], cloth)
    return ShipModel("sail", length, beam, 1.27 * length, tuple(b.faces))
