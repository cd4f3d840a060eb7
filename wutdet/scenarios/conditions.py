"""Guess the condition that a real frame shows, from its pixels alone: a proxy tag, never ground truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from wutdet.errors import DataError
from wutdet.scenarios.condition_features import ConditionFeatures, measure
from wutdet.scenarios.condition_rules import ConditionRules, condition_rules
from wutdet.scenarios.light import Image

ConditionName = Literal["clear", "fog", "glare", "rain", "dark", "unknown"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a frame seems to show.

    Attributes:
        name: `clear`, `fog` (haze is fog too), `glare`, `rain`, `dark`, or `unknown`.
        score: 0 to 1, how far the evidence reaches. Of a condition: its own score. Of `clear`: 1 less the largest
            score of any condition. Of `unknown`: that largest score, which was not enough.
        features: what was measured.
        scores: of every condition that has a rule, in the order in which they are tried.
    """

    name: ConditionName
    score: float
    features: ConditionFeatures
    scores: Mapping[str, float]


def classify(image: Image, horizon: float | None = None, *, rules: ConditionRules | None = None) -> Condition:
    """Guess the condition of one frame.

    Args:
        image: (H, W, 3) uint8 RGB, not modified.
        horizon: the row of the visible horizon in the middle of the frame, in native pixels; None to have it searched.
            A given row makes the guess of fog much better: in haze there is little to be found.
        rules: None is configs/conditions.yaml.

    Raises:
        DataError: the image is not (H, W, 3) uint8, or the horizon is not finite.
    """
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        what = f"the image is {array.dtype} of shape {array.shape}"
        raise DataError(what, where="image", remedy="give uint8 RGB of shape (H, W, 3)")
    if horizon is not None and not np.isfinite(horizon):
        raise DataError(f"the horizon row is {horizon}", where="horizon", remedy="give a finite row, or none")
    return judge(measure(array, horizon), rules or condition_rules())


def judge(features: ConditionFeatures, rules: ConditionRules) -> Condition:
    """The condition that the rules read from features."""
    scores = {name: rule.score(features) for name, rule in rules.conditions.items()}
    name, score = _named(scores, rules)
    return Condition(name, score, features, MappingProxyType(scores))


def _named(scores: Mapping[str, float], rules: ConditionRules) -> tuple[ConditionName, float]:
    for name, score in scores.items():
        if score >= rules.least_score:
            return name, score  # type: ignore[return-value]  # the rules hold conditions only
    largest = max(scores.values(), default=0.0)
    return ("clear", 1.0 - largest) if largest < rules.clear_below else ("unknown", largest)
