"""Severities are data: configs/scenarios.yaml says what every severity of every kind means, in units."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from wutdet.errors import ConfigError
from wutdet.resources import config_path


class KindSeverities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the severities 1, 2, … of one kind are, in `unit`."""

    unit: str
    text: str
    severities: tuple[float, ...]
    source: str


class SeverityTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The severities of every kind, by its name."""

    kinds: dict[str, KindSeverities]


def read_severities(path: Path) -> SeverityTable:
    """Read a file laid out like configs/scenarios.yaml.

    Raises:
        ConfigError: the file is missing, is not YAML, or has a wrong, missing or empty field.
    """
    try:
        table = msgspec.yaml.decode(path.read_bytes(), type=SeverityTable)
    except OSError as error:
        raise ConfigError(f"the file cannot be read ({error.strerror})", where=path, remedy="check the path") from error
    except msgspec.MsgspecError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(reason, where=path, remedy="correct the field") from error
    for name, kind in table.kinds.items():
        if not kind.severities:
            raise ConfigError("no severity is listed", where=f"{path}: kinds.{name}", remedy="list at least one value")
    return table


@lru_cache(maxsize=1)
def severity_table() -> SeverityTable:
    """The table that ships with the package."""
    return read_severities(config_path("scenarios.yaml"))
