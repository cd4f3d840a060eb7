"""What an operator has: recall at stated rates of false alarms, and what a threshold set in clear weather gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from wutdet.metrics.operating import FPPI, IOUS
from wutdet.report.html.markup import Markup, details, paragraph, section, tag
from wutdet.report.html.runs import ReportRun, typical_cells
from wutdet.report.html.svg import axes, draw, legend, line, make_plot, marker
from wutdet.report.html.tables import Cell, Table, html_table, make_table, number_cell
from wutdet.report.number_text import interval_text
from wutdet.scoring.scores import CellScores

_KEPT_RATE: Final = 0.1
_DRAWN_IOU: Final = IOUS[0]


def operating_section(runs: Sequence[ReportRun]) -> Markup:
    """Curves at IoU 0.3, and a table a run and IoU."""
    scenarios = list(dict.fromkeys(cell.name for run in runs for cell in typical_cells(run.scores)))
    panels = (_panel(run, scenarios) for run in runs)
    parts = []
    for run in runs:
        parts += [tag("h3", run.name)] if len(runs) > 1 else []
        drawn, other = map(html_table, operating_tables(run))
        parts += [drawn, details(f"At IoU {IOUS[1]:g}", other)]
    return section(
        "operating",
        "Operating points",
        tag("h3", f"Recall against false alarms per image (FPPI), IoU {_DRAWN_IOU:g}"),
        legend(scenarios),
        tag("div", *panels, class_="panels"),
        *parts,
        paragraph(
            "The first columns set the threshold anew in every weather. The last ones keep the threshold that gives "
            f"{_KEPT_RATE:g} false alarms per image in clear weather, which is all that an operator can do.",
            class_="note",
        ),
    )


def operating_tables(run: ReportRun) -> tuple[Table, Table]:
    """At the IoU that is drawn, and at the other."""
    return _table(run, _DRAWN_IOU), _table(run, IOUS[1])


def _panel(run: ReportRun, scenarios: Sequence[str]) -> Markup:
    cells = [(place, cell) for place, name in enumerate(scenarios) if (cell := run.cell(name)) is not None]
    xs = [math.log10(rate) for rate in FPPI]
    plot = make_plot(xs, 1.0)
    ticks = [(x, f"{rate:g}") for x, rate in zip(xs, FPPI, strict=True)]
    parts = [axes(plot, ticks, "false alarms per image", "recall")]
    for place, cell in cells:
        points = [
            (x, rate, value)
            for x, rate in zip(xs, FPPI, strict=True)
            if (value := _at(cell, "recall", rate, _DRAWN_IOU)) is not None
        ]
        parts.append(line(plot, [(x, value) for x, _, value in points], place))
        parts += [
            marker(
                plot,
                x,
                value,
                place,
                _says(run, cell, rate, value),
                metric=_key("recall", rate, _DRAWN_IOU),
                scenario=cell.name,
                value=value,
            )
            for x, rate, value in points
        ]
    title = f"Recall of {run.name} against false alarms per image"
    return tag("figure", draw(plot, title, "The table below has the numbers.", *parts), tag("figcaption", run.name))


def _says(run: ReportRun, cell: CellScores, rate: float, value: float) -> str:
    interval = cell.intervals.get(_key("recall", rate, _DRAWN_IOU))
    return f"{run.name}, {cell.name}: recall {interval_text(value, interval)} at {rate:g} false alarms per image"


def _table(run: ReportRun, iou: float) -> Table:
    heads = [
        "scenario",
        *(f"recall at {rate:g}" for rate in FPPI),
        f"score ≥ for {_KEPT_RATE:g}",
        "recall, clear threshold",
        "false alarms per image",
        "alarm frames per 1,000",
    ]
    rows: list[list[Cell | str]] = []
    for cell in run.scores.cells:
        of_rates = [_number(cell, _key("recall", rate, iou)) for rate in FPPI]
        score = _number(cell, _key("threshold", _KEPT_RATE, iou))
        kept = [_number(cell, _clear_key(name, iou)) for name in ("recall", "fppi")]
        frames = _number(cell, _clear_key("false_alarm_frames_per_1000", iou), ".0f")
        rows.append([cell.name, *of_rates, score, *kept, frames])
    return make_table(f"Recall at false alarms per image, IoU {iou:g}", heads, rows)


def _number(cell: CellScores, key: str, form: str = ".3f") -> Cell:
    return number_cell(cell.operating.get(key), cell.intervals.get(key), form=form)


def _at(cell: CellScores, name: str, rate: float, iou: float) -> float | None:
    return cell.operating.get(_key(name, rate, iou))


def _key(name: str, rate: float, iou: float) -> str:
    return f"{name}@fppi={rate:g},iou={iou:g}"


def _clear_key(name: str, iou: float) -> str:
    return f"{name}@clear_fppi={_KEPT_RATE:g},iou={iou:g}"
