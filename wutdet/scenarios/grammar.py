"""The scenario grammar: `clear`, `fog:3`, `fog:1-5,rain:3`, `fog:2+lowlight:3`."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Final

from wutdet.errors import ScenarioError
from wutdet.scenarios.severities import severity_table

_EFFECT: Final = re.compile(r"([a-z_]+):([0-9]{1,3})(?:-([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True, order=True)
class Effect:
    """One simulated condition at one severity (1 is the mildest)."""

    kind: str
    severity: int

    def __str__(self) -> str:
        """As the grammar writes it: `fog:3`."""
        return f"{self.kind}:{self.severity}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is done to a frame: no effect (`clear`), one effect, or a combination. Hashable."""

    effects: tuple[Effect, ...] = ()

    def __str__(self) -> str:
        """As the grammar writes it: `clear`, `fog:3`, `fog:2+lowlight:3`."""
        return "+".join(map(str, self.effects)) or "clear"

    @property
    def kind(self) -> str:
        """`clear`, `fog`, or `fog+lowlight` of a combination."""
        return "+".join(effect.kind for effect in self.effects) or "clear"

    @property
    def severity(self) -> int | None:
        """0 of `clear`, the severity of a single effect, None of a combination."""
        if len(self.effects) > 1:
            return None
        return self.effects[0].severity if self.effects else 0


CLEAR: Final = Scenario()


def parse_scenarios(text: str) -> tuple[Scenario, ...]:
    """Read a list of scenarios, in the order written, duplicates dropped.

    The effects of a combination are put in the order in which light meets them, so `lowlight:3+fog:2` and
    `fog:2+lowlight:3` are the same scenario.

    Raises:
        ScenarioError: a kind is unknown, a severity does not exist, or the text does not follow the grammar.
    """
    found: dict[Scenario, None] = {}
    for item in text.split(","):
        for scenario in _parse_item(item.strip(), text):
            found[scenario] = None
    return tuple(found)


def parse_scenario(text: str) -> Scenario:
    """Read exactly one scenario.

    Raises:
        ScenarioError: as `parse_scenarios`, or the text names several.
    """
    scenarios = parse_scenarios(text)
    if len(scenarios) != 1:
        raise ScenarioError(
            f"'{text}' names {len(scenarios)} scenarios where one is expected",
            remedy="name one, such as fog:3",
        )
    return scenarios[0]


def severity_value(kind: str, severity: int) -> float:
    """The value of a severity in the unit of its kind: `severity_value('fog', 3)` is 1000.0 (MOR in metres).

    Raises:
        ScenarioError: the kind or the severity does not exist.
    """
    values = severity_table().kinds[known_kind(kind, kind)].severities
    if not 1 <= severity <= len(values):
        raise ScenarioError(
            f"'{kind}' has no severity {severity}",
            where=f"{kind}:{severity}",
            remedy=f"choose 1 to {len(values)}",
        )
    return values[severity - 1]


def severity_unit(kind: str) -> str:
    """The unit of a kind's severities, such as `MOR m`.

    Raises:
        ScenarioError: the kind does not exist.
    """
    return severity_table().kinds[known_kind(kind, kind)].unit


def describe(scenario: Scenario) -> str:
    """The scenario in units: `MOR 1000 m`, `MOR 2000 m + -3 EV`; `clear` for no effect.

    Raises:
        ScenarioError: an effect does not exist.
    """
    texts = [
        severity_table().kinds[known_kind(e.kind, str(e))].text.format(value=severity_value(e.kind, e.severity))
        for e in scenario.effects
    ]
    return " + ".join(texts) or "clear"


def _parse_item(item: str, text: str) -> list[Scenario]:
    if item == "clear":
        return [CLEAR]
    parts = item.split("+")
    if len(parts) == 1:
        return [Scenario((effect,)) for effect in _parse_effects(item, text)]
    effects: list[Effect] = []
    for part in parts:
        several = _parse_effects(part.strip(), text)
        if len(several) > 1:
            raise ScenarioError(
                f"the combination '{item}' holds a range", where=text, remedy="give each effect one severity"
            )
        effects += several
    kinds = [effect.kind for effect in effects]
    if len(set(kinds)) < len(kinds):
        raise ScenarioError(f"the combination '{item}' names a kind twice", where=text, remedy="name each kind once")
    order = list(severity_table().kinds)
    return [Scenario(tuple(sorted(effects, key=lambda effect: order.index(effect.kind))))]


def _parse_effects(part: str, text: str) -> list[Effect]:
    match = _EFFECT.fullmatch(part)
    if match is None:
        kind = known_kind(part.split(":")[0].strip(), text)
        raise ScenarioError(f"'{part}' has no readable severity", where=text, remedy=f"write {kind}:3 or {kind}:1-5")
    kind, first, last = match.group(1), int(match.group(2)), int(match.group(3) or match.group(2))
    highest = len(severity_table().kinds[known_kind(kind, text)].severities)
    if not 1 <= first <= last <= highest:
        raise ScenarioError(
            f"'{part}' is outside the severities of '{kind}'",
            where=text,
            remedy=f"choose 1 to {highest}, the lower one first",
        )
    return [Effect(kind, severity) for severity in range(first, last + 1)]


def known_kind(kind: str, where: str) -> str:
    """The kind itself.

    Raises:
        ScenarioError: there is no such kind; `where` is what it was read in.
    """
    kinds = ["clear", *severity_table().kinds]
    if kind in kinds[1:]:
        return kind
    if kind == "clear":
        raise ScenarioError("'clear' has no severity and joins no combination", where=where, remedy="write clear alone")
    near = difflib.get_close_matches(kind.lower(), kinds, n=1, cutoff=0.0)[0]
    raise ScenarioError(
        f"'{kind}' is not a kind of scenario",
        where=where,
        remedy=f"did you mean '{near}'? known kinds are {', '.join(kinds)}",
    )
