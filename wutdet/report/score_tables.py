"""The scores of one set of detections as tables for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wutdet.metrics.intervals import units_text
from wutdet.metrics.operating import FPPI, IOUS
from wutdet.report.number_text import interval_text, number_text, plain
from wutdet.report.plain_table import add_row, plain_table
from wutdet.scoring.measure import RECALL_POINT
from wutdet.scoring.scores import BinScores, Numbers, Scores

_POINT: Final = f"fppi={RECALL_POINT[0]:g},iou={RECALL_POINT[1]:g}"
_COCO_ROWS: Final = (
    ("AP", "AR_100", "all"),
    ("AP50", "AR_10", "all"),
    ("AP75", "AR_1", "all"),
    ("AP_uncapped", "", "all"),
    ("AP_small", "AR_small", "small"),
    ("AP_medium", "AR_medium", "medium"),
    ("AP_large", "AR_large", "large"),
)
_PROPERTIES: Final = {
    "transmittance": "share of its light",
    "contrast": "share of its contrast",
    "rows_below_horizon": "rows below horizon",
}
_SLICE_NUMBERS: Final = ("AP", "AP50", "AP_small")
_BAR: Final = 30  # columns of a recall of 1
_SLICE_NAME: Final = 15
"""Columns of a slice's name: what three intervals leave of 100."""
_WARNED_SLICES: Final = 6


def score_tables(scores: Scores) -> Group:
    """Everything that was measured in the first cell, top down: COCO, sizes, operating points, errors, slices."""
    cell = scores.cells[0]
    input_px = scores.scoring.imgsz
    parts: list[RenderableType] = [_caption(scores), _coco_table(cell), _bin_table("√area, native px", cell.bins, cell)]
    if cell.network_bins:
        parts.append(_bin_table(f"at {input_px} px", cell.network_bins, cell, group="network_bins"))
    parts.append(_operating_table(cell))
    if cell.recall_by:
        parts.append(_property_table(cell))
    parts.append(_error_table(cell))
    parts += [_slice_table(column, values) for column, values in cell.slices.items()]
    parts += [Text(f"warning: {line}", style="yellow") for line in _warnings(cell)]
    return Group(*_spaced(parts))


def _caption(scores: Scores) -> Text:
    cell, data, scoring = scores.cells[0], scores.dataset, scores.scoring
    sequences = f"{scoring.sequences:,} sequences"
    ships = cell.ships
    lines = [
        f"{plain(scores.detector.name)} on {plain(data.name)}, split {plain(data.split)}: "
        f"{cell.images:,} frames of {sequences}",
        f"{ships.all:,} ships: {ships.small:,} small, {ships.medium:,} medium, {ships.large:,} large "
        f"(COCO's areas, in native pixels)",
    ]
    if scoring.level is not None:
        equal = f"{units_text(scoring.effective_sequences)} of equal size"
        lines.append(
            f"[{100 * scoring.level:g} % intervals] from {scoring.replicates:,} resamples of the sequences ({equal})"
        )
    return Text("\n".join(lines))


def _coco_table(cell: Numbers) -> Table:
    table = plain_table("COCO", "ships", "<", "<average precision", "<", "<average recall")
    for place, (precision, recall, size) in enumerate(_COCO_ROWS):
        ships = getattr(cell.ships, size)
        recalls = (recall, _of(cell, recall)) if recall else ("", "")
        add_row(table, size, f"{ships:,}", precision, _of(cell, precision), *recalls, end=place == 3)
    return table


def _bin_table(title: str, bins: Mapping[str, BinScores], cell: Numbers, group: str = "bins") -> Table:
    """Every size: AP, AP50 with its interval, AP and recall with looser rules, and recall at few false alarms."""
    native = group == "bins"
    at_few = (f"<recall, {RECALL_POINT[0]:g} FPPI, IoU {RECALL_POINT[1]:g}",) if native else ()
    table = plain_table(title, "ships", "AP", "<AP50", "AP@.3", "recall", *at_few)
    for name, numbers in bins.items():
        ap50 = interval_text(numbers.AP50, cell.intervals.get(f"{group}.{name}.AP50"))
        few = (_of(cell, f"recall@{_POINT},size={name}"),) if native else ()
        values = (number_text(numbers.AP), ap50, number_text(numbers.AP30), number_text(numbers.recall))
        add_row(table, name, f"{numbers.ships:,}", *values, *few)
    return table


