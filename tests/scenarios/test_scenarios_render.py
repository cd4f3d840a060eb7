from __future__ import annotations

import math
import subprocess
import sys
from hashlib import blake2b
from itertools import pairwise

import cv2
import numpy as np
import pytest

from wutdet.errors import ConfigError, DataError, ScenarioError
from wutdet.scenarios import Ambient, Camera, Horizon, apply, parse_scenarios, prepare
from wutdet.scenarios.keyed import generator
from wutdet.scenarios.light import Layer, recolour

ALL = "clear,fog:1-5,rain:1-5,glare:1-5,lowlight:1-5,fog:2+lowlight:3,glare:3+fog:1"
BOXES = [[300.0, 150, 320, 170], [100.0, 110, 104, 113]]

# blake2b of the pixels: a change here changes every published number, so it needs a reason, and another PIXELS
GOLDEN: dict[str, str] = {
    "clear": "cfc05922ec84c409",
    "fog:1": "edfba8617b5844a8",
    "fog:2": "dde4501d779c0c88",
    "fog:3": "d4beee10e87aaf67",
    "fog:4": "9ac83b1d21da8591",
    "fog:5": "ef1067633e704a92",
    "rain:1": "4ba10831a9eec9ff",
    "rain:2": "daa38b55e4013be6",
    "rain:3": "264f7b01ca97b1c3",
    "rain:4": "cbc6f27754619ead",
    "rain:5": "7f0db381fb4c6da0",
    "glare:1": "1c1f216f501fff92",
    "glare:2": "c9af5120357511db",
    "glare:3": "933a42830b1a3cec",
    "glare:4": "2fd2e6b103bdd266",
    "glare:5": "1e2b372f6612b145",
    "lowlight:1": "076b7a1a60e43fae",
    "lowlight:2": "881737ded0e3b33c",
    "lowlight:3": "0254218d71fe3ea3",
    "lowlight:4": "0247492bebc956f7",
    "lowlight:5": "65324cf12ce6a49c",
    "fog:2+lowlight:3": "ba6bdac145e64706",
    "glare:3+fog:1": "aff177fb2fdcb875",
}


def synthetic() -> np.ndarray:
    y, x = np.mgrid[0:270, 0:480]
    image = np.stack([60 + x // 16, 80 + y // 8, 100 + (x + y) // 16], axis=2).astype(np.uint8)
    image[:100] = (150, 165, 180)
    image[150:170, 300:320] = (200, 60, 40)
    return image


def digest(image: np.ndarray) -> str:
    return blake2b(np.ascontiguousarray(image).tobytes(), digest_size=8).hexdigest()


def digests(order: int = 1) -> dict[str, str]:
    scene = prepare(synthetic(), key="0000020", boxes=BOXES, horizon=Horizon(98.0, 102.0), camera=Camera(hfov_deg=15.0))
    scenarios = parse_scenarios(ALL)[::order]
    return {str(s): digest(scene.render(s).image) for s in scenarios}


def test_golden_pixels() -> None:
    got = digests()
    changed = {name: value for name, value in got.items() if GOLDEN.get(name) != value}
    assert not changed
    assert set(got) == set(GOLDEN)


def test_order_and_process_do_not_matter() -> None:
    here = digests()
    assert digests(order=-1) == here
    for name in ("rain:3", "glare:2", "lowlight:4"):
        alone = apply(
            synthetic(), name, key="0000020", boxes=BOXES, horizon=Horizon(98.0, 102.0), camera=Camera(hfov_deg=15.0)
        )
        assert digest(alone.image) == here[name]
    script = "import sys; sys.path.insert(0, sys.argv[1]); import test_scenarios_render as t; print(t.digests(-1))"
    folder = __file__.rsplit("/", 1)[0]
    done = subprocess.run(
        [sys.executable, "-c", script, folder],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == str(dict(reversed(here.items())))


def test_threads_do_not_matter() -> None:
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = digests()
        cv2.setNumThreads(4)
        assert digests() == one
    finally:
        cv2.setNumThreads(before)


@pytest.mark.parametrize("name", ["rain:3", "glare:3", "lowlight:3"])
def test_another_key_or_seed_gives_other_pixels(name: str) -> None:
    image, camera = synthetic(), Camera(hfov_deg=15.0)  # as sharp as 1080p: drops are wider than a pixel
    one = apply(image, name, key="a", horizon=100.0, camera=camera).image
    assert not np.array_equal(one, apply(image, name, key="b", horizon=100.0, camera=camera).image)
    assert not np.array_equal(one, apply(image, name, key="a", seed=1, horizon=100.0, camera=camera).image)


def test_the_generator_depends_on_all_three_parts() -> None:
    draws = {generator(k, n, s).integers(1 << 60) for k in ("a", "b") for n in ("rain", "fog") for s in (0, 1)}
    assert len(draws) == 8
    assert generator("a", "rain", 0).integers(1 << 60) == generator("a", "rain").integers(1 << 60)


def test_clear_is_the_identity_and_nothing_is_modified() -> None:
    image = synthetic()
    kept = image.copy()
    scene = prepare(image, key="a", boxes=BOXES)
    clear = scene.render("clear")
    assert np.array_equal(clear.image, kept)
    assert not np.shares_memory(clear.image, image)
    for scenario in parse_scenarios(ALL):
        rendered = scene.render(scenario)
        assert rendered.image.dtype == np.uint8
        assert rendered.image.shape == image.shape
        assert rendered.transmittance.shape == rendered.contrast.shape == (2,)
    assert np.array_equal(image, kept)
    assert image.flags.writeable


def test_red_stays_red_in_every_scenario() -> None:
    image = np.full((270, 480, 3), (40, 40, 200), np.uint8)
    image[:, :240] = (200, 40, 40)
    scene = prepare(image, key="a", horizon=100.0)
    for name in ("fog:2", "rain:2", "lowlight:2"):
        near = scene.render(name).image[230:].astype(float)
        assert near[:, :240, 0].mean() > near[:, :240, 2].mean() + 10, name
        assert near[:, 240:, 2].mean() > near[:, 240:, 0].mean() + 10, name


def test_contrast_is_a_difference_in_linear_light() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 50:80] = 188  # half of white in linear light
    rendered = apply(
        image, "clear", key="a", horizon=20.0, boxes=[[50, 40, 80, 60], [0, 0, 200, 100], [500, 0, 510, 9]]
    )
    assert rendered.contrast[0] == pytest.approx(0.5, abs=0.005)
    assert np.isnan(rendered.contrast[1:]).all()


@pytest.mark.parametrize("horizon", [-50.0, 0.0, 269.0, 270.0, 400.0])
def test_a_horizon_outside_or_at_the_edge_renders(horizon: float) -> None:
    scene = prepare(synthetic(), key="a", boxes=BOXES, horizon=horizon)
    for scenario in parse_scenarios("fog:3,rain:3,glare:3,lowlight:3"):
        assert scene.render(scenario).image.shape == (270, 480, 3)
    if horizon >= 270.0:
        assert np.array_equal(scene.render("glare:5").image, scene.image)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 3, 3), (33, 47, 3), (65, 129, 3)])
