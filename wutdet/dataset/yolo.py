"""Write the YOLO layout: a `data.yaml` that stock `yolo detect train data=…` accepts.

Every frame stands once, under its own name, in `images/`; splits are lists of frames (`train.txt`), as COCO's own YOLO
export has them. So a frame keeps its name, which is its identity, and may be in several splits or in none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from wutdet.dataset.coco import split_tables
from wutdet.dataset.facts import write_facts
from wutdet.dataset.files import Placement, new_folder, place_image, write_aside
from wutdet.dataset.tables import CATEGORY, UNSPLIT
from wutdet.errors import DataError

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

OWN_KEY: Final = "wutdet"
"""The key of `data.yaml` under which wutdet keeps what trainers have no key for; they pass over it."""
IMAGES: Final = "images"

IMAGE_SUFFIXES: Final = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def label_path(image: str) -> str:
    """The label file of an image by the rule of YOLO trainers: the last `images` folder of its path is `labels`."""
    folder, found, rest = image.rpartition(f"{os.sep}images{os.sep}")
    moved = f"{folder}{os.sep}labels{os.sep}{rest}" if found else image
    return moved.rpartition(".")[0] + ".txt"


def label_files(images: pl.DataFrame, boxes: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """The file name and the label text of every frame, in table order: one line a ship, `0 cx cy w h`.

    Numbers are normalised by the frame's size and written in full, the shortest decimals of the same float64.
    `read_yolo` rounds edges to a millionth of a pixel. So a box whose edges are such millionths (whole pixels are, and
    all that a canonical COCO file holds) reads back bit for bit; any other to within half a millionth of a pixel, and
    from then on always the same.
    """
    sized = boxes.join(images.select("image_id", "width", "height"), on="image_id", maintain_order="left")
    numbers = sized.select(
        "image_id",
        (pl.col("xmin") + pl.col("xmax")) / 2 / pl.col("width"),
        (pl.col("ymin") + pl.col("ymax")) / 2 / pl.col("height"),
        ((pl.col("xmax") - pl.col("xmin")) / pl.col("width")).alias("w"),
        ((pl.col("ymax") - pl.col("ymin")) / pl.col("height")).alias("h"),
    )
    lines: dict[int, list[str]] = {}
    for image_id, cx, cy, w, h in numbers.iter_rows():
        lines.setdefault(image_id, []).append(f"0 {cx!r} {cy!r} {w!r} {h!r}\n")
    return (
        (file_name, "".join(lines.get(image_id, ())))
        for image_id, file_name in images.select("image_id", "file_name").iter_rows()
    )


def write_labels(images: pl.DataFrame, boxes: pl.DataFrame, out: Path) -> None:
    """Write the label file of every frame, where trainers look for it beside `out/images`."""
    made: set[str] = set()
    for file_name, text in label_files(images, boxes):
        path = label_path(str(out / IMAGES / file_name))
        folder = os.path.dirname(path)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(path, "wb") as file:
            file.write(text.encode())


def write_yolo(
    dataset: Dataset, out: Path, *, placement: Placement, advance: Callable[[int], None] | None = None
) -> Path:
    """Write `images/`, `labels/`, `{split}.txt`, `frames.csv` and `data.yaml` under `out`.

    `data.yaml` is written last: where it is, all is. It names no absolute path, so the folder may be moved.

    Args:
        dataset: what to write; frames that no split lists go to `unsplit.txt`, all of them to `all.txt` where there
            is no split.
        out: a new or empty folder.
        placement: `copy` makes the folder stand alone; `link` saves space and is as safe (see `place_image`).
        advance: called with 1 after each frame.

    Returns:
        The path of `data.yaml`.

    Raises:
        DataError: a name is none that this layout can hold, or `out` is in use.
        FrameError: an image is not there.
    """
    lists = {name: part["file_name"].to_list() for name, part in split_tables(dataset.images).items()}
    _check_names(dataset.images, lists)
    new_folder(out)
    for file_name in dataset.images["file_name"]:
        place_image(dataset.image_dir / file_name, out / IMAGES / file_name, placement)
        if advance is not None:
            advance(1)
    write_labels(dataset.images, dataset.boxes, out)
    for name, file_names in lists.items():
        lines = "".join(f"./{IMAGES}/{file_name}\n" for file_name in file_names)
        (out / f"{name}.txt").write_text(lines, encoding="utf-8", newline="\n")
    write_facts(dataset.images, out)
    write_aside(out / "data.yaml", _data_yaml(list(lists)).encode())
    return out / "data.yaml"


def _data_yaml(names: list[str]) -> str:
    """Every split under its own name; where `train` or `val` lacks, which stock trainers want, another stands in."""
    first = next((name for name in names if name != UNSPLIT), UNSPLIT)
    stand_in = {
        "train": next((name for name in ("train", "val") if name in names), first),
        "val": next((name for name in ("val", "test", "train") if name in names), first),
        "test": "test",
    }
    lines = [
        *(
            f"{name}: {_quoted(f'{used}.txt')}" + ("" if used == name else f"  # there is no {name} split")
            for name, used in stand_in.items()
            if used in names
        ),
        "names:",
        f"  0: {CATEGORY}",
        f"{OWN_KEY}:  # every list, without stand-ins, and the folder that file names begin from",
        f"  images: {IMAGES}",
        "  splits:",
        *(f"    {_quoted(name)}: {_quoted(f'{name}.txt')}" for name in names),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Text as YAML: JSON strings are YAML."""
    return json.dumps(text, ensure_ascii=False)


def _check_names(images: pl.DataFrame, lists: Mapping[str, object]) -> None:
    """Refuse names that lists, or the rule that finds a label, would lose.

    Raises:
        DataError: a name is such.
    """
    names = images["file_name"]
    for bad, what in (
        (names.str.contains(r"[\x00-\x1f\x7f\x{85}\x{2028}\x{2029}]"), "holds a line break"),
        (
            ~names.str.to_lowercase().str.extract(r"(\.[^./]*)$").is_in(IMAGE_SUFFIXES).fill_null(False),
            "is no image by its suffix",
        ),
        (names.str.replace(r"\.[^.]*$", "").is_duplicated(), "shares its label file with another image"),
    ):
        if bad.any():
            raise DataError(what, where=names.filter(bad)[0], remedy="convert to COCO, or rename the files")
    for name in lists:
        if "/" in name or not name.isprintable() or name.startswith("."):
            raise DataError("is no name for a list", where=f"split {name!r}", remedy="rename the split")
