"""Kinds that are not built in: registered here, brought by packages, with severities of a user's own."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from smoke_kind import SEVERITIES, install, register_smoke, smoke_extinction_per_m

from wutdet.errors import ConfigError, ScenarioError
from wutdet.scenarios import (
    Kind,
    KindSeverities,
    Scene,
    all_severities,
    describe,
    describe_dose,
    dose,
    known_severities,
    own_severities,
    parse_scenario,
    parse_scenarios,
    prepare,
    register,
    registry,
    scenario_values,
    severity_unit,
    severity_value,
    unregister,
)
from wutdet.scenarios.kinds import KINDS
from wutdet.scenarios.light import Layer
from wutdet.scenarios.severities import severity_table

TESTS = Path(__file__).parent.parent


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A registry without registered kinds, and without packages until a test installs one."""
    monkeypatch.setattr(registry, "_STATE", registry._State())
    built_in = dict(KINDS)
    yield
    KINDS.clear()
    KINDS.update(built_in)


pytestmark = pytest.mark.usefixtures("fresh")


def frame() -> np.ndarray:
    image = np.full((90, 160, 3), 150, np.uint8)
    image[40:] = (60, 80, 90)
    image[50:56, 70:82] = 220
    return image


BOXES = np.array([[70.0, 50.0, 82.0, 56.0]])


def scene() -> Scene:
    return prepare(frame(), key="a", boxes=BOXES, horizon=40.0)


def dim(scene: Scene, share: float) -> Layer:
    table = np.tile(np.rint(np.arange(256) * share).astype(np.uint8), (1, 256, 1))
    return Layer.even(np.zeros(scene.image.shape[:2], np.uint8), table)


def one(text: str = "{value:g}") -> KindSeverities:
    return KindSeverities(unit="share", text=text, severities=(0.1, 0.5), source="a test")


def test_a_registered_kind_is_parsed_described_and_rendered() -> None:
    """Smoke of 0.2 mg/m³ has an extinction of 8.7 · 0.2 / 1000 per metre, which is fog of MOR ln 20 / 0.00174."""
    register_smoke()
    scenario = parse_scenario("smoke:2")
    assert (describe(scenario), severity_unit("smoke"), severity_value("smoke", 2)) == ("0.2 mg/m3", "mg/m3", 0.2)
    assert (dose("smoke", 0.2), describe_dose("smoke", 0.1234)) == (0.2, "0.123 mg/m3")
    rendered = scene().render(scenario)
    fog = scene().render_values({"fog": math.log(20) / 0.00174})
    assert np.array_equal(rendered.image, fog.image)
    assert rendered.transmittance == pytest.approx(math.exp(-0.00174 * scene().ship_range_m[0]))
    assert rendered.contrast[0] < scene().render("clear").contrast[0]


def test_effects_of_a_combination_stand_in_the_order_in_which_light_meets_them() -> None:
    register("zoom", Kind(on_sensor=lambda scene, value: dim(scene, value)), severities=one())
    register("drops", Kind(near_lens=lambda scene, value: dim(scene, value)), severities=one())
    register("algae", Kind(on_scene=lambda scene, value: dim(scene, value)), severities=one())
    register_smoke()
    assert list(KINDS) == ["glare", "algae", "fog", "rain", "smoke", "drops", "lowlight", "zoom"]
    assert list(known_severities().kinds) == list(KINDS)
    text = "zoom:1+lowlight:1+drops:1+smoke:1+rain:1+fog:1+algae:1+glare:1"
    assert str(parse_scenario(text)) == "glare:1+algae:1+fog:1+rain:1+smoke:1+drops:1+lowlight:1+zoom:1"


def test_the_order_does_not_depend_on_which_was_registered_first() -> None:
    orders = []
    for names in (("mist", "ash"), ("ash", "mist")):
        for name in names:
            register(name, Kind(extinction_per_m=lambda value: value), severities=one())
        orders.append(list(KINDS))
        for name in names:
            unregister(name)
    assert orders[0] == orders[1] == ["glare", "fog", "rain", "ash", "mist", "lowlight"]


