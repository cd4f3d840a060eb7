"""Draw the figures of runs into a folder, with the numbers that they show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from wutdet.dataset import Dataset
from wutdet.errors import DataError
from wutdet.report.figures.heat import heat_figure, heat_points
from wutdet.report.figures.numbers import PlottedPoint, write_numbers
from wutdet.report.figures.operating import operating_figure, operating_points
from wutdet.report.figures.precision import precision_figure, precision_points
from wutdet.report.figures.recorded import Recorded, recorded_of
from wutdet.report.figures.severity import severity_figure, severity_points, weather_axes
from wutdet.report.figures.sizes import size_figure, size_points, stats_of
from wutdet.report.figures.style import TWO_COLUMNS_MM, Format, check_width_mm, print_look, save, short
from wutdet.report.figures.weather import choose_frame, weather_figure
from wutdet.report.html.runs import ReportRun, read_runs, typical_cells
from wutdet.scoring.number_names import demand_known, number_names

DEFAULT_METRIC: Final = "AP_small"


@dataclass(frozen=True, slots=True)
class DrawnFigures:
    """What was drawn, and what was not."""

    files: tuple[Path, ...]
    """The figures, then `figures.json` and `figures.csv`."""
    notes: tuple[str, ...]
    """Why a figure is missing, a line each."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure to draw; `draw` gets nothing and gives matplotlib's figure."""

    name: str
    points: list[PlottedPoint]
    draw: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class _Job:
    """What is asked for."""

    runs: list[ReportRun]
    metric: str
    data: Dataset | None
    width_mm: float
    frame: str | None
    notes: list[str] = field(default_factory=list)


def draw_figures(
    runs: Sequence[str | Path],
    out: str | Path,
    *,
    formats: Sequence[Format] = ("svg",),
    metric: str = DEFAULT_METRIC,
    data: Dataset | None = None,
    width_mm: float = TWO_COLUMNS_MM,
    frame: str | None = None,
) -> DrawnFigures:
    """Draw the figures of one or several runs for print; equal runs give equal bytes.

    Args:
        runs: folders of `wutdet benchmark`, or of `wutdet score --out`.
        out: a folder, made if needed; figures of these names that are there are replaced.
        formats: of each figure.
        metric: the number that is followed along severity, by its name in the scores, such as `bins.<8.AP50`.
        data: the dataset that was benchmarked; adds precision-recall curves, sizes, one frame in all weather, and
            the rates between the three of recall against false alarms.
        width_mm: of the figures on paper: 85 is a column, 178 a page.
        frame: which frame is shown in all weather, by name; by default one with the most ships.

    Raises:
        ConfigError: no run is given, no run has the number, or the width is none.
        DataError: a run has no scores, the data are not those of a run, or a file cannot be written.
    """
    check_width_mm(width_mm)
    job = _Job(read_runs(runs), metric, data, width_mm, frame)
    known = dict.fromkeys(name for run in job.runs for name in number_names(run.clear))
    demand_known(metric, known, what="number", where="--metric")
    recorded = dict(_recorded(job))  # refuses data that do not fit before anything is written
    folder, written, points = Path(out), list[Path](), list[PlottedPoint]()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with print_look():
            for figure in _figures(job, recorded):
                written += save(figure.draw(), folder / figure.name, formats)
                points += figure.points
        written += write_numbers(points, folder)
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", where=folder, remedy="choose another --out") from None
    return DrawnFigures(tuple(written), tuple(job.notes))


def _figures(job: _Job, recorded: dict[str, Recorded]) -> Iterator[_Figure]:
    """Each is drawn before the next is begun."""
    runs, width_mm = job.runs, job.width_mm
    name = f"severity-{_slug(job.metric)}"
    along = severity_points(runs, job.metric, name)
    if along:
        yield _Figure(name, along, lambda: severity_figure(runs, along, job.metric, width_mm))
    else:
        job.notes.append("no curves along severity: no kind of weather was run by itself")
    matches = {run: item.matches for run, item in recorded.items()}
    rates = operating_points(runs, matches, "recall-fppi")
    yield _Figure("recall-fppi", rates, lambda: operating_figure(runs, rates, width_mm))
    for run, name in zip(runs, _names(runs, "size-scenario"), strict=True):
        cells = heat_points(run, name)
        yield _Figure(name, cells, lambda run=run, cells=cells: heat_figure(run, cells, width_mm))  # type: ignore[misc]
    yield from _with_data(job, recorded)


def _recorded(job: _Job) -> Iterator[tuple[str, Recorded]]:
    """What every run recorded, where the data are at hand."""
    if job.data is None:
        job.notes.append("no precision-recall curves, sizes and frame in all weather: they need --data DATA")
        return
    for run in job.runs:
        found = recorded_of(run, job.data, [cell.name for cell in typical_cells(run.scores)])
        if found is None:
            job.notes.append(f"{run.name}: no precision-recall curves, as the folder keeps no detections")
        else:
            yield run.name, found


def _with_data(job: _Job, recorded: dict[str, Recorded]) -> Iterator[_Figure]:
    if job.data is None:
        return
    for run, name in zip(job.runs, _names(job.runs, "precision-recall"), strict=True):
        if run.name in recorded:
            curves = precision_points(run, recorded[run.name].matches, name)
            yield _Figure(name, curves, lambda curves=curves: precision_figure(curves, job.width_mm))  # type: ignore[misc]
    first = next((run for run in job.runs if run.name in recorded), None)
    frames = job.data if first is None else recorded[first.name].frames
    stats = stats_of(frames)
    if stats.boxes:
        yield _Figure("sizes", size_points(stats, frames.name, "sizes"), lambda: size_figure(stats, job.width_mm))
    if first is None:
        job.notes.append("no frame in all weather: no run says which weather it was")
        return
    of_first = recorded[first.name]
    plan, place = of_first.plan, choose_frame(frames, job.frame, of_first.guessed)
    if frames.images["image_id"][place] in of_first.guessed:
        job.notes.append(f"the horizon of {short(frames.images['file_name'][place])} is a guess, so its weather is too")
    axes_of, cells = weather_axes([first]), first.scores.cells
    yield _Figure("weather", [], lambda: weather_figure(plan, frames, place, cells, axes_of, job.width_mm))


def _names(runs: Sequence[ReportRun], stem: str) -> list[str]:
    """The stem itself for a single run, else with each run's name, and a number where two are alike."""
    if len(runs) == 1:
        return [stem]
    names: list[str] = []
    for run in runs:
        name = f"{stem}-{_slug(run.name)}"
        names.append(name if name not in names else f"{name}-{len(names) + 1}")
    return names


def _slug(name: str) -> str:
    """A name as part of a file's, on every system."""
    signs = {"<": "under-", ">": "over-"}
    worded = "".join(signs.get(letter, letter) for letter in name)
    return re.sub(r"[^A-Za-z0-9_.=-]+", "-", worded).strip("-.")[:60] or "run"
