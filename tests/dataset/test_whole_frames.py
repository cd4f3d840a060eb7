import numpy as np
import pytest
from PIL import Image

import wutdet
from wutdet.dataset.whole import whole_frames
from wutdet.errors import FrameError


@pytest.fixture
def part(voc_part):
    return voc_part


def test_whole_frames_stay(part):
    dataset = wutdet.load(part)
    assert len(whole_frames(dataset, on_error="stop")) == len(dataset)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "truncated"),
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_text("no image"), "not an image"),
        (lambda path: Image.new("RGB", (10, 10)).save(path), "labels say"),
    ],
)
def test_a_bad_image_stops_or_is_left_out_and_listed(part, damage, message):
    dataset = wutdet.load(part)
    damage(dataset[1].path)
    with pytest.raises(FrameError, match=message):
        whole_frames(dataset, on_error="stop")
    kept = whole_frames(dataset, on_error="skip")
    assert kept.images["image_id"].to_list() == [
        image_id for image_id in dataset.images["image_id"] if image_id != dataset[1].image_id
    ]
    assert kept.boxes.height == dataset.boxes.height - len(dataset[1].boxes)
    assert [problem.image for problem in kept.problems] == [dataset[1].name]
    assert message in kept.problems[0].message


def test_padding_after_the_end_marker_is_no_damage(part):
    dataset = wutdet.load(part)
    path = dataset[0].path
    path.write_bytes(path.read_bytes() + b"\0" * 5000)
    assert len(whole_frames(dataset, on_error="stop")) == len(dataset)


def test_a_picture_of_another_format_is_decoded(tmp_path, part):
    dataset = wutdet.load(part)
    path = dataset[0].path
    Image.fromarray(np.zeros((dataset[0].height, dataset[0].width, 3), np.uint8)).save(path, format="PNG")
    assert len(whole_frames(dataset, on_error="stop")) == len(dataset)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(FrameError):
        whole_frames(dataset, on_error="stop")
