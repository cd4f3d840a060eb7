"""Weather as albumentations transforms, on albumentations 2.0.8 and on AlbumentationsX alike."""

import json
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.errors import ConfigError, DataError, ScenarioError
from wutdet.scenarios import Horizon, apply, prepare
from wutdet.scenarios.draws import RANGE_RULES, checked_range, draw_value

A = pytest.importorskip("albumentations", reason="WEATHER TRANSFORMS NOT TESTED: pip install 'wutdet[augment]'")
from wutdet.scenarios.transforms import Fog, Glare, LowLight, Rain  # noqa: E402  # needs albumentations

WIDTH, HEIGHT, ROW = 320, 180, 60
BOXES = np.array([[41.0, 55.0, 82.0, 75.0], [199.0, 59.0, 212.0, 65.0]])
ALL = (Fog, Rain, Glare, LowLight)


def frame(seed: int = 0) -> np.ndarray:
    """Sky over sea with two dark ships, a little texture."""
    picture = np.full((HEIGHT, WIDTH, 3), (150, 165, 180), np.uint8)
    picture[ROW:] = (60, 90, 100)
    for xmin, ymin, xmax, ymax in BOXES.astype(int):
        picture[ymin:ymax, xmin:xmax] = (30, 30, 30)
    noise = np.random.default_rng(seed).integers(0, 8, picture.shape, dtype=np.uint8)
    return picture + noise


def bbox_params(coord_format: str, **settings):
    """Under either name of the format."""
    try:
        return A.BboxParams(coord_format=coord_format, label_fields=["labels"], **settings)
    except TypeError:
        return A.BboxParams(format=coord_format, label_fields=["labels"], **settings)


def in_format(coord_format: str) -> np.ndarray:
    xmin, ymin, xmax, ymax = BOXES.T
    size = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])
    centres = np.stack([(xmin + xmax) / 2, (ymin + ymax) / 2, xmax - xmin, ymax - ymin], axis=1)
    return {
        "pascal_voc": BOXES,
        "coco": np.stack([xmin, ymin, xmax - xmin, ymax - ymin], axis=1),
        "yolo": centres / size,
        "albumentations": BOXES / size,
    }[coord_format]


@pytest.mark.parametrize("coord_format", ["pascal_voc", "coco", "yolo", "albumentations"])
def test_boxes_of_every_format_reach_the_renderer_and_come_back_unchanged(coord_format):
    """With the value, the key, the horizon and the ships given, the pixels are those of `wutdet.scenarios.apply`."""
    compose = A.Compose([Fog(mor_m_range=(1000, 1000), p=1.0)], bbox_params=bbox_params(coord_format))
    given_boxes = in_format(coord_format)
    out = compose(image=frame(), bboxes=given_boxes, labels=["a", "b"], horizon=ROW, key="0000020.jpg")
    expected = apply(frame(), "fog:3", key="0000020.jpg", boxes=BOXES, horizon=ROW).image
    without = apply(frame(), "fog:3", key="0000020.jpg", horizon=ROW).image
    assert np.array_equal(out["image"], expected)  # though boxes pass through float32
    assert np.count_nonzero(out["image"] != without) > 400
    assert np.allclose(out["bboxes"], given_boxes, atol=1e-6 * WIDTH)
    assert list(out["labels"]) == ["a", "b"]
    assert (out["horizon"], out["key"]) == (ROW, "0000020.jpg")


@pytest.mark.parametrize(
    ("transform", "scenario"),
    [
        (Fog(mor_m_range=(500, 500), p=1.0), "fog:4"),
        (Rain(rate_mm_h_range=(25, 25), p=1.0), "rain:3"),
        (Glare(percent_range=(5, 5), p=1.0), "glare:3"),
        (LowLight(ev_range=(-3, -3), p=1.0), "lowlight:3"),
    ],
)
def test_a_fixed_value_and_a_key_give_the_pixels_of_the_benchmark(transform, scenario):
    out = A.Compose([transform])(image=frame(), horizon=(ROW, ROW + 3), key="a.jpg")
    assert np.array_equal(out["image"], apply(frame(), scenario, key="a.jpg", horizon=Horizon(ROW, ROW + 3)).image)


