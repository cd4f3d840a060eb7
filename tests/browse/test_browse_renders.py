"""Frames under a scenario as media: the pixels that the detector saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from wutdet.benchmark.plan import read_plan
from wutdet.benchmark.rerender import rerender
from wutdet.benchmark.run import Run
from wutdet.browse import render_for_browsing, to_fiftyone
from wutdet.dataset import Dataset
from wutdet.errors import ConfigError
from wutdet.scenarios import apply


def test_renders_are_what_the_detector_saw(fo: Any, tiny_part: Dataset, weather_run: Run, tmp_path: Path) -> None:
    done: list[int] = []
    wanted = "fog:3,fog:1+rain:2,clear"
    folders = render_for_browsing(
        tiny_part, wanted, tmp_path / "r", run=weather_run.out, workers=1, advance=done.append
    )
    assert list(folders) == ["fog:3", "fog:1+rain:2"]
    made = to_fiftyone(tiny_part, "rendered run", run=weather_run.out, renders=folders, persistent=False)
    assert made.app_config.media_fields == ["filepath", "fog_3_path", "fog_1_rain_2_path"]
    frames = tiny_part.split("train")
    assert sum(done) == 2 * len(frames)
    for place in (0, 7):
        sample = made.skip(place).first()
        views = rerender(read_plan(weather_run.out), frames, place, ["fog:3", "fog:1+rain:2"])
        for path, view in zip((sample.fog_3_path, sample.fog_1_rain_2_path), views, strict=True):
            assert np.array_equal(cv2.imread(path)[:, :, ::-1], view.image)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "r").rglob("*.png")}
    more = render_for_browsing(tiny_part, "glare:3,fog:3", tmp_path / "r", run=weather_run.out, workers=1)
    assert set(more) == {"glare:3", "fog:3"}
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())  # what is there is kept


def test_without_a_run_the_weather_is_nominal(part: Dataset, tmp_path: Path) -> None:
    folders = render_for_browsing(part, "rain:3", tmp_path, workers=1)
    frame = part[3]
    shown = cv2.imread(str(folders["rain:3"] / "0000060.png"))[:, :, ::-1]
    assert np.array_equal(shown, apply(frame.image, "rain:3", key=frame.name, boxes=frame.boxes).image)


def test_a_scenario_that_was_not_run(tiny_part: Dataset, weather_run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--renders: the run has no fog:2; choose from: fog:1, fog:3, glare:3"):
        render_for_browsing(tiny_part, "fog:2", tmp_path, run=weather_run.out)


def test_a_frame_without_its_render_falls_back(fo: Any, part: Dataset, tmp_path: Path) -> None:
    (tmp_path / "0000020.png").touch()
    made = to_fiftyone(part, "half rendered", renders={"fog:3": tmp_path}, persistent=False)
    assert made.values("fog_3_path") == [None, str(tmp_path / "0000020.png"), None, None]
    assert made.app_config.media_fallback
