"""What a ship is to the renderer: faces in metres, in ship axes.

Ship axes: x forward from midships, y to port, z up from the waterline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colour = tuple[float, float, float]
Surface = Literal["wall", "plate", "cloth"]

WHITE: Final = (0.92, 0.92, 0.90)
GLASS: Final = (0.15, 0.19, 0.23)
STEEL: Final = (0.45, 0.45, 0.44)
BLACK: Final = (0.10, 0.10, 0.11)
ORANGE: Final = (0.88, 0.38, 0.12)
ANTIFOULING: Final = (0.46, 0.15, 0.12)


@dataclass(frozen=True, slots=True)
class Face:
    """A flat polygon (n, 3) of a ship.

    Args:
        points: its corners in metres.
        colour: in full light, 0..1.
        outward: unit normal (3,); a `wall` is seen from this side only.
        surface: `wall` closes a solid, `plate` is seen from both sides, `cloth` also lets light through.
        part: number of the solid that it belongs to; solids are drawn from far to near.
        layer: solids of a higher layer stand on those of the lower ones and are drawn after them.
    """

    points: Array
    colour: Colour
    outward: Array
    surface: Surface
    part: int
    layer: int


@dataclass(frozen=True, slots=True)
class ShipModel:
    """A ship: its faces and the sizes that place it.

    Args:
        kind: container, bulker, ferry, tug, fishing or sail.
        length_m: over all.
        beam_m: width.
        bulk_m: height that makes length times bulk_m the area of its box in profile.
        faces: its surface.
    """

    kind: str
    length_m: float
    beam_m: float
    bulk_m: float
    faces: tuple[Face, ...]


def pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """Return one of the colours."""
    return colours[int(rng.integers(len(colours)))]
