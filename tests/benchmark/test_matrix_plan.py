"""Which matrices there are, and what is no plan of one."""

from __future__ import annotations

import pytest

from wutdet.benchmark.matrix_plan import load_matrix, matrix_names
from wutdet.errors import ConfigError


def test_plans_that_ship_are_readable_and_name_baselines_that_exist():
    from wutdet.training import baseline_names

    assert matrix_names() == ["full", "quick"]
    for name in matrix_names():
        plan = load_matrix(name)
        assert plan.name == name
        assert {one.baseline for one in plan.detectors} <= set(baseline_names())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\ndetectors: []\n", "length"),
        ("name: x\ndetectors: [{baseline: a, detector: b}]\n", "names a baseline or a detector"),
        ("name: x\ndetectors: [{detector: b, seeds: [1, 2]}]\n", "are of a baseline"),
        ("name: x\ndetectors: [{baseline: a, seeds: [1, 1]}]\n", "a seed comes twice"),
        ("name: x\ndetectors: [{baseline: a}, {baseline: a}]\n", "'a' comes twice"),
        (
            "name: x\ndetectors: [{baseline: a, settings: {device: cpu}}]\n",
            "a: 'device' is none of the settings; leave",
        ),
        ("name: x\ndetectors: [{baseline: a, settings: {on_epoch: 1}}]\n", "'on_epoch' is none of the settings"),
        ("name: x\ndetectors: [{baseline: a, settings: {seed: 5}}]\n", "'seed' is none of .*; give seeds: beside"),
        ("name: x\ndetectors: [{baseline: a, settings: {weights: b}}]\n", "'weights' is none of .*; give weights: "),
        ("name: x\ndetectors: [{detector: b, name: a/../../esc}]\n", "'a/../../esc' makes no folder"),
        ("name: x\ndetectors: [{detector: b, name: 'a\\\\b'}]\n", "makes no folder"),
        ("name: x\ndetectors: [{detector: b, name: .b}]\n", "'.b' makes no folder"),
        ("name: x\ndetectors: [{detector: b, name: ''}]\n", "'' makes no folder"),
        ('name: x\ndetectors: [{detector: b, name: "b\\n"}]\n', "makes no folder"),
        ("name: x\ndetectors: [{detector: ..}]\n", "'..' makes no folder"),
        ("name: x\ndetectors: [{detector: b}]\nsplits: [../a]\n", "splits: '../a' makes no folder"),
        ("name: x\ndetectors: [{detector: b}]\nsplits: [a, a]\n", "in one folder, 'b-a'"),
        ("name: x\ndetectors: [{baseline: a}, {detector: b, name: A-seed0}]\n", "in one folder, 'a-seed0-test'"),
        (
            "name: x\ndetectors: [{detector: a}, {detector: b, name: a-val}]\nsplits: [val-test, test]\n",
            "in one folder, 'a-val-test'",
        ),
        ("name: x\ndetectors: [{baseline: a}]\nscenario: fog:1\n", r"did you mean scenarios\?"),
        ("name: x\ndetectors: [{baselin: a}]\n", r"did you mean baseline\?"),
        ("name: x\ndetectors: [{baseline: a, tiles: {tile_pix: 640}}]\n", r"did you mean tile_px\?"),
        ("name: x\ndetectors: [{baseline: a, tiles: {tile_px: 3}}]\n", "give 32 or more"),
    ],
)
def test_a_plan_that_is_wrong_is_one_line(tmp_path, text, said):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        load_matrix(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_plan_offers_the_nearest():
    with pytest.raises(ConfigError, match=r"did you mean quick\?"):
        load_matrix("quik")
