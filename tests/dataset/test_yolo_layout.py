from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from builders import coco_box, coco_file, coco_image, jpeg_bytes, jpeg_of, write_voc
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet import load
from wutdet.dataset.convert import convert
from wutdet.errors import DataError, FrameError

PARTS_PER_PX = 1000


def read_label(path: Path, width: int, height: int) -> list[tuple[float, ...]]:
    """Labels back as xyxy in pixels, as a trainer reads them."""
    boxes: list[tuple[float, ...]] = []
    for line in path.read_text().splitlines():
        number, cx, cy, w, h = line.split()
        assert number == "0"
        x, y, half_w, half_h = float(cx) * width, float(cy) * height, float(w) * width / 2, float(h) * height / 2
        boxes.append((x - half_w, y - half_h, x + half_w, y + half_h))
    return boxes


@settings(max_examples=40, deadline=None)
@given(data=st.data(), width=st.integers(1, 65_500), height=st.integers(1, 65_500))
def test_labels_invert_within_a_thousandth_of_a_pixel(data: st.DataObject, width: int, height: int) -> None:
    def interval(side: int) -> tuple[float, float]:
        low = data.draw(st.integers(0, side * PARTS_PER_PX - 1))
        return low / PARTS_PER_PX, data.draw(st.integers(low + 1, side * PARTS_PER_PX)) / PARTS_PER_PX

    spans = [(interval(width), interval(height)) for _ in range(data.draw(st.integers(1, 4)))]
    boxes = [coco_box(n, 1, (x[0], y[0], x[1] - x[0], y[1] - y[0])) for n, (x, y) in enumerate(spans, start=1)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.jpg").write_bytes(jpeg_bytes())
        path = coco_file(folder / "instances_train.json", [coco_image(1, "a.jpg", (width, height))], boxes)
        load(path).to_yolo(folder / "out")
        found = read_label(folder / "out" / "labels" / "train" / "a.txt", width, height)
    expected = [(x[0], y[0], x[1], y[1]) for x, y in spans]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_a_label_to_the_letter(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 16, 12)], "2": []}, splits={"train": ["1", "2"]})
    load(part).to_yolo(tmp_path / "out")
    labels = tmp_path / "out" / "labels" / "train"
    assert (labels / "1.txt").read_text() == "0 0.12500000 0.12500000 0.25000000 0.25000000\n"
    assert (labels / "2.txt").read_text() == ""  # a frame without ships is a frame to learn from


@pytest.mark.parametrize(
    ("splits", "content"),
    [
        (("train", "val"), {"train": "images/train", "val": "images/val"}),
        (("train", "val", "test"), {"train": "images/train", "val": "images/val", "test": "images/test"}),
        (("train", "test"), {"train": "images/train", "val": "images/test", "test": "images/test"}),
        (("train",), {"train": "images/train", "val": "images/train"}),
        ((), {"train": "images/all", "val": "images/all", "all": "images/all"}),
    ],
)
def test_data_yaml_names_what_a_stock_trainer_asks_for(
    tmp_path: Path, splits: tuple[str, ...], content: dict[str, str]
) -> None:
    frames = {str(number): [(1, 1, 9, 9)] for number in range(3)}
    part = write_voc(tmp_path / "part", frames, splits={name: [str(n)] for n, name in enumerate(splits)})
    path = load(part).to_yolo(tmp_path / "out")
    assert path == tmp_path / "out" / "data.yaml"
    found = msgspec.yaml.decode(path.read_bytes())
    assert found.pop("path") == str(tmp_path / "out")
    assert found.pop("names") == {0: "ship"}
    assert found == content
    for place in content.values():
        assert any((tmp_path / "out" / place).iterdir())


def test_data_yaml_survives_a_strange_path(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)]})
    out = tmp_path / 'a "b" \\users: #1 été'
    assert msgspec.yaml.decode(load(part).to_yolo(out).read_bytes())["path"] == str(out)


