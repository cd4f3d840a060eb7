"""The table of a matrix: a row a detector and split, its seeds summed up; as text, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wutdet.benchmark.cost import Cost
from wutdet.detectors import DetectorInfo
from wutdet.report.cost_table import STAGES, detect_ms, millions, rich_costs
from wutdet.report.number_text import UNKNOWN, number_text, plain
from wutdet.report.plain_table import add_row, plain_table
from wutdet.scoring.scores import Scores

if TYPE_CHECKING:
    from rich.table import Table

NUMBER: Final = "AP_small"
_LONG: Final = ("detector", "seed", "split", "scenario", "in units", "AP", "AP50", "AP_small", "low", "high")
_COST: Final = ("imgsz", "parameters", "gflops", *(f"{stage}_ms{end}" for stage in STAGES for end in ("", "_p95")))
_RATE: Final = ("pictures_per_s", "peak_memory_mb", "peak_gpu_memory_mb")
_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """A run of a matrix: what was measured, with which seed, on which split."""

    detector: str
    seed: int
    split: str
    scores: Scores
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A detector on a split: the values of each column, one a seed; None where there is none."""

    detector: str
    split: str
    values: dict[str, list[float | None]]
    half: dict[str, str]
    """By kind: where half of AP_small is lost, of the first seed."""
    parameters: int | None = None
    gflops: float | None = None
    detect_ms: float | None = None
    """The median of a picture, of the first run that measured it."""


def matrix_rows(runs: Sequence[ScoredRun]) -> list[MatrixRow]:
    """The rows, in the order in which detectors and splits first come."""
    groups: dict[tuple[str, str], list[ScoredRun]] = {}
    for run in runs:
        groups.setdefault((run.detector, run.split), []).append(run)
    return [_row(detector, split, group) for (detector, split), group in groups.items()]


def _row(detector: str, split: str, runs: Sequence[ScoredRun]) -> MatrixRow:
    values: dict[str, list[float | None]] = {}
    for run in runs:
        clear = run.scores.cells[0]
        told: dict[str, float | None] = {"AP clear": clear.AP, f"{NUMBER} clear": clear.AP_small}
        robust = next((item for item in run.scores.robustness if item.metric == NUMBER), None)
        if robust is not None:
            told |= dict(robust.per_kind) | {"mPC": robust.mPC, "rPC": robust.rPC}
        for name, value in told.items():
            values.setdefault(name, []).append(value)
    first = next((item for item in runs[0].scores.robustness if item.metric == NUMBER), None)
    facts, half = runs[0].scores.detector, {} if first is None else dict(first.half_value)
    times = (detect_ms(run.cost) for run in runs)
    known = next((ms for ms in times if ms is not None), None)
    return MatrixRow(detector, split, values, half, facts.parameters, facts.gflops, known)


def summed_up(values: Sequence[float | None]) -> str:
    """`0.123` of one seed, `0.123 ± 0.004` (mean and sample deviation) of several; — where one has no value."""
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return UNKNOWN
    if len(known) == 1:
        return f"{known[0]:.3f}"
    return f"{statistics.mean(known):.3f} ± {statistics.stdev(known):.3f}"


def columns_of(rows: Sequence[MatrixRow]) -> list[str]:
    """The columns of numbers that some row has."""
    return list(dict.fromkeys(name for row in rows for name in row.values))


def rich_matrix(rows: Sequence[MatrixRow]) -> Table:
    """The table for a terminal of 100 columns; kinds stand with their mean AP_small over the severities."""
    columns = columns_of(rows)
    table = plain_table("detector", "<split", "seeds", *columns)
    for row in rows:
        seeds = str(len(next(iter(row.values.values()))))
        cells = (summed_up(row.values.get(name, [None])) for name in columns)
        add_row(table, plain(row.detector), plain(row.split), seeds, *cells)
    return table


def rich_matrix_costs(runs: Sequence[ScoredRun]) -> Table | None:
    """What each detector has cost, in the first of its runs that measured it; None where none did."""
    known: dict[str, tuple[DetectorInfo, Cost]] = {}
    for run in runs:
        if run.cost is not None:
            known.setdefault(run.detector, (run.scores.detector, run.cost))
    return rich_costs(known) if known else None


def csv_text(runs: Sequence[ScoredRun]) -> str:
    """One line a run and scenario, with the interval of AP_small, and what the run has cost."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_LONG, *_COST, *_RATE])
    for run in runs:
        cost = _cost_values(run)
        for cell in run.scores.cells:
            low, high = cell.intervals.get(NUMBER, ("", ""))
            numbers = ("" if value is None else value for value in (cell.AP, cell.AP50, cell.AP_small))
            writer.writerow([run.detector, run.seed, run.split, cell.name, cell.value, *numbers, low, high, *cost])
    return text.getvalue()


def _cost_values(run: ScoredRun) -> list[float | str]:
    detector, cost = run.scores.detector, run.cost
    values = [None if detector.protocol is None else detector.protocol.imgsz, detector.parameters, detector.gflops]
    for name in STAGES:
        stage = None if cost is None else cost.stages.get(name)
        values += [None, None] if stage is None else [stage.median_ms, stage.p95_ms]
    values += [None] * 3 if cost is None else [cost.cells_per_s, cost.peak_memory_mb, cost.peak_gpu_memory_mb]
    return ["" if value is None else value for value in values]


def latex_text(rows: Sequence[MatrixRow]) -> str:
    """A booktabs table; names from outside are escaped."""
    columns = columns_of(rows)
    lines = [
        f"% {NUMBER} in clear weather, by kind (mean over severities), in all weather (mPC), the share of it (rPC);",
        "% parameters in millions, and the median time of a picture in ms",
        rf"\begin{{tabular}}{{ll{'r' * (4 + len(columns))}}}",
        r"\toprule",
        " & ".join(["detector", "split", "seeds", *map(_escaped, columns), "M par.", "GFLOPs", "ms"]) + r" \\",
        r"\midrule",
    ]
    for row in rows:
        seeds = str(len(next(iter(row.values.values()))))
        cells = [
            summed_up(row.values.get(name, [None])).replace("±", r"$\pm$").replace(UNKNOWN, "--") for name in columns
        ]
        costs = (millions(row.parameters), row.gflops, row.detect_ms)
        cells += [number_text(value, ".1f").replace(UNKNOWN, "--") for value in costs]
        lines.append(" & ".join([_escaped(row.detector), _escaped(row.split), seeds, *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in plain(text))
