"""What tells a plan that lies in a folder from the one that is wanted there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final

import msgspec

PlanSettings = dict[str, Any]
"""A plan's settings by their dotted names, such as `detector.protocol.imgsz`."""

_MOST: Final = 3  # differences in a message
_LONGEST: Final = 40  # characters of a value in it
_HASH: Final = 12  # characters of a SHA-256 in it


def plan_differences(
    stored: bytes, wanted: bytes, same: Callable[[PlanSettings, PlanSettings], Collection[str]] | None = None
) -> list[str]:
    """What differs between two plans, as `detector.protocol.imgsz: 640 there, 960 here`.

    What is null counts as what is missing, and 5 as 5.0. Of lists only the items are named that one side alone has.

    Args:
        stored: the JSON of the plan that is there.
        wanted: of the plan that is wanted here.
        same: of both plans' settings, the names of those that need not be equal.
    """
    try:
        there = dict(_settings(msgspec.json.decode(stored, type=dict[str, Any])))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ["its plan is unreadable"]
    here = dict(_settings(msgspec.json.decode(wanted)))
    left_out = () if same is None else same(there, here)
    names = [*here, *(name for name in there if name not in here)]
    return [
        f"{name}: {_difference(there.get(name), here.get(name))}"
        for name in names
        if name not in left_out and there.get(name) != here.get(name)
    ]


def differences_text(differences: Sequence[str]) -> str:
    """The first of them in a line, and how many there are besides."""
    more = len(differences) - _MOST
    return "; ".join([*differences[:_MOST], *([f"and {more} more"] if more > 0 else [])])


def _settings(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves; a list of objects as one list for each of their keys."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        value = {key: [item.get(key) for item in value] for key in dict.fromkeys(key for item in value for key in item)}
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _settings(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _difference(there: Any, here: Any) -> str:
    if isinstance(there, list) and isinstance(here, list):
        sides = ((there, here, "there"), (here, there, "here"))
        only = [f"{_shown(one)} only {place}" for side, other, place in sides for one in side if one not in other]
        return ", ".join(only[:_MOST]) + (", …" if len(only) > _MOST else "") if only else "in another order or number"
    return f"{_shown(there)} there, {_shown(here)} here"


def _shown(value: Any) -> str:
    text = str(value)
    if len(text) == 64 and text.isalnum():  # a hash
        text = f"{text[:_HASH]}…"
    return "nothing" if value is None or value == {} else text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
