from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image, jpeg_of

from wutdet.dataset import load
from wutdet.errors import FrameError
from wutdet.training.torch_dataset import TorchDataset, collate

torch = pytest.importorskip("torch")
tv_tensors = pytest.importorskip("torchvision.tv_tensors")
v2 = pytest.importorskip("torchvision.transforms.v2")


def test_a_frame_is_an_image_and_a_target_in_the_conventions_of_transforms_v2(voc_part: Path) -> None:
    dataset = load(voc_part)
    found = TorchDataset(dataset)
    assert isinstance(found, torch.utils.data.Dataset)
    assert len(found) == 5
    image, target = found[1]
    assert isinstance(image, tv_tensors.Image)
    assert (image.dtype, tuple(image.shape)) == (torch.uint8, (3, 48, 64))
    assert np.array_equal(image.permute(1, 2, 0).numpy(), dataset[1].image)
    boxes = target["boxes"]
    assert isinstance(boxes, tv_tensors.BoundingBoxes)
    assert (boxes.format.value, boxes.canvas_size, boxes.dtype) == ("XYXY", (48, 64), torch.float32)
    assert boxes.tolist() == [[54, 39, 64, 48]]
    assert {name: value.dtype for name, value in target.items() if name in ("labels", "area", "iscrowd")} == {
        "labels": torch.int64,
        "area": torch.float32,
        "iscrowd": torch.int64,
    }
    assert (target["labels"].tolist(), target["area"].tolist(), target["iscrowd"].tolist()) == ([1], [90], [0])
    assert (type(target["image_id"]), target["image_id"]) == (int, 20)


def test_a_frame_without_ships_has_empty_tensors(voc_part: Path) -> None:
    _, target = TorchDataset(load(voc_part))[3]
    assert tuple(target["boxes"].shape) == (0, 4)
    assert target["boxes"].canvas_size == (48, 64)
    assert [len(target[name]) for name in ("labels", "area", "iscrowd")] == [0, 0, 0]


def test_area_and_crowds_are_those_of_the_labels(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 3), np.uint8))
    boxes = [coco_box(1, 7, (1, 1, 4, 4), area=9, iscrowd=1), coco_box(2, 7, (2, 2, 5, 5))]
    _, target = TorchDataset(load(coco_file(tmp_path / "c.json", [coco_image(7, "a.png")], boxes)))[0]
    assert (target["area"].tolist(), target["iscrowd"].tolist(), target["image_id"]) == ([9, 25], [1, 0], 7)


def test_colours_are_red_green_blue(voc_part: Path) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[..., 2] = 220  # OpenCV writes BGR
    jpeg_of(voc_part, "0000000").write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    image, _ = TorchDataset(load(voc_part))[0]
    red, green, blue = image.float().mean(dim=(1, 2)).tolist()
    assert red > 200
    assert max(green, blue) < 40


def test_a_flip_moves_the_boxes_with_the_picture(voc_part: Path) -> None:
    """Columns 54..64 of 64 become 0..10; the picture is dark on the left alone, so that its flip shows."""
    half = np.full((48, 64, 3), 200, np.uint8)
    half[:, :32] = 10
    jpeg_of(voc_part, "0000020").write_bytes(cv2.imencode(".jpg", half)[1].tobytes())
    plain, flipped = (
        TorchDataset(load(voc_part), transforms)[1]
        for transforms in (None, v2.Compose([v2.RandomHorizontalFlip(p=1), v2.ToDtype(torch.float32, scale=True)]))
    )
    assert flipped[1]["boxes"].tolist() == [[0, 39, 10, 48]]
    assert not torch.equal(plain[0], plain[0].flip(-1))
    assert torch.allclose(flipped[0], plain[0].flip(-1).float() / 255)


def test_a_frame_can_be_changed_without_changing_the_dataset(voc_part: Path) -> None:
    dataset = load(voc_part)
    found = TorchDataset(dataset)
    for value in found[0][1].values():
        if isinstance(value, torch.Tensor):
            value.zero_()
    assert found[0][1]["boxes"].tolist() == dataset[0].boxes.tolist() == [[0, 0, 10, 5], [19, 19, 29, 24]]
    assert found[0][1]["area"].tolist() == [50, 50]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_collates_frames_of_any_number_of_ships(voc_part: Path, workers: int) -> None:
    loader = torch.utils.data.DataLoader(
        TorchDataset(load(voc_part)), batch_size=2, num_workers=workers, collate_fn=collate
    )
    batches = list(loader)
    assert [[tuple(image.shape) for image in images] for images, _ in batches] == [[(3, 48, 64)] * n for n in (2, 2, 1)]
    targets = [target for _, part in batches for target in part]
    assert [target["image_id"] for target in targets] == [0, 20, 40, 60, 80]
    assert [len(target["boxes"]) for target in targets] == [2, 1, 1, 0, 2]
    assert isinstance(targets[0]["boxes"], tv_tensors.BoundingBoxes)


def test_it_can_be_pickled_and_holds_no_table(voc_part: Path) -> None:
    data = pickle.dumps(TorchDataset(load(voc_part).split("train"), v2.RandomHorizontalFlip(p=1)))
    assert b"polars" not in data  # its threads do not survive a fork
    again = pickle.loads(data)
    assert len(again) == 2
    assert again[1][1]["boxes"].tolist() == [[0, 39, 10, 48]]


def test_a_frame_of_another_size_than_its_labels_is_refused(voc_part: Path) -> None:
    dataset = load(voc_part)
    jpeg_of(voc_part, "0000000").write_bytes(cv2.imencode(".jpg", np.zeros((20, 30, 3), np.uint8))[1].tobytes())
    with pytest.raises(FrameError, match="is 30x20 px but the labels say 64x48"):
        TorchDataset(dataset)[0]
