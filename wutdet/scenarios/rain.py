"""Rain: how it veils the distance, and which drops are near enough to be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.errors import ScenarioError

N0_PER_M3_MM: Final = 8000.0  # Marshall & Palmer 1948
SMALLEST_MM: Final = 1.0  # smaller drops are under a pixel wide beyond 1.7 m: they are part of the veil
LARGEST_MM: Final = 6.0  # larger drops break up
NEAREST_M: Final = 1.7  # nearer ones are out of focus and rare
HEAVIEST_MM_H: Final = 150.0  # the sequence of drops is drawn for this rate, and thinned for a weaker one
WIND_SIGMA_M_S: Final = 2.5  # of the crosswind, where the ambient leaves it open


def rain_extinction_per_m(rate_mm_h: float) -> float:
    """β = 0.312·R^0.67 per km (Weber 2015), returned per metre."""
    return 0.312e-3 * math.pow(rate_mm_h, 0.67)


def drop_slope_per_mm(rate_mm_h: float) -> float:
    """Λ = 4.1·R^−0.21 per mm, of N(D) = 8000·e^(−ΛD) per m³ and mm (Marshall & Palmer 1948)."""
    return 4.1 * math.pow(rate_mm_h, -0.21)


def terminal_speed_m_s(diameter_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """v = 9.65 − 10.3·e^(−0.6·D) m/s (Atlas, Srivastava & Sekhon 1973), for drops of 0.6 mm and more."""
    return 9.65 - 10.3 * np.exp(-0.6 * diameter_mm)


@dataclass(frozen=True, slots=True)
class Drops:
    """Every drop that the heaviest rain would show in one frame; `mark` decides from which rate on it falls.

    Attributes:
        diameter_mm, range_m, column_px, row_px: (N,) float64; the position of the streak's middle.
        mark: (N,) float64 in [0, 1).
        wind_m_s: sideways speed of all of them.
    """

    diameter_mm: NDArray[np.float64]
    range_m: NDArray[np.float64]
    column_px: NDArray[np.float64]
    row_px: NDArray[np.float64]
    mark: NDArray[np.float64]
    wind_m_s: float

    def falling(self, rate_mm_h: float) -> NDArray[np.bool_]:
        """(N,) bool: the drops that fall at a rate; those of a weaker rain are among those of a stronger one.

        A drop of diameter D is kept with probability N(D; R) / N(D; 150 mm/h), so the ones kept follow the
        law of their own rate.

        Raises:
            ScenarioError: the rate is above 150 mm/h, for which too few drops were drawn.
        """
        if rate_mm_h > HEAVIEST_MM_H:
            remedy = f"stay within {HEAVIEST_MM_H:g} mm/h"
            raise ScenarioError(f"{rate_mm_h:g} mm/h is more rain than is drawn", where="rain", remedy=remedy)
        excess = drop_slope_per_mm(rate_mm_h) - drop_slope_per_mm(HEAVIEST_MM_H)
        kept: NDArray[np.bool_] = self.mark < np.exp(-excess * self.diameter_mm)
        return kept


def visible_density(
    diameter_mm: NDArray[np.float64], rate_mm_h: float, focal_px: float, height: int, width: int
) -> NDArray[np.float64]:
    """Drops per mm of diameter in the part of the view where such a drop is at least one pixel wide.

    That part reaches from `NEAREST_M` to D·f; a view of W x H pixels holds W·H/(3f²)·(z₂³ − z₁³) m³ of air.
    """
    reach = diameter_mm * 1e-3 * focal_px
    volume = np.maximum(reach**3 - NEAREST_M**3, 0.0) * (height * width / (3.0 * focal_px**2))
    return N0_PER_M3_MM * np.exp(-drop_slope_per_mm(rate_mm_h) * diameter_mm) * volume


def draw_drops(
    rng: np.random.Generator, focal_px: float, height: int, width: int, crosswind_m_s: float | None = None
) -> Drops:
    """Draw the drops of a frame at 150 mm/h; the number is a Poisson draw around the law's own.

    A crosswind is drawn in any case, so that giving one moves no drop.
    """
    smallest_mm = max(SMALLEST_MM, 1e3 * NEAREST_M / focal_px)
    edges = np.linspace(smallest_mm, max(smallest_mm, LARGEST_MM), 501)
    density = visible_density(edges, HEAVIEST_MM_H, focal_px, height, width)
    cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2.0 * np.diff(edges))])
    drawn_m_s = float(rng.normal(0.0, WIND_SIGMA_M_S))
    count = int(rng.poisson(cumulative[-1])) if cumulative[-1] > 0.0 else 0
    diameter_mm = np.interp(rng.random(count) * cumulative[-1], cumulative, edges)
    reach = diameter_mm * 1e-3 * focal_px
    cube = rng.random(count) * (reach**3 - NEAREST_M**3) + NEAREST_M**3
    return Drops(
        diameter_mm=diameter_mm,
        range_m=np.cbrt(cube),
        column_px=rng.random(count) * width,
        row_px=rng.random(count) * height,
        mark=rng.random(count),
        wind_m_s=drawn_m_s if crosswind_m_s is None else crosswind_m_s,
    )