def _operating_table(cell: Numbers) -> Table:
    """Recall at stated false alarms per image: the score to set, and how many frames have a false alarm then."""
    columns = [column for iou in IOUS for column in (f"<recall, IoU {iou:g}", "score ≥", "alarm frames\nper 1,000")]
    table = plain_table("FPPI", *columns)
    for rate in FPPI:
        values = []
        for point in (f"fppi={rate:g},iou={iou:g}" for iou in IOUS):
            values += [
                _of(cell, f"recall@{point}"),
                number_text(_operating(cell, f"threshold@{point}")),
                number_text(_operating(cell, f"false_alarm_frames_per_1000@{point}"), ".0f"),
            ]
        add_row(table, f"{rate:g}", *values)
    return table


def _property_table(cell: Numbers) -> Table:
    """Recall by what is known of the ships; bins without any are left out."""
    table = plain_table("ships by", "", "ships", f"<recall, {RECALL_POINT[0]:g} FPPI, IoU {RECALL_POINT[1]:g}", "<")
    for key, rows in cell.recall_by.items():
        title = _PROPERTIES.get(key, key)
        held = [row for row in rows if row.ships]
        for place, row in enumerate(held):
            recall = interval_text(row.recall, cell.intervals.get(f"recall_by.{key}.recall@{row.bin}"))
            bar = "█" * round(_BAR * (row.recall or 0.0))
            label = title if place == 0 else ""
            add_row(table, label, row.bin, f"{row.ships:,}", recall, bar, end=place + 1 == len(held))
    return table


def _error_table(cell: Numbers) -> Table:
    table = plain_table("errors at IoU 0.5", "count", "<cost in AP50")
    for kind in _errors_in_order(cell):
        item = cell.errors[kind]
        parent, _, part = kind.partition(".")
        label = f"  {part}" if part else parent.replace("_", " ")
        cost = interval_text(item.cost, cell.intervals.get(f"errors.{kind}.cost"))
        add_row(table, label, f"{item.count:,}", cost)
    return table


def _errors_in_order(cell: Numbers) -> Iterator[str]:
    """Every kind, with its parts behind it; parts that hold nothing, or everything unplaced, are left out."""
    for kind in cell.errors:
        if "." in kind:
            continue
        yield kind
        parts = [name for name in cell.errors if name.startswith(f"{kind}.") and cell.errors[name].count]
        if parts != [f"{kind}.unknown"]:
            yield from parts


def _slice_table(column: str, values: Mapping[str, Numbers]) -> Table:
    table = plain_table(column, "frames", "ships", "(small)", *(f"<{number}" for number in _SLICE_NUMBERS), padding=0)
    table.columns[0].no_wrap, table.columns[0].max_width = False, _SLICE_NAME
    for name, numbers in values.items():
        counts = (f"{numbers.images:,}", f"{numbers.ships.all:,}", f"{numbers.ships.small:,}")
        add_row(table, plain(name), *counts, *(_of(numbers, number) for number in _SLICE_NUMBERS))
    return table


def _warnings(cell: Numbers) -> Iterator[str]:
    """Those of the whole, then those of slices about too few sequences."""
    yield from cell.warnings
    own = {
        f"{plain(name)}: {line}": None
        for values in getattr(cell, "slices", {}).values()
        for name, numbers in values.items()
        for line in numbers.warnings
        if "interval" in line and line not in cell.warnings
    }
    yield from list(own)[:_WARNED_SLICES]
    if len(own) > _WARNED_SLICES:
        yield f"so it is with {len(own) - _WARNED_SLICES} slices more"


def _of(numbers: Numbers, name: str) -> str:
    """A number with its interval."""
    value = _operating(numbers, name) if "@" in name else numbers.number(name)
    return interval_text(value, numbers.intervals.get(name))


def _operating(numbers: Numbers, name: str) -> float | None:
    return numbers.operating.get(name)


def _spaced(parts: Sequence[RenderableType]) -> Iterator[RenderableType]:
    """A blank line before every table, and before the first line of text after one."""
    for place, part in enumerate(parts):
        after_table = place > 0 and (isinstance(part, Table) or isinstance(parts[place - 1], Table))
        if after_table:
            yield Text("")
        yield part
