"""Runs here are made up: real scores of two ships whose values, and whose replicates, are then chosen."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from wutdet import Detections, evaluate, load
from wutdet.errors import ConfigError, DataError, WutdetError
from wutdet.metrics.intervals import expanded_interval, interval_warning, least_p_value, p_value
from wutdet.report.compare_table import compare_table
from wutdet.scenarios import describe, parse_scenarios
from wutdet.scoring.compare import compare_runs
from wutdet.scoring.comparison import Comparison
from wutdet.scoring.drops import parse_max_drops
from wutdet.scoring.findings import holm, resolution_note
from wutdet.scoring.number_names import number_names, parse_numbers
from wutdet.scoring.scores import CellScores, Scores, WeatherInfo, write_scores

RECALL = "recall@fppi=0.1,iou=0.3"
LEVELS = {"clear": 0.5, "fog:1": 0.4, "fog:3": 0.2, "rain:2": 0.1}
SEQUENCES = 30.0
REPLICATES = 1000


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """Two frames in two sequences, a ship in each, one found."""
    images = [coco_image(number, f"{number}.jpg", sequence=f"s{number}") for number in (1, 2)]
    boxes = [coco_box(number, number, [5, 5, 10, 10]) for number in (1, 2)]
    dataset = load(coco_file(tmp_path_factory.mktemp("base") / "labels.json", images, boxes))
    found = {"1.jpg": Detections(np.array([[5.0, 5, 15, 15]]), np.array([0.9]))}
    return evaluate(dataset, found, replicates=REPLICATES, imgsz=64, detector="model")


def cell_of(base: Scores, scenario: str, value: float | None, **fields: Any) -> CellScores:
    """The cell of a scenario, with one value for the numbers that are compared by default."""
    [parsed] = parse_scenarios(scenario)
    cell = base.cells[0]
    return msgspec.structs.replace(
        cell,
        scenario=parsed.kind,
        severity=parsed.severity,
        name=scenario,
        value=describe(parsed),
        operating=cell.operating | {RECALL: value},
        **(dict.fromkeys(("AP", "AP50", "AP_small"), value) | fields),
    )


def noise(seed: int, shape: Sequence[int] = (1,)) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(0, 0.01, (*shape, REPLICATES))


def write_run(
    folder: Path,
    base: Scores,
    values: Mapping[str, float | None],
    *,
    resampled: Any = None,
    arrays: Mapping[str, Any] | None = None,
    **scoring: Any,
) -> Path:
    """A run whose cells have these values.

    Args:
        folder: to make.
        base: what everything else is taken from.
        values: by scenario.
        resampled: (cells, REPLICATES) added to the values in the replicates; None: there are none.
        arrays: other arrays for the file of replicates.
        scoring: other settings.
    """
    folder.mkdir()
    cells = [cell_of(base, scenario, value) for scenario, value in values.items()]
    info = msgspec.structs.replace(base.scoring, **scoring)
    write_scores(folder, msgspec.structs.replace(base, cells=cells, scoring=info))
    if resampled is not None:
        names = ["AP", "AP50", "AP_small", RECALL]
        centre = np.array([np.nan if value is None else value for value in values.values()])[:, None]
        per_cell = np.broadcast_to(centre + resampled, (len(values), REPLICATES))
        held = {
            "cells": np.array(list(values)),
            "names": np.array(names),
            "sequences": np.full(len(names), SEQUENCES),
            "values": np.repeat(per_cell[:, None], len(names), axis=1).astype(np.float32),
        }
        np.savez(folder / "replicates.npz", **(held | dict(arrays or {})))
    return folder


@pytest.fixture
def pair(tmp_path: Path, base: Scores) -> tuple[Path, Path]:
    """B is 0.05 below A in everything, give or take 0.01 in fog:1 and 0.2 in fog:3."""
    shared = noise(1, (4,))
    lower = {name: value - 0.05 for name, value in LEVELS.items()}
    own = noise(2, (4,)) * np.array([1.0, 1.0, 20.0, 1.0])[:, None]
    a = write_run(tmp_path / "a", base, LEVELS, resampled=shared)
    return a, write_run(tmp_path / "b", base, lower, resampled=shared + own)


# Differences


def test_a_run_does_not_differ_from_itself(pair: tuple[Path, Path]) -> None:
    comparison = compare_runs(pair[0], pair[0])
    everything = [*comparison.cells, *comparison.robustness]
    assert len(everything) == comparison.comparisons == 4 * 4 + 2 * 2
    assert {(item.difference, item.interval, item.p, item.p_holm) for item in everything} == {(0, (0, 0), 1, 1)}
    assert not any(item.shown or item.survives for item in everything)
    assert comparison.findings == ["no difference shown: of 20 comparisons none has p <= 0.05"]
    assert comparison.kept


def test_differences_are_b_minus_a_with_the_interval_and_p_of_the_replicates(pair: tuple[Path, Path]) -> None:
    comparison = compare_runs(*pair, numbers=("AP", RECALL))
    assert [(item.number, item.scenario) for item in comparison.cells] == [
        (number, scenario) for number in ("AP", RECALL) for scenario in LEVELS
    ]
    own = noise(2, (4,)) * np.array([1.0, 1.0, 20.0, 1.0])[:, None]
    for row, scenario in enumerate(LEVELS):
        item = comparison.difference("AP", scenario)
        assert item.a == LEVELS[scenario]
        assert item.difference == pytest.approx(-0.05)
        assert item.interval == pytest.approx(expanded_interval(own[row] - 0.05, SEQUENCES), abs=1e-6)
        assert item.p == pytest.approx(p_value(own[row] - 0.05, SEQUENCES))
    assert comparison.difference("AP", "clear").shown
    assert not comparison.difference("AP", "fog:3").shown
    with pytest.raises(KeyError, match="AP50@clear"):
        comparison.difference("AP50")


def test_what_both_share_cancels(tmp_path: Path, base: Scores) -> None:
    """Both vary by 0.1 from resample to resample; the difference is 0.01 in every one of them."""
    shared = noise(1) * 10
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=shared)
    b = write_run(tmp_path / "b", base, {"clear": 0.51}, resampled=shared)
    item = compare_runs(a, b).difference("AP")
    assert item.interval == pytest.approx((0.01, 0.01), abs=1e-6)
    assert item.survives


def test_an_unknown_value_gives_no_difference(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5, "fog:1": None}, resampled=noise(1))
    b = write_run(tmp_path / "b", base, {"clear": 0.4, "fog:1": None}, resampled=noise(1))
    comparison = compare_runs(a, b)
    item = comparison.difference("AP", "fog:1")
    assert (item.a, item.b, item.difference, item.interval, item.p, item.p_holm) == (None,) * 6
    assert {(item.difference, item.p) for item in comparison.robustness} == {(None, None)}
    assert comparison.comparisons == 4


# Robustness


def test_mpc_is_the_mean_over_kinds_of_the_mean_over_severities(pair: tuple[Path, Path]) -> None:
    """A: fog (0.4 + 0.2) / 2 = 0.3, rain 0.1, so mPC 0.2, and rPC 0.2 / 0.5 = 0.4.

    B is 0.05 lower in each: mPC 0.15, and rPC 0.15 / 0.45 = 1/3.
    """
    comparison = compare_runs(*pair)
    found = {(item.number, item.figure): item for item in comparison.robustness}
    assert list(found) == [(number, figure) for number in ("AP", "AP_small") for figure in ("mPC", "rPC")]
    mpc, rpc = found["AP", "mPC"], found["AP", "rPC"]
    assert (mpc.a, mpc.b, mpc.difference) == pytest.approx((0.2, 0.15, -0.05))
    assert (rpc.a, rpc.b, rpc.difference) == pytest.approx((0.4, 1 / 3, 1 / 3 - 0.4))
    own = noise(2, (4,)) * np.array([1.0, 1.0, 20.0, 1.0])[:, None]
    resampled = ((own[1] + own[2]) / 2 + own[3]) / 2 - 0.05
    assert mpc.interval == pytest.approx(expanded_interval(resampled, SEQUENCES), abs=1e-6)
    a, b = (np.array(list(LEVELS.values()))[:, None] + noise(1, (4,)), 0.0)
    b = a - 0.05 + own
    ratios = [((of[1] + of[2]) / 2 + of[3]) / 2 / of[0] for of in (a, b)]
    assert rpc.interval == pytest.approx(expanded_interval(ratios[1] - ratios[0], SEQUENCES), abs=1e-5)


def test_robustness_is_over_the_weather_that_both_have(tmp_path: Path, base: Scores) -> None:
    """Without rain:2, which A lacks: fog alone, (0.4 + 0.2) / 2 = 0.3; the combination is in no mean."""
    both = {"clear": 0.5, "fog:1": 0.4, "fog:3": 0.2, "fog:1+rain:1": 0.9}
    a = write_run(tmp_path / "a", base, both | {"fog:5": 0.0}, resampled=noise(1))
    b = write_run(tmp_path / "b", base, {"rain:2": 0.1} | both, resampled=noise(1))
    comparison = compare_runs(a, b, numbers=("AP",))
    assert [item.scenario for item in comparison.cells] == list(both)
    assert comparison.robustness[0].a == pytest.approx(0.3)
    assert comparison.notes[:2] == ["only A has fog:5", "only B has rain:2"]


def test_clear_alone_has_no_robustness(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1))
    assert compare_runs(a, a).robustness == []


# Findings


def test_findings_say_who_beats_whom(tmp_path: Path, base: Scores) -> None:
    shared, own = noise(1, (2,)), noise(2)
    a = write_run(tmp_path / "a", base, {"clear": 0.5, "fog:3": 0.3}, resampled=shared)
    b = write_run(tmp_path / "b", base, {"clear": 0.4, "fog:3": 0.35}, resampled=shared + own)
    findings = compare_runs(a, b, numbers=("AP_small",)).findings
    low, high = expanded_interval(own[0] + 0.05, SEQUENCES) or (0, 0)
    least = p_value(np.ones(REPLICATES), SEQUENCES)
    assert least == pytest.approx(0.004993, abs=1e-6)
    assert findings[1] == (
        f"B beats A on AP_small in fog:3 by 0.050 [{low:.3f}, {high:.3f}], p = {least:.3f}, "
        "also after Holm's correction"
    )
    low, high = expanded_interval(own[0] - 0.1, SEQUENCES) or (0, 0)
    assert findings[0].startswith(f"A beats B on AP_small in clear by 0.100 [{-high:.3f}, {-low:.3f}], p = ")
    assert findings[2].startswith("B beats A on mPC of AP_small by 0.050 [")
    assert len(findings) == 4  # and rPC of it


def test_of_errors_less_is_better(tmp_path: Path, base: Scores) -> None:
    names = np.array(["AP", "errors.missed.cost", "errors.missed.count", RECALL])
    for run, cost in (("a", 0.3), ("b", 0.1)):
        folder = write_run(tmp_path / run, base, {"clear": cost}, resampled=noise(1), arrays={"names": names})
        missed = {"missed": msgspec.structs.replace(base.cells[0].errors["missed"], cost=cost)}
        cell = msgspec.structs.replace(cell_of(base, "clear", cost), errors=base.cells[0].errors | missed)
        write_scores(folder, msgspec.structs.replace(base, cells=[cell]))
    limits = {"errors.missed.cost": 0.0}
    findings = compare_runs(tmp_path / "a", tmp_path / "b", numbers=("errors.missed.cost",), max_drops=limits)
    assert findings.findings[0].startswith("B beats A on errors.missed.cost in clear by 0.200 [0.200, 0.200] (less")
    assert findings.drops[0].drop == pytest.approx(-0.2)
    assert findings.kept
    reversed_limits = compare_runs(tmp_path / "b", tmp_path / "a", max_drops=limits)
    assert reversed_limits.drops[0].drop == pytest.approx(0.2)
    assert not reversed_limits.kept


def test_holm_by_hand() -> None:
    """0.01 x 3 = 0.03; 0.03 x 2 = 0.06; 0.04 x 1 = 0.04, but not below the one before it: 0.06."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30), st.randoms())
