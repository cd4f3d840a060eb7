"""A dataset as HuggingFace has them: in memory, and as Parquet files that `datasets.load_dataset` reads offline."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from wutdet.dataset.coco import split_tables
from wutdet.dataset.facts import FACTS
from wutdet.dataset.files import new_folder, write_aside
from wutdet.dataset.tables import BOX_EXTRAS, CATEGORY, IMAGE_SCHEMA, UNSPLIT
from wutdet.errors import DataError, FrameError, MissingExtraError

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

SHARD_BYTES: Final = 256 * 2**20
"""A shard is closed before the next image would make it larger; an image larger than that has a shard of its own."""

_GROUP_FRAMES: Final = 32  # what is held in memory, and what a reader decodes to get at one frame
_SPLIT_NAME: Final = re.compile(r"\w+(\.\w+)*")  # HuggingFace's own rule


def features() -> Any:
    """The `datasets.Features` of a frame: COCO's fields, boxes as xywh; `category` 0 is `ship`."""
    hf = import_exchange("datasets")
    number, text = hf.Value("int64"), hf.Value("string")
    share = hf.Value("float64")
    return hf.Features(
        {
            "image": hf.Image(),
            "image_id": number,
            "file_name": text,
            "width": number,
            "height": number,
            "objects": {
                "id": hf.List(number),
                "bbox": hf.List(hf.List(share, length=4)),
                "category": hf.List(hf.ClassLabel(names=[CATEGORY])),
                "area": hf.List(share),
                "iscrowd": hf.List(hf.Value("bool")),
                **{name: hf.List(share) for name in BOX_EXTRAS},
            },
            **{name: share if IMAGE_SCHEMA[name].is_float() else text for name in FACTS},
        }
    )


def to_huggingface(dataset: Dataset) -> Any:
    """A `datasets.DatasetDict` with every split, whose images stay on disk until they are asked for.

    Frames that no split lists are in `unsplit`; a frame in two splits is in both.

    Raises:
        MissingExtraError: `datasets` is not installed.
        DataError: HuggingFace does not take the name of a split, or there is no frame.
    """
    hf, arrow = import_exchange("datasets"), import_exchange("pyarrow")
    schema = features()
    made = {}
    for split, images in _splits(dataset).items():
        rows = list(_rows(images, dataset.boxes))
        for row in rows:
            row["image"] = {"bytes": None, "path": str((dataset.image_dir / row["file_name"]).absolute())}
        table = arrow.Table.from_pylist(rows, schema=schema.arrow_schema)
        made[split] = hf.Dataset(table, info=hf.DatasetInfo(features=schema), split=hf.NamedSplit(split))
    return hf.DatasetDict(made)


def write_huggingface(
    dataset: Dataset,
    out: Path,
    *,
    shard_bytes: int = SHARD_BYTES,
    advance: Callable[[int], None] | None = None,
) -> Path:
    """Write `data/{split}-00000-of-00004.parquet` and a dataset card `README.md` under `out`.

    Images go in as the bytes of their files. Memory holds 32 frames at a time. `README.md` is written last, each
    shard aside: where they are, they are whole.

    Args:
        dataset: what to write; a frame in two splits is in the shards of both.
        out: a new or empty folder.
        shard_bytes: of images in a shard, about.
        advance: called with 1 after each frame, the first time that it is written.

    Returns:
        `out`, which is what `datasets.load_dataset` takes.

    Raises:
        MissingExtraError: `datasets` is not installed.
        DataError: `out` is in use, HuggingFace does not take the name of a split, or there is no frame.
        FrameError: an image is not there.
    """
    schema = features().arrow_schema
    splits = _splits(dataset)
    new_folder(out)
    (out / "data").mkdir()
    told: set[int] = set()
    for split, images in splits.items():
        shards = _shards(images, dataset.image_dir, shard_bytes)
        for number, part in enumerate(shards):
            path = out / "data" / f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
            _write_shard(path, _rows(part, dataset.boxes), dataset.image_dir, schema)
            if advance is not None:
                new = set(part["image_id"]) - told
                told |= new
                advance(len(new))
    write_aside(out / "README.md", _card(dataset, splits).encode())
    return out


