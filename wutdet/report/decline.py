"""At what visibility, rain or light a detector has lost half of what it does in clear weather."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wutdet.metrics import Robustness
from wutdet.report.number_text import UNKNOWN
from wutdet.report.table import KEPT_RECALL
from wutdet.scoring.scores import Scores

if TYPE_CHECKING:
    from rich.table import Table

_METRICS: Final = {"AP_small": "AP_small", KEPT_RECALL: "recall kept"}


def decline_rows(scores: Scores) -> list[tuple[str, ...]]:
    """A row a kind: where each of AP_small and the recall kept falls to half, in units, with the interval."""
    found = halved(scores)
    kinds = list(dict.fromkeys(kind for item in found for kind in item.per_kind))
    return [(kind, *(_half(item, kind) for item in found)) for kind in kinds]


def halved(scores: Scores) -> list[Robustness]:
    """What the columns are about: AP_small, and the recall kept."""
    return [item for metric in _METRICS for item in scores.robustness if item.metric == metric]


def header(scores: Scores) -> tuple[str, ...]:
    """The names of the columns."""
    known = {item.metric for item in scores.robustness}
    return ("kind", *(f"{name} is halved at" for metric, name in _METRICS.items() if metric in known))


def rich_decline(scores: Scores) -> Table | None:
    """The table for a terminal; None where no kind of weather was run."""
    from rich.table import Table
    from rich.text import Text

    rows = decline_rows(scores)
    if not rows:
        return None
    table = Table(*header(scores), pad_edge=False, show_lines=True)
    for row in rows:
        table.add_row(*(Text(cell.replace(" [", "\n[")) for cell in row))  # Text, as rich takes [beyond …] for markup
    return table


def markdown_decline(scores: Scores) -> str:
    """The table as GitHub Markdown; empty where no kind of weather was run."""
    rows = decline_rows(scores)
    if not rows:
        return ""
    names = header(scores)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _half(item: Robustness, kind: str) -> str:
    value = item.half_value.get(kind, "")
    ends = item.half_interval.get(kind)
    if not value:
        return UNKNOWN
    if not ends or not all(ends) or set(ends) == {value}:  # beyond what was run in every resample
        return value
    return f"{value} [{ends[0]} … {ends[1]}]"
