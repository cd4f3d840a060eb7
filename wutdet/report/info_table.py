"""What is in a dataset, as tables for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Group as Together
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from wutdet.dataset.stats import Stats
from wutdet.dataset.stats_groups import Group
from wutdet.dataset.stats_values import Quantiles
from wutdet.report.number_text import UNKNOWN, number_text, plain
from wutdet.report.plain_table import add_row, plain_table

_BAR: Final = 24  # columns of a share of 1
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_ROWS: Final = 8  # groups of one table
_SIZES: Final = 4  # image sizes in the head
_NAME: Final = 28  # columns of a group's name: what the counts of WUTDet leave of 100
_TABLES: Final = ("split", "scene", "condition", "scenario", "camera")
_PER_FRAME: Final = ((0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 32), (33, 64), (65, None))


def info_tables(name: str, stats: Stats) -> Together:
    """Everything worth a look: the head, sizes, ships per frame, and the groups that are known.

    Args:
        name: of the dataset.
        stats: its numbers.
    """
    parts: list[RenderableType] = [_head(name, stats)]
    if stats.boxes:
        parts += [_size_table(stats), _frame_table(stats), _spread_table(stats)]
    known = [column for column in _TABLES if column in stats.groups]
    if known:
        parts.append(_group_table({column: stats.groups[column] for column in known}))
    return Together(*_spaced(parts))


def _head(name: str, stats: Stats) -> Table:
    rows = {
        "frames": f"{stats.images:,}  ({_image_sizes(stats.image_sizes)})" if stats.images else "0",
        "ships": _ships(stats),
        "sequences": _sequences(stats),
        "cameras": "" if stats.cameras is None else f"{stats.cameras:,}",
        "splits": ", ".join(f"{plain(split)} {frames:,}" for split, frames in stats.splits.items()) or "none",
        "VOC origin": "" if stats.voc_origin is None else f"{stats.voc_origin}  ({stats.voc_evidence})",
        "left out": _frames(len(stats.problems)) if stats.problems else "",
    }
    table = Table.grid(padding=(0, 2, 0, 0))
    table.title, table.title_justify, table.title_style = Text(plain(name)), "left", "bold"
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows.items():
        if value:
            table.add_row(Text(label), Text(value))
    return table


def _ships(stats: Stats) -> str:
    """`6  (83 % under 32² px; 1 frame without)`."""
    if not stats.boxes:
        return "0"
    crowds = f"; {stats.crowd_boxes:,} are crowds" if stats.crowd_boxes else ""
    without = _frames(stats.frames_without_ships)
    return f"{stats.boxes:,}  ({_share(stats.coco_small_share)} under 32² px; {without} without{crowds})"


def _sequences(stats: Stats) -> str:
    lengths = stats.sequence_frames
    if lengths is None:
        return ""
    if lengths.min == lengths.max:
        return f"{lengths.n:,}  ({_frames(int(lengths.min))} each)"
    return f"{lengths.n:,}  ({lengths.min:,.0f} to {lengths.max:,.0f} frames, median {lengths.median:g})"


def _image_sizes(sizes: Mapping[str, int]) -> str:
    shown = [f"{size} px: {frames:,}" for size, frames in list(sizes.items())[:_SIZES]]
    if len(sizes) == 1:
        return next(iter(sizes)) + " px"
    more = len(sizes) - _SIZES
    return ", ".join([*shown, f"{more:,} sizes more"] if more > 0 else shown)


def _size_table(stats: Stats) -> Table:
    """Ships by √area, in the frame and as the network sees it."""
    table = plain_table("√area, px", "ships", "", "<native", "ships", "", f"<at {stats.imgsz:,} px", padding=2)
    for name, native in stats.size_bins.items():
        network = stats.network_size_bins[name]
        add_row(table, name, *_counted(native, stats.boxes), *_counted(network, stats.boxes))
    return table


def _frame_table(stats: Stats) -> Table:
    """Frames by their number of ships; the last row is the widest that is needed."""
    table = plain_table("ships in a frame", "frames", "", "<", padding=2)
    most = max(stats.frames_by_ships, default=0)
    for low, high in _PER_FRAME:
        if low > most:
            break
        held = sum(n for ships, n in stats.frames_by_ships.items() if low <= ships and (high is None or ships <= high))
        name = str(low) if low == high else f"{low}-{high}" if high else f"{low} or more"
        add_row(table, name, *_counted(held, stats.images))
    return table


def _spread_table(stats: Stats) -> Table:
    table = plain_table("spread", "n", "mean", "least", "5 %", "25 %", "median", "75 %", "95 %", "most", padding=2)
    _add_spread(table, "ships in a frame", stats.ships_per_frame)
    _add_spread(table, "√area, native px", stats.side_px.quantiles)
    _add_spread(table, f"√area at {stats.imgsz} px", stats.network_side_px.quantiles)
    _add_spread(table, "width by height", stats.aspect, ".2f")
    _add_spread(table, "px below horizon", stats.rows_below_horizon)
    return table


def _add_spread(table: Table, name: str, values: Quantiles | None, form: str = ".1f") -> None:
    if values is None:
        return
    _, mean, *ordered = (getattr(values, field) for field in values.__struct_fields__)
    add_row(table, name, f"{values.n:,}", *(number_text(value, form) for value in (mean, *ordered)))


def _group_table(columns: Mapping[str, Mapping[str, Group]]) -> Table:
    """A section for each column, with the groups that have most frames."""
    table = plain_table("by", "<", "frames", "ships", "no ship", "per frame", "small", "median √area", padding=2)
    table.columns[1].max_width = _NAME
    for column, groups in columns.items():
        by_frames = sorted(groups.items(), key=lambda item: -item[1].frames)
        shown = by_frames if len(by_frames) <= _ROWS + 1 else by_frames[:_ROWS]
        for place, (name, group) in enumerate(shown):
            last = place + 1 == len(by_frames)
            add_row(table, "" if place else column, plain(name), *_group_cells(group), end=last)
        if len(shown) < len(by_frames):
            table.add_row("", Text(f"and {len(by_frames) - len(shown):,} more", style="dim"), end_section=True)
    return table


def _group_cells(group: Group) -> Iterator[str]:
    yield from (f"{number:,}" for number in (group.frames, group.ships, group.frames_without_ships))
    yield number_text(group.ships / group.frames if group.frames else None, ".1f")
    yield _share(group.small_share)
    yield number_text(group.median_side_px, ".1f")


def _counted(part: int, whole: int) -> tuple[str, str, str]:
    """A count, its share and a bar."""
    share = part / whole if whole else 0.0
    return f"{part:,}", _share(share), _bar(share)


def _bar(share: float) -> str:
    """A bar in eighths of a column; what is not nothing shows."""
    eighths = max(round(8 * _BAR * share), 1) if share > 0 else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _share(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    percent = 100 * value
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"


def _frames(number: int) -> str:
    return f"{number:,} frame" if number == 1 else f"{number:,} frames"


def _spaced(parts: list[RenderableType]) -> Iterator[RenderableType]:
    """A blank line between parts."""
    for place, part in enumerate(parts):
        if place:
            yield Text("")
        yield part
