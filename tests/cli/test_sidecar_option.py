"""A table of facts given on the command line, on its way through the verbs."""

import json

import pytest
from builders import coco_box, coco_file, coco_image

import wutdet

SHIP = [5, 5, 10, 10]


@pytest.fixture
def labels(tmp_path):
    """Two frames with a ship each, of which the labels say nothing more."""
    frames = [coco_image(number, f"{number:07d}.jpg") for number in (7, 8)]
    coco_file(tmp_path / "data/annotations/instances_test.json", frames, [coco_box(1, 7, SHIP), coco_box(2, 8, SHIP)])
    return tmp_path / "data"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "seen.csv"
    path.write_text("image,scene,condition,score,by\n0000007,port,fog,0.75,Ada\n0000008.jpg,anchorage,,,\n")
    return path


def test_scenes_of_a_table_are_scored_apart(labels, table, tmp_path, run):
    """The ship of the port is found, that of the anchorage is not."""
    found = tmp_path / "found.json"
    found.write_text(json.dumps([{"image_id": 7, "category_id": 1, "bbox": SHIP, "score": 0.9}]))
    answer = run("score", labels, found, "--sidecar", table, "--interval", 0, "--json")
    assert answer.code == 0, answer.err
    scenes = json.loads(answer.out)["slices"]["scene"]
    assert {name: part["AP50"] for name, part in scenes.items()} == {"port": pytest.approx(1), "anchorage": 0}


def test_a_table_of_other_frames_is_refused(labels, tmp_path, run):
    other = tmp_path / "other.csv"
    other.write_text("image,scene\nelsewhere,port\n")
    answer = run("info", labels, "--sidecar", other)
    assert answer.code == 2
    assert "elsewhere" in answer.complaint
    assert "0000007.jpg" in answer.complaint


def test_what_a_table_says_travels_through_coco(labels, table, tmp_path):
    told = wutdet.load(labels, sidecar=table)
    told.to_coco(tmp_path / "copy")
    again = wutdet.load(tmp_path / "copy")
    row = again.images.row(0, named=True)
    assert {name: row[name] for name in ("scene", "condition", "condition_score", "condition_by")} == {
        "scene": "port",
        "condition": "fog",
        "condition_score": 0.75,
        "condition_by": "Ada",
    }
    assert again.sha256 == told.sha256 != wutdet.load(labels).sha256
