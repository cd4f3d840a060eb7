"""Predictions that others made on rendered copies give the scores of a benchmark."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import msgspec
import polars as pl
import pytest
from blobs import blobs

import wutdet
from wutdet.benchmark.copies import score_copies
from wutdet.dataset.frame_source import DatasetFrames
from wutdet.errors import ConfigError, DataError, WutdetError
from wutdet.rendering import render
from wutdet.scenarios import PIXELS, Ambient, Camera, CameraEntry, Cameras, SeverityTable, known_severities
from wutdet.scoring.compare import compare_runs
from wutdet.scoring.measure import Settings

SCENARIOS = "clear,fog:1,fog:3,rain:2,fog:2+lowlight:3"
SETTINGS = Settings(replicates=40, ignore_below=0.02)


@pytest.fixture(scope="module")
def part(tiny_part):
    return tiny_part.split("test")


@pytest.fixture(scope="module")
def copies(part, tmp_path_factory):
    out = tmp_path_factory.mktemp("copies") / "foggy"
    render(DatasetFrames(part), SCENARIOS, out, seed=3, workers=1)
    return out


@pytest.fixture(scope="module")
def predictions(copies, tmp_path_factory):
    """What a model that knows nothing of wutdet finds in the picture files, its worst boxes first."""
    folder = tmp_path_factory.mktemp("predictions") / "stranger"
    folder.mkdir()
    for scenario in ("clear", "fog_1", "fog_3", "rain_2", "fog_2+lowlight_3"):
        entries = []
        for path in sorted((copies / scenario / "images").iterdir(), reverse=True):
            [found] = blobs([cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)])
            rows = list(zip(found.xyxy.tolist(), found.scores.tolist(), strict=True))
            entries += [
                {"image_id": path.stem, "category_id": 8, "bbox": [x0, y0, x1 - x0, y1 - y0], "score": score}
                for (x0, y0, x1, y1), score in sorted(rows, key=lambda row: row[1])
            ]
        (folder / f"{scenario}.json").write_text(json.dumps(entries))
    return folder


@pytest.fixture(scope="module")
def benchmarked(part, tmp_path_factory):
    return wutdet.benchmark(
        blobs, part, out=tmp_path_factory.mktemp("run") / "r", scenarios=SCENARIOS, seed=3, scoring=SETTINGS
    )


def test_every_number_is_that_of_a_benchmark(copies, predictions, benchmarked, tmp_path):
    found = score_copies(copies, predictions, SETTINGS, detector="stranger", out=tmp_path / "s")
    ours, theirs = found.scores, benchmarked.scores
    assert found.notes == ()
    assert ours.cells[0].ships.all > 10
    assert ours.cells == theirs.cells
    assert ours.robustness == theirs.robustness
    assert ours.dataset == theirs.dataset
    assert ours.weather == theirs.weather
    assert list(ours.weather.sha256) == SCENARIOS.split(",")[1:]
    assert ours.detector.name == "stranger"
    same = compare_runs(benchmarked.out, tmp_path / "s")
    assert {cell.difference for cell in same.cells} <= {0.0, None}


def test_copies_of_other_cameras_or_ambient_do_not_compare(part, benchmarked, predictions, tmp_path):
    """A camera of no frame decides nothing, and clear weather needs none."""
    absent = {"absent": CameraEntry(Camera(40.0))}
    rendered = {
        "same": {"cameras": Cameras(CameraEntry(Camera(15, 60)), absent), "ambient": Ambient(wind_m_s=5)},
        "high": {"cameras": Cameras(CameraEntry(Camera(40, 60)))},
        "banks": {"ambient": Ambient(fog_banks=0.3)},
    }
    for name, options in rendered.items():
        render(DatasetFrames(part), "clear,fog:3", tmp_path / name, seed=3, workers=1, **options)
        score_copies(tmp_path / name, predictions, SETTINGS, out=tmp_path / f"{name}-scores")
    same = compare_runs(benchmarked.out, tmp_path / "same-scores")
    assert {cell.scenario for cell in same.cells} == {"clear", "fog:3"}
    for name in ("high", "banks"):
        with pytest.raises(DataError, match="as fog:3 was rendered in two ways; render both with"):
            compare_runs(benchmarked.out, tmp_path / f"{name}-scores")
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "clear.json").write_bytes((predictions / "clear.json").read_bytes())
    score_copies(tmp_path / "high", alone, SETTINGS, out=tmp_path / "clear-scores")
    assert {cell.difference for cell in compare_runs(benchmarked.out, tmp_path / "clear-scores").cells} == {0.0}


def test_copies_of_an_older_renderer_do_not_compare_in_weather(part, benchmarked, predictions, tmp_path):
    """The plan of the copies tells, whatever wutdet scores them; one that tells nothing is the oldest."""
    render(DatasetFrames(part), "fog:3", tmp_path / "c", seed=3, workers=1)
    plan = json.loads((tmp_path / "c" / "plan.json").read_text())
    assert plan.pop("scenario_pixels") == PIXELS > 1
    (tmp_path / "c" / "plan.json").write_text(json.dumps(plan))
    score_copies(tmp_path / "c", predictions, SETTINGS, out=tmp_path / "old")
    with pytest.raises(DataError, match="as fog:3 was rendered in two ways; render both with the same wutdet"):
        compare_runs(benchmarked.out, tmp_path / "old")


def test_values_that_a_text_rounds_away_are_other_severities(part, predictions, tmp_path):
    table = known_severities()
    fog = msgspec.structs.replace(table.kinds["fog"], severities=(4000.4, 2000.4, 1000.4), text="MOR {value:.0f} m")
    own = SeverityTable({**table.kinds, "fog": fog})
    rounded = SeverityTable({**table.kinds, "fog": msgspec.structs.replace(fog, severities=(4000.0, 2000.0, 1000.0))})
    render(DatasetFrames(part), "fog:3", tmp_path / "c", workers=1, severities=own)
    said = "fog:3 is {'fog': 1000.4} in these copies, not {'fog': 1000.0}"
    with pytest.raises(ConfigError, match=said):
        score_copies(tmp_path / "c", predictions, Settings(level=None, severities=rounded))
    found = score_copies(tmp_path / "c", predictions, Settings(level=None, severities=own)).scores
    again = wutdet.benchmark(blobs, part, out=tmp_path / "r", scenarios="fog:3", severities=rounded).scores
    assert found.cells[0].value == again.cell("fog:3").value == "MOR 1000 m"
    assert found.weather.sha256["fog:3"] != again.weather.sha256["fog:3"]


def test_scenarios_that_were_not_predicted_are_left_out_and_said(copies, predictions, tmp_path):
    some = tmp_path / "some"
    (some / "fog_3").mkdir(parents=True)
    (some / "fog_3" / "predictions.json").write_bytes((predictions / "fog_3.json").read_bytes())
    found = score_copies(copies, some, Settings(level=None))
    assert [cell.name for cell in found.scores.cells] == ["fog:3"]
    assert "fog:1 is left out: no fog_1.json" in found.notes
    assert found.notes[-1] == "without clear weather there is nothing to say what the weather leaves"
    with pytest.raises(DataError, match=r"no predictions here; call them clear.json"):
        score_copies(copies, copies, SETTINGS)


def test_of_copies_of_everything_the_test_split_is_scored(tiny_part, tmp_path):
    render(DatasetFrames(tiny_part), "clear", tmp_path / "c", workers=1)
    names = tiny_part.images.select("image_id", "splits").rows()
    entries = [{"image_id": key, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.5} for key, _ in names]
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "clear.json").write_text(json.dumps(entries))
    tested = sum("test" in splits for _, splits in names)
    found = score_copies(tmp_path / "c", tmp_path / "p", Settings(level=None))
    assert (found.scores.dataset.split, found.scores.dataset.images) == ("test", tested)
    assert found.notes == (
        f"clear: left out {len(names) - tested} of {len(names)} detections, which are outside the split",
    )
    whole = score_copies(tmp_path / "c", tmp_path / "p", Settings(level=None), split="all")
    assert (whole.scores.dataset.images, whole.scores.dataset.sha256) == (len(names), tiny_part.sha256)


def test_what_does_not_fit_is_one_line(part, copies, predictions, tmp_path):
    faint, own, bare = tmp_path / "faint", tmp_path / "own", tmp_path / "bare"
    render(DatasetFrames(part), "fog:3", faint, workers=1, ignore_below=0.02)
    for folder, said in ((faint, "crowds in these copies already; render without"), (tmp_path, "no rendered copies")):
        with pytest.raises(WutdetError, match=said):
            score_copies(folder, predictions, SETTINGS)
    plan = json.loads((copies / "plan.json").read_text())
    plan["scenarios"][2]["text"] = "MOR 900 m"
    own.mkdir()
    (own / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(ConfigError, match="fog:3 is MOR 900 m in these copies, not MOR 1000 m"):
        score_copies(own, predictions, SETTINGS)
    bare.mkdir()
    (bare / "plan.json").write_bytes((copies / "plan.json").read_bytes()[:200])
    with pytest.raises(DataError, match="unreadable plan"):
        score_copies(bare, predictions, SETTINGS)


def test_a_rendering_that_is_not_finished_is_refused(copies, predictions, tmp_path):
    import shutil

    cut = shutil.copytree(copies, tmp_path / "cut")
    records = sorted((cut / ".records").glob("*.msgpack"))
    frames = msgspec.msgpack.decode(records[-1].read_bytes())
    records[-1].write_bytes(msgspec.msgpack.encode(frames[:-1]))
    with pytest.raises(DataError, match="is not finished, or its labels were changed"):
        score_copies(cut, predictions, SETTINGS)
    records[-1].write_bytes(b"\x00")
    with pytest.raises(DataError, match="damaged record"):
        score_copies(cut, predictions, SETTINGS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda boxes: [box | {"bbox": [*box["bbox"][:2], 1, 1]} for box in boxes], ": its labels were changed; give"),
        (lambda boxes: [box | {"area": box["area"] + 1} for box in boxes], ": its labels were changed; give"),
        (lambda boxes: boxes[1:], r": its labels were changed: \d+\.png has \d+ ships, and had \d+; give the render"),
    ],
)
def test_labels_that_were_edited_are_refused(copies, predictions, tmp_path, change, said):
    import shutil

    edited = shutil.copytree(copies, tmp_path / "edited")
    [path] = (edited / "clear/annotations").glob("*.json")
    labels = json.loads(path.read_text())
    path.write_text(json.dumps(labels | {"annotations": change(labels["annotations"])}))
    with pytest.raises(DataError, match=said) as caught:
        score_copies(edited, predictions, SETTINGS)
    assert "\n" not in str(caught.value)


def test_copies_that_leave_a_bad_frame_out_are_scored_and_their_ships_counted(part, predictions, tmp_path):
    import dataclasses
    import shutil

    shutil.copytree(part.image_dir, tmp_path / "images")
    (tmp_path / "images" / part[1].name).write_bytes(b"no image")
    some = dataclasses.replace(part, image_dir=tmp_path / "images")
    render(DatasetFrames(some), "clear", tmp_path / "c", workers=1, on_error="skip")
    (tmp_path / "p").mkdir()
    good = [
        item
        for item in json.loads((predictions / "clear.json").read_text())
        if item["image_id"] != Path(part[1].name).stem
    ]
    (tmp_path / "p/clear.json").write_text(json.dumps(good))
    found = score_copies(tmp_path / "c", tmp_path / "p", Settings(level=None)).scores
    assert found.cells[0].images == len(part) - 1
    [path] = (tmp_path / "c/clear/annotations").glob("*.json")
    labels = json.loads(path.read_text())
    path.write_text(json.dumps(labels | {"annotations": labels["annotations"][1:]}))
    with pytest.raises(DataError, match="ships, and had"):
        score_copies(tmp_path / "c", tmp_path / "p", Settings(level=None))


def test_records_of_an_older_wutdet_have_no_horizon(copies, predictions, tmp_path):
    import shutil

    old = shutil.copytree(copies, tmp_path / "old")
    for path in (old / ".records").glob("*.msgpack"):
        frames = msgspec.msgpack.decode(path.read_bytes())
        path.write_bytes(msgspec.msgpack.encode([frame[:-1] for frame in frames]))
    found = score_copies(old, predictions, Settings(level=None))
    assert any("neither given nor found" in line for line in found.scores.cells[0].warnings)
    assert (
        found.scores.cells[0].AP_small
        == score_copies(copies, predictions, Settings(level=None)).scores.cells[0].AP_small
    )


def test_the_verb_prints_the_table_of_a_benchmark(copies, predictions, tmp_path, capsys, monkeypatch):
    from wutdet.cli.app import app

    with pytest.raises(SystemExit) as left:
        app(["score", str(copies), str(predictions), "--interval", "0", "--out", str(tmp_path / "s")])
    told = capsys.readouterr()
    assert left.value.code == 0
    assert all(name in told.out for name in ("clear", "fog:1", "fog:3", "rain:2", "fog:2+lowlight:3"))
    assert "scored the split 'test'" in told.err
    scores = json.loads((tmp_path / "s" / "scores.json").read_text())
    assert [cell["name"] for cell in scores["cells"]] == SCENARIOS.split(",")
    assert scores["detector"]["name"] == "stranger"
    assert pl.DataFrame(scores["cells"])["images"].n_unique() == 1


def test_predictions_that_are_no_folder_are_one_line(copies, tmp_path, monkeypatch, capsys):
    from wutdet.cli.app import main

    monkeypatch.setattr("sys.argv", ["wutdet", "score", str(copies), str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith(
        f"wutdet: {tmp_path / 'nowhere'}: no such folder; give one with a results"
    )
