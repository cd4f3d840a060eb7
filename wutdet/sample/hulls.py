"""Building blocks of ships: hulls, boxes, rows of windows, masts and sails."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wutdet.sample.model import GLASS, Array, Colour, Face, Surface

Span = tuple[float, float]
Point = tuple[float, float, float]


def _outward(quads: Array) -> Array:
    """Return the unit normals (n, 3) of the quads (n, 4, 3) of a solid, pointing out of it."""
    first, second = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]  # diagonals: right for twisted quads too
    normal = np.stack(
        [first[:, i - 2] * second[:, i - 1] - first[:, i - 1] * second[:, i - 2] for i in range(3)], axis=1
    )
    normal /= np.maximum(np.sqrt((normal * normal).sum(axis=1, keepdims=True)), 1e-9)
    away = quads.mean(axis=1) - quads.mean(axis=(0, 1))
    return np.asarray(np.where((normal * away).sum(axis=1, keepdims=True) >= 0, normal, -normal))


@dataclass(slots=True)
class Builder:
    """Collects the faces of one ship."""

    faces: list[Face] = field(default_factory=list)
    _parts: int = 0

    def _solid(self, polygons: list[Array], colours: list[Colour], layer: int) -> None:
        self._parts += 1
        for polygon, colour, normal in zip(polygons, colours, _outward(np.stack(polygons)), strict=True):
            self.faces.append(Face(polygon, colour, normal, "wall", self._parts, layer))

    def _flat(
        self, polygons: list[Array], colour: Colour, layer: int, surface: Surface, outward: Point = (0, 0, 1)
    ) -> None:
        self._parts += 1
        normal = np.array(outward, dtype=np.float64)
        self.faces += [Face(p, colour, normal, surface, self._parts, layer) for p in polygons]

    def hull(self, stations: Array, bands: tuple[tuple[float, Colour], ...], deck: Colour) -> None:
        """Add a hull.

        Args:
            stations: (n, 5) from stern to bow: x at the waterline, x at the deck, half beam at the waterline,
                half beam at the deck, deck height.
            bands: (upper edge as a share of the deck height, colour) from the waterline up; the second is also
                that of stern and stem, the last ends at 1.
            deck: colour of the deck.
        """
        polygons: list[Array] = []
        colours: list[Colour] = []
        highs = []
        for side in (1.0, -1.0):
            low = np.column_stack([stations[:, 0], side * stations[:, 2], np.zeros(len(stations))])
            high = np.column_stack([stations[:, 1], side * stations[:, 3], stations[:, 4]])
            highs.append(high)
            below = 0.0
            for share, colour in bands:
                a, b = low + below * (high - low), low + share * (high - low)
                polygons += [np.stack([a[i], a[i + 1], b[i + 1], b[i]]) for i in range(len(a) - 1)]
                colours += [colour] * (len(a) - 1)
                below = share
        port, starboard = highs
        for i in (0, -1):  # transom and stem
            foot = np.array([[stations[i, 0], s * stations[i, 2], 0.0] for s in (1.0, -1.0)])
            polygons.append(np.stack([foot[0], foot[1], starboard[i], port[i]]))
        polygons += [np.stack([port[i], port[i + 1], starboard[i + 1], starboard[i]]) for i in range(len(port) - 1)]
        self._solid(polygons, [*colours, bands[1][1], bands[1][1], *[deck] * (len(port) - 1)], 0)

    def box(
        self,
        x: Span,
        y: Span,
        z: Span,
        colour: Colour,
        *,
        layer: int = 1,
        rake: float = 0.0,
        top: Colour | None = None,
    ) -> None:
        """Add a box; `rake` pulls its upper front edge aft by that many metres."""
        (x0, x1), (y0, y1), (z0, z1) = x, y, z
        low = np.array([[x0, y0, z0], [x1, y0, z0], [x1, y1, z0], [x0, y1, z0]])
        high = low + np.array([[0, 0, z1 - z0], [-rake, 0, z1 - z0], [-rake, 0, z1 - z0], [0, 0, z1 - z0]])
        sides = [np.stack([low[i], low[(i + 1) % 4], high[(i + 1) % 4], high[i]]) for i in range(4)]
        self._solid([*sides, high], [colour] * 4 + [top or colour], layer)

    def side_panels(
        self, x: Span, half_beam: float, z: Span, colour: Colour, *, count: int = 1, gap: float = 0.3, layer: int = 1
    ) -> None:
        """Add a row of panels (windows, letters) on both sides, a hand's breadth proud of the wall."""
        edges = np.linspace(x[0], x[1], count + 1)
        space = 0.0 if count == 1 else gap * (edges[1] - edges[0])
        for side in (1.0, -1.0):
            y = side * (half_beam + 0.05)
            panels = [
                np.array([[a, y, z[0]], [b, y, z[0]], [b, y, z[1]], [a, y, z[1]]])
                for a, b in zip(edges[:-1], edges[1:] - space, strict=True)
            ]
            self._flat(panels, colour, layer, "wall", (0, side, 0))

    def front_panel(self, x: float, half_beam: float, z: Span, colour: Colour, *, layer: int = 1) -> None:
        """Add a strip of windows that looks forward."""
        y0, y1 = -half_beam, half_beam
        panel = np.array([[x, y0, z[0]], [x, y1, z[0]], [x, y1, z[1]], [x, y0, z[1]]])
        self._flat([panel], colour, layer, "wall", (1, 0, 0))

    def pole(self, foot: Point, head: Point, width: float, colour: Colour, *, layer: int = 2) -> None:
        """Add a mast or boom: crossed strips, so that it shows from every side."""
        f, h = np.array(foot, dtype=np.float64), np.array(head, dtype=np.float64)
        ways = [(width, 0, 0), (0, width, 0)] if abs(h[2] - f[2]) > abs(h[0] - f[0]) else [(0, width, 0), (0, 0, width)]
        halves = [np.array(w) / 2 for w in ways]
        self._flat([np.stack([f - d, f + d, h + d, h - d]) for d in halves], colour, layer, "plate")

    def sail(self, points: list[Point], colour: Colour) -> None:
        """Add a sail."""
        self._flat([np.array(points, dtype=np.float64)], colour, 2, "cloth")

    def house(self, x: Span, half: float, z: float, decks: int, colour: Colour, *, wing: float = 1.12) -> float:
        """Add an accommodation block with a wheelhouse on top and return the height of its roof."""
        top = z + 2.9 * decks
        self.box(x, (-half, half), (z, top), colour)
        for low in (z + 2.9 * deck + 1.2 for deck in range(decks)):
            self.side_panels((x[0] + 0.8, x[1] - 0.8), half, (low, low + 1.0), GLASS, count=int((x[1] - x[0]) / 2.2))
            self.front_panel(x[1] + 0.05, half - 0.6, (low, low + 1.0), GLASS)
        aft = x[1] - 0.55 * (x[1] - x[0])
        self.box((aft, x[1]), (-half * wing, half * wing), (top, top + 3.0), colour, layer=2)
        self.side_panels((aft + 0.8, x[1]), half * wing, (top + 1.2, top + 2.3), GLASS, layer=2)
        self.front_panel(x[1] + 0.05, half * wing, (top + 1.2, top + 2.3), GLASS, layer=2)
        return top + 3.0


