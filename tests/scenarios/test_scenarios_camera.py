"""Camera files: which camera a frame gets, where its horizon lies, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.errors import ConfigError
from wutdet.resources import config_path
from wutdet.scenarios import Camera, CameraEntry, Cameras, Horizon, MountedHorizon, read_cameras

FILE = """
default: {height_m: 12, hfov_deg: 50}
cameras:
  bridge:
    height_m: 22.5
    horizon: {rows_px: [430, 436], width_px: 1920, height_px: 1080}
  quay: {hfov_deg: 90, horizon: {rows_px: 300, width_px: 1920, height_px: 1080}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.yaml"
    path.write_text(FILE)
    return path


def test_a_frame_gets_the_entry_of_its_camera_else_the_default(file: Path) -> None:
    cameras = read_cameras(file)
    assert cameras.of("bridge", 1920, 1080) == (Camera(22.5, 50.0), Horizon(430.0, 436.0))
    assert cameras.of("quay", 1920, 1080) == (Camera(12.0, 90.0), Horizon(300.0, 300.0))
    for unknown in (None, "bow"):
        assert cameras.of(unknown, 1920, 1080) == (Camera(12.0, 50.0), None)


def test_a_horizon_is_scaled_to_frames_of_another_size() -> None:
    """Rows 430 and 436 of 1080 are 286.667 and 290.667 of 720; a frame of 1366 x 768 differs in shape by 0.05 %."""
    cameras = Cameras(entries={"a": CameraEntry(horizon=MountedHorizon(430, 436, 1920, 1080))})
    _, line = cameras.of("a", 1280, 720)
    assert line is not None
    assert (line.row_left, line.row_right) == (pytest.approx(286.6667, abs=1e-4), pytest.approx(290.6667, abs=1e-4))
    assert cameras.of("a", 1366, 768)[1] == Horizon(430 * (768 / 1080), 436 * (768 / 1080))


def test_a_horizon_of_another_shape_is_refused_and_names_the_camera(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"camera 'bridge': its horizon was read on 1920x1080 px, .* 1920x1200 px"):
        read_cameras(file).of("bridge", 1920, 1200)
    with pytest.raises(ConfigError, match="camera 'default'"):
        Cameras(CameraEntry(horizon=MountedHorizon(4, 4, 20, 10))).of("bow", 640, 640)


def test_options_set_the_default_and_what_entries_leave_out(file: Path) -> None:
    cameras = read_cameras(file, height_m=9.0, hfov_deg=70.0)
    assert cameras.default.camera == Camera(9.0, 70.0)
    assert cameras.entries["bridge"].camera == Camera(22.5, 70.0)
    assert cameras.entries["quay"].camera == Camera(9.0, 90.0)


def test_without_a_file_there_is_the_nominal_camera() -> None:
    assert read_cameras(None) == Cameras() == Cameras(CameraEntry(Camera(15.0, 60.0)), {})
    assert read_cameras(None, hfov_deg=33.0).of("any", 64, 48) == (Camera(15.0, 33.0), None)


def test_the_default_horizon_is_of_frames_without_an_entry_only(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("{default: {horizon: {rows_px: 5, width_px: 20, height_px: 10}}, cameras: {a: {}}}")
    cameras = read_cameras(path)
    assert cameras.of(None, 40, 20)[1] == Horizon(10.0, 10.0)
    assert cameras.of("a", 40, 20)[1] is None


def test_entries_without_frames_are_named_in_the_order_of_the_file(file: Path) -> None:
    assert read_cameras(file).without_frames(["bow", None]) == ["bridge", "quay"]
    assert read_cameras(file).without_frames(iter(["quay", "bridge"])) == []


def test_the_example_is_the_nominal_camera() -> None:
    assert read_cameras(config_path("cameras/nominal.yaml")) == Cameras()


def test_what_the_example_shows_as_a_comment_can_be_read(tmp_path: Path) -> None:
    text = config_path("cameras/nominal.yaml").read_text()
    shown = text[text.index("# cameras:") :].replace("\n# ", "\n").removeprefix("# ")
    (tmp_path / "c.yaml").write_text(text[: text.index("# cameras:")] + shown)
    assert list(read_cameras(tmp_path / "c.yaml").entries) == ["bridge", "quay"]


HORIZON = "cameras: {a: {horizon: {rows_px: %s, width_px: %s, height_px: 10}}}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("defualt: {}", ["unknown field `defualt`", "did you mean 'default'"]),
        ("cameras: {a: {hight_m: 3}}", ["hight_m", "did you mean 'height_m'", "$.cameras"]),
        ("cameras: {a: {horizon: {row_px: 3, width_px: 2, height_px: 2}}}", ["did you mean 'rows_px'"]),
        ("default: {height_m: 0}", ["default: camera.height_m", "0.0 m"]),
        ("default: {height_m: .nan}", ["camera.height_m", "nan m"]),
        ("cameras: {bow: {hfov_deg: 180}}", ["cameras.bow: camera.hfov_deg", "180"]),
        ("cameras: {bow: {hfov_deg: wide}}", ["Expected `float | null`", "hfov_deg"]),
        (HORIZON % (".inf", 20), ["cameras.a: horizon.rows_px", "inf"]),
        (HORIZON % ("[1, 2, 3]", 20), ["rows_px"]),
        (HORIZON % ("1", 0), ["cameras.a: horizon", "0 x 10 px"]),
        (HORIZON % ("1", 10**7), ["10000000 x 10 px"]),
        ("cameras: {a: {horizon: {rows_px: 1}}}", ["width_px"]),
        ("cameras: [a]", ["cameras"]),
        ("default: null", ["default"]),
        ("{" * 20000, ["8 levels"]),
        ("a: &x 1\nb: *x", ["aliases"]),
        ("\0", []),
        ("", ["Expected `object`"]),
        ("x" * (2**20 + 1), ["larger than 1 MiB"]),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "cameras.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_cameras(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        read_cameras(tmp_path / "none.yaml")


@given(st.floats(-500, 2000), st.floats(-500, 2000), st.integers(1, 40), st.integers(1, 9))
def test_a_line_keeps_its_place_in_a_scaled_frame(left: float, right: float, size: int, scale: int) -> None:
    line = MountedHorizon(left, right, 16 * size, 9 * size).on(16 * size * scale, 9 * size * scale)
    assert line is not None
    assert line.row_left == pytest.approx(scale * left)
    assert line.row_right == pytest.approx(scale * right)
    assert math.isclose(line.cos_roll(16 * size * scale), Horizon(left, right).cos_roll(16 * size))
