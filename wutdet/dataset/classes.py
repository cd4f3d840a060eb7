"""Class maps: which classes of other label sets are ships, and which are left out, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from wutdet.dataset.tables import CATEGORY
from wutdet.errors import ConfigError
from wutdet.yaml_text import decode_yaml

_MAX_BYTES: Final = 2**20  # the names of 10,000 classes take a quarter of it
_REMEDY: Final = "write 'ship: [ferry, tug]' and 'drop: [buoy]', with quotes around words such as no or 7"


class _ClassFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a class map holds; msgspec names the field that is wrong."""

    ship: list[str] = []
    drop: list[str] = []


def read_class_map(path: Path) -> dict[str, str]:
    """The class map in a YAML file: every name under `ship` to `ship`, every name under `drop` to "".

    The names are as the label files write them, capitals and all. A class in neither list stays unknown, so that
    reading labels stops at it and names it.

    Raises:
        ConfigError: the file cannot be read, is no class map, says nothing, or says two things of one class.
    """
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise ConfigError("larger than 1 MiB", where=path, remedy="check what the file is")
        listed = decode_yaml(data, _ClassFile)
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"no class map ({reason[:200]})", where=path, remedy=_REMEDY) from None
    twice = sorted({*listed.drop} & {*listed.ship, CATEGORY})
    if twice:
        raise ConfigError(f"{twice[0]!r} is a ship and dropped", where=path, remedy="keep it in one list")
    mapped = dict.fromkeys(listed.ship, CATEGORY) | dict.fromkeys(listed.drop, "")
    if not mapped or "" in mapped:
        raise ConfigError("names no class" if not mapped else "has a blank name", where=path, remedy=_REMEDY)
    return mapped
