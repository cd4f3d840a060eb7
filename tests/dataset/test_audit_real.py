"""An audit of real frames: what they are, and defects planted among them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from builders import jpeg_of, xml_of

from wutdet.dataset.audit import audit

pytestmark = pytest.mark.realdata


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")


@pytest.fixture
def part(realdata: Path, tmp_path: Path) -> Path:
    """The labels copied, the images linked."""
    voc = tmp_path / "part/voc"
    for folder in ("Annotations", "ImageSets/Main"):
        (voc / folder).mkdir(parents=True)
        for path in (realdata / "voc" / folder).iterdir():
            shutil.copyfile(path, voc / folder / path.name)
    (voc / "JPEGImages").mkdir()
    for path in (realdata / "voc/JPEGImages").iterdir():
        (voc / "JPEGImages" / path.name).symlink_to(path)
    return tmp_path / "part"


def edit(part: Path, stem: str, pattern: str, text: str) -> None:
    """Replace the first match."""
    path = xml_of(part, stem)
    edited, number = re.subn(pattern, text, path.read_text(), count=1, flags=re.DOTALL)
    assert number == 1
    path.write_text(edited)


def rewrite(part: Path, stem: str, data: bytes) -> None:
    """Put other bytes in place of the link."""
    jpeg_of(part, stem).unlink()
    jpeg_of(part, stem).write_bytes(data)


def test_real_frames_have_no_errors_and_a_random_split_that_leaks(realdata: Path) -> None:
    found = audit(realdata)
    assert found.errors == []
    assert [(item.code, item.image) for item in found.warnings] == [
        ("huge-box", "0001760.jpg"),  # a freighter that fills the frame: right
        ("split-leakage", "val.txt"),
    ]
    assert found.counts["frame-without-ships"] == 26
    assert (found.images, found.boxes, found.voc_origin) == (329, 1787, "1")
    assert found.leakage["train-val"].share > 0.9
    assert 0.2 < found.near_duplicate_frames / found.images < 0.6


def test_planted_defects_are_all_found_and_repaired(part: Path, tmp_path: Path) -> None:
    rewrite(part, "0000100", jpeg_of(part, "0000100").read_bytes()[:-9000])
    jpeg_of(part, "0000280").unlink()
    xml_of(part, "0000440").unlink()
    rewrite(part, "0000600", b"<html>Too many users have viewed this file")
    xml_of(part, "0000740").write_text('<!DOCTYPE a [<!ENTITY b "x">]><annotation>&b;</annotation>')
    xml_of(part, "0000900").write_text(xml_of(part, "0000900").read_text()[:400])
    xml_of(part, "0001040").write_bytes(xml_of(part, "0001040").read_text().encode("utf-16"))
    edit(part, "0001180", r"<xmin>(\d+)</xmin>(.*?)<xmax>\d+<", r"<xmin>\1</xmin>\2<xmax>1<")
    edit(part, "0001320", r"<ymin>\d+<", "<ymin>0<")
    edit(part, "0001320", r"<ymin>0<", "<ymin>-3<")
    edit(part, "0001460", r"(<object>.*?</object>)", r"\1\1")
    edit(part, "0001600", r"<name>ship<", "<name>buoy<")
    edit(part, "0001740", r"<width>1920<", "<width>1984<")
    edit(part, "0001900", r"<ymin>\d+<", "<ymin>nan<")
    with (part / "voc/ImageSets/Main/train.txt").open("a") as file:
        file.write("0099999\n")
    found = audit(part, hashes=False, fix=tmp_path / "copy", placement="link")
    assert [(item.code, item.image) for item in found.errors] == [
        ("missing-image", "0000280"),
        ("orphan-image", "0000440.jpg"),
        ("unreadable-image", "0000600.jpg"),
        ("truncated-image", "0000100.jpg"),
        ("malformed-xml", "0000900.jpg"),
        ("hostile-xml", "0000740.jpg"),
        ("bad-label", "0001900.jpg"),
        ("bad-encoding", "0001040.jpg"),
        ("wrong-size", "0001740.jpg"),
        ("degenerate-box", "0001180.jpg"),
        ("box-over-edge", "0001320.jpg"),
        ("duplicate-box", "0001460.jpg"),
        ("foreign-class", "0001600.jpg"),
        ("absent-in-split", "0099999"),
    ]
    assert found.repair is not None
    assert audit(tmp_path / "copy", hashes=False).errors == []
