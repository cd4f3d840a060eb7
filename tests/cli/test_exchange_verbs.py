from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import coco_box, coco_file, coco_image, jpeg_bytes, voc_xml, xml_of

from wutdet import load

Run = Callable[..., Any]


@pytest.mark.parametrize("place", ["copy", "link"])
def test_convert_to_voc(voc_part: Path, tmp_path: Path, run: Run, place: str) -> None:
    out = tmp_path / "out"
    answer = run("convert", voc_part, "--to", "voc", "--out", out, "--place", place)
    assert (answer.code, answer.out) == (0, f"{out}\n")
    assert "note:" not in answer.err
    assert load(out).sha256 == load(voc_part).sha256


def test_another_origin_is_said(voc_part: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "out"
    answer = run("convert", voc_part, "--to", "voc", "--out", out, "--out-origin", "0x")
    assert "note: read it with --voc-origin 0x; auto may take it for another\n" in answer.err
    assert load(out, voc_origin="0x").sha256 == load(voc_part).sha256


def test_what_the_layout_cannot_hold_is_noted_on_stderr(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_bytes())
    path = coco_file(tmp_path / "c.json", [coco_image(1, "a.jpg")], [coco_box(1, 1, [1, 2, 3, 4], iscrowd=1)])
    answer = run("convert", path, "--to", "yolo", "--out", tmp_path / "out")
    assert answer.code == 0
    assert "note: YOLO has no place for iscrowd (1 box); it is not written\n" in answer.err


def test_convert_to_huggingface(voc_part: Path, tmp_path: Path, run: Run) -> None:
    pytest.importorskip("datasets")
    out = tmp_path / "out"
    answer = run("convert", voc_part, "--to", "huggingface", "--out", out)
    assert (answer.code, answer.out) == (0, f"{out}\n")
    assert "5/5" in answer.err
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "data"]


def test_a_class_map_may_be_a_file_with_words_after_it(voc_part: Path, tmp_path: Path, run: Run) -> None:
    xml_of(voc_part, "0000040").write_text(voc_xml([(2, 3, 5, 9)], name="buoy"))
    (tmp_path / "map.yaml").write_text("ship: [boat]\ndrop: [buoy]\n")
    found = run("info", voc_part, "--json", "--classes", tmp_path / "map.yaml")
    assert (found.code, '"boxes": 5' in found.out) == (0, True)
    found = run("info", voc_part, "--json", "--classes", f"{tmp_path}/map.yaml,buoy=ship")
    assert '"boxes": 6' in found.out
    assert "cannot be read" in run("info", voc_part, "--classes", "nowhere.yaml").err


def test_the_dataset_has_every_way_out(voc_part: Path, tmp_path: Path) -> None:
    dataset = load(voc_part)
    assert load(dataset.to_voc(tmp_path / "voc")).sha256 == dataset.sha256
    assert load(dataset.to_yolo(tmp_path / "yolo")).sha256 == dataset.sha256
    assert dataset.losses("yolo") == ()
    assert len(dataset.to_supervision()) == len(dataset.to_torch()) == 5
    assert list(dataset.to_huggingface()) == ["train", "val", "unsplit"]