def test_a_frame_in_two_splits_is_placed_in_both(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)]}, splits={"train": ["1"], "val": ["1"]})
    load(part).to_yolo(tmp_path / "out")
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("1.*")) == [
        "images/train/1.jpg",
        "images/val/1.jpg",
        "labels/train/1.txt",
        "labels/val/1.txt",
    ]


def test_copies_stand_alone(voc_part: Path, tmp_path: Path) -> None:
    load(voc_part).to_yolo(tmp_path / "out")
    placed = tmp_path / "out/images/train/0000000.jpg"
    assert not placed.is_symlink()
    assert placed.read_bytes() == jpeg_bytes()


def test_links_spare_space_but_never_lead_to_a_jpeg_that_a_trainer_would_rewrite(
    voc_part: Path, tmp_path: Path
) -> None:
    """A JPEG without its end marker is re-encoded in place by some trainers: through a link, the original is."""
    open_end = jpeg_bytes()[:-2]
    jpeg_of(voc_part, "0000020").write_bytes(open_end)
    padded = jpeg_bytes() + b"\0\0"  # the marker is there, but a trainer looks at the last two bytes
    jpeg_of(voc_part, "0000040").write_bytes(padded)
    load(voc_part).to_yolo(tmp_path / "out", images="link")
    images = tmp_path / "out" / "images"
    assert (images / "train/0000000.jpg").is_symlink()
    assert (images / "train/0000000.jpg").resolve() == jpeg_of(voc_part, "0000000").resolve()
    assert (images / "val/0000060.jpg").is_symlink()
    for path, content in (("train/0000020.jpg", open_end), ("val/0000040.jpg", padded)):
        assert not (images / path).is_symlink()
        (images / path).write_bytes(b"rewritten")
        assert jpeg_of(voc_part, Path(path).stem).read_bytes() == content


def test_a_png_is_linked_whatever_it_ends_with(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"pixels")
    load(coco_file(tmp_path / "c.json", [coco_image(1, "a.png")])).to_yolo(tmp_path / "out", images="link")
    assert (tmp_path / "out/images/all/a.png").is_symlink()


@pytest.mark.parametrize("layout", ["coco", "yolo"])
def test_an_output_folder_in_use_is_refused(voc_part: Path, tmp_path: Path, layout: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    convert(load(voc_part), out, to=layout, placement="copy")  # type: ignore[arg-type]  # empty: welcome
    before = sorted(out.rglob("*"))
    with pytest.raises(DataError, match="exists and is not empty; choose another --out"):
        convert(load(voc_part), out, to=layout, placement="copy")  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    for taken, said in ((tmp_path / "file", "exists and is not empty"), (tmp_path / "file" / "out", "cannot be made")):
        with pytest.raises(DataError, match=said):
            convert(load(voc_part), taken, to=layout, placement="copy")  # type: ignore[arg-type]
    assert sorted(out.rglob("*")) == before


@pytest.mark.parametrize("placement", ["copy", "link"])
def test_a_missing_image_is_said_and_data_yaml_is_not_written(tmp_path: Path, placement: str) -> None:
    dataset = load(coco_file(tmp_path / "labels.json", [coco_image(1, "a.jpg")]))
    with pytest.raises(FrameError, match=r"a\.jpg: the image is missing; restore it"):
        dataset.to_yolo(tmp_path / "out", images=placement)  # type: ignore[arg-type]
    assert not (tmp_path / "out" / "data.yaml").exists()


def test_converted_coco_loads_with_its_images(voc_part: Path, tmp_path: Path) -> None:
    dataset = load(voc_part)
    files = convert(dataset, tmp_path / "out", to="coco", placement="link")
    assert [path.name for path in files] == ["instances_train.json", "instances_val.json", "instances_unsplit.json"]
    again = load(tmp_path / "out")
    assert again.image_dir == tmp_path / "out" / "images"
    assert again.sha256 == dataset.sha256
    assert [frame.image.shape for frame in again] == [(48, 64, 3)] * 5
