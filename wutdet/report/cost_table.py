"""What detectors cost, beside what they find: parameters, GFLOPs, the time of each stage, rate and memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wutdet.benchmark.cost import Cost
from wutdet.benchmark.record import read_cost
from wutdet.detectors import DetectorInfo
from wutdet.report.number_text import number_text, plain
from wutdet.report.plain_table import add_row, plain_table

if TYPE_CHECKING:
    from rich.table import Table

STAGES: Final = ("decode", "render", "preprocess", "infer", "postprocess", "detect")
# Headings that a narrow terminal would else break anywhere.
_HEADS: Final = {"preprocess": "pre-\nprocess", "postprocess": "post-\nprocess"}
_NAME: Final = 16  # columns of a name; longer ones go on below


def rich_costs(known: Mapping[str, tuple[DetectorInfo, Cost]]) -> Table:
    """A row a run; times in ms as `median (95 %)`, decoding and rendering of a frame, the others of a picture.

    Columns in which no run has anything are left out.
    """
    rows = {name: _cells(*one) for name, one in known.items()}
    heads = [head for head in next(iter(rows.values()), {}) if any(cells[head] for cells in rows.values())]
    table = plain_table("cost", *heads)
    table.columns[0].no_wrap, table.columns[0].max_width = False, _NAME
    for name, cells in rows.items():
        add_row(table, plain(name), *(cells[head] or number_text(None) for head in heads))
    return table


def rich_cost(folder: Path, detector: DetectorInfo) -> Table | None:
    """The row of one run folder; None where nothing was measured.

    Raises:
        DataError: its manifest cannot be read.
    """
    cost = read_cost(folder)
    return None if cost is None else rich_costs({detector.name: (detector, cost)})


def detect_ms(cost: Cost | None) -> float | None:
    """The median time of a picture in ms; None where it was not measured."""
    stage = None if cost is None else cost.stages.get("detect")
    return None if stage is None else stage.median_ms


def millions(parameters: int | None) -> float | None:
    """Parameters in millions."""
    return None if parameters is None else parameters / 1e6


def _cells(detector: DetectorInfo, cost: Cost) -> dict[str, str]:
    """By heading; what is unknown is empty."""
    size = None if detector.protocol is None else detector.protocol.imgsz
    return dict(
        [
            ("px", _text(size, ".0f")),
            ("M par.", _text(millions(detector.parameters), ".1f")),
            ("GFLOPs", _text(detector.gflops, ".1f")),
            *_stage_cells(cost),
            ("pictures\n/s", _text(cost.cells_per_s, ".1f")),
            ("MB", _text(cost.peak_memory_mb, ".0f")),
            ("GPU MB", _text(cost.peak_gpu_memory_mb, ".0f")),
        ]
    )


def _stage_cells(cost: Cost) -> Iterator[tuple[str, str]]:
    """`detect` is the sum of the three before it, and stands only where these are not told."""
    split = {"preprocess", "infer", "postprocess"} <= set(cost.stages)
    for name in STAGES:
        stage = cost.stages.get(name)
        left_out = stage is None or (split and name == "detect")
        text = "" if stage is None or left_out else f"{_ms(stage.median_ms)} ({stage.p95_ms:.0f})"
        yield f"{_HEADS.get(name, name)}\nms", text


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def _text(value: float | None, form: str) -> str:
    return "" if value is None else number_text(value, form)
