"""Read a part in the WUTDet layout: Pascal VOC XML, JPEG images, ImageSets lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.checks import ReportFrame, check_box, check_size, is_ship
from wutdet.dataset.tables import BOX_EXTRAS, BOX_SCHEMA, IMAGE_SCHEMA, Columns, splits_column
from wutdet.dataset.voc_facts import join_facts
from wutdet.dataset.voc_names import find_frames, xml_stems
from wutdet.dataset.voc_origin import VocOrigin, decide_origin
from wutdet.dataset.voc_scan import RawColumns, scan_files
from wutdet.dataset.voc_xml import EDGES, RawFrame, RawObject, parse_voc_xml
from wutdet.errors import DataError, FrameError

__all__ = [
    "OriginChoice",
    "RawColumns",
    "RawFrame",
    "RawObject",
    "VocPart",
    "find_voc_root",
    "parse_voc_xml",
    "read_voc",
    "scan_voc",
]

OriginChoice = Literal["auto", "1", "0", "0x"]

_OR_SKIP: Final = "or leave such frames out with --on-error skip"
_USUAL_SIDE_PX: Final = 10_000  # at most this, and a size is possible for sure


@dataclass(frozen=True, slots=True)
class VocPart:
    """What a VOC folder holds, with boxes converted to 0-based continuous xyxy."""

    columns: Columns
    image_dir: Path
    origin: VocOrigin
    evidence: str


def find_voc_root(folder: Path) -> Path | None:
    """The folder with `Annotations` in it: the given one or its `voc` child; None when neither has it."""
    return next((root for root in (folder / "voc", folder) if (root / "Annotations").is_dir()), None)


def scan_voc(root: Path) -> RawColumns:
    """What every XML under `root/Annotations` says, by stem; nothing is converted, and no file is refused.

    Raises:
        DataError: the folder cannot be listed.
    """
    return scan_files(root / "Annotations", xml_stems(root))


def read_voc(
    root: Path,
    *,
    origin: OriginChoice,
    classes: Mapping[str, str],
    lists: Path | None,
    image_dir: Path | None,
    report: ReportFrame,
) -> VocPart:
    """Read every frame under a VOC root.

    Args:
        root: the folder that holds `Annotations`, `JPEGImages` and `ImageSets/Main`.
        origin: the pixel origin of the XML, or `auto` to decide from the data.
        classes: names that count as ship besides `ship`, or are dropped (mapped to "").
        lists: a folder of split lists used in place of `ImageSets/Main`.
        image_dir: where the images are, when not in `JPEGImages`. Where neither is there, labels are read alone: what
            needs no image works.
        report: called with each bad frame.

    Raises:
        DataError: no frame is there, or the evidence about the origin conflicts.
    """
    usual = root / "JPEGImages"
    lists = lists if lists is not None else root / "ImageSets" / "Main"
    found = find_frames(root, image_dir or (usual if usual.is_dir() else None), lists, report)
    scanned = scan_files(root / "Annotations", list(found.images))
    raw = _readable(RawColumns(scanned.files, join_facts(scanned.objects, scanned.facts)), report)
    if raw.files.is_empty():
        raise DataError("no frame with both an XML and an image", where=root, remedy="check the folder")
    decided = decide_origin(_edges_by_axis(raw), choice=origin, where=root)
    ships = _ships(raw, decided.origin, classes, report)
    if ships.files.is_empty():
        raise DataError("no good frame is left", where=root, remedy="correct the labels")
    return VocPart(_columns(ships, found.images, found.splits), image_dir or usual, decided.origin, decided.evidence)


def _readable(raw: RawColumns, report: ReportFrame) -> RawColumns:
    """The files that can be read as labels and state a possible frame size; the others are reported."""
    usual = pl.col("error").is_null() & pl.all_horizontal(pl.col("width", "height").is_between(1, _USUAL_SIDE_PX))

    def check(row: int) -> None:
        stem, width, height, error, remedy = raw.files.select("stem", "width", "height", "error", "remedy").row(row)
        if error is not None:
            raise FrameError(error, where=_where(stem), remedy=f"{remedy}, {_OR_SKIP}")
        check_size(width, height, where=_where(stem))

    return _sound(raw, raw.files.select(usual).to_series().to_numpy(), check, report)


def _ships(raw: RawColumns, origin: VocOrigin, classes: Mapping[str, str], report: ReportFrame) -> RawColumns:
    """The ships, 0-based, of files whose every object is well; the other files are reported."""
    low, high = origin.shifts
    objects = raw.objects.with_columns(pl.col("xmin", "ymin") + low, pl.col("xmax", "ymax") + high)
    known = {name: _is_known_ship(name, classes) for name in objects["name"].unique()}
    ship, strange = (objects["name"].is_in([name for name in known if known[name] is kind]) for kind in (True, None))
    inside = _are_inside(objects, raw.files)
    of_file = objects["file"].to_numpy()
    doubtful = of_file[strange.to_numpy() | ship.to_numpy() & ~inside]
    plain = np.ones(raw.files.height, np.bool_)
    plain[doubtful] = False

    def check(row: int) -> None:
        stem, width, height = raw.files.select("stem", "width", "height").row(row)
        start, stop = np.searchsorted(of_file, (row, row + 1)).tolist()
        for name, *box in objects[start:stop].select("name", *EDGES).iter_rows():
            if is_ship(name, classes, where=_where(stem)):
                check_box(*box, width=width, height=height, where=_where(stem))

    return _sound(RawColumns(raw.files, objects.filter(ship)), plain, check, report)


def _is_known_ship(name: str, classes: Mapping[str, str]) -> bool | None:
    """As `is_ship`, None where that refuses."""
    try:
        return is_ship(name, classes, where="")
    except FrameError:
        return None


def _are_inside(objects: pl.DataFrame, files: pl.DataFrame) -> NDArray[np.bool_]:
    """Which boxes (N,) plainly pass `check_box`."""
    xmin, ymin, xmax, ymax = (objects[edge].to_numpy() for edge in EDGES)
    width, height = (files[side].to_numpy()[objects["file"].to_numpy()] for side in ("width", "height"))
    inside = (xmin >= 0) & (xmin < xmax) & (xmax <= width) & (ymin >= 0) & (ymin < ymax) & (ymax <= height)
    return np.asarray(inside)


def _sound(raw: RawColumns, plain: NDArray[np.bool_], check: Callable[[int], None], report: ReportFrame) -> RawColumns:
    """The plain files (F,) and those that pass the check, which raises what is then reported."""
    kept = plain.copy()
    for row in np.flatnonzero(~plain).tolist():
        try:
            check(row)
            kept[row] = True
        except FrameError as error:
            report(error)
    if kept.all():
        return raw
    of_file = raw.objects["file"].to_numpy()
    moved = raw.objects.with_columns(pl.Series("file", (np.cumsum(kept) - 1)[of_file]))
    return RawColumns(raw.files.filter(kept), moved.filter(kept[of_file]))


def _edges_by_axis(raw: RawColumns) -> NDArray[np.float64]:
    """(2N, 3) min, max and side of the frame, what the origin is decided from."""
    sides = raw.files.select("width", "height").to_numpy()[raw.objects["file"].to_numpy()]
    low, high = raw.objects.select("xmin", "ymin").to_numpy(), raw.objects.select("xmax", "ymax").to_numpy()
    return np.stack((low, high, sides), axis=-1).reshape(-1, 3)


def _columns(ships: RawColumns, images: Mapping[str, str], splits: Mapping[str, tuple[str, ...]]) -> Columns:
    stems = ships.files["stem"].to_list()
    told = ships.files.select(
        pl.Series("file_name", [images[stem] for stem in stems], pl.String),
        *("width", "height"),
        splits_column([splits.get(stem, ()) for stem in stems]).alias("splits"),
    )
    own_area = (pl.col("xmax") - pl.col("xmin")) * (pl.col("ymax") - pl.col("ymin"))
    boxes = ships.objects.select(
        pl.lit(0, pl.Int64).alias("box_id"),
        pl.col("file").alias("frame"),
        *EDGES,
        pl.coalesce("area", own_area).alias("area_px2"),
        (pl.col("iscrowd") == 1.0).fill_null(value=False),
        *BOX_EXTRAS,
    )
    return Columns(_with_unknown(told, IMAGE_SCHEMA), _with_unknown(boxes, BOX_SCHEMA).drop("image_id"))


def _with_unknown(table: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The table with the columns of the schema that it lacks, blank."""
    lacking = {name: kind for name, kind in schema.items() if name not in table.columns}
    ordered = (*schema, *(name for name in table.columns if name not in schema))
    return table.with_columns(pl.lit(None, kind).alias(name) for name, kind in lacking.items()).select(ordered)


def _where(stem: str) -> str:
    return f"Annotations/{stem}.xml"