def test_a_layer_of_a_registered_kind_is_drawn_at_its_stage() -> None:
    """A dimmed scene is veiled by fog's light; a dimmed sensor dims the veil too, so it is darker."""
    register("algae", Kind(on_scene=lambda scene, value: dim(scene, value)), severities=one())
    register("shade", Kind(on_sensor=lambda scene, value: dim(scene, value)), severities=one())
    before, after = (scene().render(f"fog:5+{kind}:1").image.mean() for kind in ("algae", "shade"))
    assert after < before / 2


def test_unregistering_forgets_a_kind_and_built_in_ones_stay() -> None:
    register_smoke()
    unregister("smoke")
    assert list(KINDS) == list(known_severities().kinds) == ["glare", "fog", "rain", "lowlight"]
    with pytest.raises(ScenarioError, match="'smoke' is not a kind"):
        parse_scenario("smoke:2")
    for name in ("smoke", "fog"):
        with pytest.raises(ConfigError, match="was not registered"):
            unregister(name)


def test_the_table_that_ships_is_never_changed() -> None:
    register_smoke()
    assert "smoke" not in severity_table().kinds


@pytest.mark.parametrize(
    ("name", "kind", "severities", "said"),
    [
        ("fog", Kind(extinction_per_m=smoke_extinction_per_m), SEVERITIES, "'fog': is known already; choose another"),
        ("Smoke", Kind(extinction_per_m=smoke_extinction_per_m), SEVERITIES, "is no name of a kind"),
        ("smoke1", Kind(extinction_per_m=smoke_extinction_per_m), SEVERITIES, "letters a to z"),
        ("", Kind(extinction_per_m=smoke_extinction_per_m), SEVERITIES, "is no name"),
        ("s" * 41, Kind(extinction_per_m=smoke_extinction_per_m), SEVERITIES, "is no name"),
        ("clear", Kind(extinction_per_m=smoke_extinction_per_m), SEVERITIES, "not 'clear'"),
        ("smoke", Kind(), SEVERITIES, "does nothing to light"),
        ("smoke", Kind(extinction_per_m=smoke_extinction_per_m), one("thick"), "does not format a value"),
        ("smoke", Kind(extinction_per_m=smoke_extinction_per_m), KindSeverities("m", "{value}", (), ""), "no severity"),
        ("smoke", Kind(extinction_per_m=abs), KindSeverities("m", "{value}", (2.0, 1.0), ""), "mildest first"),
    ],
)
def test_what_cannot_be_registered_is_one_line(name: str, kind: Kind, severities: KindSeverities, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        register(name, kind, severities=severities)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(KINDS) == list(known_severities().kinds) == ["glare", "fog", "rain", "lowlight"]


def test_a_kind_is_not_registered_twice() -> None:
    register_smoke()
    with pytest.raises(ConfigError, match="unregister the kind first"):
        register_smoke()


def test_an_installed_package_brings_its_kind_when_it_is_first_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(install(tmp_path))
    assert parse_scenarios("fog:1-5")
    assert "smoke" not in KINDS  # nothing was loaded for a kind that is built in
    assert describe(parse_scenario("smoke:2")) == "0.2 mg/m3"
    assert registry.package_of("smoke") == "wutdet-smoke 0.3"
    assert registry.package_of("fog") is None
    assert list(all_severities().kinds) == ["glare", "fog", "rain", "smoke", "lowlight"]


def test_a_value_of_a_package_s_kind_renders_without_any_look_up_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a spawned worker process does, which was given a scenario and has parsed nothing."""
    monkeypatch.syspath_prepend(install(tmp_path))
    assert scene().render_values({"smoke": 0.2}).transmittance[0] < 1.0


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("no_such_module:register", "ModuleNotFoundError"),
        ("smoke_kind:no_such", "AttributeError"),
        ("smoke_kind:SEVERITIES", "TypeError"),
        ("broken_kind:half", "ValueError: two lines"),
    ],
)
def test_a_broken_package_is_one_line_that_names_it_and_stops_no_one_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, reason: str
) -> None:
    half = "def half():\n    register_smoke()\n    raise ValueError('two\\nlines')\n"
    (tmp_path / "broken_kind.py").write_text(f"from smoke_kind import register_smoke\n{half}")
    monkeypatch.syspath_prepend(install(tmp_path, entry=entry))
    with pytest.raises(ScenarioError) as caught:
        parse_scenario("smoke:2")
    message = str(caught.value)
    assert "wutdet-smoke 0.3 could not be loaded" in message
    assert reason in message
    assert "\n" not in message
    assert "smoke" not in KINDS  # nothing of it stays, though it had registered
    assert str(parse_scenario("fog:2")) == "fog:2"


def test_a_process_that_is_spawned_knows_the_kinds_of_packages(tmp_path: Path) -> None:
    code = "from wutdet.scenarios import describe, parse_scenario; print(describe(parse_scenario('smoke:5')))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(install(tmp_path)), str(TESTS), str(TESTS.parent)])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "2 mg/m3\n"


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return path


def test_own_severities_replace_those_of_the_kinds_that_they_list(tmp_path: Path) -> None:
    path = own(
        tmp_path, "kinds: {fog: {severities: [1852, 926]}, rain: {severities: [4], text: 'drizzle {value:.1f}'}}"
    )
    table = own_severities(path, known_severities())
    assert list(table.kinds) == list(KINDS)
    assert severity_value("fog", 2, table) == 926.0
    assert describe(parse_scenarios("fog:2+rain:1", table)[0], table) == "MOR 926 m + drizzle 4.0"
    assert scenario_values(parse_scenario("fog:1"), table) == {"fog": 1852.0}
    assert table.kinds["glare"] == severity_table().kinds["glare"]
    assert table.kinds["fog"].source == "own.yaml"
    assert (dose("fog", 1000.0, table), describe_dose("rain", 2.0, table)) == (0.001, "drizzle 2.0")
    with pytest.raises(ScenarioError, match="choose 1 to 2"):
        parse_scenarios("fog:3", table)


def test_own_severities_of_a_package_s_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(install(tmp_path))
    table = own_severities(own(tmp_path, "kinds: {smoke: {severities: [3]}}"), all_severities())
    assert describe(parse_scenarios("smoke:1", table)[0], table) == "3 mg/m3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kinds: {frog: {severities: [1]}}", "kinds.frog: is no kind of scenario; known kinds are glare, fog"),
        ("kinds: {fog: {severities: [4, 2, 1], unit: MOR km}}", "has the unit 'MOR m'"),
        ("kinds: {fog: {severities: [4], dose: value}}", "the dose 'reciprocal', which a file cannot change"),
        ("kinds: {fog: {severities: [200, 4000]}}", "mildest first"),
        ("kinds: {fog: {severities: [0]}}", "no dose above 0"),
        ("kinds: {fog: {}}", "severities"),
        ("kinds: {fog: {severites: [1]}}", "did you mean 'severities'"),
        ("knids: {}", "did you mean 'kinds'"),
    ],
)
def test_wrong_own_severities_are_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = own(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        own_severities(path, known_severities())
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_the_example_in_the_docs_is_the_kind_that_is_tested() -> None:
    text = (TESTS.parent / "docs" / "scenarios.md").read_text()
    example = text.split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(example, names)
    names["register_smoke"]()  # type: ignore[operator]
    row = known_severities().kinds["smoke"]
    assert (row.unit, row.text, row.severities, row.source) == (
        SEVERITIES.unit,
        SEVERITIES.text,
        SEVERITIES.severities,
        SEVERITIES.source,
    )
    assert KINDS["smoke"].extinction_per_m is not None
    assert KINDS["smoke"].extinction_per_m(0.2) == smoke_extinction_per_m(0.2)


def test_the_own_severities_in_the_docs_can_be_read(tmp_path: Path) -> None:
    blocks = (TESTS.parent / "docs" / "scenarios.md").read_text().split("```yaml\n")[1:]
    [text] = [block.split("```")[0] for block in blocks if block.startswith("kinds:")]
    table = own_severities(own(tmp_path, text), known_severities())
    assert table.kinds["fog"].severities == (3704, 1852, 926, 463)
