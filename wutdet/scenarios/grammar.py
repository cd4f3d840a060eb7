"""The scenario grammar: `clear`, `fog:3`, `fog:1-5,rain:3`, `fog:2+lowlight:3`."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Final

from wutdet.errors import ScenarioError
from wutdet.scenarios.kinds import KINDS
from wutdet.scenarios.registry import broken_packages, known_severities, load_packages
from wutdet.scenarios.severities import KindSeverities, SeverityTable

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


def parse_scenarios(text: str, table: SeverityTable | None = None) -> tuple[Scenario, ...]:
    """Read a list of scenarios, in the order written, duplicates dropped.

    The effects of a combination are put in the order in which light meets them, so `lowlight:3+fog:2` and
    `fog:2+lowlight:3` are the same scenario.

    Args:
        text: in the grammar.
        table: severities to take in place of the known ones, such as a user's own.

    Raises:
        ScenarioError: a kind is unknown, a severity does not exist, or the text does not follow the grammar.
    """
    found: dict[Scenario, None] = {}
    for item in text.split(","):
        for scenario in _parse_item(item.strip(), text, table):
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


def severity_value(kind: str, severity: int, table: SeverityTable | None = None) -> float:
    """The value of a severity in the unit of its kind: `severity_value('fog', 3)` is 1000.0 (MOR in metres).

    Raises:
        ScenarioError: the kind or the severity does not exist.
    """
    values = known_row(kind, kind, table).severities
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
    return known_row(kind, kind).unit


def scenario_values(scenario: Scenario, table: SeverityTable | None = None) -> dict[str, float]:
    """What `Scene.render_values` takes: `{"fog": 2000.0, "lowlight": -3.0}` of `fog:2+lowlight:3`.

    Raises:
        ScenarioError: an effect does not exist.
    """
    return {effect.kind: severity_value(effect.kind, effect.severity, table) for effect in scenario.effects}


def describe(scenario: Scenario, table: SeverityTable | None = None) -> str:
    """The scenario in units: `MOR 1000 m`, `MOR 2000 m + -3 EV`; `clear` for no effect.

    Raises:
        ScenarioError: an effect does not exist.
    """
    texts = [
        known_row(kind, str(scenario), table).text.format(value=value)
        for kind, value in scenario_values(scenario, table).items()
    ]
    return " + ".join(texts) or "clear"


def _parse_item(item: str, text: str, table: SeverityTable | None) -> list[Scenario]:
    if item == "clear":
        return [CLEAR]
    parts = item.split("+")
    if len(parts) == 1:
        return [Scenario((effect,)) for effect in _parse_effects(item, text, table)]
    effects: list[Effect] = []
    for part in parts:
        several = _parse_effects(part.strip(), text, table)
        if len(several) > 1:
            raise ScenarioError(
                f"the combination '{item}' holds a range", where=text, remedy="give each effect one severity"
            )
        effects += several
    kinds = [effect.kind for effect in effects]
    if len(set(kinds)) < len(kinds):
        raise ScenarioError(f"the combination '{item}' names a kind twice", where=text, remedy="name each kind once")
    order = list(KINDS)
    return [Scenario(tuple(sorted(effects, key=lambda effect: order.index(effect.kind))))]


def _parse_effects(part: str, text: str, table: SeverityTable | None) -> list[Effect]:
    match = _EFFECT.fullmatch(part)
    if match is None:
        kind = known_kind(part.split(":")[0].strip(), text, table)
        raise ScenarioError(f"'{part}' has no readable severity", where=text, remedy=f"write {kind}:3 or {kind}:1-5")
    kind, first, last = match.group(1), int(match.group(2)), int(match.group(3) or match.group(2))
    highest = len(known_row(kind, text, table).severities)
    if not 1 <= first <= last <= highest:
        raise ScenarioError(
            f"'{part}' is outside the severities of '{kind}'",
            where=text,
            remedy=f"choose 1 to {highest}, the lower one first",
        )
    return [Effect(kind, severity) for severity in range(first, last + 1)]


def known_row(kind: str, where: str, table: SeverityTable | None = None) -> KindSeverities:
    """The severities of a kind; the arguments and the error are those of `known_kind`."""
    name = known_kind(kind, where, table)
    return (table or known_severities()).kinds[name]


def known_kind(kind: str, where: str, table: SeverityTable | None = None) -> str:
    """The kind itself. Packages that may bring it are loaded only when it is not known yet.

    Args:
        kind: such as `fog`.
        where: what it was read in, for the message.
        table: severities that must have it; None: any kind that is known.

    Raises:
        ScenarioError: there is no such kind.
    """
    if kind in (table or known_severities()).kinds:
        return kind
    if kind == "clear":
        raise ScenarioError("'clear' has no severity and joins no combination", where=where, remedy="write clear alone")
    load_packages()
    kinds = ["clear", *(table or known_severities()).kinds]
    if kind in kinds:
        return kind
    broken = [f"{package} could not be loaded ({reason})" for package, reason in broken_packages().items()]
    near = difflib.get_close_matches(kind.lower(), kinds, n=1, cutoff=0.0)[0]
    raise ScenarioError(
        "; ".join([f"'{kind}' is not a kind of scenario", *broken]),
        where=where,
        remedy=f"did you mean '{near}'? known kinds are {', '.join(kinds)}",
    )
