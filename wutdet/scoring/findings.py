"""What a comparison shows: p-values corrected for their number, and sentences in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from wutdet.metrics.intervals import least_p_value
from wutdet.scoring.comparison import CellDifference, Difference
from wutdet.scoring.number_names import less_is_better

_MORE: Final = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""Replicates that a run may be asked for: these take minutes, more would take hours."""


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected so that all that stay at α or below are wrong together with a chance of α at most.

    With m p-values of which p₍ᵢ₎ is the i-th smallest it becomes max over j <= i of min(1, (m − j + 1)·p₍ⱼ₎), however
    they depend on each other (Holm 1979, *A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian
    Journal of Statistics 6).

    Returns:
        Corrected p-values, in the order given.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    scaled = (min(1.0, (len(order) - place) * p_values[index]) for place, index in enumerate(order))
    corrected = dict(zip(order, accumulate(scaled, max), strict=True))
    return [corrected[index] for index in range(len(p_values))]


def sentences(differences: Sequence[Difference], alpha: float) -> Iterator[str]:
    """A sentence for every difference that is shown, then one about the others that have a p."""
    tested = sum(item.p is not None for item in differences)
    if not tested:
        valued = any(item.difference is not None for item in differences)
        reason = "too few sequences" if valued else "no number has a value in both runs"
        yield f"nothing could be tested: {reason}"
        return
    shown = [item for item in differences if item.shown]
    yield from map(_sentence, shown)
    if not shown:
        yield f"no difference shown: of {tested} comparisons none has p <= {alpha:g}"
    elif len(shown) < tested:
        yield f"no difference shown in the other {tested - len(shown)} of {tested} comparisons"


def resolution_note(comparisons: int, alpha: float, replicates: int, units: float) -> str | None:
    """One line where there are too few replicates for any of so many comparisons to survive Holm's correction."""
    least = least_p_value(replicates, units)
    if least is None or comparisons * least <= alpha:
        return None
    few = int(alpha / least)
    enough = next((many for many in _MORE if many > replicates and _suffice(many, comparisons, alpha, units)), None)
    fewer = f"compare no more than {few}" if few else "there are too few sequences for any"
    more = f", or score both with --replicates {enough}" if enough else ""
    return (
        f"p is {least:.2g} at least with {replicates} replicates and so few sequences: none of {comparisons} "
        f"comparisons can survive Holm's correction; {fewer}{more}"
    )


def _suffice(replicates: int, comparisons: int, alpha: float, units: float) -> bool:
    least = least_p_value(replicates, units)
    return least is not None and comparisons * least <= alpha


def _sentence(item: Difference) -> str:
    better, worse = ("B", "A") if item.b_is_better else ("A", "B")
    by = item.difference or 0.0
    ends: tuple[float, ...] = item.interval or ()
    if by < 0:
        by, ends = -by, tuple(-end for end in reversed(ends))
    interval = f" [{', '.join(f'{end:.3f}' for end in ends)}]" if ends else ""
    what = f"{item.number} in {item.place}" if isinstance(item, CellDifference) else f"{item.place} of {item.number}"
    fewer = " (less is better)" if less_is_better(item.number) else ""
    after = ", also after Holm's correction" if item.survives else ""
    return f"{better} beats {worse} on {what} by {by:.3f}{interval}{fewer}, p {_p_text(item.p or 0.0)}{after}"


def _p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