def test_holm_lies_between_p_and_bonferroni_and_keeps_the_order(p: list[float], random: Any) -> None:
    corrected = holm(p)
    assert all(one <= other <= min(1.0, one * len(p)) for one, other in zip(p, corrected, strict=True))
    assert corrected[int(np.argmin(p))] == min(1.0, min(p) * len(p))
    by_p = [item for _, item in sorted(zip(p, corrected, strict=True))]
    assert by_p == sorted(by_p)
    order = list(range(len(p)))
    random.shuffle(order)
    assert holm([p[place] for place in order]) == [corrected[place] for place in order]


def test_holm_counts_every_comparison_that_was_made(pair: tuple[Path, Path]) -> None:
    """1000 replicates of 30 sequences give p = 0.00499 at least: 10 comparisons bear it (0.0499), 11 do not."""
    few = compare_runs(*pair, numbers=("AP",))  # 4 cells and 2 of robustness
    assert few.comparisons == 6
    assert few.difference("AP").p_holm == pytest.approx(6 * 0.004993, abs=1e-5)
    assert few.difference("AP").survives
    assert few.notes == []
    many = compare_runs(*pair)  # 16 cells and 4 of robustness
    assert many.difference("AP").shown
    assert not any(item.survives for item in [*many.cells, *many.robustness])
    said = "p is 0.005 at least with 1000 replicates and so few sequences: none of 20 comparisons can survive Holm's"
    assert many.findings[-1] == f"{said} correction; compare no more than 10, or score both with --replicates 5000"
    assert many.notes == []


