"""A YAML file from outside as a typed value; what is wrong with it is one line, with the key nearest to a typo."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from wutdet.errors import ConfigError
from wutdet.yaml_text import decode_yaml

_MAX_BYTES: Final = 2**20  # ten thousand cameras take less
_LONGEST: Final = 200  # of a reason in a message
_UNKNOWN: Final = re.compile(r"unknown field `([^`]*)`")

T = TypeVar("T")


def read_typed_file(path: Path, kind: type[T], known_keys: Collection[str]) -> T:
    """Decode a YAML file.

    Args:
        path: of the file.
        kind: msgspec type that it must have.
        known_keys: every key that may stand in it, to suggest one for a key that is unknown.

    Raises:
        ConfigError: the file cannot be read, is larger than 1 MiB, is not YAML, or is not of the type.
    """
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise ConfigError("larger than 1 MiB", where=path, remedy="check what the file is")
        return decode_yaml(data, kind)
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:_LONGEST]
        raise ConfigError(reason, where=path, remedy=_remedy(reason, known_keys)) from None


def _remedy(reason: str, known_keys: Collection[str]) -> str:
    unknown = _UNKNOWN.search(reason)
    if unknown is None:
        return "correct the field"
    near = difflib.get_close_matches(unknown.group(1), known_keys, n=1, cutoff=0.0)
    return f"did you mean '{near[0]}'? known keys are {', '.join(known_keys)}"
