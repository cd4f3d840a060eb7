"""The table of a benchmark: a row a scenario, for the terminal and for Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wutdet.metrics.intervals import units_text
from wutdet.scoring.scores import CellScores, Scores

if TYPE_CHECKING:
    from rich.table import Table

HEADER: Final = (
    "scenario",
    "in units",
    "AP",
    "AP50",
    "AP75",
    "AP_small",
    "Δ AP_small",
    "AP_medium",
    "AP_large",
    "recall kept",
)
KEPT_RECALL: Final = "recall@clear_fppi=0.1,iou=0.3"
RECALL_NOTE: Final = (
    "recall kept: of all ships at IoU 0.3, at the threshold that gives one false alarm in ten frames in clear weather"
)


def table_rows(scores: Scores) -> list[tuple[str, ...]]:
    """The cells of the table as text, one row a scenario; a value without ships is an em dash."""
    clear = next((cell.AP_small for cell in scores.cells if cell.severity == 0), None)
    return [_row(cell, clear) for cell in scores.cells]


def caption(scores: Scores) -> str:
    """What the numbers rest on, in one line."""
    ships = scores.cells[0].ships
    data = scores.dataset
    skipped = f", {len(scores.skipped)} bad frames skipped" if scores.skipped else ""
    return (
        f"{scores.detector.name} on {data.name} ({data.split}): {data.images} frames{skipped}, {ships.all} ships "
        f"(small {ships.small}, medium {ships.medium}, large {ships.large}; COCO sizes in native pixels)"
    )


_NOT_IN_TERMINAL: Final = ("AP75", "AP_medium", "AP_large")


def rich_table(scores: Scores) -> Table:
    """The table for a terminal of 100 columns, with a rule between kinds; some columns are left to the report."""
    from rich.table import Table

    note = f"{interval_note(scores)}; {RECALL_NOTE}" if scores.scoring.level is not None else RECALL_NOTE
    table = Table(
        title=caption(scores),
        caption=note,
        title_justify="left",
        caption_justify="left",
        title_style="",
        caption_style="",
        pad_edge=False,
    )
    shown = [place for place, name in enumerate(HEADER) if name not in _NOT_IN_TERMINAL]
    for place in shown:
        table.add_column(HEADER[place], justify="left" if place < 2 else "right", no_wrap=place != 1)
    kinds = [cell.scenario for cell in scores.cells]
    for place, row in enumerate(table_rows(scores)):
        last_of_kind = place + 1 == len(kinds) or kinds[place + 1] != kinds[place]
        table.add_row(*(row[column] for column in shown), end_section=last_of_kind)
    return table


def markdown_table(scores: Scores) -> str:
    """The table as GitHub Markdown."""
    rules = ["---", "---", *["---:"] * (len(HEADER) - 2)]
    lines = [HEADER, rules, *table_rows(scores)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _row(cell: CellScores, clear: float | None) -> tuple[str, ...]:
    lost = None if clear is None or cell.AP_small is None or cell.severity == 0 else cell.AP_small - clear
    return (
        cell.name,
        "" if cell.severity == 0 else cell.value,
        *map(_number, (cell.AP, cell.AP50, cell.AP75)),
        _number(cell.AP_small) + _interval(cell.intervals.get("AP_small")),
        "" if cell.severity == 0 else _number(lost, "+.3f"),
        *map(_number, (cell.AP_medium, cell.AP_large)),
        _number(cell.operating.get(KEPT_RECALL)),
    )


def interval_note(scores: Scores) -> str:
    """What the intervals are and what they rest on."""
    scoring = scores.scoring
    return (
        f"in brackets {scoring.level:.0%} intervals by resampling {scoring.sequences} sequences "
        f"(worth {units_text(scoring.effective_sequences)} of equal size)"
    )


def _interval(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f" [{_number(ends[0])}, {_number(ends[1])}]"


def _number(value: float | None, form: str = ".3f") -> str:
    return "—" if value is None else format(value, form).replace("-", "−")