@pytest.mark.parametrize(
    ("units", "says"),
    [
        (3.7, "; there are too few sequences for any"),  # not at 100,000 replicates either
        (7.0, "; compare no more than 1"),
        (25.0, "; compare no more than 8, or score both with --replicates 2000"),
        (60.0, None),
    ],
)
def test_what_would_let_a_comparison_survive_is_true(units: float, says: str | None) -> None:
    line = resolution_note(12, 0.05, 1000, units)
    assert line is None if says is None else line is not None and line.endswith(says)
    least = least_p_value(1000, units)
    assert least == p_value([1.0] * 1000, units)
    assert least is not None
    assert (12 * least <= 0.05) == (says is None)
    if says is not None and "2000" in says:
        assert 12 * (p_value([1.0] * 2000, units) or 1) <= 0.05


def test_only_the_numbers_asked_for_are_compared(pair: tuple[Path, Path]) -> None:
    assert {item.number for item in compare_runs(*pair, numbers=("AP50",)).robustness} == set()
    assert {item.number for item in compare_runs(*pair, numbers=("AP_small",)).robustness} == {"AP_small"}
    assert {item.number for item in compare_runs(*pair).robustness} == {"AP", "AP_small"}


# Limits


@pytest.mark.parametrize(
    ("limit", "drop", "kept"),
    [
        ("AP_small@fog:3", 0.04, False),
        ("AP_small@fog:3", 0.06, True),
        ("AP@clear", 0.04, False),
        ("AP", 0.06, True),
        (f"{RECALL}@fog:1", 0.04, False),
        (RECALL, 0.04, False),
        (RECALL, 0.06, True),
        ("AP@rain:2", 0, False),
    ],
)
def test_a_limit_on_the_drop(pair: tuple[Path, Path], limit: str, drop: float, kept: bool) -> None:
    comparison = compare_runs(*pair, max_drops={limit: drop})
    assert comparison.kept is kept
    assert comparison.drops[0].drop == pytest.approx(0.05)
    assert compare_runs(*reversed(pair), max_drops={limit: drop}).kept


