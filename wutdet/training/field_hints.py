"""What to tell a user who misspelt a field: the nearest name that there is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, Final, get_args

import msgspec

_UNKNOWN: Final = re.compile(r"unknown field `(?P<name>.*?)`(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)


def field_remedy(error: msgspec.MsgspecError, kind: type[msgspec.Struct]) -> str:
    """The remedy for a failed decoding of `kind`: the nearest field where one is unknown.

    Args:
        error: as msgspec raised it.
        kind: the struct that was decoded into.
    """
    found = _UNKNOWN.search(str(error))
    if found is None:
        return "correct the field it names"
    names = _fields_at(kind, (found["path"] or "").split("."))
    return nearest_remedy(found["name"], names)


def nearest_remedy(name: str, known: list[str], otherwise: str = "") -> str:
    """`did you mean epochs?`; where none is near, what to do otherwise, or all the names."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else otherwise or f"choose from {', '.join(known)}"


def _fields_at(kind: type[msgspec.Struct], path: list[str]) -> list[str]:
    """The fields of the struct that a path of field names leads to."""
    for step in (step.split("[")[0] for step in path):  # an item of a list is of the list's kind
        kinds = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        kind = next(_structs_in(kinds.get(step)), kind)
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _structs_in(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """The structs that a type is made of: of `Annotated[tuple[Inner, ...], …]` it is `Inner`."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for inner in get_args(kind):
        yield from _structs_in(inner)
