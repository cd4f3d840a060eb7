"""Options that a verb has, and that mean nothing for what it was given."""

from __future__ import annotations

from collections.abc import Mapping

from wutdet.errors import ConfigError


def refuse_options(subject: str, options: Mapping[str, object]) -> None:
    """Refuse options that would be ignored.

    Args:
        subject: what they mean nothing for.
        options: their values by name; None or an empty list where they were not given.

    Raises:
        ConfigError: one was given; the message names it.
    """
    given = [name for name, value in options.items() if value is not None and value != []]
    if given:
        what = f"means nothing for {subject}" if len(given) == 1 else f"mean nothing for {subject}"
        raise ConfigError(what, where=", ".join(given), remedy="leave it out" if len(given) == 1 else "leave them out")
