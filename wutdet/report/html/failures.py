"""Which failures of a run teach most: large ships missed, alarms raised by glare, ships lost in fog though visible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset import Dataset
from wutdet.metrics import FoundBoxes
from wutdet.report.html.evidence import Evidence, gather
from wutdet.report.html.runs import ReportRun
from wutdet.scoring.glint import raised_by_glint

VISIBLE: Final = 0.02
"""Contrast in linear light from which a ship counts as visible: on a grey of 128, five levels of an sRGB image."""

MISSED, ALARM, LOST = "missed", "alarm", "lost"


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that went wrong."""

    kind: str
    place: int
    """Of the frame in the dataset of the run."""
    scenario: str
    xyxy: tuple[float, float, float, float]
    worth: float
    """How much it teaches, among its kind: √area in px of what was missed, score of an alarm, contrast of the lost."""


def scenarios_to_look_at(run: ReportRun) -> list[str]:
    """Clear weather, the worst glare, every fog: those of them that were run."""
    cells = [cell for cell in run.scores.cells if cell.severity is not None]
    clear = [cell.name for cell in cells if cell.scenario == "clear"]
    glare = sorted((cell for cell in cells if cell.scenario == "glare"), key=lambda cell: cell.severity or 0)
    fog = sorted((cell for cell in cells if cell.scenario == "fog"), key=lambda cell: cell.severity or 0)
    return [*clear, *(cell.name for cell in glare[-1:]), *(cell.name for cell in fog)]


def choose_failures(run: ReportRun, dataset: Dataset, most: int) -> dict[str, list[Failure]]:
    """The failures to show, by kind; each frame is shown once in a kind, and sequences take turns.

    Args:
        run: a benchmark whose detections are kept.
        dataset: its frames, see `frames_of_run`.
        most: of each kind.

    Raises:
        DataError: a shard is damaged, or of other frames.
    """
    scenarios = scenarios_to_look_at(run)
    evidence = gather(run, dataset, scenarios)
    places = {image_id: place for place, image_id in enumerate(dataset.images["image_id"].to_list())}
    width = dict(zip(dataset.images["image_id"].to_list(), dataset.images["width"].to_list(), strict=True))
    sequences = dataset.images["sequence"].to_list()

    def fails(kind: str, scenario: str, image_id: int, box: NDArray[np.float64], worth: float) -> Failure:
        corners = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
        return Failure(kind, places[image_id], scenario, corners, worth)

    listed = {kind: list[Failure]() for kind in (MISSED, ALARM, LOST)}
    if "clear" in evidence.cells:
        listed[MISSED] = _missed(evidence, fails)
        fogs = [name for name in scenarios if name.startswith("fog:")]
        listed[LOST] = _lost(evidence, fogs, max(VISIBLE, run.scores.scoring.ignore_below or 0.0), fails)
    glare = next((name for name in scenarios if name.startswith("glare:")), None)
    if glare is not None and "clear" in evidence.cells:
        listed[ALARM] = _alarms(evidence, glare, width, fails)
    return {kind: _in_turn(failures, sequences, most) for kind, failures in listed.items()}


Make = Callable[[str, str, int, NDArray[np.float64], float], Failure]


def _missed(evidence: Evidence, fails: Make) -> list[Failure]:
    clear = evidence.cells["clear"]
    sides = np.sqrt((evidence.xyxy[:, 2:] - evidence.xyxy[:, :2]).prod(axis=1))
    rows = np.flatnonzero(evidence.counts & ~clear.hit)
    return [fails(MISSED, "clear", int(evidence.image_ids[row]), evidence.xyxy[row], float(sides[row])) for row in rows]


def _lost(evidence: Evidence, fogs: Sequence[str], visible: float, fails: Make) -> list[Failure]:
    """Ships that were found in clear air, in the mildest fog that hides them from the detector but not from sight.

    A contrast from `visible` on is in sight.
    """
    left = evidence.counts & evidence.cells["clear"].hit
    failures = []
    for name in fogs:
        cell = evidence.cells[name]
        lost = left & ~cell.hit & (cell.contrast >= visible)
        failures += [
            fails(LOST, name, int(evidence.image_ids[row]), evidence.xyxy[row], float(cell.contrast[row]))
            for row in np.flatnonzero(lost)
        ]
        left = left & ~lost
    return failures


def _alarms(evidence: Evidence, glare: str, width: dict[int, int], fails: Make) -> list[Failure]:
    """False alarms below the horizon where the same frame has none in clear weather."""
    cell = evidence.cells[glare]
    rows = np.flatnonzero(cell.alarm)
    alarms = FoundBoxes(cell.found.image_ids[rows], cell.found.xywh[rows], cell.found.scores[rows])
    raised = raised_by_glint(alarms, evidence.cells["clear"].found, evidence.horizons, width)
    corners = np.concatenate([alarms.xywh[:, :2], alarms.xywh[:, :2] + alarms.xywh[:, 2:]], axis=1)
    return [
        fails(ALARM, glare, int(alarms.image_ids[row]), corners[row], float(alarms.scores[row]))
        for row in np.flatnonzero(raised)
    ]


def _in_turn(failures: Sequence[Failure], sequences: Sequence[str | None], most: int) -> list[Failure]:
    """The best of each sequence, then the second best, …; one a frame."""
    best = sorted(failures, key=lambda one: (-one.worth, one.place))
    frames, turns = set[int](), Counter[str]()
    ranked = []
    for one in best:
        if one.place in frames:
            continue
        frames.add(one.place)
        sequence = sequences[one.place] or f"\0{one.place}"
        ranked.append((turns[sequence], -one.worth, one.place, one))
        turns[sequence] += 1
    return [one for *_, one in sorted(ranked, key=lambda item: item[:3])[:most]]
