"""All annotation files of a folder as columns: what each says, unconverted, and what is wrong with it."""

from __future__ import annotations

import math
import os
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.collector import collector_paused
from wutdet.dataset.voc_facts import FACT_SCHEMA, facts_of
from wutdet.dataset.voc_names import printable
from wutdet.dataset.voc_shape import PlainReader, Said
from wutdet.dataset.voc_xml import EDGES, SIDES, frame_of, parse_tree, read_xml
from wutdet.errors import FrameError


@dataclass(frozen=True, slots=True)
class RawColumns:
    """Annotation files as they are, in their own pixel convention; boxes and frame sizes may be impossible."""

    files: pl.DataFrame
    """`stem, filename, width, height, error, remedy`: one row an XML. `filename` is the text of that element. Where
    a file cannot be read as labels, `error` says why and `remedy` what to do; what it says is null then."""
    objects: pl.DataFrame
    """`file` (the row in `files`), `name, xmin, ymin, xmax, ymax` of every object, in the order of the files."""
    facts: pl.DataFrame = field(default_factory=FACT_SCHEMA.to_frame)
    """What files say of their boxes besides; see `voc_facts`."""


_NOTHING: Final = Said(sides_px=(math.nan, math.nan))
_NOT_REFUSED: Final = (None, None)
_ODD_NAME: Final = "the file name has control characters or is not UTF-8"


def scan_files(folder: Path, stems: Sequence[str]) -> RawColumns:
    """Read the XML of these stems, whatever is wrong with them.

    Args:
        folder: holds `{stem}.xml`.
        stems: of the files, in the order in which they are wanted.
    """
    plain = PlainReader()
    classes: defaultdict[str, int] = defaultdict()
    classes.default_factory = classes.__len__  # each new class gets the next number
    counts, names, sides_px, edges = array("q"), array("q"), array("d"), array("d")
    filenames: list[str | None] = []
    refusals: list[tuple[str, str] | tuple[None, None]] = []
    facts: list[tuple[int, int, str, float]] = []
    prefix = os.path.join(folder, "")
    shown = [printable(stem) for stem in stems]
    with collector_paused():
        for stem, name in zip(stems, shown, strict=True):
            said = _NOTHING
            refusal: tuple[str, str] | tuple[None, None] = _NOT_REFUSED
            try:
                if name != stem:
                    raise FrameError(_ODD_NAME, where=name, remedy="rename it")
                data = read_xml(f"{prefix}{stem}.xml", "")
                said = plain.read(data) or _parsed(data)
            except FrameError as error:  # kept as text: with the error its traceback, and so the file, would stay
                refusal = error.what, error.remedy
            facts += [(len(counts), *fact) for fact in said.facts]
            filenames.append(said.filename)
            refusals.append(refusal)
            counts.append(len(said.names))
            sides_px.extend(said.sides_px)
            names.extend(map(classes.__getitem__, said.names))
            edges.extend(said.edges)
    whats, remedies = zip(*refusals, strict=True) if refusals else ((), ())
    files = {
        "stem": pl.Series(shown, dtype=pl.String),
        "filename": pl.Series(filenames, dtype=pl.String),
        **{side: pl.Series(column).fill_nan(None).cast(pl.Int64) for side, column in _split(sides_px, SIDES)},
        "error": pl.Series(whats, dtype=pl.String),
        "remedy": pl.Series(remedies, dtype=pl.String),
    }
    objects = {
        "file": np.repeat(np.arange(len(stems)), counts),
        "name": pl.Series([item.strip() for item in classes], dtype=pl.String).gather(np.asarray(names)),
        **dict(_split(edges, EDGES)),
    }
    return RawColumns(pl.DataFrame(files), pl.DataFrame(objects), pl.DataFrame(facts, FACT_SCHEMA, orient="row"))


def _parsed(data: bytes) -> Said:
    """What any file says.

    Raises:
        FrameError: as `frame_of`.
    """
    tree = parse_tree(data, "")
    frame = frame_of(tree, "", "")
    edges = [edge for item in frame.objects for edge in (item.xmin, item.ymin, item.xmax, item.ymax)]
    names = [item.name for item in frame.objects]
    return Said(frame.filename, (frame.width, frame.height), names, edges, facts_of(tree))


def _split(numbers: array[float], columns: Sequence[str]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Numbers that take turns, as one column each."""
    return zip(columns, np.array(numbers).reshape(-1, len(columns)).T.copy(), strict=True)
