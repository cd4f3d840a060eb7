from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.errors import ConfigError, ScenarioError
from wutdet.scenarios import describe, describe_dose, dose, parse_scenario, severity_value
from wutdet.scenarios.fog import fog_extinction_per_m
from wutdet.scenarios.kinds import KINDS
from wutdet.scenarios.severities import read_severities, severity_table


def test_doses_by_hand() -> None:
    assert dose("fog", 1000) == 0.001
    assert dose("fog", math.inf) == 0.0
    assert dose("rain", 2.5) == 2.5
    assert dose("lowlight", -3) == 3.0
    assert dose("glare", 20) == 20.0
    assert math.copysign(1.0, dose("lowlight", 0.0)) == 1.0


def test_fog_extinction_is_proportional_to_its_dose() -> None:
    assert fog_extinction_per_m(200) / dose("fog", 200) == pytest.approx(fog_extinction_per_m(4000) / dose("fog", 4000))


@pytest.mark.parametrize("kind", list(KINDS))
def test_doses_grow_with_severity_and_read_as_the_severity_does(kind: str) -> None:
    count = len(severity_table().kinds[kind].severities)
    doses = [dose(kind, severity_value(kind, severity)) for severity in range(1, count + 1)]
    assert doses[0] > 0.0
    assert all(mild < strong for mild, strong in pairwise(doses))
    texts = [describe(parse_scenario(f"{kind}:{severity}")) for severity in range(1, count + 1)]
    assert [describe_dose(kind, found) for found in doses] == texts


@pytest.mark.parametrize(
    ("kind", "found", "text"),
    [
        ("fog", 1 / 1374.3, "MOR 1370 m"),
        ("fog", 1 / 87.65, "MOR 87.7 m"),
        ("rain", 12.04, "12 mm/h"),
        ("lowlight", 2.4041, "-2.4 EV"),
        ("glare", 7.001, "7 % of water"),
        ("fog", 0.0, "clear"),
    ],
)
def test_a_dose_is_written_with_three_digits(kind: str, found: float, text: str) -> None:
    assert describe_dose(kind, found) == text


@given(st.sampled_from(list(KINDS)), st.floats(1e-4, 1e3))
def test_a_dose_leads_back_to_its_value(kind: str, found: float) -> None:
    assert dose(kind, severity_table().kinds[kind].from_dose(found)) == pytest.approx(found)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("fog", 0.0), ("fog", -5.0), ("lowlight", 1.0), ("rain", -1.0), ("rain", math.nan), ("rain", math.inf)],
)
def test_a_value_that_cannot_occur_has_no_dose(kind: str, value: float) -> None:
    with pytest.raises(ScenarioError, match=f"not a value of '{kind}'"):
        dose(kind, value)


@pytest.mark.parametrize("found", [-1.0, math.nan, math.inf])
def test_what_is_no_dose_is_not_described(found: float) -> None:
    with pytest.raises(ScenarioError, match="not a dose of 'fog'"):
        describe_dose("fog", found)


@pytest.mark.parametrize("kind", ["clear", "frog", "fog+rain"])
def test_only_a_kind_has_doses(kind: str) -> None:
    with pytest.raises(ScenarioError):
        dose(kind, 1.0)
    with pytest.raises(ScenarioError):
        describe_dose(kind, 1.0)


def write(path: Path, severities: str, rule: str) -> Path:
    path.write_text(f"kinds: {{haze: {{unit: m, text: '{{value:g}} m', severities: {severities}, source: s{rule}}}}}")
    return path


@pytest.mark.parametrize(
    ("severities", "rule", "doses"),
    [("[1, 4]", "", [1, 4]), ("[1, 4]", ", dose: value", [1, 4]), ("[4, 1]", ", dose: reciprocal", [0.25, 1])],
)
def test_without_a_rule_the_value_is_the_dose(tmp_path: Path, severities: str, rule: str, doses: list[float]) -> None:
    haze = read_severities(write(tmp_path / "s.yaml", severities, rule)).kinds["haze"]
    assert [haze.to_dose(value) for value in haze.severities] == doses


@pytest.mark.parametrize(
    ("severities", "rule", "reason"),
    [
        ("[1]", ", dose: square", "dose"),
        ("[-1]", "", "-1 has no dose above 0; change it, or the rule dose: value"),
        ("[2, 1]", ", dose: negative", "2 has no dose"),
        ("[0]", ", dose: reciprocal", "0 has no dose"),
        ("[.inf]", ", dose: reciprocal", "inf has no dose"),
        ("[.nan]", "", "nan has no dose"),
        ("[4, 1]", "", "the severity 1 is no stronger than 4 before it; list the mildest first"),
        ("[2, 2]", "", "no stronger"),
        ("[1, 4]", ", dose: reciprocal", "no stronger"),
        (str(list(range(1, 101))), "", "100 severities"),
    ],
)
def test_a_rule_that_does_not_fit_is_one_line(tmp_path: Path, severities: str, rule: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_severities(write(tmp_path / "s.yaml", severities, rule))
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
