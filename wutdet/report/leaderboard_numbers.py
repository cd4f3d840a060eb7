"""The numbers of a leaderboard: `AP_small@fog:3` looked up in scores, and summarised over runs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from wutdet.errors import ConfigError
from wutdet.scoring.number_names import demand_known, less_is_better, number_names
from wutdet.scoring.scores import Scores

OF_ALL_WEATHER: Final = ("mPC", "rPC")
_ACROSS: Final = "weather"


class Spot(msgspec.Struct, frozen=True):
    """A number and the scenario it is of."""

    number: str
    scenario: str
    """`clear`, `fog:3`, …; `weather` for `mPC.AP_small` and the like, which are means over all of it."""

    @property
    def less_is_better(self) -> bool:
        """Whether lower is better, as with false alarms."""
        return less_is_better(self.number)

    def __str__(self) -> str:
        """As a user writes it."""
        return self.number if self.scenario in ("clear", _ACROSS) else f"{self.number}@{self.scenario}"


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A number over the runs of a baseline."""

    mean: float | None
    """Of all runs; None where it is unknown in one of them."""
    std: float | None
    """Sample standard deviation over the runs (divided by n − 1); None for a single run."""
    values: list[float | None]
    """Of each run, in the order of the runs."""
    interval: tuple[float, float] | None
    """Of a single run, as its scores give it; None for several."""


def parse_spot(text: str, everything: Sequence[Scores]) -> Spot:
    """A number as a user writes it: `AP`, `AP_small@fog:3`, `recall@fppi=0.1,iou=0.3@rain:2`, `rPC.AP_small`.

    Args:
        text: what was written; without a scenario it is of clear frames.
        everything: the scores, one of which at least must have it.

    Raises:
        ConfigError: no scores have such a scenario or number; the message offers the nearest.
    """
    spot = _split(text)
    if spot.scenario == _ACROSS:
        known = {
            f"{kind}.{item.metric}": None
            for scores in everything
            for item in scores.robustness
            for kind in OF_ALL_WEATHER
        }
    else:
        scenarios = {cell.name: None for scores in everything for cell in scores.cells}
        demand_known(spot.scenario, scenarios, what="scenario", where="--sort")
        cells = [cell for scores in everything for cell in scores.cells if cell.name == spot.scenario]
        known = {name: None for cell in cells for name in number_names(cell)}
    demand_known(spot.number, known, what="number", where="--sort")
    return spot


def value_of(scores: Scores, spot: Spot) -> float | None:
    """The number in the scores of one run; None where it was not measured."""
    if spot.scenario == _ACROSS:
        kind, _, metric = spot.number.partition(".")
        found = next((item for item in scores.robustness if item.metric == metric), None)
        return None if found is None else getattr(found, kind)
    try:
        return scores.cell(spot.scenario).number(spot.number)
    except KeyError:
        return None


def spread(runs: Sequence[Scores], spot: Spot) -> Spread:
    """A number over the runs of one baseline."""
    values = [value_of(scores, spot) for scores in runs]
    known = [value for value in values if value is not None]
    whole = len(known) == len(values)
    return Spread(
        mean=statistics.fmean(known) if whole else None,
        std=statistics.stdev(known) if whole and len(known) > 1 else None,
        values=values,
        interval=_interval(runs[0], spot) if len(runs) == 1 else None,
    )


def known_spots(everything: Iterable[Scores], numbers: Sequence[str]) -> list[Spot]:
    """Every scenario of the scores with each of these numbers, in the order they were run in."""
    scenarios = dict.fromkeys(cell.name for scores in everything for cell in scores.cells)
    return [Spot(number, scenario) for scenario in scenarios for number in numbers]


def _split(text: str) -> Spot:
    """An `@` inside a number is followed by an `=` sign, and no scenario holds one."""
    if text.partition(".")[0] in OF_ALL_WEATHER:
        return Spot(text, _ACROSS)
    number, _, scenario = text.rpartition("@")
    spot = Spot(number, scenario) if number and "=" not in scenario else Spot(text, "clear")
    if not spot.number:
        raise ConfigError("names no number", where="--sort", remedy="write one such as AP_small@fog:3")
    return spot


def _interval(scores: Scores, spot: Spot) -> tuple[float, float] | None:
    if spot.scenario == _ACROSS:
        kind, _, metric = spot.number.partition(".")
        found = next((item for item in scores.robustness if item.metric == metric), None)
        low, high = (None, None) if found is None else found.intervals.get(kind, (None, None))
        return None if low is None or high is None else (low, high)
    try:
        return scores.cell(spot.scenario).intervals.get(spot.number)
    except KeyError:
        return None
