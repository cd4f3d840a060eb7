"""What a comparison of two runs is: the structs that `wutdet compare --json` prints."""

from __future__ import annotations

import msgspec

from wutdet.scoring.number_names import less_is_better
from wutdet.scoring.scores import DatasetInfo


class ComparedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs."""

    run: str
    """Its folder, as it was given."""
    detector: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A number of both runs; None where it, or what is said of it, is not known."""

    number: str
    """As `Numbers.number` takes it."""
    a: float | None
    b: float | None
    difference: float | None
    """B − A."""
    interval: tuple[float, float] | None
    """Of the difference."""
    p: float | None
    """Two-sided, of no difference."""
    p_holm: float | None = None
    """p after Holm's correction for all comparisons that were made."""
    shown: bool = False
    """Whether p is at most 1 − level."""
    survives: bool = False
    """Whether `p_holm` is, too."""

    @property
    def b_is_better(self) -> bool:
        """Whether the difference is in favour of B."""
        gain = self.difference or 0.0
        return gain < 0 if less_is_better(self.number) else gain > 0

    @property
    def place(self) -> str:
        """What it was measured on."""
        raise NotImplementedError


class CellDifference(Difference, frozen=True, kw_only=True):
    """A number under one scenario."""

    scenario: str

    @property
    def place(self) -> str:
        """The scenario."""
        return self.scenario


class RobustnessDifference(Difference, frozen=True, kw_only=True):
    """What the weather leaves of a number, over the kinds and severities that both runs have."""

    figure: str
    """`mPC` or `rPC`."""

    @property
    def place(self) -> str:
        """The figure."""
        return self.figure


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that was set on how much worse B may be."""

    number: str
    scenario: str
    allowed: float
    drop: float
    """A − B; B − A for numbers of which less is better, such as errors and false alarms."""
    kept: bool


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs on the same frames."""

    a: ComparedRun
    b: ComparedRun
    dataset: DatasetInfo
    level: float | None
    """Of the intervals; None: there are none."""
    replicates: int
    sequences: int
    cells: list[CellDifference]
    """By number, then by scenario in the order that A was run in."""
    robustness: list[RobustnessDifference]
    comparisons: int
    """How many have a p-value."""
    findings: list[str]
    """A sentence for every difference that is shown, then what is not."""
    drops: list[Drop]
    kept: bool
    """Whether every limit of `drops` was kept."""
    notes: list[str]
    """What a reader should know of how it was made."""

    def difference(self, number: str, scenario: str = "clear") -> CellDifference:
        """The difference in a number under a scenario.

        Raises:
            KeyError: it was not compared.
        """
        for item in self.cells:
            if (item.number, item.scenario) == (number, scenario):
                return item
        raise KeyError(f"{number}@{scenario}")
