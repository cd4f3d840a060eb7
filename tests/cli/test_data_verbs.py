from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builders import coco_box, coco_file, coco_image, tree_digest, voc_xml, write_lists, xml_of

from wutdet import load

Run = Callable[..., Any]

PROMISED = {
    "images": 5,
    "boxes": 6,
    "frames_without_ships": 1,
    "splits": {"train": 2, "val": 2},
    "size_bins": {"<8": 4, "8-16": 1, "16-32": 0, "32-96": 1, ">96": 0},
    "coco_small_share": 5 / 6,
    "width_px": [64, 64],
    "height_px": [48, 48],
    "voc_origin": "1",
    "sequences": None,
}
"""What others read from `info --json`."""
BESIDES = {"voc_evidence", "cameras", "problems", "crowd_boxes", "imgsz", "network_size_bins", "network_small_share",
    "image_sizes", "ships_per_frame", "frames_by_ships", "side_px", "network_side_px", "aspect", "horizon",
    "rows_below_horizon", "positions", "sequence_frames", "groups"}  # fmt: skip


def test_info_as_json_keeps_its_promises(voc_part: Path, run: Run) -> None:
    answer = run("info", voc_part, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert {key: found[key] for key in PROMISED} == PROMISED
    assert found.keys() - PROMISED.keys() == BESIDES
    assert found["voc_evidence"] == "0 zero minima, 2 maxima at the frame's side, 2 sides of one pixel"


def test_info_as_a_table(voc_part: Path, run: Run) -> None:
    (voc_part / "frames.csv").write_text("image,sequence,camera\n0000000.jpg,s1,bow\n0000020.jpg,s2,bow\n")
    answer = run("info", voc_part)
    assert (answer.code, answer.err) == (0, "")
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert "frames 5 (64x48 px)" in lines
    assert "ships 6 (83 % under 32² px; 1 frame without)" in lines
    assert "splits train 2, val 2" in lines
    assert any(line.startswith("VOC origin 1 (0 zero minima") for line in lines)
    assert "sequences 2 (1 frame each)" in lines
    assert "cameras 1" in lines
    assert not any("left out" in line for line in lines)


def test_info_of_coco(tmp_path: Path, run: Run) -> None:
    path = coco_file(tmp_path / "instances_val.json", [coco_image(1, "a.jpg")], [coco_box(1, 1, [1, 2, 3, 4])])
    found = json.loads(run("info", path, "--json").out)
    assert (found["images"], found["boxes"], found["voc_origin"], found["splits"]) == (1, 1, None, {"val": 1})


def test_options_reach_the_loader(voc_part: Path, tmp_path: Path, run: Run) -> None:
    lists = write_lists(tmp_path / "lists", {"test": ["0000000"]})
    xml_of(voc_part, "0000040").write_text(voc_xml([(2, 3, 5, 9)], name="boat"))
    xml_of(voc_part, "0000060").write_text(voc_xml([(2, 3, 5, 9)], name="buoy"))
    options = ("--splits", lists, "--voc-origin", "0x", "--classes", "boat=ship", "--classes", "buoy=")
    answer = run("info", voc_part, "--json", "--on-error", "skip", *options)
    found = json.loads(answer.out)
    assert found["splits"] == {"test": 1}
    assert found["voc_origin"] == "0x"
    assert (found["images"], found["boxes"]) == (4, 4)  # the ship of one pixel is empty when its end is exclusive
    assert answer.err == f"left out: {found['problems'][0]}\n"
    assert "Annotations/0000080.xml: degenerate box [7, 7, 7, 7]" in answer.err


def test_a_skipped_frame_is_said_on_stderr_and_the_exit_is_0(voc_part: Path, tmp_path: Path, run: Run) -> None:
    xml_of(voc_part, "0000020").unlink()
    said = "left out: JPEGImages/0000020.jpg: the image has no XML"
    answer = run("info", voc_part, "--on-error", "skip")
    assert answer.code == 0
    assert answer.err.startswith(said)
    assert "no XML" not in answer.out
    answer = run("convert", voc_part, "--to", "coco", "--out", tmp_path / "out", "--on-error", "skip")
    assert answer.code == 0
    assert answer.err.startswith(said)
    assert len(load(tmp_path / "out")) == 4


@pytest.mark.parametrize("place", ["copy", "link"])
def test_convert_to_coco(voc_part: Path, tmp_path: Path, run: Run, place: str) -> None:
    before = tree_digest(voc_part)
    out = tmp_path / "out"
    answer = run("convert", voc_part, "--to", "coco", "--out", out, "--place", place)
    assert answer.code == 0
    names = ("train", "val", "unsplit")
    assert answer.out.splitlines() == [str(out / "annotations" / f"instances_{name}.json") for name in names]
    assert "5/5" in answer.err
    assert load(out).sha256 == load(voc_part).sha256
    assert {path.name: path.is_symlink() for path in (out / "images").iterdir()} == {
        f"{number:07d}.jpg": place == "link" for number in (0, 20, 40, 60, 80)
    }
    assert tree_digest(voc_part) == before


def test_convert_to_yolo(voc_part: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "out"
    answer = run("convert", voc_part, "--to", "yolo", "--out", out)
    assert (answer.code, answer.out) == (0, f"{out / 'data.yaml'}\n")
    assert msgspec.yaml.decode((out / "data.yaml").read_bytes())["train"] == "train.txt"
    assert (out / "labels/0000040.txt").read_text() == "0 0.046875 0.11458333333333333 0.0625 0.14583333333333334\n"


def test_sample_renders_a_part_that_info_reads(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "part"
    answer = run("sample", "--out", out, "--images", "3", "--size", "160x90", "--seed", "4")
    assert (answer.code, answer.out) == (0, f"{out}\n")
    assert "3/3" in answer.err
    assert "splits/ keeps sequences whole (--splits)" in answer.err
    found = json.loads(run("info", out, "--json").out)
    assert (found["images"], found["width_px"], found["height_px"]) == (3, [160, 160], [90, 90])
    again = run("sample", "--out", tmp_path / "again", "--images", "3", "--size", "160x90", "--seed", "4")
    assert again.code == 0
    assert tree_digest(tmp_path / "again") == tree_digest(out)


def test_the_installed_command_works(voc_part: Path) -> None:
    script = Path(sys.executable).with_name("wutdet")
    done = subprocess.run([script, "info", voc_part, "--json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["boxes"] == 6
