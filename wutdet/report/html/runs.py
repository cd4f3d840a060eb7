"""The runs that a report is about: their scores, their manifests, and what they are called in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wutdet.benchmark.cost import Cost
from wutdet.benchmark.record import read_cost, read_manifest
from wutdet.errors import ConfigError, DataError
from wutdet.metrics import Robustness
from wutdet.report.number_text import plain
from wutdet.report.table import caption
from wutdet.scoring.scores import CellScores, Scores, read_scores

HEADLINE: Final = "AP_small"
_TYPICAL: Final = 3
"""The severity that stands for its kind where there is no room for all."""


@dataclass(frozen=True, slots=True)
class ReportRun:
    """A run folder, read."""

    name: str
    """Its detector's; with the folder's where two are called the same."""
    folder: Path
    scores: Scores
    manifest: dict[str, Any] | None
    """None of a folder of `wutdet score --out`, which has none."""
    cost: Cost | None

    def cell(self, scenario: str) -> CellScores | None:
        """The cell of a scenario; None where this run has none."""
        return next((cell for cell in self.scores.cells if cell.name == scenario), None)

    @property
    def clear(self) -> CellScores:
        """The cell in clear weather; of a run without one its first."""
        return self.cell("clear") or self.scores.cells[0]

    @property
    def first_weather(self) -> str:
        """What `clear` is, in words."""
        return "clear weather" if self.cell("clear") is not None else self.clear.name

    @property
    def headline(self) -> Robustness | None:
        """What the weather leaves of the number that the report is about."""
        return next((item for item in self.scores.robustness if item.metric == HEADLINE), None)


def read_runs(folders: Sequence[str | Path]) -> list[ReportRun]:
    """Read run folders.

    Raises:
        ConfigError: none is given.
        DataError: one has no scores, or a manifest that cannot be read.
    """
    if not folders:
        raise ConfigError("no run is given", where="report", remedy="name the --out of a benchmark")
    found = [(Path(folder), read_scores(Path(folder))) for folder in folders]
    for folder, scores in found:
        if not scores.cells:
            raise DataError("the scores have no cell", where=folder, remedy="score the run again")
    names = _names([(scores.detector.name, folder.resolve().name) for folder, scores in found])
    return [
        ReportRun(name, folder, scores, read_manifest(folder), read_cost(folder))
        for name, (folder, scores) in zip(names, found, strict=True)
    ]


def captions(runs: Sequence[ReportRun]) -> list[str]:
    """A line a run, of what its numbers rest on; of several with the name and the folder that tell them apart."""
    lines = [f"{caption(run.scores)}." for run in runs]
    if len(runs) == 1:
        return lines
    return [f"{plain(run.name)}, {plain(str(run.folder))}: {line}" for run, line in zip(runs, lines, strict=True)]


def scenario_names(runs: Sequence[ReportRun]) -> list[str]:
    """Every scenario that some run has, in the order in which they first come."""
    return list(dict.fromkeys(cell.name for run in runs for cell in run.scores.cells))


def typical_cells(scores: Scores) -> list[CellScores]:
    """Clear weather, then of each kind the cell of severity 3, or the nearest to it."""
    clear = [cell for cell in scores.cells if cell.severity == 0]
    by_kind: dict[str, list[CellScores]] = {}
    for cell in scores.cells:
        if cell.severity:
            by_kind.setdefault(cell.scenario, []).append(cell)
    return clear + [
        min(cells, key=lambda cell: (abs((cell.severity or 0) - _TYPICAL), cell.severity)) for cells in by_kind.values()
    ]


def _names(known: Sequence[tuple[str, str]]) -> list[str]:
    """Detectors' names where these differ, else with the folders', else with a number too."""
    detectors = Counter(detector for detector, _ in known)
    names = [detector if detectors[detector] == 1 else f"{detector} ({folder})" for detector, folder in known]
    counts = Counter(names)
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        seen[name] += 1
        told.append(name if counts[name] == 1 else f"{name} #{seen[name]}")
    return told
