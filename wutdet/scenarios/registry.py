"""Kinds of scenarios that are not built in: a program registers them, or an installed package by an entry point."""

from __future__ import annotations

import importlib.metadata
import re
import threading
from dataclasses import dataclass, field
from typing import Final

from wutdet.errors import ConfigError
from wutdet.scenarios.kinds import KINDS, Kind
from wutdet.scenarios.severities import KindSeverities, SeverityTable, check_severities, severity_table

ENTRY_POINTS: Final = "wutdet.kinds"
"""The group of entry points: each names a function without arguments that calls `register`."""

_NAME: Final = re.compile(r"[a-z_]{1,40}")
_BUILT_IN: Final = tuple(KINDS)
_LOCK: Final = threading.RLock()


@dataclass(slots=True)
class _State:
    rows: dict[str, KindSeverities] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)  # of kinds that a package brought
    broken: dict[str, str] = field(default_factory=dict)  # package → why it could not be loaded
    loaded: bool = False
    table: SeverityTable | None = None


_STATE: Final = _State()


def register(name: str, kind: Kind, *, severities: KindSeverities) -> None:
    """Make a kind known: `name:2` is then parsed, rendered, benchmarked and scored as the built-in kinds are.

    A process knows what was registered in it. One that was forked inherits that; one that was spawned does not, so a
    package whose kinds are used by worker processes names an entry point of the group `wutdet.kinds`.

    Args:
        name: 1 to 40 letters a to z and underscores, as scenarios write it.
        kind: what it does to light.
        severities: what its severities 1, 2, … are, the mildest first.

    Raises:
        ConfigError: the name is no name or is taken, the kind does nothing, or its severities cannot be used.
    """
    where = f"the kind '{name[:40]}'"
    if not _NAME.fullmatch(name) or name == "clear":
        raise ConfigError("is no name of a kind", where=where, remedy="use letters a to z and underscores, not 'clear'")
    if kind.first_stage == Kind().first_stage:
        raise ConfigError("does nothing to light", where=where, remedy="give it at least one of Kind's callables")
    check_severities(severities, where=where)
    with _LOCK:
        if name in KINDS:
            remedy = "choose another name" if name in _BUILT_IN else "choose another name, or unregister the kind first"
            raise ConfigError("is known already", where=where, remedy=remedy)
        _STATE.rows[name] = severities
        _replace_kinds(KINDS | {name: kind})


def unregister(name: str) -> None:
    """Forget a kind that was registered, such as one that a notebook registers again.

    Raises:
        ConfigError: the kind is built in, or not known.
    """
    with _LOCK:
        if name not in _STATE.rows:
            raise ConfigError("was not registered", where=f"the kind '{name[:40]}'", remedy="check the name")
        del _STATE.rows[name]
        _STATE.packages.pop(name, None)
        _replace_kinds({known: kind for known, kind in KINDS.items() if known != name})


def known_severities() -> SeverityTable:
    """The severities of the kinds that are known now: built in, registered, or brought by a package that is loaded."""
    if _STATE.table is None:
        rows = severity_table().kinds | _STATE.rows
        _STATE.table = SeverityTable({name: rows[name] for name in KINDS})
    return _STATE.table


def all_severities() -> SeverityTable:
    """The same, after every package that brings kinds was loaded."""
    load_packages()
    return known_severities()


def load_packages() -> None:
    """Load the kinds of installed packages, once. One that fails is remembered for `broken_packages`, and left out."""
    with _LOCK:
        if _STATE.loaded:
            return
        _STATE.loaded = True  # first: a package that looks kinds up while it is loaded must not come here again
        for entry in sorted(
            importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda item: (item.name, item.value)
        ):
            _load(entry)


def broken_packages() -> dict[str, str]:
    """Packages whose kinds could not be loaded, and why, in one line each."""
    return dict(_STATE.broken)


def package_of(kind: str) -> str | None:
    """`name version` of the package that brought a kind; None where it is built in or was registered by a program."""
    return _STATE.packages.get(kind)


def _load(entry: importlib.metadata.EntryPoint) -> None:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value
    before = set(_STATE.rows)
    try:
        entry.load()()
    except Exception as error:  # noqa: BLE001  # a stranger's code may raise anything; what it brings is left out
        for name in set(_STATE.rows) - before:
            unregister(name)
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        _STATE.broken[package] = reason[:200]
    _STATE.packages |= dict.fromkeys(set(_STATE.rows) - before, package)


def _replace_kinds(kinds: dict[str, Kind]) -> None:
    """Put these in place of `KINDS`, in the order in which light meets them: the same in every process."""

    def order(name: str) -> tuple[int, int, str]:
        return (kinds[name].first_stage, _BUILT_IN.index(name) if name in _BUILT_IN else len(_BUILT_IN), name)

    ordered = {name: kinds[name] for name in sorted(kinds, key=order)}
    KINDS.clear()
    KINDS.update(ordered)
    _STATE.table = None
