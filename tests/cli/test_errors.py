from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import coco_file, coco_image, jpeg_bytes, jpeg_of, voc_xml, write_voc, xml_of

Run = Callable[..., Any]

DETECTOR = """
import numpy as np
from wutdet import Detections

def make():
    return lambda frames: [Detections(np.zeros((0, 4)), np.zeros(0)) for _ in frames]

def broken():
    return "no detector"
"""


@pytest.fixture
def detector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A detector that sees nothing, in a module on the path."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "blind_for_tests.py").write_text(DETECTOR)
    monkeypatch.syspath_prepend(tmp_path / "modules")
    return "blind_for_tests:make"


def test_a_missing_path(tmp_path: Path, run: Run) -> None:
    said = run("info", tmp_path / "nowhere").complaint
    assert said.startswith(f"{tmp_path / 'nowhere'}: does not exist; give a folder with voc/")


def test_an_empty_folder(tmp_path: Path, run: Run) -> None:
    assert run("info", tmp_path).complaint.startswith(f"{tmp_path}: no dataset found here; give a folder with")


def test_a_missing_xml(voc_part: Path, run: Run) -> None:
    xml_of(voc_part, "0000020").unlink()
    assert run("info", voc_part).complaint == (
        "JPEGImages/0000020.jpg: the image has no XML; restore it, or leave such frames out with --on-error skip"
    )


def test_a_malformed_xml(voc_part: Path, run: Run) -> None:
    xml_of(voc_part, "0000020").write_text("<annotation>")
    assert run("info", voc_part).complaint.startswith("Annotations/0000020.xml: malformed XML (")


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((9, 9, 5, 12), "Annotations/0000020.xml: degenerate box [8, 8, 5, 12]; correct the labels, or leave"),
        ((9, 9, 80, 12), "Annotations/0000020.xml: box [8, 8, 80, 12] reaches out of the 64x48 frame; correct"),
    ],
)
def test_an_impossible_box(voc_part: Path, tmp_path: Path, run: Run, box: tuple[int, int, int, int], said: str) -> None:
    xml_of(voc_part, "0000020").write_text(voc_xml([box]))
    assert run("info", voc_part).complaint.startswith(said)
    assert run("convert", voc_part, "--to", "yolo", "--out", tmp_path / "out").complaint.startswith(said)
    assert not (tmp_path / "out").exists()


def test_an_unknown_class_offers_the_option(tmp_path: Path, run: Run) -> None:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)]}, name="fishing boat")
    said = run("info", part).complaint
    assert said == (
        "Annotations/1.xml: unknown class 'fishing boat'; "
        "map it with --classes 'fishing boat=ship', or drop it with 'fishing boat='"
    )
    assert json.loads(run("info", part, "--json", "--classes", "fishing boat=ship").out)["boxes"] == 1
    assert json.loads(run("info", part, "--json", "--classes", "fishing boat=").out)["boxes"] == 0


def test_a_conflict_about_the_origin_offers_the_option(tmp_path: Path, run: Run) -> None:
    part = write_voc(tmp_path / "part", {"1": [(0, 1, 64, 9), (5, 5, 5, 9)]})
    assert run("info", part).complaint.endswith("look at a few boxes and give --voc-origin 1, 0 or 0x")


def test_no_good_frame_at_all(tmp_path: Path, run: Run) -> None:
    part = write_voc(tmp_path / "part", {"1": [(9, 9, 5, 12)]})
    assert "no good frame is left" in run("info", part, "--on-error", "skip").complaint


def test_a_file_that_is_no_coco(tmp_path: Path, run: Run) -> None:
    (tmp_path / "labels.json").write_text('{"images": [{"id": "one"}]}')
    said = run("info", tmp_path / "labels.json").complaint
    assert said.endswith("not COCO JSON (Expected `int`, got `str` - at `$.images[0].id`); check the file")


def test_a_folder_without_split_lists(voc_part: Path, tmp_path: Path, run: Run) -> None:
    assert "no split lists (*.txt) here" in run("info", voc_part, "--splits", tmp_path / "none").complaint


@pytest.mark.parametrize("words", ["boat", "boat=vessel", "=ship", "boat=ship,buoy", ""])
def test_bad_classes(voc_part: Path, run: Run, words: str) -> None:
    said = run("info", voc_part, "--classes", words).complaint
    assert said.startswith("--classes: '")
    assert said.endswith("' is no class mapping; write boat=ship or buoy=")


@pytest.mark.parametrize(
    "size", ["1280", "1280x", "x720", "1280*720", "-1280x720", "1280x720x3", "12.5x9", "²x720", "1280x³", ""]
)
def test_a_bad_size(tmp_path: Path, run: Run, size: str) -> None:
    said = run("sample", "--out", tmp_path / "part", "--size", size).complaint
    assert said == f"--size: '{size}' is no size; write WIDTHxHEIGHT, such as 1280x720"
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize("options", [("--size", "0x0"), ("--size", "99999x720"), ("--images", "0"), ("--images", "-3")])
def test_a_sample_that_makes_no_sense(tmp_path: Path, run: Run, options: tuple[str, str]) -> None:
    assert run("sample", "--out", tmp_path / "part", *options).complaint
    assert not (tmp_path / "part").exists()


