"""Numbers and names as the terminal shows them."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "—"


def number_text(value: float | None, form: str = ".3f") -> str:
    """A number with a proper minus; an em dash where it is unknown."""
    return UNKNOWN if value is None else format(value, form).replace("-", "−")


def interval_text(value: float | None, interval: tuple[float, float] | None, form: str = ".3f") -> str:
    """`0.123 [0.101, 0.145]`, or the number alone where it has no interval."""
    if interval is None:
        return number_text(value, form)
    low, high = (number_text(end, form) for end in interval)
    return f"{number_text(value, form)} [{low}, {high}]"


def plain(name: str) -> str:
    """A name from outside without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)
