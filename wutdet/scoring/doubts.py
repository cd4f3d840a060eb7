"""What is said of intervals that rest on few sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wutdet.metrics.intervals import DOUBTFUL_UNITS, FEWEST_UNITS, interval_warning, units_text


def interval_doubts(sequences: Mapping[str, float]) -> Iterator[str]:
    """One line where the ships of all sizes are in too few sequences, then one a number with fewer of its own.

    Args:
        sequences: those of equal size that carry as much as those behind each number, by its name, `AP` among them.
            0: it has no ships, so no value, of which nothing is said.
    """
    whole = sequences["AP"]
    doubt = interval_warning(whole)
    if doubt is not None:
        yield doubt
    if whole < FEWEST_UNITS:  # all is said
        return
    for name, own in sequences.items():
        if not 0 < own < min(whole, DOUBTFUL_UNITS) or units_text(own) == units_text(whole):
            continue
        worth = f"the worth of {units_text(own)}"
        if own < FEWEST_UNITS:
            yield f"{name} has no interval: it needs {FEWEST_UNITS:g} sequences of equal size, here is {worth}"
        else:
            yield (
                f"{name}'s interval rests on {worth} sequences of equal size: "
                f"below {DOUBTFUL_UNITS:g} it may still be too narrow"
            )
