"""The numbers of a report for programs: what the page shows, read off the same scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from wutdet.report.html.runs import ReportRun
from wutdet.scoring.scores import CellScores, Numbers

_PLAIN: Final = tuple(name for name in Numbers.__struct_fields__ if name.startswith(("AP", "AR")))
_COUNTS: Final = ("images", "sequences", "ships", "ships_ignored")
_GROUPS: Final = ("bins", "errors", "recall_by")
_OF_CELL: Final = ("name", "scenario", "severity", "value", *_COUNTS, *_PLAIN, *_GROUPS, "warnings")
_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def report_numbers(runs: Sequence[ReportRun]) -> list[dict[str, Any]]:
    """One entry a run, with the names of `scores.json`. Numbers by size at operating points are left to that file."""
    return [
        {
            "name": run.name,
            "detector": run.scores.detector,
            "dataset": run.scores.dataset,
            "scoring": run.scores.scoring,
            "skipped": run.scores.skipped,
            "robustness": run.scores.robustness,
            "cells": [_cell(cell) for cell in run.scores.cells],
            "measured": run.cost,
        }
        for run in runs
    ]


def numbers_json(runs: Sequence[ReportRun]) -> str:
    """The same as JSON that may stand inside a script element."""
    encoded = msgspec.json.encode(report_numbers(runs)).decode()
    return "".join(_ESCAPES.get(letter, letter) for letter in encoded)


def _cell(cell: CellScores) -> dict[str, Any]:
    told = {name: getattr(cell, name) for name in _OF_CELL}
    slices = {
        column: {name: _of_slice(numbers) for name, numbers in values.items()} for column, values in cell.slices.items()
    }
    return told | {"operating": _unsized(cell.operating), "intervals": _unsized(cell.intervals), "slices": slices}


def _of_slice(numbers: Numbers) -> dict[str, Any]:
    told = {name: getattr(numbers, name) for name in (*_COUNTS, *_PLAIN)}
    return told | {"intervals": {name: numbers.intervals[name] for name in _PLAIN if name in numbers.intervals}}


def _unsized(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if "size=" not in name}