def ship_shape(
    length: float, beam: float, *, fore: float, mid: float, aft: float, rake: float, fullness: float = 0.78
) -> Array:
    """Return hull stations: full to `fullness` of the length, then narrowing to the bow.

    Args:
        length: over all, metres.
        beam: metres.
        fore: deck height at the bow, metres.
        mid: deck height midships.
        aft: deck height at the stern.
        rake: how far the bow overhangs the waterline, metres.
        fullness: share of the length at which the bow starts.
    """
    t = np.array([0.0, 0.06, 0.35, fullness, *(fullness + np.array([0.3, 0.6, 0.85, 1.0]) * (1 - fullness))])
    half = beam / 2
    deck = half * np.array([0.82, 0.96, 1.0, 1.0, 0.93, 0.72, 0.38, 0.02])
    water = half * np.array([0.6, 0.9, 1.0, 0.97, 0.78, 0.48, 0.2, 0.015])
    height = np.interp(t, [0.0, 0.35, fullness, 1.0], [aft, mid, mid + 0.15 * (fore - mid), fore])
    x_deck = (t - 0.5) * length
    x_water = x_deck - rake * np.clip((t - fullness) / (1 - fullness), 0, 1)
    x_water[0] += 0.015 * length
    return np.column_stack([x_water, x_deck, water, deck, height])
