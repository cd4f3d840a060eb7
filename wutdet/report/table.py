"""The table of a benchmark: a row a scenario, for the terminal and for Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wutdet.metrics.intervals import units_text
from wutdet.report.number_text import interval_text, number_text, plain
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
    "Recall kept: of all ships at IoU 0.3, at the threshold that gives one false alarm in ten frames in clear weather"
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
        f"{plain(scores.detector.name)} on {plain(data.name)} ({plain(data.split)}): "
        f"{data.images} frames{skipped}, {ships.all} ships "
        f"(small {ships.small}, medium {ships.medium}, large {ships.large}; COCO sizes in native pixels)"
    )


_NOT_IN_TERMINAL: Final = ("AP75", "AP_medium", "AP_large")


def rich_table(scores: Scores) -> Table:
    """The table for a terminal of 100 columns, with a rule between kinds; some columns are left to the report."""
    from rich.table import Table
    from rich.text import Text

    note = ". ".join(filter(None, (interval_note(scores), RECALL_NOTE)))
    table = Table(
        title=Text(caption(scores)),
        caption=Text(note),
        title_justify="left",
        caption_justify="left",
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
        *map(number_text, (cell.AP, cell.AP50, cell.AP75)),
        interval_text(cell.AP_small, cell.intervals.get("AP_small")),
        "" if cell.severity == 0 else number_text(lost, "+.3f"),
        *map(number_text, (cell.AP_medium, cell.AP_large)),
        number_text(cell.operating.get(KEPT_RECALL)),
    )


def interval_note(scores: Scores) -> str:
    """What the intervals are and what they rest on; empty where there are none."""
    scoring = scores.scoring
    if not any(cell.intervals for cell in scores.cells):
        return ""
    level = scoring.level or 0.0
    return (
        f"In brackets {100 * level:g} % intervals by resampling {scoring.sequences} sequences "
        f"(worth {units_text(scoring.effective_sequences)} of equal size)"
    )
