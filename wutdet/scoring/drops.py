"""Limits on how much worse a detector may have become: `AP_small@fog:3=0.02`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from wutdet.errors import ConfigError, DataError
from wutdet.scoring.comparison import Drop
from wutdet.scoring.number_names import demand_known, less_is_better, number_names
from wutdet.scoring.scores import Scores

_OPTION: Final = "--max-drop"
_FORM: Final = "write NUMBER@SCENARIO=DROP, such as AP_small@fog:3=0.02"
_ROUNDING: Final = 1e-9  # 0.30 − 0.28 is more than 0.02 in binary


def parse_max_drops(words: Sequence[str]) -> dict[str, float]:
    """`["AP_small@fog:3=0.02"]` as `{"AP_small@fog:3": 0.02}`; what follows the last `=` is the drop.

    Raises:
        ConfigError: a word is not of that form, or its number and scenario are given twice.
    """
    parsed: dict[str, float] = {}
    for word in words:
        place, _, drop = word.rpartition("=")
        try:
            allowed = float(drop)
        except ValueError:
            allowed = math.nan
        if not place or not math.isfinite(allowed):
            raise ConfigError(f"'{word}' names no drop", where=_OPTION, remedy=_FORM)
        if place in parsed:
            raise ConfigError(f"'{place}' is given twice", where=_OPTION, remedy="give it once")
        parsed[place] = allowed
    return parsed


def check_drops(max_drops: Mapping[str, float], a: Scores, b: Scores, shared: Sequence[str]) -> list[Drop]:
    """What became of each limit.

    Args:
        max_drops: how much worse B may be, by `NUMBER@SCENARIO`, or `NUMBER` alone for clear.
        a: the scores that B's are held against.
        b: the scores that are judged.
        shared: the scenarios that both have.

    Raises:
        ConfigError: a number or a scenario is unknown, or a drop is below 0 or not finite.
        DataError: a number has no value in one of the runs.
    """
    return [_check(place, allowed, a, b, shared) for place, allowed in max_drops.items()]


def _check(place: str, allowed: float, a: Scores, b: Scores, shared: Sequence[str]) -> Drop:
    if not 0 <= allowed < math.inf:
        raise ConfigError(f"the drop of '{place}' is {allowed:g}", where=_OPTION, remedy="give 0 or more")
    number, scenario = _spot(place)
    demand_known(scenario, shared, what="scenario in both runs", where=_OPTION)
    in_a, in_b = a.cell(scenario), b.cell(scenario)
    known = set(number_names(in_b))
    demand_known(number, [name for name in number_names(in_a) if name in known], what="number", where=_OPTION)
    before, after = in_a.number(number), in_b.number(number)
    if before is None or after is None:
        raise DataError(
            f"{number} in {scenario} has no value: there was nothing to measure",
            where=_OPTION,
            remedy="leave it out, or score frames with such ships",
        )
    drop = after - before if less_is_better(number) else before - after
    return Drop(number=number, scenario=scenario, allowed=allowed, drop=drop, kept=drop <= allowed + _ROUNDING)


def _spot(place: str) -> tuple[str, str]:
    """Number and scenario; an `@` inside a number is followed by an `=` sign, and no scenario holds one."""
    number, _, scenario = place.rpartition("@")
    return (number, scenario) if number and "=" not in scenario else (place, "clear")
