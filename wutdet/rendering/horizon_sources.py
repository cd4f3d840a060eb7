"""How many frames came by their horizon in which way, and when so many were guessed that visibilities are in doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

SOURCES: Final = ("given", "camera", "found", "fallback")
"""`given` with the frame, of its `camera`, `found` in its pixels, or a `fallback`, which is a guess."""
_MOST_GUESSED: Final = 0.2


def count_sources(sources: Iterable[str]) -> dict[str, int]:
    """How many there are of each."""
    counts = Counter(sources)
    return {source: counts[source] for source in SOURCES}


def fallback_warning(counts: Mapping[str, int]) -> Iterator[str]:
    """One line where more than a fifth of the frames have a guessed horizon."""
    guessed, frames = counts["fallback"], sum(counts.values())
    if guessed > _MOST_GUESSED * frames:
        yield (
            f"the horizon of {guessed} of {frames} frames was neither given nor found: "
            f"their ranges, and so fog and rain on them, rest on a guess; give it in a sidecar or a camera file"
        )
