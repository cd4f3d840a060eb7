"""A small sound part and a small sound COCO dataset, and every kind of damage to them."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from builders import jpeg_of, voc_xml, write_lists, xml_of
from PIL import Image

SIZE = (128, 96)
BOXES = {
    "0000000": [(1, 1, 10, 5), (20, 20, 29, 24)],
    "0000020": [(55, 40, 64, 48)],
    "0000040": [(2, 3, 15, 19)],
    "0000060": [(30, 30, 50, 40)],
    "0000080": [(7, 7, 17, 17)],
    "0000100": [(100, 80, 128, 96)],
    "0000120": [(40, 10, 60, 20)],
}
"""1-based inclusive, as Pascal writes them; frame 60 stands between the splits and is in none."""
SPLITS = {"train": ["0000000", "0000020", "0000040"], "val": ["0000080", "0000100", "0000120"]}
SOUND = [("unlisted-frame", "0000060.jpg", "no split lists it")]
"""What an audit of the sound part has to say."""

Said = tuple[str, str, str]
"""Code, image, message."""


def picture(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Broad patches of colour that no other seed has."""
    patches = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.NEAREST)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def sound_part(out: Path) -> Path:
    """Seven frames in the layout of WUTDet, of which nothing bad can be said; returns `out`."""
    voc = out / "voc"
    for folder in ("Annotations", "JPEGImages"):
        (voc / folder).mkdir(parents=True)
    for stem, boxes in BOXES.items():
        xml_of(out, stem).write_text(voc_xml(boxes, SIZE))
        jpeg_of(out, stem).write_bytes(encoded(picture(int(stem))))
    write_lists(voc / "ImageSets" / "Main", SPLITS)
    return out


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to a sound dataset, and everything that an audit says about it afterwards beside `SOUND`."""

    name: str
    do: Callable[[Path], object]
    said: Sequence[Said]
    gone: int = 0
    """Frames that a repair leaves out."""


STEM, NAME = "0000020", "0000020.jpg"


def labels(*boxes: tuple[float, ...], stem: str = STEM, **options: Any) -> Callable[[Path], object]:
    """Write other boxes."""
    return lambda part: xml_of(part, stem).write_text(voc_xml(boxes, options.get("size", SIZE)))  # type: ignore[arg-type]


def in_xml(old: str, new: str, stem: str = STEM) -> Callable[[Path], object]:
    """Replace a text that is there."""

    def change(part: Path) -> None:
        path = xml_of(part, stem)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def xml_bytes(data: bytes | str) -> Callable[[Path], object]:
    return lambda part: xml_of(part, STEM).write_bytes(data if isinstance(data, bytes) else data.encode())


def image_bytes(data: bytes, stem: str = STEM) -> Callable[[Path], object]:
    return lambda part: jpeg_of(part, stem).write_bytes(data)


def cut(part: Path) -> None:
    path = jpeg_of(part, STEM)
    path.write_bytes(path.read_bytes()[:-200])


def pad(part: Path) -> None:
    with jpeg_of(part, STEM).open("ab") as file:
        file.write(b"\0" * 5000)


def list_bytes(data: bytes, split: str = "train") -> Callable[[Path], object]:
    return lambda part: (part / f"voc/ImageSets/Main/{split}.txt").write_bytes(data)


def add_lines(text: str, split: str = "train") -> Callable[[Path], object]:
    def change(part: Path) -> None:
        with (part / f"voc/ImageSets/Main/{split}.txt").open("a") as file:
            file.write(text)

    return change


def rename(old: str, new: str) -> Callable[[Path], object]:
    """Another stem for labels, image and lists."""

    def change(part: Path) -> None:
        xml_of(part, old).rename(xml_of(part, new))
        jpeg_of(part, old).rename(jpeg_of(part, new))
        for path in (part / "voc/ImageSets/Main").glob("*.txt"):
            path.write_text(path.read_text().replace(old, new))

    return change


def repeat_image(part: Path) -> None:
    shutil.copyfile(jpeg_of(part, "0000000"), jpeg_of(part, STEM))


def leak(part: Path) -> None:
    jpeg_of(part, "0000080").write_bytes(encoded(picture(20), quality=60))


GOOD_XML = voc_xml(BOXES[STEM], SIZE)
BOMB = f'<!DOCTYPE a [<!ENTITY b "{"x" * 50}"><!ENTITY c "{"&b;" * 50}">]><annotation>&c;</annotation>'
EXIF = Image.Exif()
EXIF[0x0112] = 3
TURNED = Image.Exif()
TURNED[0x0112] = 6
SHIPS_ALONG_THE_EDGE = [(1, y, 10, y + 1) for y in range(1, 5)]

VOC_DAMAGE = [
    Damage(
        "an image is missing",
        lambda part: jpeg_of(part, STEM).unlink(),
        [("missing-image", STEM, "the XML has no image")],
        gone=1,
    ),
    Damage(
        "an XML is missing",
        lambda part: xml_of(part, STEM).unlink(),
        [("orphan-image", NAME, "the image has no XML")],
        gone=1,
    ),
    Damage(
        "a frame is gone but listed",
        lambda part: (xml_of(part, STEM).unlink(), jpeg_of(part, STEM).unlink()),
        [
            ("absent-in-split", STEM, "train lists it, but it is not there"),
            ("id-gap", "0000040.jpg", "0000000 to 0000040 is a step of 40, the usual is 20: 1 missing"),
        ],
    ),
    Damage(
        "a text in place of an image",
        image_bytes(b"no image"),
        [("unreadable-image", NAME, "not an image")],
        gone=1,
    ),
    Damage("an empty image", image_bytes(b""), [("unreadable-image", NAME, "not an image")], gone=1),
    Damage(
        "a JPEG without its end marker",
        lambda part: jpeg_of(part, STEM).write_bytes(jpeg_of(part, STEM).read_bytes()[:-2]),
        [("truncated-image", NAME, "truncated image")],
        gone=1,
    ),
    Damage("a JPEG cut off", cut, [("truncated-image", NAME, "truncated image")], gone=1),
    Damage(
        "a PNG cut off",
        image_bytes(encoded(picture(20), "PNG")[:-300]),
        [("truncated-image", NAME, "truncated image")],
        gone=1,
    ),
    Damage(
        "a JPEG with its end marker far from its end",
        pad,
        [("no-end-marker", NAME, "decodes, but its last 4096 bytes hold no end marker")],
    ),
    Damage(
        "an image of another size",
        image_bytes(encoded(picture(20, (160, 120)))),
        [("wrong-size", NAME, "is 160x120 px but the labels say 128x96")],
    ),
    Damage(
        "an image too small for its boxes",
        image_bytes(encoded(picture(20, (60, 45)))),
        [("wrong-size", NAME, "is 60x45 px but the labels say 128x96")],
        gone=1,
    ),
    Damage(
        "a size of nothing",
        labels(*BOXES[STEM], size=(0, 0)),
        [("wrong-size", NAME, "the labels say 0x0 px, which no image has")],
    ),
    Damage(
        "a PNG called JPEG",
        image_bytes(encoded(picture(20), "PNG")),
        [("wrong-file-kind", NAME, "holds PNG data under the suffix .jpg")],
    ),
    Damage(
        "a picture without colour",
        image_bytes(encoded(picture(20).convert("L"))),
        [("grayscale-image", NAME, "has no colour (mode L)")],
    ),
    Damage(
        "a picture for print",
        image_bytes(encoded(picture(20).convert("CMYK"))),
        [("cmyk-image", NAME, "is in colours of print (mode CMYK)")],
    ),
    Damage(
        "a picture upside down by EXIF",
        image_bytes(encoded(picture(20), exif=EXIF)),
        [("exif-rotated", NAME, "EXIF orientation 3: some tools turn it, the boxes not")],
    ),
    Damage(
        "two images of one stem",
        lambda part: (part / "voc/JPEGImages/0000020.png").write_bytes(encoded(picture(20), "PNG")),
        [("two-images", "0000020.png", "images of one frame: 0000020.jpg, 0000020.png")],
        gone=1,
    ),
    Damage(
        "the same file twice",
        repeat_image,
        [("identical-files", NAME, "has the same bytes as 0000000.jpg, but other boxes")],
    ),
    Damage(
        "an XML cut off",
        xml_bytes(GOOD_XML[:-30]),
        [("malformed-xml", NAME, "malformed XML (unclosed token: line 1, column 155)")],
        gone=1,
    ),
    Damage(
        "an entity bomb",
        xml_bytes(BOMB),
        [("hostile-xml", NAME, "XML with a document type or NUL bytes")],
        gone=1,
    ),
    Damage(
        "a document type in UTF-16",
        xml_bytes(BOMB.encode("utf-16")),
        [("hostile-xml", NAME, "XML with a document type or NUL bytes")],
        gone=1,
    ),
    Damage(
        "XML in UTF-16",
        xml_bytes(GOOD_XML.encode("utf-16")),
        [("bad-encoding", NAME, "the XML is utf-16, not UTF-8")],
    ),
    Damage(
        "XML in Chinese bytes that it does not announce",
        xml_bytes(GOOD_XML.replace("<size>", "<source>舟山</source><size>").encode("gb18030")),
        [("bad-encoding", NAME, "the XML is gb18030, not UTF-8")],
    ),
    Damage(
        "XML that announces an encoding of which nobody knows",
        xml_bytes(f'<?xml version="1.0" encoding="no-such"?>{GOOD_XML}'),
        [("bad-encoding", NAME, "the XML is UTF-8, but announces another encoding")],
    ),
    Damage(
        "an edge that is no number",
        in_xml("<xmin>55<", "<xmin>left<"),
        [("bad-label", NAME, "<bndbox/xmin> is 'left', not a number")],
        gone=1,
    ),
    Damage(
        "an edge that is NaN",
        in_xml("<ymax>48<", "<ymax>NaN<"),
        [("bad-label", NAME, "<bndbox/ymax> is 'NaN', not a number")],
        gone=1,
    ),
    Damage(
        "no size",
        in_xml("<size><width>128</width><height>96</height></size>", ""),
        [("bad-label", NAME, "<size/width> is None, not a number")],
        gone=1,
    ),
    Damage(
        "another file name in the XML",
        in_xml("<size>", "<filename>C:\\frames\\0000040.jpg</filename><size>"),
        [("wrong-filename", NAME, "<filename> says '0000040.jpg'")],
    ),
    Damage(
        "corners swapped",
        labels((64, 40, 55, 48)),
        [("degenerate-box", NAME, "box [63, 39, 55, 48] is empty")],
        gone=1,
    ),
    Damage(
        "the same box twice",
        labels(*BOXES[STEM], *BOXES[STEM]),
        [("duplicate-box", NAME, "box [54, 39, 64, 48] is there twice")],
    ),
    Damage(
        "nearly the same box twice",
        labels((31, 31, 70, 70), (31, 31, 70, 71)),
        [("near-duplicate-box", NAME, "boxes [30, 30, 70, 70] and [30, 30, 70, 71] have IoU 0.976")],
    ),
    Damage(
        "a box over the edge",
        labels((110, 90, 140, 96)),
        [("box-over-edge", NAME, "box [109, 89, 140, 96] reaches out of the 128x96 frame")],
    ),
    Damage(
        "a box most of which is out of the frame",
        labels((110, 90, 9000, 96)),
        [("box-over-edge", NAME, "box [109, 89, 9000, 96] reaches out of the 128x96 frame")],
        gone=1,
    ),
    Damage(
        "a box outside",
        labels((129, 1, 140, 9)),
        [("box-outside", NAME, "box [128, 0, 140, 9] lies outside the 128x96 frame")],
        gone=1,
    ),
    Damage(
        "a box of less than a pixel",
        labels((5, 5, 4.5, 9)),
        [("sub-pixel-box", NAME, "box [4, 4, 4.5, 9] has a side under 1 px")],
    ),
    Damage(
        "a box over everything",
        labels((1, 1, 128, 95)),
        [("huge-box", NAME, "box [0, 0, 128, 95] covers more than 95% of the 128x96 frame")],
    ),
    Damage(
        "another class",
        in_xml("<name>ship<", "<name>buoy<"),
        [("foreign-class", NAME, "unknown class 'buoy' on 1 box")],
        gone=1,
    ),
    Damage(
        "one zero among ones",
        lambda part: (labels(*SHIPS_ALONG_THE_EDGE)(part), labels((0, 50, 9, 59), stem="0000040")(part)),
        [
            # read as 0, the maxima at the side reach out: that is what makes it 0x
            (
                "doubtful-origin",
                "Annotations",
                "read as 0x, but 1 minima at 0 and 7 at 1, 2 maxima at the side and 0 one pixel short of it",
            )
        ],
    ),
    Damage(
        "a frame between others is gone",
        lambda part: (xml_of(part, "0000060").unlink(), jpeg_of(part, "0000060").unlink()),
        [("id-gap", "0000080.jpg", "0000040 to 0000080 is a step of 40, the usual is 20: 1 missing")],
    ),
    Damage(
        "a frame off the beat",
        rename("0000120", "0000125"),
        [("id-gap", "0000125.jpg", "0000100 to 0000125 is a step of 25, the usual is 20")],
    ),
    Damage(
        "a name that is no number",
        rename("0000120", "harbour"),
        [("odd-id", "harbour.jpg", "is not a number, as 6 of 7 names are")],
    ),
    Damage(
        "one number in two names",
        rename("0000120", "100"),
        [("same-id", "100.jpg", "is the same number as 0000100.jpg")],
    ),
    Damage(
        "a list of frames that are not there",
        add_lines("0009999\n0000041.jpg\n"),
        [
            ("absent-in-split", "0000041", "train lists it, but it is not there"),
            ("absent-in-split", "0009999", "train lists it, but it is not there"),
        ],
    ),
    Damage(
        "a frame twice in a list",
        add_lines("0000020\n0000020.jpg\n"),
        [("listed-twice", NAME, "train lists it 3 times")],
    ),
    Damage(
        "a frame in train and val",
        add_lines("0000080\n"),
        [
            ("frame-in-several-splits", "0000080.jpg", "it is in val and in train"),
            ("split-leakage", "val.txt", "67% of val (2 of 3) has a neighbour in train"),
        ],
    ),
    Damage(
        "an empty list",
        list_bytes(b"\n \n", "test"),
        [("empty-split", "test.txt", "the list test names no frame")],
    ),
    Damage(
        "a list in UTF-16",
        list_bytes("\n".join(SPLITS["train"]).encode("utf-16")),
        [("bad-encoding", "train.txt", "not UTF-8 but utf-16")],
    ),
    Damage(
        "frames side by side in train and val",
        add_lines("0000060\n"),
        [("split-leakage", "val.txt", "33% of val (1 of 3) has a neighbour in train")],
    ),
    Damage(
        "a look-alike in train and val",
        leak,
        [("split-leakage", "val.txt", "33% of val (1 of 3) has a neighbour in train")],
    ),
    Damage(
        "a table beside the data that names no image",
        lambda part: (part / "frames.csv").write_text("camera\nbow\n"),
        [("bad-sidecar", "frames.csv", "has no column 'image'")],
    ),
    Damage("no ships", labels(), [("frame-without-ships", NAME, "no ship is labelled")]),
]
"""Every kind of damage to a part; some have two effects by their nature."""


def sound_coco(out: Path) -> Path:
    """The frames of `sound_part` as COCO files of train and val; returns `out`."""
    (out / "images").mkdir(parents=True)
    (out / "annotations").mkdir()
    for split, stems in {**SPLITS, "unsplit": ["0000060"]}.items():
        images = [
            {"id": int(stem), "file_name": f"{stem}.jpg", "width": SIZE[0], "height": SIZE[1], "licence": 1}
            for stem in stems
        ]
        boxes = [
            {"image_id": int(stem), "bbox": [x - 1, y - 1, a - x + 1, b - y + 1], "area": (a - x + 1) * (b - y + 1)}
            for stem in stems
            for x, y, a, b in BOXES[stem]
        ]
        annotations = [
            {"id": number, "category_id": 1, "iscrowd": 0, "segmentation": [], **box}
            for number, box in enumerate(boxes, 1)
        ]
        for stem in stems:
            (out / "images" / f"{stem}.jpg").write_bytes(encoded(picture(int(stem))))
        document = {
            "info": {"year": 2026},
            "images": images,
            "annotations": annotations,
            "categories": [{"id": 1, "name": "ship"}],
        }
        (out / f"annotations/instances_{split}.json").write_text(json.dumps(document))
    return out


def json_of(data: Path, split: str = "train") -> Path:
    return data / f"annotations/instances_{split}.json"


def in_coco(change: Callable[[dict[str, Any]], object], split: str = "train") -> Callable[[Path], object]:
    """Change the document of a split."""

    def apply(data: Path) -> None:
        document = json.loads(json_of(data, split).read_text())
        change(document)
        json_of(data, split).write_text(json.dumps(document))

    return apply


def in_box(**fields: Any) -> Callable[[Path], object]:
    """Change the annotation of frame 20, which is the third of train."""
    return in_coco(lambda document: document["annotations"][2].update(fields))


def in_image(**fields: Any) -> Callable[[Path], object]:
    """Change the entry of frame 20."""
    return in_coco(lambda document: document["images"][1].update(fields))


def add_box(**fields: Any) -> Callable[[Path], object]:
    box = {"id": 9, "image_id": 20, "category_id": 1, "bbox": [1, 1, 9, 9], "area": 81, "iscrowd": 0, **fields}
    return in_coco(lambda document: document["annotations"].append(box))


def name_again(document: dict[str, Any]) -> None:
    document["images"].append({**document["images"][1], "id": 21})


def move_to_val(data: Path) -> None:
    """Frame 20 is in val too, with the same box."""
    image = {"id": 20, "file_name": NAME, "width": SIZE[0], "height": SIZE[1]}
    box = {"id": 99, "image_id": 20, "category_id": 1, "bbox": [54, 39, 10, 9], "area": 90}
    in_coco(lambda document: (document["images"].append(image), document["annotations"].append(box)), "val")(data)


def move_other_to_val(data: Path) -> None:
    move_to_val(data)
    in_coco(lambda document: document["annotations"][-1].update(bbox=[1, 1, 5, 5], area=25), "val")(data)


IN_TWO = [
    ("frame-in-several-splits", NAME, "it is in val and in train"),
    ("split-leakage", "val.txt", "25% of val (1 of 4) has a neighbour in train"),
]

COCO_DAMAGE = [
    Damage(
        "an image is missing",
        lambda data: (data / "images" / NAME).unlink(),
        [("missing-image", NAME, "the image is missing")],
        gone=1,
    ),
    Damage(
        "an image that no JSON names",
        lambda data: (data / "images/0000140.jpg").write_bytes(encoded(picture(60))),
        [("unlabelled-image", "0000140.jpg", "no JSON names it")],
    ),
    Damage(
        "a size that is not the image's",
        in_image(width=200),
        [("wrong-size", NAME, "is 128x96 px but the labels say 200x96")],
    ),
    Damage(
        "a size of nothing",
        in_image(width=0),
        [("wrong-size", NAME, "the labels say 0x96 px, which no image has")],
    ),
    Damage(
        "a way out of the folder",
        in_image(file_name="../../etc/passwd"),
        [
            ("unsafe-file-name", "../../etc/passwd", "unsafe file name '../../etc/passwd'"),
            ("id-gap", "0000040.jpg", "0000000 to 0000040 is a step of 40, the usual is 20: 1 missing"),
            ("unlabelled-image", NAME, "no JSON names it"),
        ],
        gone=1,
    ),
    Damage(
        "two images of one id",
        in_image(id=0),
        [
            (
                "annotation-without-image",
                "instances_train.json",
                "annotation 3 belongs to image 20, which is not there",
            ),
            ("duplicate-image-id", "0000000.jpg", "2 images of instances_train.json have the id 0"),
            ("duplicate-image-id", NAME, "2 images of instances_train.json have the id 0"),
            ("frame-without-ships", NAME, "no ship is labelled"),
        ],
        gone=2,
    ),
    Damage(
        "one image named twice",
        in_coco(name_again),
        [
            ("conflicting-labels", NAME, "instances_train.json names it 2 times"),
            ("conflicting-labels", NAME, "instances_train.json names it 2 times"),
            ("frame-without-ships", NAME, "no ship is labelled"),
        ],
        gone=1,
    ),
    Damage(
        "two boxes of one id",
        add_box(id=1),
        [("duplicate-box-id", NAME, "annotation id 1 is there twice")],
    ),
    Damage(
        "a box of no image",
        add_box(image_id=7),
        [("annotation-without-image", "instances_train.json", "annotation 9 belongs to image 7, which is not there")],
    ),
    Damage(
        "an area of another box",
        in_box(area=900),
        [("wrong-area", NAME, "area 900 of box [54, 39, 64, 48], which encloses 90 px²")],
    ),
    Damage(
        "an area of nothing",
        in_box(area=0),
        [("wrong-area", NAME, "area 0 of box [54, 39, 64, 48], which encloses 90 px²")],
    ),
    Damage(
        "a crowd of seven",
        in_box(iscrowd=7),
        [("odd-iscrowd", NAME, "annotation 3 has iscrowd 7")],
    ),
    Damage(
        "a category without a name",
        in_box(category_id=5),
        [("unknown-category", NAME, "category 5 on 1 box is not listed")],
        gone=1,
    ),
    Damage(
        "another class",
        in_coco(lambda document: (document["categories"].append({"id": 2, "name": "buoy"}), add_buoy(document))),
        [("foreign-class", NAME, "unknown class 'buoy' on 1 box")],
        gone=1,
    ),
    Damage(
        "an empty box",
        in_box(bbox=[5, 5, 0, 9], area=0),
        [("degenerate-box", NAME, "box [5, 5, 5, 14] is empty")],
        gone=1,
    ),
    Damage(
        "a box without end",
        in_box(bbox=[1e308, 5, 1e308, 9], area=None),
        [("degenerate-box", NAME, "box [1e+308, 5, inf, 14] is not finite")],
        gone=1,
    ),
    Damage(
        "a box over the edge",
        in_box(bbox=[-3.5, 5, 10, 9], area=90),
        [("box-over-edge", NAME, "box [-3.5, 5, 6.5, 14] reaches out of the 128x96 frame")],
    ),
    Damage(
        "a box outside",
        in_box(bbox=[-30, 5, 10, 9], area=90),
        [("box-outside", NAME, "box [-30, 5, -20, 14] lies outside the 128x96 frame")],
        gone=1,
    ),
    Damage(
        "the same box twice",
        add_box(bbox=[54, 39, 10, 9], area=90),
        [("duplicate-box", NAME, "box [54, 39, 64, 48] is there twice")],
    ),
    Damage(
        "a box of three numbers",
        in_box(bbox=[1, 2, 3]),
        [
            (
                "bad-entry",
                NAME,
                "annotation at place 2 of instances_train.json: Expected `array` of length 4 - at `$.bbox`",
            ),
            ("frame-without-ships", NAME, "no ship is labelled"),
        ],
        gone=1,
    ),
    Damage(
        "an image without a size",
        in_coco(lambda document: document["images"][1].pop("width")),
        [
            (
                "annotation-without-image",
                "instances_train.json",
                "annotation 3 belongs to image 20, which is not there",
            ),
            (
                "bad-entry",
                "instances_train.json",
                "image at place 1 of instances_train.json: Object missing required field `width`",
            ),
            ("id-gap", "0000040.jpg", "0000000 to 0000040 is a step of 40, the usual is 20: 1 missing"),
            ("unlabelled-image", NAME, "no JSON names it"),
        ],
    ),
    Damage("a frame in train and val", move_to_val, IN_TWO),
    Damage(
        "a frame in train and val with other boxes",
        move_other_to_val,
        [
            (
                "conflicting-labels",
                NAME,
                "its sizes or boxes differ between instances_train.json, instances_val.json",
            ),
            *IN_TWO,
        ],
        gone=1,
    ),
    Damage(
        "a file in UTF-16",
        lambda data: json_of(data).write_bytes(json_of(data).read_text().encode("utf-16")),
        [("bad-encoding", "instances_train.json", "the JSON is utf-16, not plain UTF-8")],
    ),
    Damage(
        "a file with a byte order mark",
        lambda data: json_of(data).write_bytes(b"\xef\xbb\xbf" + json_of(data).read_bytes()),
        [("bad-encoding", "instances_train.json", "the JSON is utf-8 with a byte order mark, not plain UTF-8")],
    ),
]


def add_buoy(document: dict[str, Any]) -> None:
    box = {"id": 9, "image_id": 20, "category_id": 2, "bbox": [1, 1, 9, 9], "area": 81}
    document["annotations"].append(box)
