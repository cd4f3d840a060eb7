"""The leaderboard: which runs stand in which table, in which order, with which numbers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import msgspec
import pytest
from leaderboard_runs import RECORDED, ROOT, record, three
from rich.console import Console

from wutdet.errors import ConfigError, DataError
from wutdet.report.leaderboard import read_leaderboard
from wutdet.report.leaderboard_table import leaderboard_table
from wutdet.scoring.scores import WeatherInfo, read_scores, write_scores


@pytest.fixture
def baselines(tmp_path) -> Path:
    """Three of them."""
    return three(tmp_path)


def order(folder: Path, sort: str = "AP_small") -> list[str]:
    [ranking] = read_leaderboard(folder, sort).rankings
    return [row.baseline for row in ranking.rows]


def printed(folder: Path, sort: str = "AP_small") -> str:
    console = Console(width=100, file=io.StringIO(), markup=False)
    console.print(leaderboard_table(read_leaderboard(folder, sort)))
    return console.file.getvalue()


def test_any_number_in_any_scenario_ranks(baselines):
    assert order(baselines) == ["strong", "steady", "blind"]
    assert order(baselines, "AP_small@fog:3") == ["steady", "strong", "blind"]  # unknown last
    assert order(baselines, "AP") == ["blind", "steady", "strong"]  # equal: by name
    [ranking] = read_leaderboard(baselines, "errors.missed.count").rankings
    assert ranking.rows[0].numbers["errors.missed.count"].mean is not None


def test_fewer_false_alarms_are_better(tmp_path):
    number = "false_alarm_frames_per_1000@fppi=1,iou=0.3"
    for name, alarms in (("loud", 600.0), ("quiet", 100.0)):
        folder = record(tmp_path / name, clear=0.5)
        scores = read_scores(folder)
        cells = [msgspec.structs.replace(cell, operating=cell.operating | {number: alarms}) for cell in scores.cells]
        write_scores(folder, msgspec.structs.replace(scores, cells=cells))
    assert order(tmp_path, f"{number}@fog:3") == ["quiet", "loud"]


def test_what_no_scores_have_is_refused_with_the_nearest(baselines):
    with pytest.raises(ConfigError, match="no number 'AP_smal'; did you mean AP_small"):
        read_leaderboard(baselines, "AP_smal")
    with pytest.raises(ConfigError, match=r"no scenario 'fog:4'; did you mean fog:3"):
        read_leaderboard(baselines, "AP_small@fog:4")
    with pytest.raises(ConfigError, match="names no number"):
        read_leaderboard(baselines, "")


def test_means_over_all_weather_rank_too(baselines):
    [ranking] = read_leaderboard(baselines, "rPC.AP_small").rankings
    recorded = next(item for item in RECORDED.robustness if item.metric == "AP_small")
    assert ranking.rows[0].numbers["rPC.AP_small"].mean == recorded.rPC
    with pytest.raises(ConfigError, match=r"did you mean rPC\.AP"):
        read_leaderboard(baselines, "rPC.AR")


def test_seeds_are_summarised_with_their_spread(tmp_path):
    for seed, value in ((0, 0.2), (1, 0.3), (2, 0.4), (10, 0.5)):
        record(tmp_path / "many" / f"seed-{seed}", clear=value, fog_3=0.1 if seed else None)
    record(tmp_path / "one", clear=0.3)
    many, one = read_leaderboard(tmp_path).rankings[0].rows
    assert many.runs == ["seed-0", "seed-1", "seed-2", "seed-10"]
    spread = many.numbers["AP_small"]
    assert spread.values == [0.2, 0.3, 0.4, 0.5]
    assert (spread.mean, spread.std) == (pytest.approx(0.35), pytest.approx(0.1290994))
    assert spread.interval is None
    assert many.numbers["AP_small@fog:3"].mean is None  # unknown in one of the runs
    assert (one.runs, one.numbers["AP_small"].std, one.numbers["AP_small"].interval) == (["."], None, (0.1, 0.9))
    text = printed(tmp_path)
    assert "0.350±0.129" in text
    assert "± standard deviation over runs" in text


def test_other_frames_stand_in_another_table(baselines):
    record(baselines / "elsewhere", data="b" * 64, clear=0.9)
    rankings = read_leaderboard(baselines).rankings
    assert [[row.baseline for row in ranking.rows] for ranking in rankings] == [
        ["strong", "steady", "blind"],
        ["elsewhere"],
    ]


def test_what_does_not_fit_is_refused(baselines, tmp_path):
    record(baselines / "mixed" / "seed-1", clear=0.5)
    record(baselines / "mixed" / "seed-2", clear=0.5, data="b" * 64)
    with pytest.raises(DataError, match="mixed: its runs were measured on different frames"):
        read_leaderboard(baselines)
    record(baselines / "mixed" / "seed-2", clear=0.5, fog_value="MOR 500 m")
    with pytest.raises(
        DataError, match=r"seed-2: the units of fog:3 differ: MOR 500 m and MOR 1000 m \(here and in .*/blind\)"
    ):
        read_leaderboard(baselines)
    record(baselines / "mixed" / "seed-2", clear=0.5)
    (baselines / "mixed" / "seed-2" / "manifest.json").write_text(json.dumps({"weights_sha256": "c" * 64}))
    with pytest.raises(DataError, match="manifest and scores are of different weights"):
        read_leaderboard(baselines)
    (baselines / "mixed" / "seed-2" / "manifest.json").unlink()
    (baselines / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: no scores\.json here"):
        read_leaderboard(baselines)
    with pytest.raises(DataError, match="no baselines here"):
        read_leaderboard(tmp_path / "nowhere")


def test_other_cameras_other_frames_left_out_and_other_networks_are_not_ranked_together(baselines):
    """Each of them `compare` refuses too."""
    scores = read_scores(baselines / "strong")
    write_scores(baselines / "strong", msgspec.structs.replace(scores, weather=None))  # an older wutdet's
    assert len(read_leaderboard(baselines).rankings) == 1
    other = WeatherInfo(seed=0, sha256={"fog:3": "b" * 64})
    write_scores(baselines / "strong", msgspec.structs.replace(scores, weather=other))
    with pytest.raises(DataError, match=r"strong: fog:3 was rendered in two ways \(here and in .*/blind\)"):
        read_leaderboard(baselines)
    write_scores(baselines / "strong", msgspec.structs.replace(scores, skipped=["a.jpg: cut short"]))
    rankings = read_leaderboard(baselines).rankings
    assert sorted([row.baseline for row in ranking.rows] for ranking in rankings) == [["steady", "blind"], ["strong"]]
    for seed in ("seed-1", "seed-2"):
        (baselines / "strong" / seed).mkdir()
    write_scores(baselines / "strong" / "seed-1", scores)
    (baselines / "strong" / "scores.json").unlink()
    smaller = msgspec.structs.replace(scores.detector, parameters=99)
    write_scores(baselines / "strong" / "seed-2", msgspec.structs.replace(scores, detector=smaller))
    with pytest.raises(DataError, match="strong: its runs are of different networks or input sizes"):
        read_leaderboard(baselines)


def test_the_table_fits_100_columns(baselines):
    record(baselines / "a-baseline-with-quite-a-long-name" / "seed-1", clear=0.5, fog_3=0.1, rain_3=0.1)
    record(baselines / "a-baseline-with-quite-a-long-name" / "seed-2", clear=0.5, fog_3=0.1, rain_3=0.1)
    (baselines / "published.yaml").write_bytes((ROOT / "baselines" / "published.yaml").read_bytes())
    text = printed(baselines, "recall@clear_fppi=0.1,iou=0.3@fog:3")
    assert "…" not in text
    assert "0.500±0.000" in text
    assert "arXiv 2604.07759" in text