def test_the_camera_is_the_renderers_camera():
    near = A.Compose([Fog(mor_m_range=(500, 500), camera_height_m=5.0, p=1.0)])
    far = A.Compose([Fog(mor_m_range=(500, 500), camera_height_m=40.0, p=1.0)])
    darker, lighter = (made(image=frame(), horizon=ROW)["image"][ROW + 40 :].mean() for made in (near, far))
    assert lighter > darker + 5  # from 40 m up the same row is eight times as far away


def test_a_seeded_compose_repeats_itself_and_draws_anew_at_every_call():
    def pictures():
        compose = A.Compose([make(p=0.7) for make in ALL], seed=7)
        return [compose(image=frame(), horizon=ROW)["image"] for _ in range(4)]

    first, again = pictures(), pictures()
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({picture.tobytes() for picture in first}) == 4
    other = A.Compose([make(p=0.7) for make in ALL], seed=8)(image=frame(), horizon=ROW)["image"]
    assert not np.array_equal(other, first[0])


def test_a_key_fixes_the_drops_but_not_the_amount():
    compose = A.Compose([LowLight(ev_range=(-4, -1), p=1.0)], seed=3)
    one, two = (compose(image=frame(), key="a")["image"] for _ in range(2))
    assert not np.array_equal(one, two)
    fixed = A.Compose([LowLight(ev_range=(-2, -2), p=1.0)], seed=3)
    assert np.array_equal(fixed(image=frame(), key="a")["image"], fixed(image=frame(), key="a")["image"])
    assert not np.array_equal(fixed(image=frame())["image"], fixed(image=frame())["image"])


def test_a_key_does_not_shift_what_is_drawn_later():
    def second(**facts):
        compose = A.Compose([LowLight(p=1.0)], seed=5)
        compose(image=frame(), **facts)
        return compose(image=frame(), horizon=ROW)["image"]

    assert np.array_equal(second(), second(key="a.jpg"))


def test_p_is_the_share_of_frames_that_change():
    """400 frames at p = 0.3: 120 are expected, with a standard deviation of 9."""
    compose = A.Compose([LowLight(ev_range=(-3, -3), p=0.3)], seed=1)
    small = frame()[::4, ::4].copy()
    changed = sum(not np.array_equal(compose(image=small)["image"], small) for _ in range(400))
    assert 93 <= changed <= 147


@pytest.mark.parametrize(("p", "changes"), [(0.0, False), (1.0, True)])
def test_p_of_0_and_1_is_never_and_always(p, changes):
    compose = A.Compose([Fog(p=p)], seed=0)
    assert all(np.array_equal(compose(image=frame())["image"], frame()) != changes for _ in range(5))


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("data_format", ["json", "yaml"])
def test_a_pipeline_survives_being_saved(make, data_format, tmp_path):
    parameter = RANGE_RULES[make.kind].parameter
    bounds = {"fog": (700, 900), "rain": (3, 4), "glare": (1, 2), "lowlight": (-2, -1.5)}[make.kind]
    pipeline = A.Compose([make(**{parameter: bounds}, camera_height_m=8.0, hfov_deg=40.0, p=0.4)], seed=11)
    kept = A.to_dict(pipeline)
    json.dumps(kept)
    A.save(pipeline, tmp_path / "pipeline", data_format=data_format)
    loaded = A.load(tmp_path / "pipeline", data_format=data_format)
    for restored in (A.from_dict(kept), loaded):
        (transform,) = restored.transforms
        assert type(transform) is make
        assert getattr(transform, parameter) == bounds
        assert (transform.camera_height_m, transform.hfov_deg, transform.p) == (8.0, 40.0, 0.4)
        restored.set_random_seed(11)
        pipeline.set_random_seed(11)
        for _ in range(3):
            assert np.array_equal(restored(image=frame())["image"], pipeline(image=frame())["image"])


