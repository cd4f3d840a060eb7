"""The ambient of weather as a user writes it: `wind_m_s=8,fog_banks=0.4`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import fields

from wutdet.errors import ConfigError
from wutdet.scenarios.ambient import Ambient


def parse_ambient(words: Iterable[str]) -> Ambient:
    """The ambient that `key=value` words say, parted by commas or given one by one; the rest is as by default.

    Raises:
        ConfigError: a word is not `key=value`, a key is unknown or comes twice, or a value is no number that can be.
    """
    known = [field.name for field in fields(Ambient)]
    values: dict[str, float] = {}
    for word in (part.strip() for item in words for part in item.split(",")):
        name, equals, text = (part.strip() for part in word.partition("="))
        if not equals:
            raise ConfigError(f"'{word}' is no setting", where="--ambient", remedy="write one such as wind_m_s=8")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            remedy = f"did you mean '{near}'? known keys are {', '.join(known)}"
            raise ConfigError(f"'{name}' is not known", where="--ambient", remedy=remedy)
        if name in values:
            raise ConfigError(f"'{name}' comes twice", where="--ambient", remedy="give it once")
        try:
            values[name] = float(text)
        except ValueError:
            raise ConfigError(f"'{text}' is no number", where=f"--ambient {name}", remedy="write one") from None
    return Ambient(**values)
