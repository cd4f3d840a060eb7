from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from builders import jpeg_bytes, write_voc
from exchange import on_disk

from wutdet.dataset import load
from wutdet.dataset.convert import convert
from wutdet.dataset.tables import BoxRecord, FrameRecord
from wutdet.dataset.voc_writer import WriteOrigin, annotation_files
from wutdet.dataset.voc_writer import write_voc as write
from wutdet.errors import DataError, FrameError


def xml_of_one(folder: Path, box: BoxRecord, origin: WriteOrigin = "1", name: str = "a.jpg") -> str:
    dataset = on_disk([FrameRecord(name, 64, 48, (box,))], folder)
    [(_, xml)] = annotation_files(dataset.images, dataset.boxes, origin=origin)
    return xml.decode()


def bndbox(xml: str) -> list[str | None]:
    return [ElementTree.fromstring(xml).findtext(f"object/bndbox/{edge}") for edge in ("xmin", "ymin", "xmax", "ymax")]


def test_an_annotation_to_the_letter(tmp_path: Path) -> None:
    """Columns 0..9 and rows 2..4, counted from 0, are 1..10 and 3..5, counted from 1."""
    assert xml_of_one(tmp_path, BoxRecord(0, 2, 10, 5, area_px2=30)) == (
        "<annotation>\n"
        "\t<folder>JPEGImages</folder>\n"
        "\t<filename>a.jpg</filename>\n"
        "\t<source>\n"
        "\t\t<database>Unknown</database>\n"
        "\t\t<annotation>pixels count from 1, xmax and ymax are included</annotation>\n"
        "\t</source>\n"
        "\t<size>\n"
        "\t\t<width>64</width>\n"
        "\t\t<height>48</height>\n"
        "\t\t<depth>3</depth>\n"
        "\t</size>\n"
        "\t<segmented>0</segmented>\n"
        "\t<object>\n"
        "\t\t<name>ship</name>\n"
        "\t\t<pose>Unspecified</pose>\n"
        "\t\t<truncated>1</truncated>\n"
        "\t\t<difficult>0</difficult>\n"
        "\t\t<bndbox>\n"
        "\t\t\t<xmin>1</xmin>\n"
        "\t\t\t<ymin>3</ymin>\n"
        "\t\t\t<xmax>10</xmax>\n"
        "\t\t\t<ymax>5</ymax>\n"
        "\t\t</bndbox>\n"
        "\t</object>\n"
        "</annotation>\n"
    )


@pytest.mark.parametrize(
    ("origin", "whole", "fractional"),
    [
        ("1", ["4", "6", "10", "8"], ["4.25", "6", "10", "8.5"]),
        ("0", ["3", "5", "9", "7"], ["3.25", "5", "9", "7.5"]),
        ("0x", ["3", "5", "10", "8"], ["3.25", "5", "10", "8.5"]),
    ],
)
def test_each_origin_writes_its_numbers(
    tmp_path: Path, origin: WriteOrigin, whole: list[str], fractional: list[str]
) -> None:
    assert bndbox(xml_of_one(tmp_path, BoxRecord(3, 5, 10, 8, area_px2=21), origin)) == whole
    assert bndbox(xml_of_one(tmp_path, BoxRecord(3.25, 5, 10, 8.5, area_px2=1), origin)) == fractional


@pytest.mark.parametrize(
    ("edges", "cut"),
    [((0, 5, 9, 9), "1"), ((5, 0, 9, 9), "1"), ((5, 5, 64, 9), "1"), ((5, 5, 9, 48), "1"), ((1, 1, 63, 47), "0")],
)
def test_a_ship_at_the_edge_is_truncated(tmp_path: Path, edges: tuple[float, ...], cut: str) -> None:
    xml = xml_of_one(tmp_path, BoxRecord(*edges, area_px2=1))
    assert ElementTree.fromstring(xml).findtext("object/truncated") == cut


def test_what_pascal_has_no_place_for_stands_beside_the_box(tmp_path: Path) -> None:
    box = BoxRecord(1, 1, 5, 5, area_px2=9.5, iscrowd=True, transmittance=0.25, contrast=0.1)
    xml = xml_of_one(tmp_path, box)
    assert (
        "\t\t</bndbox>\n\t\t<area>9.5</area>\n\t\t<iscrowd>1</iscrowd>\n"
        "\t\t<transmittance>0.25</transmittance>\n\t\t<contrast>0.1</contrast>\n\t</object>\n"
    ) in xml
    assert "<difficult>1</difficult>" in xml  # evaluators of VOC leave these out, as COCO's leave crowds
    plain = xml_of_one(tmp_path, BoxRecord(1, 1, 5, 5, area_px2=16))
    assert not any(f"<{name}>" in plain for name in ("area", "iscrowd", "transmittance", "contrast"))