def test_a_pipeline_can_be_sent_to_a_worker():
    pipeline = A.Compose([Fog(p=1.0), Rain(p=1.0)], seed=2)
    sent = pickle.loads(pickle.dumps(pipeline))
    assert np.array_equal(sent(image=frame(), horizon=ROW)["image"], pipeline(image=frame(), horizon=ROW)["image"])


def test_what_was_drawn_can_be_stored_and_replayed():
    """As JSON, which knows lists and numbers alone."""
    compose = A.ReplayCompose([Fog(p=1.0), Rain(p=1.0)], bbox_params=bbox_params("pascal_voc"))
    facts = {"image": frame(), "bboxes": BOXES, "labels": [1, 1], "horizon": (ROW, ROW + 1)}
    out = compose(**facts)
    stored = json.loads(json.dumps(out["replay"]))
    assert np.array_equal(A.ReplayCompose.replay(stored, **facts)["image"], out["image"])


def test_a_strict_compose_accepts_the_facts_and_nobody_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compose = A.Compose([Fog(p=1.0)], bbox_params=bbox_params("pascal_voc"), strict=True)
        compose(image=frame(), bboxes=BOXES, labels=[1, 1], horizon=ROW, key="a")
    with pytest.raises(ValueError, match="horizn"):
        compose(image=frame(), bboxes=BOXES, labels=[1, 1], horizn=ROW)


def test_one_of_draws_one():
    compose = A.Compose(
        [A.OneOf([Fog(mor_m_range=(500, 500), p=1.0), LowLight(ev_range=(-3, -3), p=1.0)], p=1.0)], seed=0
    )
    means = [compose(image=frame(), horizon=ROW, key="a")["image"].mean() for _ in range(20)]
    assert {round(mean) for mean in means} == {
        round(apply(frame(), name, key="a", horizon=ROW).image.mean()) for name in ("fog:4", "lowlight:3")
    }


def test_boxes_that_are_dropped_afterwards_were_ships():
    """`min_area=200` drops the second box (78 px²) from the result, not from the weather."""
    kept_all, kept_large = (
        A.Compose([Fog(mor_m_range=(500, 500), p=1.0)], bbox_params=bbox_params("pascal_voc", min_area=area))(
            image=frame(), bboxes=BOXES, labels=[1, 1], horizon=ROW, key="a"
        )
        for area in (0.0, 200.0)
    )
    assert (len(kept_all["bboxes"]), len(kept_large["bboxes"])) == (2, 1)
    assert np.array_equal(kept_all["image"], kept_large["image"])


def test_no_boxes_no_horizon_no_key_is_enough():
    compose = A.Compose([Fog(mor_m_range=(1000, 1000), p=1.0)], bbox_params=bbox_params("coco"))
    out = compose(image=frame(), bboxes=np.zeros((0, 4)), labels=[])["image"]
    assert np.array_equal(out, prepare(frame(), key="any").render("fog:3").image)


def test_the_transform_leaves_its_input_alone():
    picture = frame()
    A.Compose([make(p=1.0) for make in ALL], seed=0)(image=picture)
    assert np.array_equal(picture, frame())