def test_one_missed_limit_is_enough(pair: tuple[Path, Path]) -> None:
    comparison = compare_runs(*pair, max_drops={"AP@clear": 1, "AP@fog:1": 0.01, "AP@fog:3": 1})
    assert [drop.kept for drop in comparison.drops] == [True, False, True]
    assert not comparison.kept


def test_a_drop_of_just_the_limit_is_kept(tmp_path: Path, base: Scores) -> None:
    """0.50 − 0.48 is 0.020000000000000018 in binary."""
    a = write_run(tmp_path / "a", base, {"clear": 0.50})
    b = write_run(tmp_path / "b", base, {"clear": 0.48})
    assert 0.50 - 0.48 > 0.02
    assert compare_runs(a, b, max_drops={"AP": 0.02}).kept
    assert not compare_runs(a, b, max_drops={"AP": 0.0199999}).kept


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("AP_smal@fog:3", "no number 'AP_smal'; did you mean AP_small or"),
        ("AP_small@fgo:3", "no scenario in both runs 'fgo:3'; did you mean fog:3 or fog:1"),
        ("AP_small@fog:2", "no scenario in both runs 'fog:2'; did you mean fog:3 or fog:1"),
        ("AP_small@", "no scenario in both runs ''; choose from: clear, fog:1, fog:3, rain:2"),
        ("recall@fppi=0.1,iou=0.4", "no number 'recall@fppi=0.1,iou=0.4'; did you mean recall@fppi=0.1,iou=0.5"),
        ("threshold@fppi=0.1,iou=0.3", "no number 'threshold@fppi=0.1,iou=0.3'; "),
        ("bins.<8.ships", "no number 'bins.<8.ships'; did you mean"),
        ("x" * 5000, "no number 'x"),
    ],
)
def test_an_unknown_limit_suggests_what_is_like_it(pair: tuple[Path, Path], limit: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compare_runs(*pair, max_drops={limit: 0.1})
    assert str(caught.value).startswith(f"--max-drop: {said}")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("drop", [-0.01, float("nan"), float("inf")])
def test_an_impossible_drop_is_refused(pair: tuple[Path, Path], drop: float) -> None:
    with pytest.raises(ConfigError, match=r"the drop of 'AP' is .*; give 0 or more"):
        compare_runs(*pair, max_drops={"AP": drop})


def test_a_limit_on_nothing_measured_is_refused(pair: tuple[Path, Path]) -> None:
    with pytest.raises(DataError, match="AP_large in clear has no value: there was nothing to measure"):
        compare_runs(*pair, max_drops={"AP_large": 1})


@given(st.data())
def test_every_name_is_read_back_from_its_limit(base: Scores, data: st.DataObject) -> None:
    from wutdet.scoring.drops import _spot

    number = data.draw(st.sampled_from(number_names(base.cells[0])))
    scenario = data.draw(st.sampled_from(["clear", "fog:3", "fog:1+rain:2"]))
    drop = data.draw(st.floats(0, 1))
    [(place, allowed)] = parse_max_drops([f"{number}@{scenario}={drop}"]).items()
    assert (*_spot(place), allowed) == (number, scenario, drop)
    assert _spot(number) == (number, "clear")


@pytest.mark.parametrize("word", ["AP", "AP@clear", "=0.1", "AP=", "AP=much", "AP=nan", "AP=1e999", ""])
def test_a_word_that_names_no_drop(word: str) -> None:
    with pytest.raises(ConfigError, match=r"names no drop; write NUMBER@SCENARIO=DROP, such as AP_small@fog:3=0\.02"):
        parse_max_drops([word])


def test_a_limit_given_twice() -> None:
    with pytest.raises(ConfigError, match="'AP' is given twice"):
        parse_max_drops(["AP=0.1", "AP=0.2"])


# Numbers


def test_numbers_are_parted_by_commas_that_are_not_their_own() -> None:
    assert parse_numbers(f"AP, {RECALL},size=<8 ,bins.<8.AP50,AP") == ("AP", f"{RECALL},size=<8", "bins.<8.AP50")
    for nothing in ("", " , "):
        with pytest.raises(ConfigError, match="names no number"):
            parse_numbers(nothing)


@given(st.data())
def test_every_list_of_numbers_is_read_back(base: Scores, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(number_names(base.cells[0])), min_size=1, max_size=6, unique=True))
    assert parse_numbers(",".join(names)) == tuple(names)


