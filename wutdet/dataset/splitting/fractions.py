"""How the frames are to be shared: names of splits and fractions that sum to 1."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from wutdet.dataset.tables import UNSPLIT
from wutdet.errors import ConfigError

DEFAULT_FRACTIONS: Final = {"train": 0.7, "val": 0.1, "test": 0.2}
MOST_SPLITS: Final = 20

_USUAL: Final = {2: ("train", "test"), 3: ("train", "val", "test")}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_RESERVED: Final = ("all", UNSPLIT)


def parse_fractions(text: str, *, where: str = "--fractions") -> dict[str, float]:
    """`0.7,0.1,0.2` (train, val, test), `0.8,0.2` (train, test) or `train=0.8,test=0.2`.

    Raises:
        ConfigError: it is neither, or not what `check_fractions` wants.
    """
    words = [word.strip() for word in text.split(",")]
    named = ["=" in word for word in words]
    if all(named):
        pairs = [(word.partition("=")[0].strip(), word.partition("=")[2]) for word in words]
    elif not any(named) and len(words) in _USUAL:
        pairs = list(zip(_USUAL[len(words)], words, strict=True))
    else:
        raise ConfigError(f"'{text}' is no list of fractions", where=where, remedy=_REMEDY)
    if len(dict(pairs)) < len(pairs):
        raise ConfigError("names a split twice", where=where, remedy=_REMEDY)
    fractions: dict[str, float] = {}
    for name, number in pairs:
        try:
            fractions[name] = float(number)
        except ValueError:
            raise ConfigError(f"'{number}' is no number", where=where, remedy=_REMEDY) from None
    check_fractions(fractions, where=where)
    return fractions


def check_fractions(fractions: Mapping[str, float], *, where: object) -> None:
    """Refuse fractions that share nothing out.

    Raises:
        ConfigError: a name cannot be that of a list, a fraction is not above 0, they do not sum to 1, or there are
            more than `MOST_SPLITS`.
    """
    if not 1 <= len(fractions) <= MOST_SPLITS:
        raise ConfigError(f"{len(fractions)} splits", where=where, remedy=f"ask for 1 to {MOST_SPLITS}")
    for name, fraction in fractions.items():
        check_split_name(name, where=where)
        if not (math.isfinite(fraction) and fraction > 0):
            raise ConfigError(f"the fraction of '{name}' is not above 0", where=where, remedy=_REMEDY)
    total = math.fsum(fractions.values())
    if abs(total - 1) > 1e-6:
        raise ConfigError(f"the fractions sum to {total:g}, not to 1", where=where, remedy=_REMEDY)


def check_split_name(name: str, *, where: object) -> None:
    """Refuse a name that no list can have.

    Raises:
        ConfigError: it has signs other than letters, digits, - and _, or is reserved.
    """
    if not _NAME.fullmatch(name) or name in _RESERVED:
        remedy = f"use letters, digits, - and _, and none of {', '.join(_RESERVED)}"
        raise ConfigError(f"{name[:40]!r} is no name of a split", where=where, remedy=remedy)


_REMEDY: Final = "write 0.7,0.1,0.2 or train=0.8,test=0.2"
