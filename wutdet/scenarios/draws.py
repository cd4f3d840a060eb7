"""Drawing weather at random: ranges of a kind's value in its unit, and what is drawn within them.

One rule for every kind: each doubling of the value is as likely as another. So fog from 500 to 4000 m is as often
between 500 and 1000 m as between 2000 and 4000 m, as the severities of configs/scenarios.yaml are spaced. EV stops are
doublings already, and are drawn evenly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from wutdet.errors import ScenarioError
from wutdet.scenarios.rain import HEAVIEST_MM_H


@dataclass(frozen=True, slots=True)
class RangeRule:
    """What a range of one kind may be, and how a value is drawn from it.

    Attributes:
        parameter: its name, with the unit: `mor_m_range`.
        least, most: the bounds of what can occur, both allowed.
        in_doublings: whether the value itself counts doublings (EV stops).
    """

    parameter: str
    least: float
    most: float
    in_doublings: bool = False


RANGE_RULES: Final[dict[str, RangeRule]] = {
    "fog": RangeRule("mor_m_range", 1.0, 1e6),
    "rain": RangeRule("rate_mm_h_range", 0.01, HEAVIEST_MM_H),
    "glare": RangeRule("percent_range", 0.01, 100.0),
    "lowlight": RangeRule("ev_range", -20.0, -0.01, in_doublings=True),
}
"""By kind. The bounds are wide: they catch a wrong unit or sign, not bad taste. Only rain's is a limit of the renderer:
its drops are drawn for 150 mm/h."""


def checked_range(kind: str, given: Any) -> tuple[float, float]:
    """A range as two floats, low first.

    Args:
        kind: such as `fog`.
        given: what the user wrote: two numbers; equal ones fix the value.

    Raises:
        ScenarioError: it is not two numbers, is upside down, or names weather that cannot occur.
    """
    rule = RANGE_RULES[kind]
    numbers = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
    if len(numbers) != 2 or not all(map(_number, numbers)):
        remedy = "give two numbers, the lower first"
        raise ScenarioError(f"{given!r} is not a range", where=rule.parameter, remedy=remedy)
    low, high = map(float, numbers)
    if low > high:
        raise ScenarioError(
            f"the range {low:g} to {high:g} is upside down", where=rule.parameter, remedy=f"write ({high:g}, {low:g})"
        )
    if not (rule.least <= low and high <= rule.most):
        raise ScenarioError(
            f"{low:g} to {high:g} is no range of {kind}",
            where=rule.parameter,
            remedy=f"stay within {rule.least:g} and {rule.most:g}",
        )
    return low, high


def draw_value(kind: str, bounds: tuple[float, float], share: float) -> float:
    """The value of a kind at a share of its range.

    Args:
        kind: such as `fog`.
        bounds: as `checked_range` gives them.
        share: a number drawn evenly from [0, 1).

    Returns:
        low + share · (high − low) for EV stops, low · (high / low)^share for the others.
    """
    low, high = bounds
    if RANGE_RULES[kind].in_doublings:
        return low + share * (high - low)
    return min(max(low * math.exp(share * math.log(high / low)), low), high)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
