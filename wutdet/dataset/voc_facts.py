"""Facts of boxes that Pascal's XML has no place for, in elements of our own inside an `object`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree

import polars as pl

from wutdet.dataset.tables import BOX_EXTRAS
from wutdet.dataset.voc_xml import number_of

FACTS: Final = ("area", "iscrowd", *BOX_EXTRAS)
"""The elements: `area` in px² where it is not width times height, `iscrowd` (1), `transmittance`, `contrast`."""
FACT_SCHEMA: Final = pl.Schema({"file": pl.Int64(), "entry": pl.Int64(), "fact": pl.String(), "value": pl.Float64()})

_PASCALS: Final = 5  # name, pose, truncated, difficult, bndbox: an object with no more has none of ours


def facts_of(tree: ElementTree.Element) -> list[tuple[int, str, float]]:
    """(place of the object, fact, value) of an annotation; what is no such value belongs to somebody else's element."""
    return [
        (place, fact, value) for place, fact, text in fact_texts(tree) if (value := fact_of(fact, text)) is not None
    ]


def fact_texts(tree: ElementTree.Element) -> Iterator[tuple[int, str, str]]:
    """(place of the object, fact, text) of every element of an annotation that may be one of ours."""
    for place, item in enumerate(tree.iterfind("object")):
        if len(item) > _PASCALS:
            for fact in FACTS:
                text = item.findtext(fact)
                if text is not None:
                    yield place, fact, text


def fact_of(fact: str, text: str) -> float | None:
    """The value of a fact that is written so, None where it is no such value."""
    try:
        value = number_of(text)
    except ValueError:
        return None
    possible = value in (0.0, 1.0) if fact == "iscrowd" else value > 0.0 if fact == "area" else True
    return value if possible else None


def join_facts(objects: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """The objects of files with a column for each fact, null where nothing is said.

    Args:
        objects: by `file`, in the order of each file.
        facts: as `FACT_SCHEMA`; `entry` counts the objects of a file from 0.
    """
    numbered = objects.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).over("file").alias("entry"))
    for fact in FACTS:
        told = facts.filter(pl.col("fact") == fact).select("file", "entry", pl.col("value").alias(fact))
        numbered = numbered.join(told, on=["file", "entry"], how="left", maintain_order="left")
    return numbered.drop("entry")
