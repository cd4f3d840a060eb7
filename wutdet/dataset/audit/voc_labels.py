"""Read a part for an audit: every XML that is there, whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Final

import polars as pl

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.audit.labels import BOX_SCHEMA, FRAME_SCHEMA, Labels
from wutdet.dataset.audit.lists import check_lists, read_lists
from wutdet.dataset.audit.origin import choose_origin
from wutdet.dataset.audit.voc_files import ImageNames, list_images, speakable
from wutdet.dataset.audit.voc_recovery import recover
from wutdet.dataset.tables import CATEGORY
from wutdet.dataset.voc import OriginChoice
from wutdet.dataset.voc_names import xml_stems
from wutdet.dataset.voc_scan import RawColumns, scan_files
from wutdet.errors import DataError

_MAX_SIDE_PX: Final = 65_500  # the limit of JPEG


def read_voc_labels(
    data: Path,
    root: Path,
    *,
    image_dir: Path | None,
    lists: Path | None,
    origin: OriginChoice,
    classes: Mapping[str, str],
    need_images: bool,
) -> Labels:
    """Read the labels under a VOC root.

    Args:
        data: the folder that was given; it names the dataset.
        root: the folder that holds `Annotations`.
        image_dir: where the images are, when not in `JPEGImages`.
        lists: a folder of split lists used in place of `ImageSets/Main`.
        origin: the pixel origin of the XML, or `auto`.
        classes: names that count as ship besides `ship`, or are dropped (mapped to "").
        need_images: whether the image folder must be there.

    Raises:
        DataError: there is no frame, or no image folder although one is needed.
    """
    folder = image_dir or root / "JPEGImages"
    images = list_images(folder) if need_images or folder.is_dir() else None
    stems, unspeakable = speakable(xml_stems(root))
    scanned = recover(scan_files(root / "Annotations", stems), root)
    frames = _frames(scanned.columns, images)
    if frames.is_empty():
        raise DataError("no frame here", where=root, remedy="check the folder")
    called = dict(frames.select("key", "name").iter_rows())
    split_lists, found = read_lists(lists if lists is not None else root / "ImageSets" / "Main", called.keys())
    found += _name_findings(scanned.findings, frames)
    found += _presence(frames, images)
    found += [finding("unsafe-file-name", f"{stem}.xml", "the name is no UTF-8") for stem in unspeakable]
    found += _file_names(scanned.columns, frames)
    found += _sizes(scanned.columns, frames)
    found += check_lists(split_lists, called)
    chosen = choose_origin(scanned.columns, choice=origin, where=root)
    found += chosen.findings
    kept, counts, strange = _sort_classes(scanned.columns, classes)
    placed = _place(kept, scanned.columns, frames, chosen.origin.shifts)
    for file, name, number in strange:
        found.append(finding("foreign-class", called[stems[file]], _foreign(name, number)))
    return Labels(
        layout="voc",
        name=data.resolve().name,
        root=data,
        image_dir=folder,
        frames=frames,
        boxes=placed,
        classes=counts,
        lists=split_lists,
        findings=tuple(found),
        origin=chosen.origin.value,
        evidence=chosen.evidence,
        renamed=_renamed(scanned.columns, frames),
    )


def _frames(scanned: RawColumns, images: ImageNames | None) -> pl.DataFrame:
    """One row a stem that has an XML or an image."""
    known = {} if images is None else images.names
    labelled = scanned.files.select(
        "stem", *(_possible(side).alias(side) for side in ("width", "height")), pl.col("stem").alias("source")
    )
    extra = sorted(set(known) - set(labelled["stem"]))
    table = pl.concat([labelled, pl.DataFrame({"stem": extra}, schema={"stem": pl.String})], how="diagonal")
    table = table.sort("stem")
    file_names = [known.get(stem) for stem in table["stem"]]
    return (
        table.with_columns(pl.Series("file_name", file_names, pl.String), pl.lit(None, pl.Int64).alias("entry"))
        .select(
            pl.coalesce("file_name", "stem").alias("name"),
            pl.col("stem").alias("key"),
            "file_name",
            pl.col("width", "height").cast(pl.Int64),
            pl.col("source") + ".xml",
            "entry",
        )
        .cast(FRAME_SCHEMA)
    )


def _possible(side: str) -> pl.Expr:
    return pl.when(pl.col(side).is_between(1, _MAX_SIDE_PX)).then(pl.col(side))


def _name_findings(findings: Sequence[Finding], frames: pl.DataFrame) -> Iterator[Finding]:
    """The findings under the names of their frames."""
    called = dict(frames.select("key", "name").iter_rows())
    for item in findings:
        yield finding(item.code, called.get(item.image, item.image), item.message)


def _presence(frames: pl.DataFrame, images: ImageNames | None) -> Iterator[Finding]:
    if images is None:
        return
    for stem in frames.filter(pl.col("file_name").is_null())["key"]:
        yield finding("missing-image", stem, "the XML has no image")
    for name in frames.filter(pl.col("source").is_null())["name"]:
        yield finding("orphan-image", name, "the image has no XML")
    for name in images.unspeakable:
        yield finding("unsafe-file-name", name, "the name is no UTF-8")
    for names in images.doubles.values():
        yield finding("two-images", names[-1], f"images of one frame: {', '.join(names)}")


def _file_names(scanned: RawColumns, frames: pl.DataFrame) -> Iterator[Finding]:
    """Where `<filename>` names another file than the one that is used."""
    named = scanned.files.filter(pl.col("filename").is_not_null()).select("stem", "filename")
    used = {key: (name, file_name) for key, name, file_name in frames.select("key", "name", "file_name").iter_rows()}
    for stem, text in named.iter_rows():
        base = PurePath(text.strip().replace("\\", "/")).name
        name, file_name = used[stem]
        said = PurePath(base).stem if file_name is None else base
        if base and said not in (name, stem):
            yield finding("wrong-filename", name, f"<filename> says {base!r}")


def _sizes(scanned: RawColumns, frames: pl.DataFrame) -> Iterator[Finding]:
    impossible = scanned.files.filter(
        pl.col("error").is_null() & (_possible("width").is_null() | _possible("height").is_null())
    )
    called = dict(frames.select("key", "name").iter_rows())
    for stem, width, height in impossible.select("stem", "width", "height").iter_rows():
        yield finding("wrong-size", called[stem], f"the labels say {width}x{height} px, which no image has")


def _sort_classes(
    scanned: RawColumns, classes: Mapping[str, str]
) -> tuple[pl.DataFrame, dict[str, int], list[tuple[int, str, int]]]:
    """Objects that count (with `ship` and their `entry` in the file), boxes by class, and strange ones by file."""
    objects = scanned.objects.with_columns(pl.int_range(pl.len()).over("file").alias("entry"))
    counted = objects["name"].value_counts().sort("count", "name", descending=[True, False])
    counts: dict[str, int] = dict(counted.iter_rows())
    dropped = [name for name in counts if name != CATEGORY and classes.get(name) == ""]
    ships = [name for name in counts if name == CATEGORY or classes.get(name) == CATEGORY]
    kept = objects.filter(~pl.col("name").is_in(dropped)).with_columns(pl.col("name").is_in(ships).alias("ship"))
    strange = kept.filter(~pl.col("ship")).group_by("file", "name", maintain_order=True).len()
    return kept, counts, list(strange.iter_rows())


def _foreign(name: str, number: int) -> str:
    return f"unknown class {name!r} on {number} {'box' if number == 1 else 'boxes'}"


def _rows_of_files(scanned: RawColumns, frames: pl.DataFrame) -> pl.Series:
    """The frame of every scanned file."""
    rows = frames.with_row_index("frame").select(pl.col("frame").cast(pl.Int64), pl.col("key").alias("stem"))
    return scanned.files.select("stem").join(rows, on="stem", how="left", maintain_order="left")["frame"]


def _renamed(scanned: RawColumns, frames: pl.DataFrame) -> frozenset[int]:
    """Frames with an object that is not called ship."""
    files = scanned.objects.filter(pl.col("name") != CATEGORY)["file"].unique()
    return frozenset(_rows_of_files(scanned, frames).gather(files).to_list())


def _place(objects: pl.DataFrame, scanned: RawColumns, frames: pl.DataFrame, shifts: tuple[int, int]) -> pl.DataFrame:
    """The objects as boxes: 0-based, with the row of their frame."""
    low, high = shifts
    return (
        objects.with_columns(
            _rows_of_files(scanned, frames).gather(objects["file"]).alias("frame"),
            pl.lit(False).alias("crowd"),
            pl.col("xmin", "ymin") + low,
            pl.col("xmax", "ymax") + high,
        )
        .select(BOX_SCHEMA.names())
        .cast(BOX_SCHEMA)
    )
