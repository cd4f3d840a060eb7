"""What is plotted, as numbers: `figures.json` and `figures.csv` beside the figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.scoring.scores import CellScores

STEM: Final = "figures"


class PlottedPoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A point of a figure, a cell of a heat map or a bar of a histogram; None is unknown, and is not drawn."""

    figure: str
    """The stem of its file."""
    panel: str
    """A kind of weather, a scenario or a run."""
    line: str
    """A run, a scenario or a size bin."""
    scenario: str = ""
    """In the scenario grammar; empty where the point belongs to none."""
    mark: Literal["point", "half"] = "point"
    """`half`: where half of the clear value is lost."""
    x_name: str
    x: float | None = None
    x_low: float | None = None
    x_high: float | None = None
    """Interval of `x`, the milder end first; of a bar its borders."""
    y_name: str
    y: float | None
    y_low: float | None = None
    y_high: float | None = None
    """Interval of `y`."""
    words: str = ""
    """`x` as the tables say it, such as `milder than MOR 4000 m`."""
    words_low: str = ""
    words_high: str = ""
    """The ends of its interval, also where half is bounded; `x_low` and `x_high` are empty where these are bounds."""


def value_of(cell: CellScores, metric: str) -> float | None:
    """A number of a cell; None where the cell has none of that name."""
    try:
        return cell.number(metric)
    except KeyError:
        return None


def write_numbers(points: Sequence[PlottedPoint], out: Path) -> list[Path]:
    """Write `figures.json`, a list of points without what is empty, and `figures.csv`, the same with a row a point."""
    as_json, as_csv = out / f"{STEM}.json", out / f"{STEM}.csv"
    lines = b",\n".join(map(msgspec.json.encode, points))
    write_aside(as_json, b"[\n" + lines + b"\n]\n")
    write_aside(as_csv, csv_text(points).encode())
    return [as_json, as_csv]


def csv_text(points: Sequence[PlottedPoint]) -> str:
    """A row a point, with a header; what is unknown is empty."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(PlottedPoint.__struct_fields__)
    table.writerows(msgspec.structs.astuple(point) for point in points)
    return buffer.getvalue()
