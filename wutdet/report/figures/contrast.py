"""Letters that can be read on a colour: black or white, by the contrast of WCAG 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

Ink = Literal["black", "white"]

_BLACK: Final = (0.0, 0.0, 0.0)
_WHITE: Final = (1.0, 1.0, 1.0)
_WEIGHTS: Final = (0.2126, 0.7152, 0.0722)  # of red, green and blue in what is seen as light
_FLARE: Final = 0.05  # light that the page gives back where it is black


def readable_on(rgb: Sequence[float]) -> Ink:
    """The ink that stands out more from an sRGB colour of parts 0 to 1; its contrast is 4.5 or more on every colour."""
    return "black" if contrast_ratio(_BLACK, rgb) >= contrast_ratio(_WHITE, rgb) else "white"


def contrast_ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """WCAG's contrast of two sRGB colours of parts 0 to 1: from 1 of equal ones to 21 of black and white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + _FLARE) / (darker + _FLARE)


def _luminance(rgb: Sequence[float]) -> float:
    """WCAG's relative luminance, 0 to 1."""
    return sum(weight * _linear(part) for weight, part in zip(_WEIGHTS, rgb, strict=True))


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