def test_small_frames_render(shape: tuple[int, int, int]) -> None:
    scene = prepare(np.full(shape, 90, np.uint8), key="a", boxes=[[0, 0, 1, 1]])
    assert scene.horizon_source == "fallback"
    for scenario in parse_scenarios(ALL):
        assert scene.render(scenario).image.shape == shape


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_a_wrong_image_is_refused(image: np.ndarray) -> None:
    with pytest.raises(DataError, match="uint8 RGB"):
        prepare(image, key="a")


def test_wrong_boxes_and_scenarios_are_refused() -> None:
    with pytest.raises(DataError, match="boxes"):
        prepare(synthetic(), key="a", boxes=[[1, 2, 3]])
    with pytest.raises(DataError, match="boxes"):
        prepare(synthetic(), key="a", boxes=[[1, 2, 3, float("nan")]])
    with pytest.raises(ScenarioError, match="'frog'"):
        apply(synthetic(), "frog:3", key="a")


def test_the_fallback_is_the_middle_or_the_highest_foot() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 320, 3), np.uint8)
    assert prepare(noise, key="a").horizon.row_left == 100.0
    scene = prepare(noise, key="a", boxes=[[10, 50, 20, 80]])
    assert (scene.horizon_source, scene.horizon.row_right, scene.horizon.confidence) == ("fallback", 80.0, 0.0)


def test_severities_grow_in_strength() -> None:
    scene = prepare(synthetic(), key="a", horizon=100.0)
    brightness = [scene.render(s).image.mean() for s in parse_scenarios("clear,lowlight:1-5")]
    assert all(a > b for a, b in pairwise(brightness))


def test_an_opencv_without_wide_tables_gives_the_same_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    here = digests()
    monkeypatch.setattr("wutdet.scenarios.light._WIDE_LUT", False)
    assert digests() == here


def test_a_scenario_is_its_values_in_units() -> None:
    image = np.random.default_rng(0).integers(0, 256, (96, 160, 3), np.uint8)
    scene = prepare(image, key="a", horizon=40)
    by_name = scene.render("fog:2+lowlight:3")
    by_value = scene.render_values({"lowlight": -3.0, "fog": 2000.0})
    assert np.array_equal(by_name.image, by_value.image)
    assert not np.array_equal(by_name.image, scene.render_values({"fog": 2000.0, "lowlight": -2.9}).image)


@pytest.mark.parametrize(
    ("kind", "value"), [("fog", 0.0), ("fog", -5.0), ("lowlight", 1.0), ("rain", math.nan), ("haze", 3.0)]
)
def test_values_that_are_no_weather_are_refused(kind: str, value: float) -> None:
    scene = prepare(np.zeros((64, 64, 3), np.uint8), key="a", horizon=20)
    with pytest.raises(ScenarioError):
        scene.render_values({kind: value})


@pytest.mark.parametrize("field", ["wind_m_s", "exposure_s", "fog_banks", "colour_shift", "sun_elevation_deg"])
@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_circumstances_that_cannot_be_are_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        Ambient(**{field: value})


@pytest.mark.parametrize("share", [0.0, 0.01, 0.14, 0.16, 1.0])
def test_few_or_many_touched_pixels_are_looked_up_alike(share: float) -> None:
    rng = np.random.default_rng(int(1000 * share))
    image = rng.integers(0, 256, (130, 70, 3), np.uint8)
    plane = (rng.integers(1, 256, (130, 70)) * (rng.random((130, 70)) < share)).astype(np.uint8)
    tables = rng.integers(0, 256, (3, 256, 256), np.uint8)
    tables[:, 0] = np.arange(256)
    expected = np.stack([tables[c][plane, image[:, :, c]] for c in range(3)], axis=2)
    assert np.array_equal(recolour(image, [Layer.even(plane, tables)]), expected)
    tables[1, 0, 7] = 8  # level 0 is no longer nothing: every pixel counts
    expected = np.stack([tables[c][plane, image[:, :, c]] for c in range(3)], axis=2)
    assert np.array_equal(recolour(image, [Layer.even(plane, tables)]), expected)
