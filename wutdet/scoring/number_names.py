"""Names of numbers as a user writes them: which there are, and which way is better."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import Final

from wutdet.errors import ConfigError
from wutdet.scoring.scores import BinScores, ErrorKind, Numbers

_PLAIN: Final = tuple(name for name in Numbers.__struct_fields__ if name.startswith(("AP", "AR")))
_OF_BINS: Final = tuple(name for name in BinScores.__struct_fields__ if name != "ships")
_LESS_IS_BETTER: Final = ("errors.", "false_alarm_frames_per_1000@", "fppi@")
_LIKENESS: Final = 0.5  # of a name to a suggestion, as difflib measures it
_LONGEST: Final = 80  # of a name in a message
_SHOWN: Final = 12  # of the names to choose from


def number_names(numbers: Numbers) -> list[str]:
    """The names that `Numbers.number` takes here, but for counts of ships and thresholds: those judge no detector."""
    groups = {"bins": numbers.bins, "network_bins": numbers.network_bins}
    return [
        *_PLAIN,
        *(f"{group}.{key}.{field}" for group, bins in groups.items() for key in bins for field in _OF_BINS),
        *(name for name in numbers.operating if not name.startswith("threshold@")),
        *(f"errors.{kind}.{field}" for kind in numbers.errors for field in ErrorKind.__struct_fields__),
    ]


def less_is_better(number: str) -> bool:
    """Whether a detector is the better the lower this number is, as with false alarms and errors."""
    return number.startswith(_LESS_IS_BETTER)


def parse_numbers(text: str) -> tuple[str, ...]:
    """Names parted by commas; a name may hold commas itself: `AP,recall@fppi=0.1,iou=0.3` are two.

    Raises:
        ConfigError: there is no name.
    """
    names: list[str] = []
    for piece in (part.strip() for part in text.split(",")):
        if "=" in piece and "@" not in piece and names:  # iou=0.3 goes on with the name before it
            names[-1] += f",{piece}"
        elif piece:
            names.append(piece)
    if not names:
        raise ConfigError("names no number", where="--numbers", remedy="write some such as AP,AP_small")
    return tuple(dict.fromkeys(names))


def demand_known(name: str, known: Collection[str], *, what: str, where: str) -> None:
    """Refuse a name that is not among those known.

    Args:
        name: as the user wrote it.
        known: what it may be.
        what: what it should name, for the message.
        where: the option it was given to.

    Raises:
        ConfigError: it is unknown; suggests what is like it.
    """
    if name not in known:
        shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
        raise ConfigError(f"no {what} '{shown}'", where=where, remedy=_suggestion(name[:_LONGEST], known))


def _suggestion(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    near = difflib.get_close_matches(name, listed, n=3, cutoff=_LIKENESS)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"choose from: {', '.join(listed[:_SHOWN])}{', …' if len(listed) > _SHOWN else ''}"
