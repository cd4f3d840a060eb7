"""A leaderboard for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wutdet.report.cost_table import detect_ms
from wutdet.report.leaderboard import Leaderboard, Ranking, Row
from wutdet.report.leaderboard_numbers import Spread
from wutdet.report.leaderboard_published import Published
from wutdet.report.number_text import UNKNOWN, number_text, plain
from wutdet.report.plain_table import add_row, plain_table

_SHOWN: Final = ("AP", "AP50", "AP_small", "AP_small@fog:3", "AP_small@rain:3")
_PUBLISHED: Final = ("AP", "AP50", "AP_small")
_NAME: Final = 18  # columns of a baseline's name; longer ones go on below
_NUMBER: Final = 13  # of a number's; `0.123±0.012` takes 11
_MODEL: Final = 30


def leaderboard_table(board: Leaderboard) -> Group:
    """A table for every set of frames, best first, then what others published."""
    columns = _SHOWN if board.sort in _SHOWN else (*_SHOWN[:-1], board.sort)
    parts: list[RenderableType] = []
    for ranking in board.rankings:
        parts += [Text(f"{ranking_title(ranking)}; sorted by {plain(board.sort)}"), _table(ranking, columns), Text("")]
    if any(len(row.runs) > 1 for ranking in board.rankings for row in ranking.rows):
        parts += [Text("± standard deviation over runs"), Text("")]
    if board.published:
        parts += [Text("published by others, not comparable with the above"), _published(board.published)]
        parts += [Text(line) for line in _notes(board.published)]
    return Group(*parts[:-1] if parts and not board.published else parts)


def ranking_title(ranking: Ranking) -> str:
    """Which frames a ranking is on, in one line."""
    data, ships = ranking.dataset, ranking.ships
    ignored = "" if ranking.ignore_below is None else f", contrast below {ranking.ignore_below:g} ignored"
    return (
        f"{plain(data.name)}, split {plain(data.split)}: {data.images:,} frames, {ships.all:,} ships "
        f"({ships.small:,} small){ignored}"
    )


def spread_text(spread: Spread | None) -> str:
    """`0.342`, or `0.342±0.012` over several runs."""
    if spread is None or spread.mean is None:
        return UNKNOWN
    return number_text(spread.mean) + ("" if spread.std is None else f"±{spread.std:.3f}")


def millions_text(row: Row) -> str:
    """Its parameters in millions."""
    return UNKNOWN if row.parameters is None else f"{row.parameters / 1e6:.1f}"


def input_text(row: Row) -> str:
    """The longer side of its input in px."""
    size = None if row.protocol is None else row.protocol.imgsz
    return UNKNOWN if size is None else str(size)


def _table(ranking: Ranking, columns: Sequence[str]) -> Table:
    table = plain_table("baseline", "runs", "px", "M par.", "ms", *map(_head, columns))
    table.columns[0].no_wrap, table.columns[0].max_width = False, _NAME
    for column in table.columns[5:]:
        column.max_width = _NUMBER
    for row in ranking.rows:
        numbers = (spread_text(row.numbers.get(name)) for name in columns)
        cost = (input_text(row), millions_text(row), number_text(detect_ms(row.cost), ".0f"))
        add_row(table, plain(row.baseline), str(len(row.runs)), *cost, *numbers)
    return table


def _head(name: str) -> str:
    """A number's name, its scenario below; an `@` inside a number is followed by an `=` sign."""
    number, _, scenario = name.rpartition("@")
    return f"{number}\n{scenario}" if number and "=" not in scenario else name


def _published(entries: Sequence[Published]) -> Table:
    table = plain_table("model", "<data", *_PUBLISHED, "<source")
    table.columns[0].no_wrap, table.columns[0].max_width = False, _MODEL
    for entry in entries:
        numbers = (number_text(getattr(entry.numbers, name)) for name in _PUBLISHED)
        add_row(table, plain(entry.model), plain(entry.data), *numbers, plain(entry.source))
    return table


def _notes(entries: Sequence[Published]) -> Iterator[str]:
    for entry in entries:
        if entry.said:
            yield plain(f"{entry.model}: {entry.said}")
        if entry.not_stated:
            yield plain(f"{entry.model}: not stated: {', '.join(entry.not_stated)}")