def test_every_name_is_a_number(base: Scores) -> None:
    names = number_names(base.cells[0])
    assert len(names) == len(set(names))
    for name in names:
        base.cells[0].number(name)
    assert {"AP_uncapped", "bins.>96.recall", "network_bins.small.AP", "fppi@clear_fppi=1,iou=0.5"} <= set(names)
    assert not any("ships" in name or "threshold" in name for name in names)


def test_an_unknown_number_is_refused(pair: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigError, match="--numbers: no number 'AP_smal'; did you mean AP_small"):
        compare_runs(*pair, numbers=("AP", "AP_smal"))


def test_bins_of_different_networks_are_not_compared(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, imgsz=640)
    b = write_run(tmp_path / "b", base, {"clear": 0.5}, imgsz=1280)
    with pytest.raises(DataError, match="is of networks with different inputs: 640 and 1280 px"):
        compare_runs(a, b, numbers=("network_bins.small.AP",))
    assert compare_runs(a, b, numbers=("bins.<8.AP",)).cells[0].number == "bins.<8.AP"


# What cannot be paired


def refusal(a: Path, b: Path) -> str:
    with pytest.raises(WutdetError) as caught:
        compare_runs(a, b)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("seed", 7, "seeds differ: 0 and 7"),
        ("sequences", 3, "sequences differ: 2 and 3"),
        ("replicates", 500, "holds 1000 replicates, but scores.json tells of 500"),
    ],
)
def test_other_resamples_cannot_be_paired(tmp_path: Path, base: Scores, field: str, value: int, said: str) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1))
    b = write_run(tmp_path / "b", base, {"clear": 0.5}, resampled=noise(1), **{field: value})
    assert said in refusal(a, b)