def test_an_output_folder_in_use(voc_part: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    for command in (("convert", voc_part, "--to", "coco"), ("convert", voc_part, "--to", "yolo"), ("sample",)):
        said = run(*command, "--out", tmp_path / "out").complaint
        assert str(tmp_path / "out") in said
        assert "empty" in said
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["mine.txt"]


def test_an_output_folder_that_cannot_be_made(voc_part: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("")
    said = run("convert", voc_part, "--to", "coco", "--out", tmp_path / "file" / "out").complaint
    assert said == f"{tmp_path / 'file' / 'out'}: cannot be made (Not a directory); choose another --out"


def test_a_truncated_jpeg_stops_a_conversion_or_is_left_out(voc_part: Path, tmp_path: Path, run: Run) -> None:
    jpeg_of(voc_part, "0000040").write_bytes(jpeg_bytes()[:-40])
    said = f"{jpeg_of(voc_part, '0000040')}: truncated image"
    out = tmp_path / "out"
    assert run("convert", voc_part, "--to", "yolo", "--out", out).complaint.startswith(said)
    assert not out.exists()
    answer = run("convert", voc_part, "--to", "yolo", "--out", out, "--on-error", "skip")
    assert answer.code == 0
    assert f"left out: {said}" in answer.err
    assert (out / "val.txt").read_text() == "./images/0000060.jpg\n"


def test_an_image_that_is_not_there(tmp_path: Path, run: Run) -> None:
    labels = coco_file(tmp_path / "labels.json", [coco_image(1, "a.jpg")])
    for layout in ("coco", "yolo"):
        for place in ("copy", "link"):
            out = tmp_path / f"{layout}-{place}"
            said = run("convert", labels, "--to", layout, "--out", out, "--place", place).complaint
            assert said.startswith(f"{tmp_path / 'a.jpg'}: ")
            assert "; restore" in said


@pytest.mark.parametrize(
    "arguments", [("info",), ("convert", "x", "--to", "tar", "--out", "y"), ("fly",), ("info", "--fly")]
)
def test_wrong_use_is_no_traceback(run: Run, arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)
    assert answer.complaint.endswith(" --help")


def benchmark(run: Run, data: Path, detector: str, *options: object) -> Any:
    return run("benchmark", data, "--detector", detector, "--scenarios", "clear", *options)


def test_a_truncated_jpeg_stops_a_benchmark_or_is_left_out(
    voc_part: Path, tmp_path: Path, detector: str, run: Run
) -> None:
    jpeg_of(voc_part, "0000040").write_bytes(jpeg_bytes()[:-40])
    said = benchmark(run, voc_part, detector, "--out", tmp_path / "stop").complaint
    assert said == (
        f"{jpeg_of(voc_part, '0000040')}: truncated image; "
        "restore the file, or leave such frames out with --on-error skip"
    )
    answer = benchmark(run, voc_part, detector, "--out", tmp_path / "skip", "--on-error", "skip", "--json")
    assert answer.code == 0
    assert f"left out: {jpeg_of(voc_part, '0000040')}: truncated image" in answer.err
    assert [cell["scenario"] for cell in json.loads(answer.out)["cells"]] == ["clear"]


def test_a_frame_of_another_size_stops_a_benchmark(voc_part: Path, tmp_path: Path, detector: str, run: Run) -> None:
    jpeg_of(voc_part, "0000040").write_bytes(jpeg_bytes((32, 20)))
    said = benchmark(run, voc_part, detector, "--out", tmp_path / "out").complaint
    assert "is 32x20 px but the labels say 64x48" in said


@pytest.mark.parametrize("scenarios", ["fgo:3", "fog:9", "fog", "fog:3,,", "fog:5-1"])
def test_an_unknown_scenario(voc_part: Path, tmp_path: Path, detector: str, run: Run, scenarios: str) -> None:
    answer = run("benchmark", voc_part, "--detector", detector, "--out", tmp_path / "out", "--scenarios", scenarios)
    assert answer.complaint
    if scenarios == "fgo:3":
        assert "fgo" in answer.complaint
        assert "fog" in answer.complaint


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "no_such_module:make",
            "no_such_module:make: cannot import 'no_such_module'; check the spelling and PYTHONPATH",
        ),
        ("blind_for_tests:nothing", "blind_for_tests:nothing: 'blind_for_tests' has no 'nothing'; check the name"),
        ("blind_for_tests:broken", "blind_for_tests:broken: does not return a callable; return the detector"),
        ("no-such.pt", "no-such.pt: no such weights file; give the path of trained weights"),
    ],
)
def test_an_unknown_detector(voc_part: Path, tmp_path: Path, detector: str, run: Run, name: str, said: str) -> None:
    assert benchmark(run, voc_part, name, "--out", tmp_path / "out").complaint == said


def test_an_unknown_split(voc_part: Path, tmp_path: Path, detector: str, run: Run) -> None:
    said = benchmark(run, voc_part, detector, "--out", tmp_path / "out", "--split", "tset").complaint
    assert said == "part: no split 'tset'; choose from: train, val"


def test_a_missing_extra(voc_part: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "best.onnx").write_bytes(b"")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, package=None: None if name == "ultralytics" else find(name, package)
    )
    said = "the package 'ultralytics' is not installed; install it with: pip install 'wutdet[train]'"
    assert benchmark(run, voc_part, str(tmp_path / "best.onnx"), "--out", tmp_path / "out").complaint == said
    assert run("demo", "--out", tmp_path / "demo").complaint == said
    assert not (tmp_path / "demo").exists()


def test_the_installed_command_ends_in_one_line(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("wutdet")
    done = subprocess.run([script, "info", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"wutdet: {tmp_path}: no dataset found here; ")
