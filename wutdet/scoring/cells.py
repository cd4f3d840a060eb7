"""Score one detector under every scenario: the cells of a table."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics import FoundBoxes
from wutdet.metrics.coco import pycocotools_numbers
from wutdet.scenarios import Scenario, describe
from wutdet.scoring.assemble import number_fields, to_numbers
from wutdet.scoring.measure import Floats, Knowledge, Measured, Settings, Thresholds, measure, thresholds_of
from wutdet.scoring.scores import CellScores
from wutdet.scoring.truth import Truth

_WORTH_THREADS: Final = 20_000_000
"""Detections times replicates from which a second thread gains more than it costs."""


@dataclass(frozen=True, slots=True)
class CellInput:
    """What a detector found under one scenario; ships in the order of the truth's boxes, None where not known."""

    scenario: Scenario
    found: FoundBoxes
    transmittance: Floats | None = None
    """(G,) what the weather left of each ship's light."""
    contrast: Floats | None = None
    """(G,) each ship's contrast against its surround that was left, in linear light."""
    ignored: NDArray[np.bool_] | None = None
    """(G,) the ships that count in no number of the cell; None: all count."""
    warnings: tuple[str, ...] = ()
    """What else a reader of the cell should know."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A scored cell, with the replicates behind its intervals."""

    scenario: Scenario
    scores: CellScores
    measured: Measured


def score_cells(
    truth: Truth,
    cells: Sequence[CellInput],
    settings: Settings,
    advance: Callable[[int], None] | None = None,
    kept: Thresholds | None = None,
) -> list[Cell]:
    """Score cells of the same frames.

    Thresholds set in clear weather are kept in all. Where it is not among them and none are given, what is read at
    these is unknown.

    Args:
        truth: the frames and ships.
        cells: one a scenario.
        settings: how to score.
        advance: called with 1 as each cell is done.
        kept: the thresholds of a clear cell that was scored before.
    """

    def score(cell: CellInput) -> Cell:
        scored = _score(truth, cell, settings, kept)
        if advance is not None:
            advance(1)
        return scored

    first = [cell for cell in cells if not cell.scenario.effects][:1]
    done = {str(cell.scenario): score(cell) for cell in first}
    if first:
        kept = thresholds_of(done["clear"].measured.values)
    rest = [cell for cell in cells if not any(cell is other for other in first)]
    worth = sum(len(cell.found.scores) for cell in rest) * settings.replicates >= _WORTH_THREADS
    with ThreadPoolExecutor(os.cpu_count() if worth and settings.level is not None else 1) as pool:
        done |= {str(cell.scenario): cell for cell in pool.map(score, rest)}
    return [done[str(cell.scenario)] for cell in cells]


def _score(truth: Truth, cell: CellInput, settings: Settings, kept: Thresholds | None) -> Cell:
    known = Knowledge(
        transmittance=cell.transmittance,
        contrast=cell.contrast,
        ignored=cell.ignored,
        is_clear=not cell.scenario.effects,
        clear_thresholds=kept,
    )
    measured, slices = measure(truth, cell.found, settings, known)
    if settings.evaluator == "pycocotools":
        boxes = dataclasses.replace(truth.boxes, ignored=cell.ignored)
        measured = dataclasses.replace(measured, values=measured.values | pycocotools_numbers(boxes, cell.found))
    sequences_known = truth.sequences_known
    fields = number_fields(measured, settings, sequences_known=sequences_known)
    scores = CellScores(
        **fields | {"warnings": [*fields["warnings"], *cell.warnings]},
        scenario=cell.scenario.kind,
        severity=cell.scenario.severity,
        name=str(cell.scenario),
        value=describe(cell.scenario, settings.severities),
        slices={
            column: {name: to_numbers(part, settings, sequences_known=sequences_known) for name, part in parts.items()}
            for column, parts in slices.items()
        },
    )
    return Cell(cell.scenario, scores, measured)
