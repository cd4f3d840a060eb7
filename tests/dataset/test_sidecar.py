from __future__ import annotations

from pathlib import Path

import pytest
from builders import write_voc

from wutdet import Dataset, load
from wutdet.errors import DataError


def part_with(tmp_path: Path, table: str | bytes) -> Path:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)], "2": [], "3": []})
    (part / "frames.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return part


def column(dataset: Dataset, name: str) -> list[object]:
    return dataset.images[name].to_list()


def test_facts_are_joined_by_file_name(tmp_path: Path) -> None:
    dataset = load(
        part_with(
            tmp_path,
            "image,horizon_row,camera,sequence,operator,scene,condition\n"
            "3.jpg,20.5,bow,007,Ann,port,fog\n"
            "1.jpg,20,,008,Bob,,clear\n"
            "9.jpg,1,stern,009,Cal,,\n",
        )
    )
    assert column(dataset, "horizon_row") == [20.0, None, 20.5]
    assert column(dataset, "camera") == [None, None, "bow"]
    assert column(dataset, "sequence") == ["008", None, "007"]  # text, zeros and all
    assert column(dataset, "scene") == [None, None, "port"]
    assert column(dataset, "condition") == ["clear", None, "fog"]
    assert column(dataset, "scenario") == [None, None, None]
    assert [frame.horizon_row for frame in dataset] == [20.0, None, 20.5]
    assert (dataset.info().sequences, dataset.info().cameras) == (2, 1)


def test_a_table_of_names_alone_says_nothing(tmp_path: Path) -> None:
    dataset = load(part_with(tmp_path, "image\n1.jpg\n2.jpg\n"))
    assert column(dataset, "camera") == [None, None, None]


def test_a_mark_of_byte_order_does_not_matter(tmp_path: Path) -> None:
    assert column(load(part_with(tmp_path, "\ufeffimage,camera\r\n2.jpg,bow\r\n")), "camera") == [None, "bow", None]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file,camera\n1.jpg,bow\n", "has no column 'image'"),
        ("image,camera\n1.jpg,bow\n1.jpg,stern\n", "names an image twice"),
        ("image,horizon_row\n1.jpg,sea\n", "not a readable table"),
        ("image,horizon_row\n1.jpg,nan\n", "has a horizon_row that is not finite"),
        ("image,horizon_row\n1.jpg,inf\n", "has a horizon_row that is not finite"),
        ("image,camera\n1.jpg,bow,extra,more\n", "not a readable table"),
        ("", "not a readable table"),
        (b"\xff\xfe\x00\x01,\x80\n\xff,\xff\n", ""),
    ],
)
def test_a_spoiled_table_stops_the_load(tmp_path: Path, table: str | bytes, said: str) -> None:
    with pytest.raises(DataError) as caught:
        load(part_with(tmp_path, table))
    assert said in caught.value.what
    assert caught.value.where.endswith("part/frames.csv")
    assert "\n" not in str(caught.value)


def test_facts_travel_to_coco_and_back(tmp_path: Path) -> None:
    dataset = load(part_with(tmp_path, "image,camera,horizon_row\n2.jpg,bow,12.25\n"))
    dataset.to_coco(tmp_path / "out")
    again = load(tmp_path / "out")
    assert column(again, "camera") == [None, "bow", None]
    assert column(again, "horizon_row") == [None, 12.25, None]
