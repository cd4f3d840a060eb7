"""What a verb says on stderr: notes, which can be silenced, and warnings, which cannot."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class _Voice:
    quiet: bool = False


_VOICE: Final = _Voice()


def be_quiet(quiet: bool) -> None:
    """Whether notes and progress are left out from now on."""
    _VOICE.quiet = quiet


def is_quiet() -> bool:
    """Whether notes and progress are left out."""
    return _VOICE.quiet


def counted(count: int, one: str, several: str = "") -> str:
    """`1 frame`, `2 frames`.

    Args:
        count: how many.
        one: the name of one.
        several: the name of several; by default that of one with an s.
    """
    return f"{count} {one if count == 1 else several or one + 's'}"


def note(text: str) -> None:
    """A line about what is going on; nothing when quiet."""
    if not _VOICE.quiet:
        print(text, file=sys.stderr)


def warn(text: str) -> None:
    """A line that bears on the result: a frame left out, a number that rests on little."""
    print(text, file=sys.stderr)
