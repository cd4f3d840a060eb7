"""Rules from features to conditions: strengths, scores, and a file that may be wrong."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.errors import ConfigError
from wutdet.scenarios.condition_features import ConditionFeatures
from wutdet.scenarios.condition_rules import ConditionRules, Rule, Sign, condition_rules, read_condition_rules
from wutdet.scenarios.conditions import judge

NOTHING = ConditionFeatures(
    horizon_found=True,
    horizon_row=300.0,
    median_luminance=0.3,
    high_luminance=0.6,
    saturated_below=0.0,
    saturated_above=0.0,
    sun_patch=0.3,
    horizon_contrast=0.8,
    band_contrast=0.8,
    dark_channel=0.1,
    colourfulness=25.0,
    streaks=0.5,
)
GOOD = """
least_score: 0.5
clear_below: 0.35
conditions:
  dark:
    combine: mean
    signs:
      - {feature: high_luminance, none: 0.4, sure: 0.1}
"""


def shown(**changes: float) -> ConditionFeatures:
    return dataclasses.replace(NOTHING, **changes)


def test_a_sign_grows_with_the_logarithm_of_its_feature():
    """From 0.1 to 1.6 are four doublings: 0.2 is one of them, 0.4 two, 0.8 three."""
    sign = Sign(feature="sun_patch", none=0.1, sure=1.6)
    assert [round(sign.strength(v), 9) for v in (0.1, 0.2, 0.4, 0.8, 1.6)] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_a_sign_may_fall():
    sign = Sign(feature="high_luminance", none=0.4, sure=0.1)
    assert [round(sign.strength(v), 9) for v in (0.5, 0.4, 0.2, 0.1, 0.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


@given(
    none=st.floats(1e-4, 100.0),
    ratio=st.floats(1.01, 100.0),
    low=st.floats(0.0, 1e4),
    high=st.floats(0.0, 1e4),
)
def test_strength_is_a_share_and_monotone(none: float, ratio: float, low: float, high: float):
    low, high = sorted((low, high))
    sign = Sign(feature="streaks", none=none, sure=none * ratio)
    assert 0.0 <= sign.strength(low) <= sign.strength(high) <= 1.0


def test_a_score_is_the_mean_of_the_signs_or_the_largest():
    """Strengths 0.5 (sun_patch 0.4 of 0.1 to 1.6) and 0 (streaks)."""
    signs = (Sign("sun_patch", 0.1, 1.6), Sign("streaks", 1.0, 2.0))
    features = shown(sun_patch=0.4, streaks=0.5)
    assert Rule(combine="mean", signs=signs).score(features) == pytest.approx(0.25)
    assert Rule(combine="largest", signs=signs).score(features) == pytest.approx(0.5)


def rules(**strengths: float) -> ConditionRules:
    """One sign each on sun_patch = 0.3, so that each has the strength that is asked for: none = 0.3 / 16^s."""
    made = {n: Rule("mean", (Sign("sun_patch", 0.3 / 16.0**s, 16.0 * 0.3 / 16.0**s),)) for n, s in strengths.items()}
    return ConditionRules(least_score=0.5, clear_below=0.35, conditions=made)


def test_the_first_condition_with_enough_names_the_frame():
    found = judge(NOTHING, rules(dark=0.6, glare=0.9, fog=0.2))
    assert (found.name, round(found.score, 6)) == ("dark", 0.6)
    assert list(found.scores) == ["dark", "glare", "fog"]


def test_a_frame_with_little_of_anything_is_clear_and_its_score_is_what_is_left():
    found = judge(NOTHING, rules(dark=0.1, glare=0.3))
    assert (found.name, round(found.score, 6)) == ("clear", 0.7)


def test_between_little_and_enough_lies_unknown():
    assert judge(NOTHING, rules(dark=0.1, fog=0.40)).name == "unknown"
    assert judge(NOTHING, rules(dark=0.1, fog=0.40)).score == pytest.approx(0.40)
    assert judge(NOTHING, rules(fog=0.34)).name == "clear"
    assert judge(NOTHING, rules(fog=0.51)).name == "fog"


def test_without_rules_everything_is_clear():
    assert judge(NOTHING, rules()).name == "clear"
    assert judge(NOTHING, rules()).score == 1.0


@pytest.mark.parametrize(
    ("features", "name"),
    [
        (shown(), "clear"),
        (shown(high_luminance=0.05), "dark"),
        (shown(saturated_below=0.05), "glare"),
        (shown(sun_patch=0.97), "glare"),
        (shown(streaks=3.0), "rain"),
        (shown(streaks=1.2), "clear"),
        (shown(horizon_contrast=0.05, band_contrast=0.04, dark_channel=0.9), "fog"),
        (shown(horizon_contrast=0.05, band_contrast=0.04, dark_channel=0.9, streaks=3.0), "rain"),
        (shown(high_luminance=0.05, horizon_contrast=0.05, band_contrast=0.04, dark_channel=0.9), "dark"),
        (shown(horizon_contrast=0.05), "clear"),
        (shown(median_luminance=0.01), "clear"),
        (shown(saturated_above=0.9), "clear"),
    ],
)
def test_the_shipped_rules_read_plain_cases(features: ConditionFeatures, name: str):
    assert judge(features, condition_rules()).name == name


def test_the_shipped_rules_try_dark_glare_rain_fog_in_this_order():
    assert list(condition_rules().conditions) == ["dark", "glare", "rain", "fog"]


def test_a_file_of_the_right_form_is_read(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    assert judge(shown(high_luminance=0.2), read_condition_rules(path)).scores == {"dark": pytest.approx(0.5)}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("least_score: 0.5", "least_score: 1.5", "least_score 1.5"),
        ("clear_below: 0.35", "clear_below: 0.6", "clear_below is 0.6"),
        ("clear_below: 0.35", "clear_below: .nan", "clear_below is nan"),
        ("clear_below: 0.35", "clear_below: 0", "clear_below is 0"),
        ("dark:", "hail:", "no condition to guess"),
        ("dark:", "unknown:", "no condition to guess"),
        ("combine: mean", "combine: product", "combine"),
        ("high_luminance", "brightness", "'brightness' is no feature"),
        ("high_luminance", "horizon_found", "'horizon_found' is no feature"),
        ("none: 0.4", "none: 0", "from 0 to 0.1"),
        ("none: 0.4", "none: -1", "from -1 to 0.1"),
        ("sure: 0.1", "sure: .inf", "to inf"),
        ("sure: 0.1", "sure: .nan", "to nan"),
        ("sure: 0.1", "sure: 0.4", "from 0.4 to 0.4"),
        ("sure: 0.1", "sure: much", "sure"),
        ("      - {feature: high_luminance, none: 0.4, sure: 0.1}", "      []", "has no sign"),
        ("least_score: 0.5", "least_score: 0.5\nmore: 1", "more"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, old: str, new: str, said: str):
    path = tmp_path / "wrong.yaml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigError, match=said) as caught:
        read_condition_rules(path)
    assert "\n" not in str(caught.value)
    assert "wrong.yaml" in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"[" * 3000, b"a: &a 1\nb: *a"])
def test_what_is_no_such_yaml_is_refused(tmp_path: Path, data: bytes):
    path = tmp_path / "wrong.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"wrong\.yaml"):
        read_condition_rules(path)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_condition_rules(tmp_path / "absent.yaml")
