"""A path that holds no dataset: what is seen there is said, with what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import xml_of

from wutdet import load
from wutdet.dataset.audit import audit
from wutdet.errors import DataError


@pytest.fixture(params=["load", "audit"])
def read(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    """Whoever looks for a dataset."""
    return load if request.param == "load" else audit


def complaint(read: Callable[[Path], object], path: Path) -> str:
    """What is said after the path."""
    with pytest.raises(DataError, match=f"^{re.escape(str(path))}: ") as caught:
        read(path)
    return str(caught.value).removeprefix(f"{path}: no dataset found here")


def test_labels_and_images_side_by_side(voc_part: Path, tmp_path: Path, read: Callable[[Path], object]) -> None:
    flat = tmp_path / "flat"
    (voc_part / "voc/JPEGImages").rename(flat)
    for file in list((voc_part / "voc/Annotations").iterdir())[:4]:
        file.rename(flat / file.name)
    assert complaint(read, flat) == ": 4 .xml files beside 5 images; move them to Annotations/ and JPEGImages/"


def test_labels_or_images_alone(voc_part: Path, tmp_path: Path, read: Callable[[Path], object]) -> None:
    images, labels = tmp_path / "frames", tmp_path / "xml"
    (voc_part / "voc/JPEGImages").rename(images)
    (voc_part / "voc/Annotations").rename(labels)
    assert complaint(read, images).startswith(": 5 images and no labels; add .xml files in Annotations/ with the im")
    assert complaint(read, labels).startswith(": 5 .xml files and no image; move them to Annotations/, beside it JPE")


def test_a_folder_or_file_inside_a_dataset(voc_part: Path, read: Callable[[Path], object]) -> None:
    voc = voc_part.resolve() / "voc"
    for inside in ("Annotations", "JPEGImages"):
        assert complaint(read, voc / inside) == f": it is a part of one; give its parent: {voc}"


def test_one_xml_file(voc_part: Path, tmp_path: Path, read: Callable[[Path], object]) -> None:
    inside, outside = xml_of(voc_part, "0000020"), tmp_path / "0.XML"
    said = f": one .xml file of a dataset; give the folder of all: {voc_part.resolve() / 'voc'}"
    assert complaint(read, inside) == said
    inside.rename(outside)
    assert complaint(read, outside).startswith(": one .xml file; give the folder that holds Annotations/ with it")


def test_annotations_in_small_letters(voc_part: Path, read: Callable[[Path], object]) -> None:
    voc = voc_part / "voc"
    (voc / "Annotations").rename(voc / "labels")
    (voc / "labels").rename(voc / "annotations")
    said = ": annotations/ holds .xml files; rename it to Annotations/, and that of the images to JPEGImages/"
    assert complaint(read, voc) == said


def test_nothing_known(tmp_path: Path, read: Callable[[Path], object]) -> None:
    (tmp_path / "notes.txt").write_text("")
    assert complaint(read, tmp_path).startswith(
        "; give a folder with voc/{Annotations,JPEGImages} (or these two without voc/)"
    )
