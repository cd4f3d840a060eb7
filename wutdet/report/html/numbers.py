"""The numbers of a report for programs: what the page shows, read off the same scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from wutdet.report.html.runs import ReportRun, typical_cells
from wutdet.scoring.scores import CellScores, Numbers

_PLAIN: Final = tuple(name for name in Numbers.__struct_fields__ if name.startswith(("AP", "AR")))
_COUNTS: Final = ("images", "sequences", "ships", "ships_ignored")
_GROUPS: Final = ("bins", "errors", "recall_by")
_NOT_HERE: Final = ("size=", "network_bins.")  # of operating points and intervals
_OF_CELL: Final = ("name", "scenario", "severity", "value", *_COUNTS, *_PLAIN, *_GROUPS, "warnings")
_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def report_numbers(runs: Sequence[ReportRun]) -> list[dict[str, Any]]:
    """One entry a run, with the names of `scores.json`.

    Left to that file are numbers at the network's scale, by size at operating points, and slices of all severities
    but each kind's typical one: a page of a dozen runs stays small.
    """
    return [
        {
            "name": run.name,
            "detector": run.scores.detector,
            "dataset": run.scores.dataset,
            "scoring": run.scores.scoring,
            "skipped": run.scores.skipped,
            "robustness": run.scores.robustness,
            "cells": _cells(run),
            "measured": run.cost,
        }
        for run in runs
    ]


def numbers_json(runs: Sequence[ReportRun]) -> str:
    """The same as JSON that may stand inside a script element."""
    encoded = msgspec.json.encode(report_numbers(runs)).decode()
    return "".join(_ESCAPES.get(letter, letter) for letter in encoded)


def _cells(run: ReportRun) -> list[dict[str, Any]]:
    sliced = {cell.name for cell in typical_cells(run.scores)}
    return [_cell(cell) | ({"slices": _slices(cell)} if cell.name in sliced else {}) for cell in run.scores.cells]


def _cell(cell: CellScores) -> dict[str, Any]:
    told = {name: getattr(cell, name) for name in _OF_CELL}
    return told | {"operating": _kept(cell.operating), "intervals": _kept(cell.intervals)}


def _slices(cell: CellScores) -> dict[str, Any]:
    return {
        column: {name: _of_slice(numbers) for name, numbers in values.items()} for column, values in cell.slices.items()
    }


def _of_slice(numbers: Numbers) -> dict[str, Any]:
    told = {name: getattr(numbers, name) for name in (*_COUNTS, *_PLAIN)}
    return told | {"intervals": {name: numbers.intervals[name] for name in _PLAIN if name in numbers.intervals}}


def _kept(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not any(part in name for part in _NOT_HERE)}
