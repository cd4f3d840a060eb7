"""Severities are data: configs/scenarios.yaml says what every severity of every kind means, in units."""

from __future__ import annotations

import math
import re
import string
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import msgspec

from wutdet.errors import ConfigError
from wutdet.resources import config_path
from wutdet.scenarios.draws import RANGE_RULES
from wutdet.scenarios.typed_file import read_typed_file

_MOST: Final = 99  # severities of a kind
_NUMBER_FORMAT: Final = re.compile(r"(\.[0-9]{1,2})?[gfe]?")  # a width could ask for any amount of memory


class KindSeverities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the severities 1, 2, … of one kind are, in `unit`."""

    unit: str
    text: str
    severities: tuple[float, ...]
    source: str
    dose: Literal["value", "reciprocal", "negative"] = "value"
    """How a value becomes a dose, which is 0 in clear weather and grows with the effect: v, 1/v or −v."""

    def to_dose(self, value: float) -> float:
        """The dose of a value in `unit`; infinite or NaN where there is none."""
        if self.dose == "reciprocal":
            return 1.0 / value if value else math.inf
        return 0.0 - value if self.dose == "negative" else value

    def from_dose(self, dose: float) -> float:
        """The value in `unit` of a dose: the way back is the same rule."""
        return self.to_dose(dose)


class SeverityTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The severities of every kind, by its name."""

    kinds: dict[str, KindSeverities]


class _OwnSeverities(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a user's file says of one kind; what is left out is as it was."""

    severities: tuple[float, ...]
    unit: str | None = None
    text: str | None = None
    source: str | None = None
    dose: str | None = None


class _OwnTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: dict[str, _OwnSeverities]


_KEYS: Final = ("kinds", *KindSeverities.__struct_fields__)


def read_severities(path: Path) -> SeverityTable:
    """Read a file laid out like configs/scenarios.yaml.

    Raises:
        ConfigError: the file is missing, is not YAML, or has a row that `check_severities` refuses or that leaves the
            bounds of its kind.
    """
    table = read_typed_file(path, SeverityTable, _KEYS)
    for name, kind in table.kinds.items():
        check_severities(kind, where=f"{path}: kinds.{name}")
        _check_bounds(name, kind, where=f"{path}: kinds.{name}")
    return table


def own_severities(path: Path, known: SeverityTable) -> SeverityTable:
    """The table with the rows of a user's file in place of its own.

    The file is laid out like configs/scenarios.yaml. It may list some kinds only, and of a kind the `severities` alone.
    The unit and the dose belong to what renders the kind: a file may repeat them, and not change them.

    Args:
        path: of the YAML file.
        known: the kinds that there are.

    Raises:
        ConfigError: the file cannot be read, names an unknown kind or another unit, or has a row that
            `check_severities` refuses or that leaves the bounds of its kind.
    """
    listed = read_typed_file(path, _OwnTable, _KEYS).kinds
    rows = dict(known.kinds)
    for name, own in listed.items():
        where = f"{path}: kinds.{name}"
        row = known.kinds.get(name)
        if row is None:
            raise ConfigError("is no kind of scenario", where=where, remedy=f"known kinds are {', '.join(known.kinds)}")
        if own.unit not in (None, row.unit) or own.dose not in (None, row.dose):
            stated = f"the unit '{row.unit}' and the dose '{row.dose}'"
            raise ConfigError(f"has {stated}, which a file cannot change", where=where, remedy="convert the severities")
        rows[name] = KindSeverities(
            unit=row.unit,
            text=row.text if own.text is None else own.text,
            severities=own.severities,
            source=f"{path.name}" if own.source is None else own.source,
            dose=row.dose,
        )
        check_severities(rows[name], where=where)
        _check_bounds(name, rows[name], where=where)
    return SeverityTable(rows)


def check_severities(row: KindSeverities, *, where: str) -> None:
    """Refuse a row that cannot be used.

    Raises:
        ConfigError: there is no severity or more than 99, a severity has no finite dose above 0, doses do not rise, or
            the text holds anything but `{value}` with a plain number format, such as `{value:g}`.
    """
    if not 1 <= len(row.severities) <= _MOST:
        what = "no severity is listed" if not row.severities else f"{len(row.severities)} severities are listed"
        raise ConfigError(what, where=where, remedy=f"list 1 to {_MOST} values")
    for value in row.severities:
        if not 0.0 < row.to_dose(value) < math.inf:
            remedy = f"change it, or the rule dose: {row.dose}"
            raise ConfigError(f"the severity {value:g} has no dose above 0", where=where, remedy=remedy)
    for mild, strong in pairwise(row.severities):
        if row.to_dose(mild) >= row.to_dose(strong):
            what = f"the severity {strong:g} is no stronger than {mild:g} before it"
            raise ConfigError(what, where=where, remedy=f"list the mildest first; the dose is: {row.dose}")
    if not _is_plain(row.text):
        raise ConfigError(
            f"the text {row.text[:40]!r} does not format a value", where=where, remedy="write one such as '{value:g} m'"
        )


def _check_bounds(name: str, row: KindSeverities, *, where: str) -> None:
    """Refuse severities of a built-in kind outside of the bounds that its ranges have too."""
    if name not in RANGE_RULES:
        return
    rule = RANGE_RULES[name]
    for value in row.severities:
        if not rule.least <= value <= rule.most:
            remedy = f"stay within {rule.least:g} and {rule.most:g}"
            raise ConfigError(f"{value:g} is no severity of {name}", where=where, remedy=remedy)


def _is_plain(text: str) -> bool:
    """Whether a text holds `{value}`, and no field that could reach anything else."""
    try:
        fields = [
            (name, spec, conversion) for _, name, spec, conversion in string.Formatter().parse(text) if name is not None
        ]
    except ValueError:
        return False
    plain = (
        name == "value" and conversion is None and _NUMBER_FORMAT.fullmatch(spec or "")
        for name, spec, conversion in fields
    )
    return bool(fields) and all(plain)


@lru_cache(maxsize=1)
def severity_table() -> SeverityTable:
    """The table that ships with the package; `wutdet.scenarios.known_severities` has registered kinds as well."""
    return read_severities(config_path("scenarios.yaml"))
