"""Doses: how much of a kind there is, on a scale that starts at 0 in clear weather and grows with the effect."""

from __future__ import annotations

import math

from wutdet.errors import ScenarioError
from wutdet.scenarios.grammar import known_row
from wutdet.scenarios.severities import SeverityTable


def dose(kind: str, value: float, table: SeverityTable | None = None) -> float:
    """The dose of a kind's value: `dose('fog', 1000)` is 0.001 (1/MOR), `dose('lowlight', -3)` is 3.0.

    The rule of each kind stands in configs/scenarios.yaml.

    Args:
        kind: such as `fog`.
        value: in the unit of the kind, as `severity_value` gives it.
        table: severities to take in place of the known ones, such as a user's own.

    Raises:
        ScenarioError: the kind does not exist, or the value has no finite dose of 0 or more.
    """
    found = known_row(kind, kind, table).to_dose(value)
    if not 0.0 <= found < math.inf:
        raise ScenarioError(f"{value:g} is not a value of '{kind}'", where="value", remedy="give one that can occur")
    return found


def describe_dose(kind: str, dose: float, table: SeverityTable | None = None) -> str:
    """A dose in the words of its kind, to 3 digits: `MOR 1370 m` of fog at 0.00073; `clear` at 0.

    Raises:
        ScenarioError: the kind does not exist, or the dose is negative or not finite.
    """
    row = known_row(kind, kind, table)
    if not 0.0 <= dose < math.inf:
        raise ScenarioError(f"{dose:g} is not a dose of '{kind}'", where="dose", remedy="give a finite one from 0 on")
    return row.text.format(value=float(f"{row.from_dose(dose):.3g}")) if dose else "clear"


def check_value(kind: str, value: float) -> None:
    """Refuse a value that is no weather of its kind: `check_value('fog', 1370.0)` passes, 0 and −5 do not.

    Raises:
        ScenarioError: the kind does not exist, or the value has no finite dose above 0.
    """
    if dose(kind, value) == 0.0:
        raise ScenarioError(f"{value:g} is no {kind}", where="value", remedy="leave the kind out for clear weather")
