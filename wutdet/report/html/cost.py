"""What the runs have cost, and what that bought: latency against AP_small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wutdet.benchmark.cost import Cost
from wutdet.report.cost_table import STAGES, detect_ms, millions
from wutdet.report.html.curves import cell_top
from wutdet.report.html.markup import Markup, paragraph, section, tag
from wutdet.report.html.runs import HEADLINE, ReportRun
from wutdet.report.html.svg import axes, bar, draw, legend, make_plot, marker, ticks_to
from wutdet.report.html.tables import Cell, Table, html_table, make_table, number_cell, without_empty
from wutdet.report.number_text import interval_text


def cost_section(runs: Sequence[ReportRun]) -> Markup:
    """The plot where there are several, the stages, and the machines."""
    known = [(run, run.cost) for run in runs if run.cost is not None]
    if not known:
        told = paragraph("No run has a manifest that says what it cost.")
        return section("cost", "Cost", told)
    parts = [_latency_plot(runs)] if len(known) > 1 else [_in_words(*known[0])]
    note = (
        "Detection is per picture, in batches of one frame's scenarios; decoding and rendering are per frame. "
        "Times hold for the machine that the manifest states, and for what else ran on it."
    )
    return section("cost", "Cost", *parts, *map(html_table, cost_tables(runs)), paragraph(note, class_="note"))


def cost_tables(runs: Sequence[ReportRun]) -> list[Table]:
    """One table, a row a run; none where no run has a manifest."""
    heads, rows = without_empty(_HEADS, [_row(run, run.cost) for run in runs if run.cost is not None])
    return [make_table("Cost of the runs", heads, rows)] if rows else []


_HEADS: Final[tuple[str, ...]] = (
    "run",
    "input px",
    "M parameters",
    "GFLOPs",
    "device",
    "frames",
    *(f"{name}, ms (95 %)" for name in STAGES),
    "pictures/s",
    "memory, MB",
    "GPU memory, MB",
)


def _row(run: ReportRun, cost: Cost) -> list[Cell | str]:
    detector = run.scores.detector
    protocol = detector.protocol
    stages = []
    for name in STAGES:
        stage = cost.stages.get(name)
        if stage is None:
            stages.append(number_cell(None))
            continue
        stages.append(Cell(f"{stage.median_ms:.1f} ({stage.p95_ms:.1f})", stage.median_ms, True))
    return [
        run.name,
        number_cell(None if protocol is None else protocol.imgsz, form=".0f"),
        number_cell(millions(detector.parameters), form=".2f"),
        number_cell(detector.gflops, form=".1f"),
        _device(run),
        number_cell(cost.frames, form=",.0f"),
        *stages,
        number_cell(cost.cells_per_s, form=".1f"),
        number_cell(cost.peak_memory_mb, form=",.0f"),
        number_cell(cost.peak_gpu_memory_mb, form=",.0f"),
    ]


def _device(run: ReportRun) -> str:
    machine: dict[str, Any] = (run.manifest or {}).get("machine", {})
    return ", ".join(
        str(part) for part in (run.scores.detector.device, machine.get("cpu") or machine.get("processor")) if part
    )


def _in_words(run: ReportRun, cost: Cost) -> Markup:
    ms = detect_ms(cost)
    if ms is None:
        return paragraph("How long a detection takes was not measured.")
    value = interval_text(run.clear.AP_small, run.clear.intervals.get(HEADLINE))
    bought = f"an AP_small of {value} in {run.first_weather}"
    return paragraph(f"A picture takes {run.name} {ms:.1f} ms (median), for {bought}.")


def _latency_plot(runs: Sequence[ReportRun]) -> Markup:
    """A point a run, with its interval upright."""
    points = [
        (place, run, ms, run.clear.AP_small)
        for place, run in enumerate(runs)
        if (ms := detect_ms(run.cost)) is not None and run.cell("clear") and run.clear.AP_small is not None
    ]
    if not points:
        return Markup()
    ticks = ticks_to(max(ms for _, _, ms, _ in points))
    top = max(cell_top(run.clear, HEADLINE) for _, run, _, _ in points)
    plot = make_plot([0.0, ticks[-1][0]], top, width=480.0)
    parts = [axes(plot, ticks, "median detection time of a picture, ms", HEADLINE)]
    for place, run, ms, value in points:
        interval = run.clear.intervals.get(HEADLINE)
        parts += [bar(plot, ms, *interval, place)] if interval is not None else []
        says = f"{run.name}: {ms:.1f} ms, {HEADLINE} {interval_text(value, interval)}"
        parts.append(marker(plot, ms, value, place, says, run=str(place), latency=ms, value=value))
    title = f"{HEADLINE} in clear weather against detection time"
    figure = tag("figure", draw(plot, title, "The tables have the numbers.", *parts), tag("figcaption", title))
    return tag("div", figure, legend([run.name for run in runs]), class_="one")
