"""Tiny datasets on disk for tests: VOC parts and COCO trees with real JPEGs."""

from __future__ import annotations

import functools
import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

SIZE = (64, 48)
BLUE = (30, 90, 160)

Edges = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax as a VOC file has them."""


@functools.cache
def jpeg_bytes(size: tuple[int, int] = SIZE, rgb: tuple[int, int, int] = BLUE) -> bytes:
    """A plain JPEG of (width, height)."""
    width, height = size
    picture = np.full((height, width, 3), rgb[::-1], np.uint8)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixel."""
    claims = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", claims), (b"IDAT", b""), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def voc_xml(boxes: Iterable[Edges], size: tuple[int, int] = SIZE, name: str = "ship") -> str:
    """An annotation file with these numbers, as they are."""
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax>"
        "</bndbox></object>"
        for a, b, c, d in boxes
    )
    return f"<annotation><size><width>{size[0]}</width><height>{size[1]}</height></size>{objects}</annotation>"


def write_voc(
    out: Path,
    frames: Mapping[str, Sequence[Edges]],
    *,
    splits: Mapping[str, Sequence[str]] | None = None,
    size: tuple[int, int] = SIZE,
    name: str = "ship",
) -> Path:
    """A part in the WUTDet layout: `out/voc/…`; returns `out`."""
    voc = out / "voc"
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (voc / folder).mkdir(parents=True)
    for stem, boxes in frames.items():
        (voc / "Annotations" / f"{stem}.xml").write_text(voc_xml(boxes, size, name))
        (voc / "JPEGImages" / f"{stem}.jpg").write_bytes(jpeg_bytes(size))
    write_lists(voc / "ImageSets" / "Main", splits or {})
    return out


def write_lists(folder: Path, splits: Mapping[str, Sequence[str]]) -> Path:
    """Split lists, one file a split; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, stems in splits.items():
        (folder / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems))
    return folder


def xml_of(part: Path, stem: str) -> Path:
    """Where a part keeps the labels of a frame."""
    return part / "voc" / "Annotations" / f"{stem}.xml"


def jpeg_of(part: Path, stem: str) -> Path:
    """Where a part keeps the pixels of a frame."""
    return part / "voc" / "JPEGImages" / f"{stem}.jpg"


def coco_image(image_id: int, file_name: str, size: tuple[int, int] = SIZE, **extras: Any) -> dict[str, Any]:
    """An entry of `images`."""
    return {"id": image_id, "file_name": file_name, "width": size[0], "height": size[1], **extras}


def coco_box(box_id: int, image_id: int, xywh: Sequence[float], **extras: Any) -> dict[str, Any]:
    """An entry of `annotations`."""
    return {"id": box_id, "image_id": image_id, "category_id": 1, "bbox": list(xywh), **extras}


def coco_file(
    path: Path,
    images: Sequence[Mapping[str, Any]],
    boxes: Sequence[Mapping[str, Any]] = (),
    category: str = "ship",
) -> Path:
    """A COCO file, without images; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": category}]}
    path.write_text(json.dumps(document))
    return path


def tree_digest(root: Path) -> dict[str, str]:
    """The hash of every file under a folder, links followed, with empty folders named."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(root.rglob("*"))
    }
