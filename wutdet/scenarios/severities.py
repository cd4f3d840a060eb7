"""Severities are data: configs/scenarios.yaml says what every severity of every kind means, in units."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from wutdet.errors import ConfigError
from wutdet.resources import config_path
from wutdet.yaml_text import decode_yaml


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


def read_severities(path: Path) -> SeverityTable:
    """Read a file laid out like configs/scenarios.yaml.

    Raises:
        ConfigError: the file is missing, is not YAML, has a wrong, missing or empty field, or a severity whose
            dose is not above 0.
    """
    try:
        table = decode_yaml(path.read_bytes(), SeverityTable)
    except OSError as error:
        raise ConfigError(f"the file cannot be read ({error.strerror})", where=path, remedy="check the path") from error
    except msgspec.MsgspecError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(reason, where=path, remedy="correct the field") from error
    for name, kind in table.kinds.items():
        if not kind.severities:
            raise ConfigError("no severity is listed", where=f"{path}: kinds.{name}", remedy="list at least one value")
        for value in kind.severities:
            if not 0.0 < kind.to_dose(value) < math.inf:
                raise ConfigError(
                    f"the severity {value:g} has no dose above 0",
                    where=f"{path}: kinds.{name}",
                    remedy=f"change it, or the rule dose: {kind.dose}",
                )
    return table


@lru_cache(maxsize=1)
def severity_table() -> SeverityTable:
    """The table that ships with the package."""
    return read_severities(config_path("scenarios.yaml"))
