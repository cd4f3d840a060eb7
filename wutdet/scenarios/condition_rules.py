"""The rules by which features become a condition: configs/conditions.yaml, typed and checked."""

from __future__ import annotations

import math
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from wutdet.errors import ConfigError
from wutdet.resources import config_path
from wutdet.scenarios.condition_features import ConditionFeatures
from wutdet.yaml_text import decode_yaml

GUESSED: Final = ("dark", "glare", "fog", "rain")
"""The conditions that rules can be given for; `clear` and `unknown` are what is left."""

_FEATURES: Final = tuple(field.name for field in fields(ConditionFeatures) if field.type == "float")
_SMALLEST: Final = 1e-6  # of a feature: its logarithm is taken


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature as evidence: 0 at `none`, 1 at `sure`, by the logarithm between; either may be the larger."""

    feature: str
    none: float
    sure: float

    def strength(self, value: float) -> float:
        """0 to 1, monotone in the feature."""
        position = math.log(max(value, _SMALLEST) / self.none) / math.log(self.sure / self.none)
        return min(max(position, 0.0), 1.0)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signs of one condition, and how their strengths make its score."""

    combine: Literal["mean", "largest"]
    signs: tuple[Sign, ...]

    def score(self, features: ConditionFeatures) -> float:
        """0 to 1."""
        strengths = [sign.strength(getattr(features, sign.feature)) for sign in self.signs]
        return max(strengths) if self.combine == "largest" else math.fsum(strengths) / len(strengths)


class ConditionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules; conditions are tried in the order in which they stand."""

    least_score: float
    clear_below: float
    conditions: dict[str, Rule]


def read_condition_rules(path: Path) -> ConditionRules:
    """Read a file laid out like configs/conditions.yaml.

    Raises:
        ConfigError: the file is missing, is not YAML, has a wrong or missing field, names a condition or a feature
            that is not known, or has numbers without meaning.
    """
    try:
        rules = decode_yaml(path.read_bytes(), ConditionRules)
    except OSError as error:
        raise ConfigError(f"the file cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except msgspec.MsgspecError as error:
        raise ConfigError(" ".join(str(error).split()), where=path, remedy="correct the field") from None
    if not 0.0 < rules.clear_below <= rules.least_score <= 1.0:
        what = f"clear_below is {rules.clear_below:g} and least_score {rules.least_score:g}"
        raise ConfigError(what, where=path, remedy="give 0 < clear_below <= least_score <= 1")
    for name, rule in rules.conditions.items():
        _check_rule(name, rule, path)
    return rules


@lru_cache(maxsize=1)
def condition_rules() -> ConditionRules:
    """The rules that ship with the package."""
    return read_condition_rules(config_path("conditions.yaml"))


def _check_rule(name: str, rule: Rule, path: Path) -> None:
    where = f"{path}: conditions.{name}"
    if name not in GUESSED:
        raise ConfigError("is no condition to guess", where=where, remedy=f"choose from {', '.join(GUESSED)}")
    if not rule.signs:
        raise ConfigError("has no sign", where=where, remedy="list at least one")
    for sign in rule.signs:
        if sign.feature not in _FEATURES:
            what = f"'{sign.feature[:40]}' is no feature"
            raise ConfigError(what, where=where, remedy=f"choose from {', '.join(_FEATURES)}")
        if not (0.0 < sign.none < math.inf and 0.0 < sign.sure < math.inf) or sign.none == sign.sure:
            what = f"{sign.feature} goes from {sign.none:g} to {sign.sure:g}"
            raise ConfigError(what, where=where, remedy="give two different numbers above 0")
