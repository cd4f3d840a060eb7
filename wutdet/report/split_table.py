"""A new split beside the one that the data came with, for a terminal of 100 columns."""

from __future__ import annotations

from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wutdet.dataset.splitting.leakage import Leakage
from wutdet.dataset.splitting.split_report import SplitMeasures, SplitReport
from wutdet.report.number_text import UNKNOWN, plain

_UNITS: Final = {"sequence": "groups of sequences", "camera": "groups of cameras", "id": "blocks of ids"}


def split_table(report: SplitReport) -> Group:
    """What each split holds, then how much leaks from one to another, the new split's and the old one's."""
    parts: list[RenderableType] = [_counts("new split", report.new)]
    if report.came_with.splits:
        parts += [Text(""), _counts("split that the data came with", report.came_with)]
    parts += [Text(""), _leakage(report), Text(_legend(report))]
    return Group(*parts)


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )


def _counts(title: str, measures: SplitMeasures) -> Table:
    table = _table(title)
    table.add_column("split", overflow="fold", max_width=32)
    for name in ("frames", "share", "ships", "under 32² px", "without ships", "groups"):
        table.add_column(name, justify="right")
    for name, part in measures.splits.items():
        groups = UNKNOWN if part.groups is None else f"{part.groups:,}"
        table.add_row(
            Text(plain(name)),
            f"{part.frames:,}",
            f"{part.share:.1%}",
            f"{part.ships:,}",
            f"{part.small_ships:,}",
            f"{part.frames_without_ships:,}",
            groups,
        )
    if measures.left_out:
        table.add_row("in no list", f"{measures.left_out:,}", f"{measures.left_out / _all(measures):.1%}")
    return table


def _all(measures: SplitMeasures) -> int:
    return max(1, measures.left_out + sum(part.frames for part in measures.splits.values()))


def _leakage(report: SplitReport) -> Table:
    old, new = report.came_with.leakage, report.new.leakage
    table = _table("leakage: frames with a neighbour in another split")
    table.add_column("frames of", overflow="fold", max_width=20)
    table.add_column("neighbour in", overflow="fold", max_width=20)
    sides = [("came with", old)] * bool(report.came_with.splits) + [("new", new)]
    for name, _ in sides:
        table.add_column(name, justify="right")
    pairs = [(a, b) for side in (report.new, report.came_with) for a in side.splits for b in side.splits if a != b]
    for target, source in dict.fromkeys(pairs):
        key = f"{source}-{target}"
        table.add_row(Text(plain(target)), Text(plain(source)), *(_share(leakage.get(key)) for _, leakage in sides))
    return table


def _share(leakage: Leakage | None) -> str:
    if leakage is None:
        return UNKNOWN
    return f"{leakage.frames:,} of {leakage.of:,} ({leakage.share:.1%})"


def _legend(report: SplitReport) -> str:
    looks = (
        "no image was looked at" if report.radius is None else f"hashes differ in at most {report.radius} of 64 bits"
    )
    unread = f"; {report.unread:,} images could not be read" if report.unread else ""
    kind = _UNITS.get(report.kind, "ranges of ids")
    groups = (
        "" if report.groups is None else f"{report.groups:,} {kind}, the largest of {report.largest_group:,} frames. "
    )
    return f"{groups}A neighbour is a near-duplicate ({looks}{unread}) or the next id."
