"""Conditions of frames: rendered weather is recognised, and frames one after the other are tagged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pytest

from wutdet.errors import DataError, FrameError
from wutdet.scenarios import prepare
from wutdet.scenarios.condition_tags import tag_frames
from wutdet.scenarios.conditions import Condition, classify

ROW = 250.0


@cache
def seascape() -> np.ndarray:
    """A pale sky over dark, rough water with two hulls, 1280x720: clear to any eye."""
    rng = np.random.default_rng(7)
    image = np.empty((720, 1280, 3), np.float32)
    image[:250] = np.array([190.0, 205.0, 220.0])
    image[250:] = np.array([45.0, 80.0, 90.0])
    waves = cv2.GaussianBlur(rng.normal(0.0, 60.0, (470, 1280)).astype(np.float32), (0, 0), 2.0)
    image[250:] += waves[:, :, None]
    image[235:252, 300:360] = 40.0
    image[225:254, 900:960] = 30.0
    return np.clip(image, 0, 255).astype(np.uint8)


@cache
def guessed(scenario: str) -> Condition:
    scene = prepare(seascape(), key="sea", horizon=ROW)
    return classify(scene.render(scenario).image, ROW)


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        ("clear", "clear"),
        ("fog:2", "fog"),
        ("fog:4", "fog"),
        ("fog:5", "fog"),
        ("glare:3", "glare"),
        ("glare:5", "glare"),
        ("lowlight:3", "dark"),
        ("lowlight:5", "dark"),
        ("fog:4+lowlight:4", "dark"),
    ],
)
def test_rendered_weather_is_recognised(scenario: str, name: str):
    assert guessed(scenario).name == name


def test_violent_rain_leaves_streaks_and_passes_for_fog_where_they_are_few():
    """Its veil is as thick as fog's; the streaks of this frame stand in less than every eighth of its sky."""
    assert guessed("clear").features.streaks == 1.0
    assert guessed("rain:5").features.streaks > 1.1
    assert guessed("rain:5").name in ("rain", "fog")


def test_many_streaks_are_rain_even_in_a_veil():
    image = prepare(seascape(), key="sea", horizon=ROW).render("fog:4").image.astype(np.int16)
    image += np.random.default_rng(2).normal(0.0, 8.0, (1, 1280, 1)).astype(np.int16)
    assert classify(np.clip(image, 0, 255).astype(np.uint8), ROW).name == "rain"


@pytest.mark.parametrize(("kind", "condition"), [("fog", "fog"), ("lowlight", "dark"), ("glare", "glare")])
def test_scores_do_not_fall_as_the_weather_gets_worse(kind: str, condition: str):
    scores = [guessed("clear").scores[condition], *(guessed(f"{kind}:{s}").scores[condition] for s in range(1, 6))]
    assert scores == sorted(scores)
    assert scores[0] < 0.35
    assert scores[-1] > 0.9


def test_the_score_of_a_clear_frame_is_one_less_the_largest_of_the_others():
    found = guessed("clear")
    assert found.score == pytest.approx(1.0 - max(found.scores.values()))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_what_is_no_rgb_image_is_refused(image: np.ndarray):
    with pytest.raises(DataError, match="the image is"):
        classify(image)


@pytest.mark.parametrize("row", [float("nan"), float("inf")])
def test_a_row_that_is_nowhere_is_refused(row: float):
    with pytest.raises(DataError, match="horizon row"):
        classify(np.zeros((4, 4, 3), np.uint8), row)


def test_a_frame_of_one_pixel_has_a_condition():
    assert classify(np.zeros((1, 1, 3), np.uint8)).name == "dark"


@dataclass(frozen=True)
class Bad:
    name: str = "bad.jpg"
    horizon_row: float | None = None

    @property
    def image(self) -> np.ndarray:
        raise FrameError("truncated image", where=self.name, remedy="restore the file")


@dataclass(frozen=True)
class Good:
    name: str
    image: np.ndarray
    horizon_row: float | None = None


def test_frames_are_tagged_in_order_with_their_own_row():
    foggy = prepare(seascape(), key="sea", horizon=ROW).render("fog:4").image
    tags = list(tag_frames([Good("b.jpg", seascape(), ROW), Good("a.jpg", foggy, ROW)]))
    assert [(tag.name, tag.condition.name) for tag in tags] == [("b.jpg", "clear"), ("a.jpg", "fog")]
    assert tags[0].condition.features.horizon_row == ROW


def test_a_bad_frame_stops_or_is_told_and_left_out():
    frames = [Bad(), Good("a.jpg", seascape(), ROW)]
    with pytest.raises(FrameError, match="truncated"):
        list(tag_frames(frames))
    told: list[FrameError] = []
    assert [tag.name for tag in tag_frames(frames, on_bad=told.append)] == ["a.jpg"]
    assert [error.where for error in told] == ["bad.jpg"]