def test_another_number_of_replicates_cannot_be_paired(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1))
    arrays = {"values": np.zeros((1, 4, 500), np.float32)}
    b = write_run(tmp_path / "b", base, {"clear": 0.5}, resampled=noise(1), arrays=arrays, replicates=500)
    remedy = "score both with the same --seed and --replicates"
    assert refusal(a, b) == f"{a} and {b}: cannot be paired, as replicates differ: 1000 and 500; {remedy}"


@pytest.mark.parametrize(
    ("changes", "said", "remedy"),
    [
        (
            {"dataset": {"sha256": "f" * 64, "split": "val", "images": 9}},
            "frames differ: 'labels' (all, 2 frames, sha256 {sha256}…) "
            "and 'labels' (val, 9 frames, sha256 ffffffffffff…)",
            "score both on the same split",
        ),
        (
            {"skipped": ["/elsewhere/2.jpg: truncated image; restore it"]},
            "frames left out differ: none and 2.jpg",
            "repair the frames",
        ),
        ({"images": 1}, "the frames of clear differ: 2 and 1", "score both on the same split"),
        ({"value": "thick"}, "the units of clear differ: clear and thick", "render both with the same wutdet"),
    ],
)
def test_other_frames_cannot_be_paired(
    tmp_path: Path, base: Scores, changes: dict[str, Any], said: str, remedy: str
) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5})
    b = write_run(tmp_path / "b", base, {"clear": 0.5})
    dataset = msgspec.structs.replace(base.dataset, **changes.pop("dataset", {}))
    skipped = changes.pop("skipped", [])
    cell = msgspec.structs.replace(cell_of(base, "clear", 0.5), **changes)
    write_scores(b, msgspec.structs.replace(base, cells=[cell], dataset=dataset, skipped=skipped))
    refused = refusal(a, b)
    assert said.format(sha256=base.dataset.sha256[:12]) in refused
    assert refused.rpartition("; ")[2].startswith(remedy)


def with_weather(base: Scores, seed: int = 0, **sha256: str) -> Scores:
    by_scenario = {name.replace("_", ":"): value for name, value in sha256.items()}
    return msgspec.structs.replace(base, weather=WeatherInfo(seed=seed, sha256=by_scenario))


def test_a_scenario_that_was_rendered_otherwise_cannot_be_paired(tmp_path: Path, base: Scores) -> None:
    values = {"clear": 0.5, "fog:1": 0.4, "fog:3": 0.2}
    a = write_run(tmp_path / "a", with_weather(base, fog_1="e", fog_3="e"), values)
    b = write_run(tmp_path / "b", with_weather(base, fog_1="e", fog_3="f"), values)
    remedy = "render both with the same wutdet, cameras, ambient and severities, or compare runs of --scenarios clear"
    said = "cannot be paired, as fog:3 was rendered in two ways"
    assert refusal(a, b) == f"{a} and {b}: {said}; {remedy}"
    older = write_run(tmp_path / "older", base, values)
    assert compare_runs(a, older).difference("AP", "fog:3").difference == 0
    milder = write_run(tmp_path / "milder", with_weather(base, fog_1="e"), {"clear": 0.5, "fog:1": 0.3})
    assert compare_runs(b, milder).difference("AP", "fog:1").difference == pytest.approx(-0.1)
    clear = write_run(tmp_path / "clear", with_weather(base), {"clear": 0.25})
    assert compare_runs(a, clear).difference("AP").difference == -0.25


def test_weather_of_another_seed_is_compared_and_said(tmp_path: Path, base: Scores) -> None:
    values = {"clear": 0.5, "fog:3": 0.2}
    runs = [write_run(tmp_path / str(seed), with_weather(base, seed, fog_3="e"), values) for seed in (0, 3)]
    note = "the weather was drawn at the seeds 0 and 3: differences hold the luck of the draw too"
    assert compare_runs(*runs).notes[-1] == note
    assert note not in compare_runs(runs[0], runs[0]).notes
    clear = write_run(tmp_path / "clear", with_weather(base, 3), {"clear": 0.5})
    assert note not in compare_runs(runs[0], clear).notes


