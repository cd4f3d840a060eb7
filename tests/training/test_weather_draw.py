"""Which weather a training frame gets: shares, ranges, and the same draw for anyone."""

from __future__ import annotations

import math
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.errors import ConfigError, ScenarioError
from wutdet.scenarios import Camera
from wutdet.training import load_baseline, parse_overrides
from wutdet.training.overrides import apply_overrides
from wutdet.training.weather import FogRange, GlareRange, LowLightRange, RainRange, WeatherAugmentation, draw_key

ALL = WeatherAugmentation(
    p=0.6,
    fog=FogRange(mor_m_range=(500.0, 4000.0), weight=3.0),
    rain=RainRange(rate_mm_h_range=(2.5, 40.0)),
    glare=GlareRange(percent_range=(0.5, 8.0)),
    lowlight=LowLightRange(ev_range=(-4.0, -1.0)),
)


def test_kinds_come_as_often_as_their_weights_say() -> None:
    draws = [ALL.draw(f"{n}.jpg", n % 7) for n in range(6000)]
    kinds = Counter(kind for values in draws for kind in values)
    assert all(len(values) <= 1 for values in draws)
    assert sum(kinds.values()) / 6000 == pytest.approx(0.6, abs=4 * math.sqrt(0.24 / 6000))
    for kind, share in {"fog": 0.5, "rain": 1 / 6, "glare": 1 / 6, "lowlight": 1 / 6}.items():
        assert kinds[kind] / sum(kinds.values()) == pytest.approx(share, abs=0.03)


def test_every_doubling_is_as_likely_as_another() -> None:
    drawn = [v["fog"] for n in range(6000) if "fog" in (v := ALL.draw(f"{n}.jpg", 0))]
    assert min(drawn) >= 500.0
    assert max(drawn) <= 4000.0
    halves = Counter(int(math.log2(mor_m / 500.0)) for mor_m in drawn)
    assert [halves[place] / len(drawn) for place in range(3)] == pytest.approx([1 / 3] * 3, abs=0.05)
    stops = [v["lowlight"] for n in range(6000) if "lowlight" in (v := ALL.draw(f"{n}.jpg", 0))]
    assert sum(stops) / len(stops) == pytest.approx(-2.5, abs=0.15)


@settings(max_examples=50)
@given(name=st.text(max_size=20), epoch=st.integers(0, 10_000), seed=st.integers(0, 2**31))
def test_a_draw_depends_on_name_epoch_and_seed_alone(name: str, epoch: int, seed: int) -> None:
    again = msgspec.convert(msgspec.to_builtins(ALL), WeatherAugmentation)
    assert ALL.draw(name, epoch, seed) == again.draw(name, epoch, seed)
    never, always = (msgspec.structs.replace(ALL, p=p) for p in (0.0, 1.0))
    assert never.draw(name, epoch, seed) == {}
    assert len(always.draw(name, epoch, seed)) == 1


def test_epochs_seeds_and_frames_differ() -> None:
    fog = WeatherAugmentation(p=1.0, fog=FogRange())
    drawn = [fog.draw(n, e, s)["fog"] for n in ("a", "b") for e in (0, 1) for s in (0, 1)]
    assert len(set(drawn)) == 8
    assert draw_key("a", 1) != draw_key("a", 11)


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"p": 1.5, "fog": {}}, ConfigError, "p is 1.5"),
        ({"p": 0.5}, ConfigError, "no kind is given"),
        ({"fog": {"weight": 0.0}}, ConfigError, "the weight is 0"),
        ({"fog": {"mor_m_range": [2000, 500]}}, ScenarioError, "upside down"),
        ({"lowlight": {"ev_range": [1, 2]}}, ScenarioError, "no range of lowlight"),
        ({"fog": {}, "hfov_deg": 400.0}, ConfigError, "hfov"),
    ],
)
def test_what_cannot_be_drawn_is_refused(fields: dict, error: type[Exception], said: str) -> None:
    with pytest.raises((error, msgspec.ValidationError), match=said):
        msgspec.convert(fields, WeatherAugmentation)


def test_the_weather_baseline_says_what_it_draws() -> None:
    weather = load_baseline("yolo11n-weather").weather
    assert weather is not None
    assert weather.p == 0.5
    assert {kind: bounds for kind, (bounds, _) in weather.kinds().items()} == {
        "fog": (500.0, 4000.0),
        "rain": (2.5, 50.0),
        "glare": (0.5, 10.0),
        "lowlight": (-4.0, -1.0),
    }
    assert weather.camera() == Camera(15.0, 60.0)
    plain, dressed = load_baseline("yolo11n"), load_baseline("yolo11n-weather")
    assert plain.weather is None
    same = ("model", "imgsz", "epochs", "batch", "seed", "select", "overrides", "weights", "width")
    assert [getattr(plain, name) for name in same] == [getattr(dressed, name) for name in same]


def test_words_change_one_field_of_the_weather() -> None:
    config = load_baseline("yolo11n-weather")
    words = ["weather.p=0.3", "weather.fog.mor_m_range=200,2000", "weather.rain=none"]
    changed = apply_overrides(config, parse_overrides(words), known=[]).weather
    assert changed is not None
    assert (changed.p, changed.rain) == (0.3, None)
    assert changed.fog == FogRange(mor_m_range=(200.0, 2000.0))
    assert changed.glare == config.weather.glare
    assert apply_overrides(config, parse_overrides(["weather=none"]), known=[]).weather is None
    added = apply_overrides(load_baseline("yolo11n"), parse_overrides(["weather.fog.weight=2"]), known=[]).weather
    assert added == WeatherAugmentation(fog=FogRange(weight=2.0))
    with pytest.raises(ConfigError, match=r"did you mean mor_m_range\?"):
        apply_overrides(config, parse_overrides(["weather.fog.mor_range=1,2"]), known=[])
