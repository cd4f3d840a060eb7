from __future__ import annotations

from pathlib import Path

import pytest

from wutdet.errors import ConfigError, ScenarioError
from wutdet.scenarios import (
    CLEAR,
    Effect,
    Scenario,
    describe,
    parse_scenario,
    parse_scenarios,
    severity_unit,
    severity_value,
)
from wutdet.scenarios.kinds import KINDS
from wutdet.scenarios.severities import read_severities, severity_table


def test_a_list_keeps_its_order_and_drops_duplicates() -> None:
    parsed = parse_scenarios("rain:3, clear,fog:1-3,fog:2,fog:2+lowlight:3,clear")
    assert list(map(str, parsed)) == ["rain:3", "clear", "fog:1", "fog:2", "fog:3", "fog:2+lowlight:3"]


def test_kind_and_severity() -> None:
    assert (CLEAR.kind, CLEAR.severity, str(CLEAR)) == ("clear", 0, "clear")
    fog = Scenario((Effect("fog", 3),))
    assert (fog.kind, fog.severity, str(fog)) == ("fog", 3, "fog:3")
    both = parse_scenario("fog:2+lowlight:3")
    assert (both.kind, both.severity) == ("fog+lowlight", None)


def test_a_combination_is_one_scenario_however_it_is_written() -> None:
    assert parse_scenarios("lowlight:3+fog:2,fog:2+lowlight:3") == (parse_scenario("fog:2+lowlight:3"),)


def test_values_units_and_descriptions() -> None:
    assert [severity_value("fog", s) for s in range(1, 6)] == [4000, 2000, 1000, 500, 200]
    assert [severity_value("rain", s) for s in range(1, 6)] == [2.5, 10, 25, 50, 100]
    assert [severity_value("lowlight", s) for s in range(1, 6)] == [-1, -2, -3, -4, -5]
    assert [severity_value("glare", s) for s in range(1, 6)] == [0.5, 2, 5, 10, 20]
    assert severity_unit("fog") == "MOR m"
    assert describe(parse_scenario("fog:3")) == "MOR 1000 m"
    assert describe(parse_scenario("fog:2+lowlight:3")) == "MOR 2000 m + -3 EV"
    assert describe(CLEAR) == "clear"


def test_every_kind_has_severities_and_a_renderer_in_the_same_order() -> None:
    assert list(KINDS) == list(severity_table().kinds)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("frog:3", ["'frog'", "did you mean 'fog'"]),
        ("Rain:3", ["did you mean 'rain'"]),
        ("fog", ["'fog'", "fog:3"]),
        ("fog:", ["fog:3"]),
        ("fog:0", ["fog:0", "1 to 5"]),
        ("fog:6", ["fog:6", "1 to 5"]),
        ("fog:4-2", ["fog:4-2", "lower one first"]),
        ("fog:1-3+rain:1", ["range", "one severity"]),
        ("fog:1+fog:2", ["twice"]),
        ("clear:1", ["clear alone"]),
        ("clear+fog:1", ["clear alone"]),
        ("", ["did you mean"]),
        ("fog:1,,rain:1", ["did you mean"]),
        ("fog:-1", ["fog:3"]),
    ],
)
def test_wrong_text_is_one_line_with_a_remedy(text: str, words: list[str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenarios(text)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_unknown_severities_and_several_scenarios_are_refused() -> None:
    with pytest.raises(ScenarioError, match="choose 1 to 5"):
        severity_value("fog", 9)
    with pytest.raises(ScenarioError, match="names 2 scenarios"):
        parse_scenario("fog:1-2")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kinds: {fog: {unit: m, text: x, severities: [1], source: s, colour: 1}}", "colour"),
        ("kinds: {fog: {unit: m, text: x, severities: [a], source: s}}", "severities"),
        ("kinds: {fog: {unit: m, text: x, severities: [], source: s}}", "no severity"),
        ("kinds: [", "correct the field"),
        ("kinds: {fog: {unit: m, txt: x, severities: [1], source: s}}", "did you mean 'text'?"),
        ("kinds: {fog: {unit: m, text: x, severities: [1], source: s}}", "does not format a value"),
        ("kinds: {fog: {unit: m, text: '{value:9999999999g}', severities: [1], source: s}}", "does not format"),
        ("kinds: {fog: {unit: m, text: '{value.real}', severities: [1], source: s}}", "does not format"),
        ("kinds: {fog: {unit: m, text: '{0}', severities: [1], source: s}}", "does not format"),
        ("kinds: {fog: {unit: m, text: '{value!r}', severities: [1], source: s}}", "does not format"),
        ("kinds: {fog: {unit: m, text: '{value', severities: [1], source: s}}", "does not format"),
    ],
)
def test_a_wrong_severity_file_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "scenarios.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_severities(path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_severity_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_severities(tmp_path / "none.yaml")