def test_cells_that_ignore_other_ships_cannot_be_paired(tmp_path: Path, base: Scores) -> None:
    for run, ignored in (("a", 0), ("b", 1)):
        folder = write_run(tmp_path / run, base, {"clear": 0.5})
        ships = msgspec.structs.replace(base.cells[0].ships, all=2 - ignored, small=2 - ignored)
        fog = msgspec.structs.replace(cell_of(base, "fog:3", 0.5), ships=ships, ships_ignored=ignored)
        write_scores(folder, msgspec.structs.replace(base, cells=[cell_of(base, "clear", 0.5), fog]))
    said = "as the ships of fog:3 differ: 2 (2 small, 0 medium, 0 large; 0 ignored) and 1 (1 small, "
    refused = refusal(tmp_path / "a", tmp_path / "b")
    assert said in refused
    assert refused.endswith("same seed, or score both without --ignore-below")


def test_frames_left_out_are_the_same_wherever_their_folder_is(tmp_path: Path, base: Scores) -> None:
    for run in ("a", "b"):
        folder = write_run(tmp_path / run, base, {"clear": 0.5})
        cell = cell_of(base, "clear", 0.5)
        skipped = [f"/{run}/2.jpg: truncated image; restore it"]
        write_scores(folder, msgspec.structs.replace(base, cells=[cell], skipped=skipped))
    assert compare_runs(tmp_path / "a", tmp_path / "b").difference("AP").difference == 0


def test_no_scenario_in_common(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5})
    b = write_run(tmp_path / "b", base, {"fog:1": 0.5})
    assert "have no scenario in common; benchmark both under the same --scenarios" in refusal(a, b)


def test_a_folder_without_scores_or_with_old_ones(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5})
    assert refusal(a, tmp_path / "none").startswith(f"{tmp_path / 'none'}: no scores here; run wutdet benchmark or")
    (tmp_path / "old").mkdir()
    old = '{"schema": "wutdet-scores-1", "detector": {"name": "x"}, "cells": [], "skipped": [], "robustness": []}'
    (tmp_path / "old" / "scores.json").write_text(old)
    assert refusal(tmp_path / "old", a).endswith("; score the run again")


# Without replicates


@pytest.mark.parametrize("lacking", ["a", "b"])
def test_without_replicates_there_are_differences_alone(tmp_path: Path, base: Scores, lacking: str) -> None:
    for run in ("a", "b"):
        write_run(tmp_path / run, base, LEVELS, resampled=None if run == lacking else noise(1))
    comparison = compare_runs(tmp_path / "a", tmp_path / "b")
    everything = [*comparison.cells, *comparison.robustness]
    assert {(item.difference, item.interval, item.p) for item in everything} == {(0, None, None)}
    assert (comparison.level, comparison.replicates, comparison.comparisons, comparison.findings) == (None, 0, 0, [])
    note = f"{lacking.upper()} ({tmp_path / lacking}) has no replicates: differences are without intervals and p-values"
    assert comparison.notes == [note]


def test_scores_without_intervals_need_no_equal_seed(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1))
    b = write_run(tmp_path / "b", base, {"clear": 0.5}, level=None, replicates=0, seed=9)
    assert compare_runs(a, b).difference("AP").difference == 0


def test_the_higher_level_counts(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1), level=0.9)
    b = write_run(tmp_path / "b", base, {"clear": 0.5}, resampled=noise(2), level=0.95)
    comparison = compare_runs(a, b)
    assert comparison.level == 0.95
    assert comparison.difference("AP").interval == pytest.approx(
        expanded_interval((noise(2) - noise(1))[0], SEQUENCES, 0.95), abs=1e-6
    )
    assert "the runs' intervals are of different levels; those of differences are of 0.95" in comparison.notes


def test_few_sequences_are_said(tmp_path: Path, base: Scores) -> None:
    arrays = {"sequences": np.full(4, 7.0)}
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1), arrays=arrays)
    said = interval_warning(7.0)
    assert said is not None
    assert said in compare_runs(a, a).notes


