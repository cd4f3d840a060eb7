"""A comparison of two runs as a table for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wutdet.report.number_text import UNKNOWN, number_text, plain
from wutdet.scoring.comparison import Comparison, Difference, Drop

_PLACES: Final = 18
"""Columns of a scenario's name; longer ones go on below."""


def compare_table(comparison: Comparison) -> Group:
    """What is compared, a row a number and scenario, then in words what is shown, and which limits were kept."""
    parts: list[RenderableType] = [_caption(comparison), Text(""), _table(comparison)]
    if any(item.interval is not None for item in (*comparison.cells, *comparison.robustness)):
        parts.append(_legend(comparison))
    parts.append(Text(""))
    parts += [Text(plain(line)) for line in comparison.findings]
    parts += [_drop_line(drop) for drop in comparison.drops]
    return Group(*parts)


def _caption(comparison: Comparison) -> Text:
    data = comparison.dataset
    runs = (("A", comparison.a), ("B", comparison.b))
    lines = [f"{letter}: {plain(side.detector)} ({plain(side.run)})" for letter, side in runs]
    lines.append(
        f"on {plain(data.name)}, split {plain(data.split)}: {data.images:,} frames of {comparison.sequences:,} "
        f"sequences, {data.boxes:,} boxes"
    )
    return Text("\n".join(lines))


def _table(comparison: Comparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("number", overflow="fold", max_width=28)
    table.add_column("under", overflow="fold", max_width=_PLACES)
    for name in ("A", "B", "B − A", "p"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("")
    several = len(comparison.cells) + len(comparison.robustness) > len({item.number for item in comparison.cells})
    for differences in _by_number([*comparison.cells, *comparison.robustness]):
        for place, item in enumerate(differences):
            values = (
                item.number if place == 0 else "",
                plain(item.place),
                number_text(item.a),
                number_text(item.b),
                _difference(item),
                UNKNOWN if item.p is None else _p(item.p),
                "**" if item.survives else "*" if item.shown else "",
            )
            table.add_row(*map(Text, values), end_section=several and place + 1 == len(differences))
    return table


def _by_number(differences: Iterable[Difference]) -> list[list[Difference]]:
    """Those of one number together; mPC and rPC stand behind its scenarios."""
    groups: dict[str, list[Difference]] = {}
    for item in differences:
        groups.setdefault(item.number, []).append(item)
    return list(groups.values())


def _difference(item: Difference) -> str:
    value = number_text(item.difference, "+.3f")
    if item.interval is None:
        return value
    low, high = (number_text(end, "+.3f") for end in item.interval)
    return f"{value} [{low}, {high}]"


def _p(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _legend(comparison: Comparison) -> Text:
    level = comparison.level or 0.0
    return Text(
        f"[{100 * level:g} % intervals] from {comparison.replicates:,} resamples of the sequences, the same for both. "
        f"{comparison.comparisons} comparisons: * p <= {1 - level:.2g}, ** also after Holm's correction for them all"
    )


def _drop_line(drop: Drop) -> Text:
    verdict = "kept" if drop.kept else "MISSED"
    change = f"{'worse' if drop.drop > 0 else 'better'} by {abs(drop.drop):.3f}" if drop.drop else "equal"
    line = f"limit {drop.number}@{drop.scenario}: {change}, allowed {drop.allowed:g}: {verdict}"
    return Text(plain(line), style="" if drop.kept else "bold red")
