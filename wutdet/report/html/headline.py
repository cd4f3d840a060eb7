"""The first thing a reader wants: how many small ships are found in which weather, and where half of that is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from wutdet.metrics import Robustness
from wutdet.report.decline import decline_rows, halved, header
from wutdet.report.html.markup import Markup, bullets, details, paragraph, section, tag
from wutdet.report.html.runs import HEADLINE, ReportRun, scenario_names
from wutdet.report.html.tables import Cell, Table, html_table, make_table, number_cell
from wutdet.report.number_text import interval_text
from wutdet.report.table import KEPT_RECALL, RECALL_NOTE, interval_note
from wutdet.scoring.same_weather import weather_differences

_HARDLY_ANYTHING: Final = 0.05
"""An AP_small in clear weather below which its half says little."""
_ENDLESS: Final = 1e300  # of JSON and HTML, which have no infinity
_COLUMNS: Final = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "AR_100")


def headline_section(runs: Sequence[ReportRun]) -> Markup:
    """Sentences, then the number by scenario, runs side by side."""
    note = interval_note(runs[0].scores)
    rests = f"{note}. " if note else ""
    return section(
        "headline",
        "At a glance",
        *(tag("div", *_sentences(run, named=len(runs) > 1), class_="verdict") for run in runs),
        *_differences(runs),
        tag("div", *map(html_table, headline_tables(runs)), class_="beside"),
        paragraph(
            f"AP_small is COCO's average precision (IoU 0.50:0.95) of ships below 32² native pixels. {rests}"
            "Visibilities are nominal: they hold for the camera that the manifest states.",
            class_="note",
        ),
        details("All of COCO's numbers", html_table(all_numbers(runs))),
        paragraph(f"{RECALL_NOTE}.", class_="note"),
    )


def headline_tables(runs: Sequence[ReportRun]) -> list[Table]:
    """AP_small by scenario, and where half is lost, if that is known."""
    return [_by_scenario(runs), *_halves(runs)]


def _sentences(run: ReportRun, *, named: bool) -> Iterator[Markup]:
    clear = run.clear
    value = interval_text(clear.AP_small, clear.intervals.get(HEADLINE))
    yield tag("h3", run.name) if named else Markup()
    yield paragraph(
        f"AP_small in {run.first_weather} is ", tag("strong", value), f" ({clear.ships.small:,} small ships)."
    )
    if run.cell("clear") is None:
        yield paragraph("Clear weather was not scored, so nothing is known of what the weather takes.")
        return
    if clear.AP_small is not None and clear.AP_small < _HARDLY_ANYTHING:
        yield paragraph("There is hardly anything to lose: what follows about halves says little.", class_="warning")
    item = run.headline
    kinds = {} if item is None else item.half_value
    if item is None or not kinds:
        yield paragraph("No kind of weather was run, so nothing is known about where the detector goes blind.")
        return
    for kind in sorted(kinds, key=lambda name: name != "fog"):  # fog first: it is what a visibility is said of
        yield paragraph(*_half(kind, kinds[kind], item.half_interval.get(kind)))


def _half(kind: str, value: str, ends: tuple[str, str] | None) -> Iterator[str]:
    """Where half of the headline is lost, in words."""
    yield f"In {kind.replace('_', ' ')} "
    bounds = f" (interval from {ends[0]} to {ends[1]})" if ends and all(ends) and set(ends) != {value} else ""
    if not value:
        yield "it is not known where half of that is lost."
    elif value.startswith("milder than "):
        yield "half of that is lost in weather "
        yield tag("strong", value)
        yield f", the mildest that was run{bounds}."
    elif value.startswith("beyond "):
        yield "more than half of that is left at "
        yield tag("strong", value.removeprefix("beyond "))
        yield f", the worst that was run{bounds}."
    else:
        yield "half of that is lost at "
        yield tag("strong", value)
        yield f"{bounds}."


def _differences(runs: Sequence[ReportRun]) -> Iterator[Markup]:
    """What keeps the runs from being compared."""
    if len({(run.scores.dataset.sha256, run.clear.images) for run in runs}) > 1:
        lines = [
            f"{run.name}: {run.scores.dataset.name}, split {run.scores.dataset.split}, {run.clear.images:,} frames"
            for run in runs
        ]
        yield paragraph("These runs were scored on different frames: side by side, they are no comparison.")
        yield bullets(lines)
    if len({(run.scores.scoring.edges_px, run.scores.scoring.ignore_below) for run in runs}) > 1:
        yield paragraph("These runs differ in their size bins or in the ships that they ignore.")
    pairs = combinations((run.scores for run in runs), 2)
    other = dict(difference for a, b in pairs for difference in weather_differences(a, b))
    if other:
        yield paragraph("These scenarios are not the same weather in all runs: side by side, they are no comparison.")
        yield bullets(list(other.values()))
        return
    weather = {repr([_plan(run).get(key) for key in ("camera", "cameras", "ambient", "seed")]) for run in runs}
    if len(weather) > 1:
        yield paragraph("These runs differ in camera, ambient or seed: equal scenarios are not equal pixels.")


def _plan(run: ReportRun) -> dict[str, object]:
    plan = (run.manifest or {}).get("plan")
    return plan if isinstance(plan, dict) else {}


def _by_scenario(runs: Sequence[ReportRun]) -> Table:
    one = len(runs) == 1
    heads = ["scenario", "in units"]
    for run in runs:
        heads += [HEADLINE, "Δ to clear"] if one else [run.name]
    rows = []
    for name in scenario_names(runs):
        cells = [run.cell(name) for run in runs]
        in_units = " / ".join(dict.fromkeys(cell.value for cell in cells if cell is not None))
        row: list[Cell | str] = [name, "" if name == "clear" else in_units]
        for run, cell in zip(runs, cells, strict=True):
            value = None if cell is None else cell.AP_small
            interval = None if cell is None else cell.intervals.get(HEADLINE)
            clear = None if run.cell("clear") is None else run.clear.AP_small
            lost = None if value is None or clear is None else value - clear
            change = "" if lost is None else f"{lost:+.3f} to clear".replace("-", "−")
            row.append(number_cell(value, interval, hint=f"{run.name}, {name}: {change}"))
            if one:
                row.append(Cell("") if name == "clear" else number_cell(lost, form="+.3f"))
        rows.append(row)
    return make_table(f"{HEADLINE} by scenario", heads, rows, css="headline")


def _halves(runs: Sequence[ReportRun]) -> list[Table]:
    """Where half of AP_small and of the kept recall is lost, a row a kind and run."""
    rows: list[list[Cell | str]] = []
    heads = header(runs[0].scores)
    for run in runs:
        rows += [[kind, run.name, *values] for kind, *values in _half_cells(run)]
    rows = [row for row in rows if len(row) == 1 + len(heads)]
    if not rows:
        return []
    return [make_table("Where half is lost", *_of_several(runs, [heads[0], "run", *heads[1:]], rows))]


def _half_cells(run: ReportRun) -> Iterator[list[Cell | str]]:
    """The rows of the table, which are sorted by the dose; bounds come before and after all doses."""
    items = halved(run.scores)
    for kind, *texts in decline_rows(run.scores):
        yield [kind, *(Cell(text, _dose(item, kind)) for text, item in zip(texts, items, strict=True))]


def _dose(item: Robustness, kind: str) -> float | None:
    value = item.half_value.get(kind, "")
    if value.startswith(("milder than ", "beyond ")):
        return -_ENDLESS if value.startswith("milder") else _ENDLESS
    return item.half.get(kind)


def all_numbers(runs: Sequence[ReportRun]) -> Table:
    """COCO's numbers and the recall kept, a row a scenario and run."""
    rows: list[list[Cell | str]] = []
    for run in runs:
        for cell in run.scores.cells:
            values = [number_cell(cell.number(name), cell.intervals.get(name)) for name in _COLUMNS]
            kept = number_cell(cell.operating.get(KEPT_RECALL), cell.intervals.get(KEPT_RECALL))
            rows.append([cell.name, run.name, *values, kept])
    heads = ["scenario", "run", *_COLUMNS, "recall kept"]
    return make_table("COCO's numbers by scenario", *_of_several(runs, heads, rows))


def _of_several(
    runs: Sequence[ReportRun], heads: list[str], rows: list[list[Cell | str]]
) -> tuple[list[str], list[list[Cell | str]]]:
    """The table without its second column, the run, where there is but one."""
    if len(runs) > 1:
        return heads, rows
    return [heads[0], *heads[2:]], [[row[0], *row[2:]] for row in rows]