def import_exchange(name: str) -> Any:
    """A module of the extra `exchange`.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise MissingExtraError(name, "exchange") from None


def _splits(dataset: Dataset) -> dict[str, pl.DataFrame]:
    """The images of every split by a name that HuggingFace takes.

    Raises:
        DataError: it does not take one of them, or there is no frame.
    """
    if not len(dataset):
        raise DataError("holds no frame", where=dataset.name, remedy="choose other frames")
    tables = split_tables(dataset.images)
    if not dataset.splits:
        return {UNSPLIT: tables["all"]}  # HuggingFace keeps the word all for the union of splits
    for name in tables:
        if not _SPLIT_NAME.fullmatch(name) or name.lower() == "all":
            remedy = "rename it with letters, digits, _ and single dots"
            raise DataError("is no name for a split in HuggingFace", where=f"split {name!r}", remedy=remedy)
    return tables


def _rows(images: pl.DataFrame, boxes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Every frame as HuggingFace has it, in table order, without its image."""
    own = boxes.join(images.select("image_id"), on="image_id", how="semi").select(
        "image_id",
        pl.col("box_id").alias("id"),
        pl.concat_list("xmin", "ymin", pl.col("xmax") - pl.col("xmin"), pl.col("ymax") - pl.col("ymin")).alias("bbox"),
        pl.lit(0, pl.Int64).alias("category"),
        pl.col("area_px2").alias("area"),
        "iscrowd",
        *BOX_EXTRAS,
    )
    fields = own.columns[1:]
    grouped = own.group_by("image_id", maintain_order=True).all()
    objects = {row["image_id"]: {name: row[name] for name in fields} for row in grouped.iter_rows(named=True)}
    empty: dict[str, list[Any]] = {name: [] for name in fields}
    for row in images.drop("splits").iter_rows(named=True):
        yield {**row, "objects": objects.get(row["image_id"], empty)}


def _shards(images: pl.DataFrame, folder: Path, shard_bytes: int) -> list[pl.DataFrame]:
    """The images cut into runs of at most `shard_bytes`, or of one image."""
    starts, filled = [0], 0
    for row, name in enumerate(images["file_name"]):
        size = _size(folder / name)
        if filled and filled + size > shard_bytes:
            starts.append(row)
            filled = 0
        filled += size
    ends = [*starts[1:], images.height]
    return [images[start:end] for start, end in zip(starts, ends, strict=True)]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        raise _missing(path) from None


def _missing(path: Path) -> FrameError:
    return FrameError("the image is missing", where=path, remedy="restore it, or name the folder with --images")


def _write_shard(path: Path, rows: Iterable[dict[str, Any]], folder: Path, schema: Any) -> None:
    """One Parquet file, a few frames a row group, written aside."""
    arrow, parquet = import_exchange("pyarrow"), import_exchange("pyarrow.parquet")
    aside = path.with_name(f".{path.name}.part")
    try:
        with parquet.ParquetWriter(aside, schema) as writer:
            for group in _groups(rows):
                for row in group:
                    source = folder / row["file_name"]
                    try:
                        row["image"] = {"bytes": source.read_bytes(), "path": row["file_name"]}
                    except OSError:
                        raise _missing(source) from None
                writer.write_table(arrow.Table.from_pylist(group, schema=schema))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _GROUP_FRAMES:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _card(dataset: Dataset, splits: dict[str, pl.DataFrame]) -> str:
    """The dataset card: how HuggingFace finds the shards, and what a reader should know."""
    files = "".join(f"      - split: {name}\n        path: data/{name}-*.parquet\n" for name in splits)
    counts = "".join(f"| {name} | {images.height} |\n" for name, images in splits.items())
    title = re.sub(r"[^\w .+-]", " ", dataset.name).strip() or "ships"
    return (
        f"---\npretty_name: {json.dumps(title, ensure_ascii=False)}\ntask_categories:\n  - object-detection\n"
        f"configs:\n  - config_name: default\n    data_files:\n{files}---\n\n"
        f"# {title}\n\n"
        f"{len(dataset)} frames, {dataset.boxes.height} ships, one class (`ship`). The licence is that of the data "
        "this was made from; none is stated here.\n\n"
        f"| split | frames |\n|---|---:|\n{counts}\n"
        "`image` holds the bytes of the original files. `objects.bbox` is `[x, y, width, height]`, 0-based, in native "
        "pixels; `objects.category` 0 is `ship`. `camera`, `sequence`, `scene`, `condition`, `scenario` and "
        "`horizon_row` are facts about the frame where they are known.\n"
    )
