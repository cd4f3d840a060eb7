"""Write the layout of WUTDet: Pascal VOC XML, images, ImageSets lists.

A box keeps its numbers: edges on whole pixels are written as integers, others as the shortest decimals that parse to
the same float64. With origin `0x` they are the edges themselves, so every box reads back bit for bit. Origins `1` and
`0` add to one edge or take from it: whole pixels (and all multiples of 2^-36 px) read back bit for bit, other edges to
within 8e-12 px, and from then on always the same.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from wutdet.dataset.facts import write_facts
from wutdet.dataset.files import Placement, new_folder, place_image
from wutdet.dataset.losses import own_areas
from wutdet.dataset.tables import BOX_EXTRAS, CATEGORY
from wutdet.dataset.voc_origin import VocOrigin
from wutdet.errors import DataError

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

WriteOrigin = Literal["1", "0", "0x"]

_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")
_CONVENTIONS: Final = {
    "1": "pixels count from 1, xmax and ymax are included",
    "0": "pixels count from 0, xmax and ymax are included",
    "0x": "pixels count from 0, xmax and ymax are not included",
}
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\ufffe": "\ufffd", "\uffff": "\ufffd"})


def write_voc(
    dataset: Dataset,
    out: Path,
    *,
    placement: Placement,
    origin: WriteOrigin = "1",
    advance: Callable[[int], None] | None = None,
) -> Path:
    """Write `voc/Annotations`, `voc/JPEGImages`, `voc/ImageSets/Main/{split}.txt` and `frames.csv` under `out`.

    `voc` appears when all of it is there. A frame in two splits is in both lists, a frame in none is in no list.
    What the XML of Pascal has no place for goes into elements of its own inside `object`: `area` where it is not
    width times height, `iscrowd` (with `difficult`, which evaluators leave out too), `transmittance`, `contrast`.

    Args:
        dataset: what to write.
        out: a new or empty folder.
        placement: `copy` makes the folder stand alone; `link` saves space and is as safe (see `place_image`).
        origin: where pixels begin in the XML. Reading decides `1` by itself; name the others with `--voc-origin`.
        advance: called with 1 after each frame.

    Returns:
        `out`, which is what to load.

    Raises:
        DataError: a file name is none that this layout can hold, or `out` is in use.
        FrameError: an image is not there.
    """
    _check_names(dataset.images)
    new_folder(out)
    aside = out / f".voc.{os.getpid()}.part"
    try:
        for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
            (aside / name).mkdir(parents=True)
        for file_name, xml in annotation_files(dataset.images, dataset.boxes, origin=origin):
            (aside / "Annotations" / f"{Path(file_name).stem}.xml").write_bytes(xml)
            place_image(dataset.image_dir / file_name, aside / "JPEGImages" / file_name, placement)
            if advance is not None:
                advance(1)
        _write_lists(dataset.images, aside / "ImageSets" / "Main")
        write_facts(dataset.images, out)
        aside.rename(out / "voc")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return out


def annotation_files(
    images: pl.DataFrame, boxes: pl.DataFrame, *, origin: WriteOrigin = "1"
) -> Iterator[tuple[str, bytes]]:
    """The file name and the annotation XML of every frame, in table order."""
    objects = _objects_by_image(images, boxes, VocOrigin(origin))
    convention = _CONVENTIONS[origin]
    for image_id, file_name, width, height in images.select("image_id", "file_name", "width", "height").iter_rows():
        yield (
            file_name,
            (
                "<annotation>\n\t<folder>JPEGImages</folder>\n"
                f"\t<filename>{file_name.translate(_ESCAPES)}</filename>\n"
                f"\t<source>\n\t\t<database>Unknown</database>\n\t\t<annotation>{convention}</annotation>\n\t</source>\n"
                f"\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
                f"\t<segmented>0</segmented>\n{''.join(objects.get(image_id, ()))}</annotation>\n"
            ).encode(),
        )


def _objects_by_image(images: pl.DataFrame, boxes: pl.DataFrame, origin: VocOrigin) -> Mapping[int, Sequence[str]]:
    """The `object` elements of every frame, by its id, in table order."""
    placed = boxes.with_columns(own_areas(boxes).alias("own_area")).join(
        images.select("image_id", "width", "height"), on="image_id", maintain_order="left"
    )
    # COCO boxes may pass the edge by a rounding error of a millionth of a pixel, which VOC readers refuse
    edges = placed.select(
        pl.col("xmin", "ymin").clip(lower_bound=0.0),
        pl.min_horizontal("xmax", "width").alias("xmax"),
        pl.min_horizontal("ymax", "height").alias("ymax"),
    )
    truncated = placed.select(
        (pl.min_horizontal("xmin", "ymin") <= 0)
        | (pl.col("xmax") >= pl.col("width"))
        | (pl.col("ymax") >= pl.col("height"))
    ).to_series()
    shift_min, shift_max = origin.shifts
    numbers = (
        _texts(edges[name], shift)
        for name, shift in zip(edges.columns, (shift_min,) * 2 + (shift_max,) * 2, strict=True)
    )
    objects: dict[int, list[str]] = {}
    for image_id, cut, crowd, beside, xmin, ymin, xmax, ymax in zip(
        placed["image_id"], truncated, placed["iscrowd"], _beside(placed), *numbers, strict=True
    ):
        objects.setdefault(image_id, []).append(
            f"\t<object>\n\t\t<name>{CATEGORY}</name>\n\t\t<pose>Unspecified</pose>\n"
            f"\t\t<truncated>{cut:d}</truncated>\n\t\t<difficult>{crowd:d}</difficult>\n"
            f"\t\t<bndbox>\n\t\t\t<xmin>{xmin}</xmin>\n\t\t\t<ymin>{ymin}</ymin>\n"
            f"\t\t\t<xmax>{xmax}</xmax>\n\t\t\t<ymax>{ymax}</ymax>\n\t\t</bndbox>\n{beside}\t</object>\n"
        )
    return objects


def _texts(edges: pl.Series, shift: int) -> list[str]:
    """Edges in the numbers of the file, 0-based minus the shift that reading adds: `7` or `7.25`."""
    moved: list[float] = (edges - shift).to_list()
    return [str(int(number)) if number.is_integer() else repr(number) for number in moved]


def _beside(placed: pl.DataFrame) -> list[str]:
    """The elements of each box for what Pascal's XML has no place for."""
    lines = [""] * placed.height
    told: dict[str, tuple[pl.Series, pl.Series]] = {
        "area": (placed["own_area"], placed["area_px2"]),
        "iscrowd": (placed["iscrowd"], placed["iscrowd"].cast(pl.Int8)),
        **{name: (placed[name].is_not_null(), placed[name]) for name in BOX_EXTRAS},
    }
    for name, (has, values) in told.items():
        for row in has.arg_true():
            value: Any = values[row]
            lines[row] += f"\t\t<{name}>{value!r}</{name}>\n"
    return lines