@pytest.mark.parametrize(
    ("bounds", "says"),
    [
        ((4000, 500), "upside down; write"),
        ((0, 500), "stay within"),
        ((-5, 500), "stay within"),
        ((500, 1e9), "stay within"),
        ((500, float("nan")), "give two numbers"),
        ((500, float("inf")), "give two numbers"),
        (1000, "give two numbers"),
        ("ab", "give two numbers"),
        ((1, 2, 3), "give two numbers"),
        ((True, 500), "give two numbers"),
        (None, "give two numbers"),
        (("1", "2"), "give two numbers"),
    ],
)
def test_a_wrong_range_is_one_line_that_names_the_parameter(bounds, says):
    with pytest.raises(ScenarioError, match=says) as caught:
        Fog(mor_m_range=bounds)
    assert "mor_m_range" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("rain", 0.0, 5.0), ("rain", 1.0, 5000.0), ("glare", 1.0, 101.0), ("lowlight", -3.0, 0.0), ("lowlight", 1.0, 2.0)],
)
def test_weather_that_cannot_occur_is_refused(kind, low, high):
    with pytest.raises(ScenarioError, match=RANGE_RULES[kind].parameter):
        checked_range(kind, (low, high))


def test_a_wrong_probability_or_camera_is_one_line():
    for wrong in (1.5, -0.1, float("nan"), "0.5", True, None):
        with pytest.raises(ConfigError, match="Fog: p is"):
            Fog(p=wrong)
    for wrong in (0.0, -3.0, float("nan"), "15", None):
        with pytest.raises(ConfigError, match="camera height"):
            Fog(camera_height_m=wrong)
    with pytest.raises(ConfigError, match="field of view"):
        Rain(hfov_deg=180.0)


def test_a_wrong_fact_of_a_frame_is_one_line():
    compose = A.Compose([Fog(p=1.0)])
    with pytest.raises(DataError, match="is no horizon"):
        compose(image=frame(), horizon=(1, 2, 3))
    with pytest.raises(DataError, match="is no horizon"):
        compose(image=frame(), horizon="middle")
    with pytest.raises(DataError, match="horizon"):
        compose(image=frame(), horizon=float("nan"))
    with pytest.raises(DataError, match="uint8"):
        compose(image=frame().astype(np.float32) / 255)
    with pytest.raises(DataError, match="bbox_params"):
        Fog(p=1.0)(image=frame(), bboxes=BOXES)


def test_every_doubling_is_as_likely_as_another():
    """Half of 500 to 4000 m lies below √(500 · 4000) = 1414 m; half of −4 to −1 EV below −2.5."""
    assert draw_value("fog", (500.0, 4000.0), 0.5) == pytest.approx(1414.21, abs=0.01)
    assert draw_value("rain", (2.5, 10.0), 0.5) == pytest.approx(5.0)
    assert draw_value("glare", (1.0, 16.0), 0.75) == pytest.approx(8.0)
    assert draw_value("lowlight", (-4.0, -1.0), 0.5) == -2.5


@given(st.sampled_from(sorted(RANGE_RULES)), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_a_drawn_value_lies_in_its_range_and_can_be_rendered(kind, one, two, share):
    rule = RANGE_RULES[kind]
    low, high = sorted(rule.least + part * (rule.most - rule.least) for part in (one, two))
    bounds = checked_range(kind, (low, high))
    value = draw_value(kind, bounds, share)
    assert bounds[0] <= value <= bounds[1]
    assert draw_value(kind, (high, high), share) == high
    assert draw_value(kind, bounds, 0.0) == pytest.approx(low)


@pytest.mark.parametrize("kind", sorted(RANGE_RULES))
def test_the_bounds_of_every_kind_render(kind):
    scene = prepare(frame()[::2, ::2].copy(), key="a", horizon=ROW / 2)
    for value in (RANGE_RULES[kind].least, RANGE_RULES[kind].most):
        assert scene.render_values({kind: value}).image.shape == (HEIGHT // 2, WIDTH // 2, 3)


def test_the_package_offers_them_without_importing_albumentations():
    code = (
        "import sys, wutdet, wutdet.scenarios as s\n"
        "assert not {'albumentations', 'torch', 'polars'} & set(sys.modules), 'heavy'\n"
        "assert {'Fog', 'Rain', 'Glare', 'LowLight'} <= set(dir(s))\n"
        "from wutdet.scenarios.transforms import Fog\n"
        "assert s.Fog is Fog and 'albumentations' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