def test_few_sequences_are_said_of_the_numbers_that_are_compared(tmp_path: Path, base: Scores) -> None:
    arrays = {"sequences": np.array([30.0, 30.0, 4.0, 7.0])}
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1), arrays=arrays)
    text = "interval rests on the worth of {} sequences of equal size: below 25 it may still be too narrow"
    of_small, of_recall = f"AP_small's {text.format(4)}", f"{RECALL}'s {text.format(7)}"
    assert compare_runs(a, a).notes == [of_small, of_recall]
    assert compare_runs(a, a, numbers=("AP", RECALL)).notes == [of_recall]


# Nothing to test


@pytest.mark.parametrize(
    ("values", "numbers", "reason"),
    [
        ((0.5, 0.4), ("AP",), "too few sequences"),
        ((None, 0.4), ("AP", "AP50"), "no number has a value in both runs"),
    ],
)
def test_where_nothing_can_be_tested_it_is_said_so(
    tmp_path: Path, base: Scores, values: tuple[float | None, ...], numbers: tuple[str, ...], reason: str
) -> None:
    arrays = {"sequences": np.full(4, 1.5 if reason == "too few sequences" else SEQUENCES)}
    for name, value in zip("ab", values, strict=True):
        write_run(tmp_path / name, base, {"clear": value}, resampled=noise(1), arrays=arrays)
    comparison = compare_runs(tmp_path / "a", tmp_path / "b", numbers=numbers)
    assert (comparison.comparisons, comparison.level) == (0, 0.95)
    assert comparison.findings == [f"nothing could be tested: {reason}"]
    assert "resamples" not in table_text(comparison)


def test_the_legend_stands_where_there_are_intervals(pair: tuple[Path, Path]) -> None:
    comparison = compare_runs(*pair)
    assert "[95 % intervals] from 1,000 resamples of the sequences, the same for both." in table_text(comparison)


def table_text(comparison: Comparison) -> str:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(compare_table(comparison))
    return console.export_text()


# Hostile replicates


def as_npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    good = {
        "cells": np.array(["clear"]),
        "names": np.array(["AP", "AP50", "AP_small", RECALL]),
        "sequences": np.full(4, SEQUENCES),
        "values": np.zeros((1, 4, REPLICATES), np.float32),
    }
    np.savez(buffer, **(good | arrays))
    return buffer.getvalue()


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("the pickle was run",))


HOSTILE = {
    "pickle in the archive": as_npz(values=np.array([Bomb()], object)),
    "pickle in its place": pickle.dumps(Bomb()),
    "nothing": b"",
    "text": b"hello",
    "truncated": as_npz()[:-100],
    "a member without end": as_npz()[:200],
    "too few numbers": as_npz(values=np.zeros((1, 3, REPLICATES), np.float32)),
    "too many cells": as_npz(values=np.zeros((2, 4, REPLICATES), np.float32)),
    "flat": as_npz(values=np.zeros(4, np.float32)),
    "other units": as_npz(sequences=np.full(3, SEQUENCES)),
    "text for values": as_npz(values=np.full((1, 4, REPLICATES), "0.5")),
    "no replicate": as_npz(values=np.zeros((1, 4, 0), np.float32)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_replicates_are_refused_in_one_line(tmp_path: Path, base: Scores, name: str) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1))
    b = write_run(tmp_path / "b", base, {"clear": 0.5})
    (b / "replicates.npz").write_bytes(HOSTILE[name])
    assert refusal(a, b).startswith(f"{b / 'replicates.npz'}: ")


def test_an_archive_of_something_else_is_refused(tmp_path: Path, base: Scores) -> None:
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1))
    with zipfile.ZipFile(a / "replicates.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refusal(a, a).startswith(f"{a / 'replicates.npz'}: unreadable replicates (")


def test_replicates_of_other_numbers_or_cells_are_left_alone(tmp_path: Path, base: Scores) -> None:
    """A file that says nothing of AP, or of fog:1, gives no interval for it."""
    a = write_run(tmp_path / "a", base, {"clear": 0.5}, resampled=noise(1))
    names = np.array(["AP75", "AP50", "AP_small", RECALL])
    b = write_run(tmp_path / "b", base, {"clear": 0.4}, resampled=noise(1), arrays={"names": names})
    comparison = compare_runs(a, b)
    assert (comparison.difference("AP").interval, comparison.difference("AP").p) == (None, None)
    assert comparison.difference("AP50").interval is not None