def _write_lists(images: pl.DataFrame, folder: Path) -> None:
    """One list a split; a frame's stem a line, or its file name where a stem would be misread."""
    listed = images.select("file_name", pl.col("splits").alias("split")).explode("split").drop_nulls()
    for (split,), rows in listed.group_by("split", maintain_order=True):
        lines = "".join(f"{_listed(name)}\n" for name in rows["file_name"])
        (folder / f"{split}.txt").write_text(lines, encoding="utf-8", newline="\n")


def _listed(file_name: str) -> str:
    stem = Path(file_name).stem
    plain = not any(sign.isspace() for sign in stem) and Path(stem).suffix.lower() not in _SUFFIXES
    return stem if plain else file_name


def _check_names(images: pl.DataFrame) -> None:
    """Refuse names that this layout would lose: VOC has one flat folder, and one XML for each stem.

    Raises:
        DataError: a name or a split is such.
    """
    names = images["file_name"]
    stems = names.str.replace(r"\.[^.]*$", "")
    suffixes = names.str.extract(r"(\.[^.]*)$")
    keep = "convert to COCO or YOLO, which keep such names, or rename the files"
    for bad, what in (
        (names.str.contains("/"), "lies in a folder of its own, and VOC has one flat folder of images"),
        (names.str.contains(r"^[\s.]"), "begins with a space or a dot, which lists of VOC cannot hold"),
        (~suffixes.is_in(_SUFFIXES).fill_null(False), "is neither JPEG nor PNG by its suffix"),
        (stems.is_duplicated(), "shares its stem with another image, and VOC has one XML a stem"),
    ):
        if bad.any():
            more = f" (and {int(bad.sum()) - 1} others)" if bad.sum() > 1 else ""
            raise DataError(what + more, where=names.filter(bad)[0], remedy=keep)
    for split in images["splits"].explode().drop_nulls().unique().sort():
        if "/" in split or "\0" in split or split.startswith("."):
            raise DataError("is no name for a list", where=f"split {split!r}", remedy="rename the split")
