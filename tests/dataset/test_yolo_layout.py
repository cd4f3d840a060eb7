from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from builders import coco_box, coco_file, coco_image, jpeg_bytes, jpeg_of, write_voc
from exchange import on_disk
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet import load
from wutdet.dataset.convert import convert
from wutdet.dataset.tables import BoxRecord, FrameRecord
from wutdet.detectors.runtime import import_ultralytics
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
def test_labels_invert_as_trainers_read_them(data: st.DataObject, width: int, height: int) -> None:
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
        found = read_label(folder / "out" / "labels" / "a.txt", width, height)
    expected = [(x[0], y[0], x[1], y[1]) for x, y in spans]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def test_a_label_to_the_letter(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 16, 12)], "2": []}, splits={"train": ["1", "2"]})
    load(part).to_yolo(tmp_path / "out")
    labels = tmp_path / "out" / "labels"
    assert (labels / "1.txt").read_text() == "0 0.125 0.125 0.25 0.25\n"
    assert (labels / "2.txt").read_text() == ""  # a frame without ships is a frame to learn from


@pytest.mark.parametrize(
    ("splits", "content"),
    [
        (("train", "val"), {"train": "train.txt", "val": "val.txt"}),
        (("train", "val", "test"), {"train": "train.txt", "val": "val.txt", "test": "test.txt"}),
        (("train", "test"), {"train": "train.txt", "val": "test.txt", "test": "test.txt"}),
        (("train",), {"train": "train.txt", "val": "train.txt"}),
        (("fold 1",), {"train": "fold 1.txt", "val": "fold 1.txt"}),
        ((), {"train": "all.txt", "val": "all.txt"}),
    ],
)
def test_data_yaml_names_what_a_stock_trainer_asks_for(
    tmp_path: Path, splits: tuple[str, ...], content: dict[str, str]
) -> None:
    frames = {str(number): [(1, 1, 9, 9)] for number in range(4)}
    part = write_voc(tmp_path / "part", frames, splits={name: [str(n)] for n, name in enumerate(splits)})
    path = load(part).to_yolo(tmp_path / "out")
    assert path == tmp_path / "out" / "data.yaml"
    found = msgspec.yaml.decode(path.read_bytes())
    assert found.pop("names") == {0: "ship"}
    lists = {name: f"{name}.txt" for name in ((*sorted(splits), "unsplit") if splits else ("all",))}
    assert found.pop("wutdet") == {"images": "images", "splits": lists}
    assert found == content
    members = {name: (tmp_path / "out" / file).read_text().splitlines() for name, file in lists.items()}
    expected = {name: [f"./images/{n}.jpg"] for n, name in enumerate(splits)}
    rest = [f"./images/{n}.jpg" for n in range(len(splits), 4)]
    assert members == {**expected, "unsplit" if splits else "all": rest}


def test_the_folder_may_be_moved(voc_part: Path, tmp_path: Path) -> None:
    load(voc_part).to_yolo(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "moved")
    said = (tmp_path / "moved" / "data.yaml").read_text()
    assert str(tmp_path) not in said
    assert load(tmp_path / "moved").sha256 == load(voc_part).sha256


def test_a_frame_in_two_splits_is_written_once_and_listed_in_both(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)]}, splits={"train": ["1"], "val": ["1"]})
    load(part).to_yolo(tmp_path / "out")
    found = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("1.*"))
    assert found == ["images/1.jpg", "labels/1.txt"]
    assert [(tmp_path / "out" / f"{split}.txt").read_text() for split in ("train", "val")] == ["./images/1.jpg\n"] * 2


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.jpg", "a.png"], "a.jpg: shares its label file with another image"),
        (["a\u2028b.jpg"], "holds a line break"),
        (["a"], "a: is no image by its suffix"),
        (["jpg/a"], "jpg/a: is no image by its suffix"),
    ],
)
def test_names_that_lists_or_labels_would_lose_are_refused(tmp_path: Path, names: list[str], said: str) -> None:
    dataset = on_disk([FrameRecord(name, 64, 48, ()) for name in names], tmp_path / "images")
    with pytest.raises(DataError, match=said):
        dataset.to_yolo(tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("split", ["a/b", "a\nb", ".hidden"])
def test_a_split_that_is_no_file_name_is_refused(tmp_path: Path, split: str) -> None:
    dataset = on_disk([FrameRecord("a.jpg", 64, 48, (), splits=(split,))], tmp_path / "images")
    with pytest.raises(DataError, match="is no name for a list; rename the split"):
        dataset.to_yolo(tmp_path / "out")


def test_stock_ultralytics_finds_every_frame_and_every_ship(tmp_path: Path) -> None:
    """Its own checker and its own reader of labels, on the names that are hardest to find a label for."""
    ultralytics = import_ultralytics()
    names = {"day 2/a b.jpg": ("train",), "images/x.y.jpg": ("train", "val"), "été.jpg": ("val",), "rest.jpg": ()}
    boxes = (BoxRecord(0, 0, 16, 12, area_px2=192), BoxRecord(8.5, 40, 64, 48, area_px2=444))
    records = [
        FrameRecord(name, 64, 48, boxes if name != "été.jpg" else (), splits=splits) for name, splits in names.items()
    ]
    dataset = on_disk(records, tmp_path / "images")
    for name in names:
        (tmp_path / "images" / name).write_bytes(jpeg_bytes())
    out = tmp_path / "a folder of images" / "images" / "out"
    data = ultralytics.data.utils.check_det_dataset(str(dataset.to_yolo(out)), autodownload=False)
    assert data["names"] == {0: "ship"}
    assert data["nc"] == 1
    found: dict[str, dict[str, object]] = {}
    for split in ("train", "val"):
        read = ultralytics.data.dataset.YOLODataset(data[split], data=data, task="detect", augment=False, imgsz=64)
        found[split] = {
            str(Path(label["im_file"]).relative_to(out / "images")): label["bboxes"].tolist() for label in read.labels
        }
    # (0, 0, 16, 12) of 64x48 is centred on 8/64, 6/48 and measures 16/64, 12/48
    ships = [[0.125, 0.125, 0.25, 0.25], [0.56640625, 0.9166666865348816, 0.8671875, 0.1666666716337204]]
    assert found["train"] == {"day 2/a b.jpg": ships, "images/x.y.jpg": ships}
    assert found["val"] == {"images/x.y.jpg": ships, "été.jpg": []}


def test_copies_stand_alone(voc_part: Path, tmp_path: Path) -> None:
    load(voc_part).to_yolo(tmp_path / "out")
    placed = tmp_path / "out/images/0000000.jpg"
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
    assert (images / "0000000.jpg").is_symlink()
    assert (images / "0000000.jpg").resolve() == jpeg_of(voc_part, "0000000").resolve()
    assert (images / "0000060.jpg").is_symlink()
    for path, content in (("0000020.jpg", open_end), ("0000040.jpg", padded)):
        assert not (images / path).is_symlink()
        (images / path).write_bytes(b"rewritten")
        assert jpeg_of(voc_part, Path(path).stem).read_bytes() == content


def test_a_png_is_linked_whatever_it_ends_with(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"pixels")
    load(coco_file(tmp_path / "c.json", [coco_image(1, "a.png")])).to_yolo(tmp_path / "out", images="link")
    assert (tmp_path / "out/images/a.png").is_symlink()


@pytest.mark.parametrize("layout", ["coco", "yolo", "voc"])
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