def test_signs_of_xml_in_a_name_are_escaped(tmp_path: Path) -> None:
    xml = xml_of_one(tmp_path, BoxRecord(1, 1, 5, 5, area_px2=16), name="a&b<c> 船\uffff.jpg")
    assert ElementTree.fromstring(xml).findtext("filename") == "a&b<c> 船\ufffd.jpg"


def test_a_box_past_the_edge_by_a_rounding_error_is_cut_to_it(tmp_path: Path) -> None:
    box = BoxRecord(-9e-7, 0, 64.0000009, 48, area_px2=64 * 48)
    assert bndbox(xml_of_one(tmp_path, box)) == ["1", "1", "64", "48"]


def test_lists_name_each_splits_frames(tmp_path: Path) -> None:
    names = {"x.y.jpg": ("train",), "a.jpg.png": ("train", "val"), "two words.jpg": ("val",), "none.jpg": ()}
    dataset = on_disk([FrameRecord(name, 64, 48, (), splits=splits) for name, splits in names.items()], tmp_path / "i")
    write(dataset, tmp_path / "out", placement="copy")
    lists = tmp_path / "out" / "voc" / "ImageSets" / "Main"
    found = {path.name: path.read_text() for path in lists.iterdir()}
    # a stem that ends like an image, or holds a space, is written with its suffix
    assert found == {"train.txt": "a.jpg.png\nx.y\n", "val.txt": "a.jpg.png\ntwo words.jpg\n"}


def test_facts_of_frames_stand_beside_the_part(tmp_path: Path) -> None:
    records = [
        FrameRecord("1.jpg", 64, 48, (), camera='bow, "port"', horizon_row=20.5),
        FrameRecord("2.jpg", 64, 48, ()),
        FrameRecord("3.jpg", 64, 48, (), sequence="007"),
    ]
    write(on_disk(records, tmp_path / "i"), tmp_path / "out", placement="copy")
    assert (tmp_path / "out" / "frames.csv").read_text() == (
        'image,camera,sequence,horizon_row\n1.jpg,"bow, ""port""",,20.5\n3.jpg,,007,\n'
    )
    write(on_disk(records[1:2], tmp_path / "i"), tmp_path / "none", placement="copy")
    assert not (tmp_path / "none" / "frames.csv").exists()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["b.jpg", "day/a.jpg"], "day/a.jpg: lies in a folder of its own"),
        (["a.jpg", "a.png", "b.jpg", "b.JPG"], r"a\.jpg: shares its stem with another image, .* \(and 3 others\)"),
        (["a.bmp"], r"a\.bmp: is neither JPEG nor PNG"),
        ([" a.jpg"], "begins with a space or a dot"),
        ([".a.jpg"], "begins with a space or a dot"),
    ],
)
def test_names_that_voc_would_lose_are_refused_before_anything_is_written(
    tmp_path: Path, names: list[str], said: str
) -> None:
    dataset = on_disk([FrameRecord(name, 64, 48, ()) for name in names], tmp_path / "images")
    with pytest.raises(DataError, match=said):
        write(dataset, tmp_path / "out", placement="copy")
    assert not (tmp_path / "out").exists()


def test_a_part_that_fails_midway_never_looks_like_one(tmp_path: Path) -> None:
    dataset = on_disk([FrameRecord(f"{n}.jpg", 64, 48, ()) for n in range(3)], tmp_path / "images")
    (tmp_path / "images" / "2.jpg").unlink()
    with pytest.raises(FrameError, match=r"2\.jpg: the image is missing"):
        write(dataset, tmp_path / "out", placement="copy")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_converted_part_reads_as_the_one_it_came_from(voc_part: Path, tmp_path: Path) -> None:
    (voc_part / "frames.csv").write_text("image,camera\n0000000.jpg,bow\n")
    dataset, steps = load(voc_part), []
    assert convert(dataset, tmp_path / "out", to="voc", placement="link", advance=steps.append) == [tmp_path / "out"]
    again = load(tmp_path / "out")
    assert again.images.equals(dataset.images)
    assert again.boxes.equals(dataset.boxes)
    assert (again.voc_origin, sum(steps)) == ("1", 5)
    assert (tmp_path / "out/voc/JPEGImages/0000000.jpg").is_symlink()


def test_a_zero_based_part_becomes_one_based(tmp_path: Path) -> None:
    dataset = load(write_voc(tmp_path / "part", {"1": [(0, 0, 63, 47)]}))
    assert dataset.voc_origin == "0"
    write(dataset, tmp_path / "out", placement="copy")
    again = load(tmp_path / "out")
    assert again.voc_origin == "1"
    assert again[0].boxes.tolist() == [[0, 0, 64, 48]]
    assert again[0].path.read_bytes() == jpeg_bytes()
