"""A run in FiftyOne: its verdicts are those of its scores, its evaluations real ones, one patch for each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from wutdet.benchmark.run import Run
from wutdet.benchmark.store import Store
from wutdet.browse import to_fiftyone
from wutdet.browse.evidence import evidence_of_run
from wutdet.browse.labels import NO_SHIP
from wutdet.dataset import Dataset
from wutdet.errors import ConfigError, DataError
from wutdet.scoring.glint import raised_by_glint

KEYS = {"clear": "eval_clear", "fog:1": "eval_fog_1", "fog:3": "eval_fog_3", "glare:3": "eval_glare_3"}
KEYS |= {"fog:1+rain:2": "eval_fog_1_rain_2"}


@pytest.fixture(scope="module")
def browsed(fo: Any, tiny_part: Dataset, weather_run: Run) -> Any:
    return to_fiftyone(tiny_part, "browsed", run=weather_run.out, persistent=False)


def _counts(shown: Any, key: str) -> tuple[int, int, int]:
    return tuple(int(shown.sum(f"{key}_{word}")) for word in ("tp", "fp", "fn"))


def test_the_frames_of_the_run_are_shown(browsed: Any, tiny_part: Dataset, weather_run: Run) -> None:
    assert browsed.values("image_id") == tiny_part.split("train").images["image_id"].to_list()
    assert browsed.info["run"] == str(weather_run.out)
    assert browsed.info["detector"] == "Lookout"


@pytest.mark.parametrize("scenario", KEYS)
def test_counts_are_those_of_the_scores(browsed: Any, weather_run: Run, scenario: str) -> None:
    tp, fp, fn = _counts(browsed, KEYS[scenario])
    cell = weather_run.scores.cell(scenario)
    point = "fppi=0.1,iou=0.5" if scenario == "clear" else "clear_fppi=0.1,iou=0.5"
    assert tp + fn == cell.ships.all > 0
    assert tp / (tp + fn) == cell.operating[f"recall@{point}"]
    if scenario != "clear":
        assert fp / len(browsed) == cell.operating[f"fppi@{point}"]


@pytest.mark.parametrize("scenario", KEYS)
def test_labels_and_frames_agree_with_the_counts(browsed: Any, scenario: str) -> None:
    key, field = KEYS[scenario], "predictions_" + KEYS[scenario].removeprefix("eval_")
    tp, fp, fn = _counts(browsed, key)
    of_found = browsed.count_values(f"{field}.detections.{key}")
    of_true = browsed.count_values(f"ground_truth.detections.{key}")
    assert (of_found.get("tp", 0), of_found.get("fp", 0)) == (tp, fp)
    assert (of_true.get("tp", 0), of_true.get("fn", 0)) == (tp, fn)
    for sample in browsed:
        own = Counter(ship[key] for ship in sample.ground_truth.detections)
        assert (own["tp"], own["fn"]) == (sample[f"{key}_tp"], sample[f"{key}_fn"])


def test_some_of_everything_was_seen(browsed: Any) -> None:
    """Else the tests here would pass with nothing to test."""
    totals = np.array([_counts(browsed, key) for key in KEYS.values()])
    assert (totals.sum(axis=0) > 0).all()
    assert browsed.count_values("predictions_clear.detections.eval_clear")[None] > 0  # below the threshold


@pytest.mark.parametrize("scenario", KEYS)
def test_each_verdict_is_one_patch(browsed: Any, scenario: str) -> None:
    key = KEYS[scenario]
    tp, fp, fn = _counts(browsed, key)
    patches = browsed.to_evaluation_patches(key)
    assert len(patches) == tp + fp + fn
    assert patches.count_values("type") == {w: n for w, n in zip(("tp", "fp", "fn"), (tp, fp, fn), strict=True) if n}


def test_matches_point_at_each_other_and_state_their_iou(browsed: Any) -> None:
    matched = 0
    for sample in browsed:
        found = {label.id: label for label in sample.predictions_clear.detections}
        for ship in sample.ground_truth.detections:
            if ship.eval_clear == "fn":
                assert (ship.eval_clear_id, ship.eval_clear_iou) == ("", None)
                continue
            by = found[ship.eval_clear_id]
            assert (by.eval_clear, by.eval_clear_id) == ("tp", ship.id)
            a, b = np.array(ship.bounding_box), np.array(by.bounding_box)
            low, high = np.maximum(a[:2], b[:2]), np.minimum(a[:2] + a[2:], b[:2] + b[2:])
            common = np.prod(np.maximum(high - low, 0))
            iou = common / (a[2:].prod() + b[2:].prod() - common)
            assert ship.eval_clear_iou == by.eval_clear_iou == pytest.approx(iou)
            matched += 1
    assert matched == _counts(browsed, "eval_clear")[0] > 0


def test_detections_below_the_threshold_are_shown_and_not_judged(browsed: Any, weather_run: Run) -> None:
    threshold = weather_run.scores.cell("clear").operating["threshold@fppi=0.1,iou=0.5"]
    for label in (label for sample in browsed for label in sample.predictions_clear.detections):
        assert (label.eval_clear is None) == (label.confidence < threshold)
        assert label.confidence >= 0.05
        assert label.eval_clear != "fp" or label.eval_clear_id == ""
        assert label.eval_clear is not None or label.eval_clear_id == NO_SHIP


def test_evaluations_are_registered(browsed: Any, weather_run: Run) -> None:
    assert browsed.list_evaluations() == sorted(KEYS.values())
    info = browsed.get_evaluation_info("eval_fog_3")
    config = info.config
    assert (config.pred_field, config.gt_field, config.iou) == ("predictions_fog_3", "ground_truth", 0.5)
    assert (config.type, config.method, config.scenario) == ("detection", "wutdet", "fog:3")
    assert config.min_score == weather_run.scores.cell("clear").operating["threshold@fppi=0.1,iou=0.5"]
    assert config.threshold == "0.1 false alarms per image in clear"
    assert f"from score {config.min_score:g}" in browsed.info["verdicts"]
    tp, fp, fn = _counts(browsed, "eval_clear")
    metrics = browsed.load_evaluation_results("eval_clear", cache=False).metrics()
    assert metrics["recall"] == tp / (tp + fn)
    assert metrics["precision"] == tp / (tp + fp)


def test_an_evaluation_can_be_deleted_with_its_fields(fo: Any, tiny_part: Dataset, weather_run: Run) -> None:
    made = to_fiftyone(tiny_part, "deleting", run=weather_run.out, persistent=False)
    made.delete_evaluation("eval_fog_3")
    assert "eval_fog_3_tp" not in made.get_field_schema()
    assert made.get_field("ground_truth.detections.eval_fog_3") is None
    with pytest.raises(NotImplementedError):
        made.get_evaluation_info("eval_clear").config.build().evaluate(made.first())


def test_what_the_weather_left_is_told_of_every_ship(browsed: Any, tiny_part: Dataset, weather_run: Run) -> None:
    frames = tiny_part.split("train")
    evidence = evidence_of_run(weather_run.out, frames, min_score=None, shown_from=0.05)
    for cell in evidence.cells:
        suffix = KEYS[cell.scenario].removeprefix("eval_")
        for what, values in (("transmittance", cell.transmittance), ("contrast", cell.contrast)):
            shown = [v for row in browsed.values(f"ground_truth.detections.{what}_{suffix}") for v in row]
            assert shown == values.tolist()
    fog = {v for row in browsed.values("ground_truth.detections.transmittance_fog_3") for v in row}
    assert set(browsed.distinct("ground_truth.detections.transmittance_clear")) == {1.0}
    assert 0 < max(fog) < 1


def test_min_score_is_the_callers(fo: Any, tiny_part: Dataset, weather_run: Run) -> None:
    made = to_fiftyone(tiny_part, "own score", run=weather_run.out, min_score=0.02, persistent=False)
    assert None not in made.count_values("predictions_clear.detections.eval_clear")
    assert min(made.bounds("predictions_clear.detections.confidence")) < 0.2
    assert made.get_evaluation_info("eval_clear").config.min_score == 0.02
    assert made.info["verdicts"] == "at IoU 0.5 from score 0.02: as given"
    with pytest.raises(ConfigError, match=r"min_score: 1.5 is no confidence"):
        to_fiftyone(tiny_part, "no score", run=weather_run.out, min_score=1.5)


def test_ignored_ships_are_neither(fo: Any, tiny_part: Dataset, weather_run: Run, tmp_path: Path) -> None:
    """Ships that the scores ignore, as with --ignore-below, and a crowd."""
    folder = tmp_path / "run"
    folder.symlink_to(weather_run.out)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("plan.json", "shards", "detections"):
        (copy / name).symlink_to(weather_run.out / name)
    stored = json.loads((weather_run.out / "scores.json").read_text())
    stored["scoring"]["ignore_below"] = 0.02
    (copy / "scores.json").write_text(json.dumps(stored))
    made = to_fiftyone(tiny_part, "ignoring", run=copy, persistent=False)
    faint = made.values("ground_truth.detections.contrast_fog_3", unwind=True)
    assert made.count_values("ground_truth.detections.eval_fog_3")["ignored"] == sum(c < 0.02 for c in faint) > 0
    assert "ignored" not in made.count_values("ground_truth.detections.eval_clear")
    tp, fp, fn = _counts(made, "eval_fog_3")
    patches = made.load_evaluation_view("eval_fog_3").to_evaluation_patches("eval_fog_3")
    assert len(patches) == tp + fp + fn
    with_ignored = made.to_evaluation_patches("eval_fog_3").count_values("type")
    assert with_ignored.pop("ignored") == sum(c < 0.02 for c in faint)
    assert sum(with_ignored.values()) == tp + fp + fn


def test_a_crowd_is_neither_found_nor_missed(fo: Any, part: Dataset, found: Callable[..., Any]) -> None:
    crowded = replace(part, boxes=part.boxes.with_columns(iscrowd=pl.col("area_px2") == 2560))
    clear = {0: found((4, 8, 12, 20, 0.9), (0, 0, 30, 30, 0.8), (30, 5, 60, 38, 0.7), (40, 41, 63, 47, 0.6))}
    made = to_fiftyone(crowded, "crowded", detections={"clear": clear}, min_score=0.5, persistent=False)
    ships = made.first().ground_truth.detections
    assert [(ship.iscrowd, ship.eval_clear) for ship in ships] == [(False, "tp"), (True, "ignored")]
    labels = made.first().predictions_clear.detections
    assert [label.eval_clear for label in labels] == ["tp", "ignored", "ignored", "fp"]
    assert labels[1].eval_clear_id == ships[1].id
    assert len(made.load_evaluation_view("eval_clear").to_evaluation_patches("eval_clear")) == 2


def test_given_detections_are_judged_where_they_were_made(fo: Any, part: Dataset, found: Callable[..., Any]) -> None:
    clear = {0: found((4, 8, 12, 20, 0.9), (40, 41, 63, 47, 0.3)), 40: found()}
    fog = {0: found((4, 8, 12, 20, 0.95), (4, 8, 12, 20, 0.2))}
    made = to_fiftyone(part, "given", detections={"fog:3": fog, "clear": clear}, persistent=False)
    # two frames allow no false alarm: the threshold is the score of the ship
    assert made.get_evaluation_info("eval_fog_3").config.min_score == 0.9
    assert made.values("eval_clear_fn") == [1, None, 0, None]
    assert _counts(made, "eval_fog_3") == (1, 0, 1)
    view = made.load_evaluation_view("eval_clear")
    assert view.values("image_id") == [0, 40]
    assert len(view.to_evaluation_patches("eval_clear")) == 2


def test_without_any_good_score_nothing_is_judged_right(fo: Any, part: Dataset, found: Callable[..., Any]) -> None:
    made = to_fiftyone(part, "bad", detections={"clear": {0: found((40, 41, 63, 47, 0.3))}}, persistent=False)
    assert _counts(made, "eval_clear") == (0, 0, 2)
    assert made.get_evaluation_info("eval_clear").config.min_score is None
    assert "from score none" in made.info["verdicts"]


def test_a_run_of_other_frames_is_refused(fo: Any, part: Dataset, weather_run: Run, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has not the frames of the run"):
        to_fiftyone(part, "other", run=weather_run.out)
    with pytest.raises(DataError, match="no benchmark run here"):
        to_fiftyone(part, "other", run=tmp_path)
    with pytest.raises(ConfigError, match="run and detections: are given both"):
        to_fiftyone(part, "other", run=weather_run.out, detections={})
    (tmp_path / "plan.json").write_bytes((weather_run.out / "plan.json").read_bytes())
    with pytest.raises(DataError, match="no scores here"):
        to_fiftyone(part, "other", run=tmp_path)
    (tmp_path / "scores.json").write_bytes((weather_run.out / "scores.json").read_bytes())
    assert not fo.dataset_exists("other")


def test_a_run_without_its_shards_says_so(fo: Any, tiny_part: Dataset, weather_run: Run, tmp_path: Path) -> None:
    for name in ("plan.json", "scores.json"):
        (tmp_path / name).write_bytes((weather_run.out / name).read_bytes())
    with pytest.raises(DataError, match="keeps no detections; run the benchmark again"):
        to_fiftyone(tiny_part, "shardless", run=tmp_path)


def test_saved_views_hold_what_they_say(browsed: Any, tiny_part: Dataset, weather_run: Run) -> None:
    for scenario, key in KEYS.items():
        view = browsed.load_saved_view(f"missed in {scenario}")
        assert view.count("ground_truth.detections") == _counts(browsed, key)[2]
        assert set(view.distinct(f"ground_truth.detections.{key}")) <= {"fn"}
        assert len(view) == browsed.match(fo_field(f"{key}_fn") > 0).count()
    for scenario in ("fog:1", "fog:3", "fog:1+rain:2"):
        view = browsed.load_saved_view(f"lost in {scenario}, found in clear")
        ships = [ship for row in view.values("ground_truth.detections") for ship in row]
        assert {(ship.eval_clear, ship[KEYS[scenario]]) for ship in ships} <= {("tp", "fn")}
        both = [s for row in browsed.values("ground_truth.detections") for s in row]
        assert len(ships) == sum((s.eval_clear, s[KEYS[scenario]]) == ("tp", "fn") for s in both)
    assert not [n for n in browsed.list_saved_views() if "lost in glare" in n or "lost in clear" in n]


def fo_field(name: str) -> Any:
    import fiftyone

    return fiftyone.ViewField(name)


def test_lowest_contrast_is_a_tenth_and_faintest_first(browsed: Any) -> None:
    values = np.array(browsed.values("ground_truth.detections.contrast_clear", unwind=True))
    view = browsed.load_saved_view("lowest contrast")
    rows = view.values("ground_truth.detections.contrast_clear")
    shown = [value for row in rows for value in row]
    assert sorted(shown) == sorted(values[values <= np.quantile(values, 0.1)])
    assert 0 < len(shown) <= len(values) / 5
    assert [min(row) for row in rows] == sorted(min(row) for row in rows)


def test_alarms_on_glint_are_the_rules(browsed: Any, tiny_part: Dataset, weather_run: Run) -> None:
    view = browsed.load_saved_view("false alarms on glint in glare:3")
    shown = view.count("predictions_glare_3.detections")
    assert 0 < shown < _counts(browsed, "eval_glare_3")[1]
    assert view.distinct("predictions_glare_3.detections.eval_glare_3") == ["fp"]
    horizon = {frame.image_id: max(frame.horizon_px) for frame in Store(weather_run.out).frames(2)}
    lowest = {frame.image_id: min(frame.horizon_px) for frame in Store(weather_run.out).frames(2)}
    assert max(horizon[one] - lowest[one] for one in horizon) < 1  # level, so that one row stands for the line
    threshold = browsed.info["min_score"]
    clear = {s.image_id: s.predictions_clear.detections for s in browsed}
    for sample in view:
        for alarm in sample.predictions_glare_3.detections:
            x, y, w, h = alarm.bounding_box
            assert (y + h) * 180 > lowest[sample.image_id] - 0.01
            for other in clear[sample.image_id]:
                a, b, c, d = other.bounding_box
                apart = x + w <= a + 1e-9 or a + c <= x + 1e-9 or y + h <= b + 1e-9 or b + d <= y + 1e-9
                assert apart or other.confidence < threshold


def test_the_glint_rule(found: Callable[..., Any]) -> None:
    from wutdet.metrics import FoundBoxes

    def columns(*rows: tuple[int, float, float, float, float]) -> FoundBoxes:
        table = np.array([row[1:] for row in rows], float).reshape(-1, 4)
        return FoundBoxes(np.array([row[0] for row in rows], np.int64), table, np.ones(len(rows)))

    alarms = columns((1, 10, 60, 5, 5), (1, 10, 10, 5, 5), (2, 10, 60, 5, 5), (1, 90, 44, 4, 4), (1, 2, 44, 4, 4))
    raised = raised_by_glint(alarms, columns((2, 12, 62, 9, 9)), {1: (40.0, 50.0), 2: (40.0, 40.0)}, {1: 100, 2: 100})
    assert raised.tolist() == [True, False, False, False, True]


def test_the_app_is_dressed(browsed: Any) -> None:
    config = browsed.app_config
    assert config.active_fields.paths == ["ground_truth", "predictions_clear"]
    groups = {group.name: list(group.paths) for group in config.sidebar_groups}
    assert list(groups) == ["tags", "ground truth", "clear", "fog", "glare", "combined", "facts", "metadata"]
    assert groups["fog"][:2] == ["predictions_fog_1", "predictions_fog_3"]
    assert "eval_fog_3_fn" in groups["fog"]
    assert groups["ground truth"] == ["ground_truth"]
    known = set(browsed.get_field_schema(flat=True)) | {"_label_tags"}
    assert not [path for paths in groups.values() for path in paths if path not in known]
    colours = {field["path"]: field for field in config.color_scheme.fields}
    right = {item["value"]: item["color"] for item in colours["predictions_fog_3"]["valueColors"]}
    assert colours["predictions_fog_3"]["colorByAttribute"] == "eval_fog_3"
    assert set(right) == {"tp", "fp", "ignored"}
    assert len(set(right.values())) == 3
    assert colours["ground_truth"]["colorByAttribute"] == "eval_clear"
    assert not set(right.values()) & set(config.color_scheme.color_pool)  # nothing else looks right or wrong


@pytest.mark.realdata
def test_real_frames_are_judged_as_they_are_scored(fo: Any, realdata: Path, tmp_path: Path) -> None:
    from blobs import blobs

    import wutdet
    from wutdet.scoring.measure import Settings

    real = wutdet.load(realdata)
    some = replace(real.filter(pl.col("image_id").is_in(real.images["image_id"].to_list()[:3])), split_name="all")
    run = wutdet.benchmark(blobs, some, out=tmp_path / "run", scenarios="fog:3", scoring=Settings(level=None))
    made = to_fiftyone(some, "real run", run=run.out, persistent=False)
    for scenario in ("clear", "fog:3"):
        tp, fp, fn = _counts(made, KEYS[scenario])
        assert tp + fn == run.scores.cell(scenario).ships.all > 0
        assert len(made.to_evaluation_patches(KEYS[scenario])) == tp + fp + fn
        point = "fppi=0.1,iou=0.5" if scenario == "clear" else "clear_fppi=0.1,iou=0.5"
        assert tp / (tp + fn) == run.scores.cell(scenario).operating[f"recall@{point}"]
