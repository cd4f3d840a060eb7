"""Annotation files that the scan refused: why, and what those say that only their encoding spoils."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.audit.xml_file import why_refused
from wutdet.dataset.voc_scan import RawColumns


@dataclass(frozen=True, slots=True)
class Scanned:
    """Annotation files with those that were taken in, and what is wrong with the others."""

    columns: RawColumns
    findings: tuple[Finding, ...]
    """About files that the scan refused; `image` is the stem still."""


def recover(scanned: RawColumns, root: Path) -> Scanned:
    """Say why files were refused, and take in those that only their encoding spoils."""
    files, objects = scanned.files, scanned.objects
    refused = files.with_row_index("row").filter(pl.col("error").is_not_null())
    found: list[Finding] = []
    sizes: dict[int, tuple[int, int, str | None]] = {}
    boxes: list[tuple[object, ...]] = []
    for row, stem, error in refused.select("row", "stem", "error").iter_rows():
        why = why_refused(root / "Annotations" / f"{stem}.xml", error)
        found.append(finding(why.code, stem, why.message))
        if why.frame is not None:
            sizes[row] = (why.frame.width, why.frame.height, why.frame.filename)
            boxes += [(row, item.name, item.xmin, item.ymin, item.xmax, item.ymax) for item in why.frame.objects]
    if sizes:
        told = pl.DataFrame(
            [(row, *values) for row, values in sizes.items()],
            schema={"row": pl.UInt32, "w": files["width"].dtype, "h": files["height"].dtype, "f": pl.String},
            orient="row",
        )
        files = (
            files.with_row_index("row")
            .join(told, on="row", how="left", maintain_order="left")
            .with_columns(
                pl.coalesce("w", "width").alias("width"),
                pl.coalesce("h", "height").alias("height"),
                pl.coalesce("f", "filename").alias("filename"),
                pl.when(pl.col("w").is_null()).then(pl.col("error")).alias("error"),
            )
            .select(files.columns)
        )
        more = pl.DataFrame(boxes, schema=objects.schema, orient="row")
        objects = pl.concat([objects, more]).sort("file", maintain_order=True)
    return Scanned(RawColumns(files, objects), tuple(found))
