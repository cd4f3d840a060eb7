"""What conditions a set of frames shows: counts, shares and mean scores."""

from __future__ import annotations

from typing import Final

import msgspec
import polars as pl
from rich.console import Group
from rich.text import Text

from wutdet.dataset.sidecar_rules import CONDITIONS
from wutdet.report.number_text import number_text
from wutdet.report.plain_table import add_row, plain_table

_PROXY: Final = "Guessed from pixels: a proxy, never ground truth. Check a sample by hand: --sheet."


class ConditionCount(msgspec.Struct, frozen=True, kw_only=True):
    """The frames of one condition: how many, their share of all, and their mean score (None without frames)."""

    frames: int
    share: float
    mean_score: float | None


class ConditionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All conditions, in the order of the vocabulary; `unknown_share` is of all frames."""

    frames: int
    unknown_share: float
    by: str
    conditions: dict[str, ConditionCount]


def summarise_conditions(table: pl.DataFrame, by: str) -> ConditionSummary:
    """Count a table `image, condition, score`, as `condition_table` makes it."""
    frames = table.height
    counts = {}
    for name in CONDITIONS:
        scores = table.filter(pl.col("condition") == name)["score"]
        mean = scores.mean()
        counts[name] = ConditionCount(
            frames=scores.len(),
            share=scores.len() / max(frames, 1),
            mean_score=float(mean) if isinstance(mean, float) else None,
        )
    return ConditionSummary(frames=frames, unknown_share=counts["unknown"].share, by=by, conditions=counts)


def summary_table(summary: ConditionSummary) -> Group:
    """The summary for a terminal."""
    table = plain_table("condition", "frames", "share", "mean score", padding=2)
    last = len(summary.conditions) - 1
    for place, (name, count) in enumerate(summary.conditions.items()):
        cells = (f"{count.frames:,}", f"{count.share:.1%}", number_text(count.mean_score, ".2f"))
        add_row(table, name, *cells, end=place == last)
    add_row(table, "all", f"{summary.frames:,}", "", "")
    return Group(table, Text(_PROXY, style="dim"))
