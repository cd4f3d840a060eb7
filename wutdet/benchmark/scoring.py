"""Score every cell of a run: `scores.json`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl

from wutdet.benchmark.plan import DatasetInfo, Plan
from wutdet.benchmark.store import FrameResult
from wutdet.dataset import Dataset
from wutdet.dataset.files import write_aside
from wutdet.detectors import DetectorInfo
from wutdet.errors import DataError
from wutdet.metrics import CocoScores, FoundBoxes, Robustness, TrueBoxes, coco_scores, robustness
from wutdet.scenarios import describe, parse_scenarios

SCORES_NAME: Final = "scores.json"


class CellScores(CocoScores, frozen=True, kw_only=True):
    """The scores of one cell, with its scenario in units."""

    scenario: str
    """The kind: `clear`, `fog`, …; a combination's kinds joined by `+`."""
    severity: int | None
    """0 for clear, None for a combination, whose `name` says it all."""
    name: str
    """In the scenario grammar, such as `fog:3`."""
    value: str
    """In units, such as `MOR 1000 m`."""


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What `scores.json` holds; equal runs write equal bytes."""

    schema: str = "wutdet-scores-1"
    detector: DetectorInfo
    dataset: DatasetInfo
    skipped: list[str]
    """Bad frames that no cell was scored on, and why."""
    cells: list[CellScores]
    robustness: list[Robustness]
    """Of AP and AP_small, over the single-effect scenarios that were run."""

    def cell(self, name: str) -> CellScores:
        """The cell of a scenario such as `fog:3`.

        Raises:
            KeyError: it was not run.
        """
        return next((cell for cell in self.cells if cell.name == name), None) or _absent(name)


def score_frames(plan: Plan, dataset: Dataset, frames: Sequence[FrameResult]) -> Scores:
    """Score all cells from the recorded frames; skipped frames are left out of every cell and listed."""
    good = [frame for frame in frames if not frame.skipped]
    if not good:
        raise DataError("every frame was skipped", where=dataset.name, remedy="repair the images")
    true = true_boxes(dataset, [frame.image_id for frame in good])
    cells = []
    for number, name in enumerate(plan.scenarios):
        scenario = parse_scenarios(name)[0]
        scored = coco_scores(true, _found(good, number))
        cells.append(
            CellScores(
                scenario=scenario.kind,
                severity=scenario.severity,
                name=name,
                value=describe(scenario),
                **{field: getattr(scored, field) for field in CocoScores.__struct_fields__},
            )
        )
    return Scores(
        detector=plan.detector,
        dataset=plan.dataset,
        skipped=[frame.skipped for frame in frames if frame.skipped],
        cells=cells,
        robustness=[_robustness(metric, cells) for metric in ("AP", "AP_small")],
    )


def true_boxes(dataset: Dataset, image_ids: Sequence[int]) -> TrueBoxes:
    """The ships of these images as columns."""
    boxes = dataset.boxes.filter(pl.col("image_id").is_in(list(image_ids)))
    xyxy = boxes.select("xmin", "ymin", "xmax", "ymax").to_numpy()
    return TrueBoxes(
        all_image_ids=np.array(image_ids, np.int64),
        image_ids=boxes["image_id"].to_numpy(),
        xywh=np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1).round(6),
        area_px2=boxes["area_px2"].to_numpy(),
        iscrowd=boxes["iscrowd"].to_numpy(),
    )


def write_scores(folder: Path, scores: Scores) -> None:
    """Write `scores.json`."""
    write_aside(folder / SCORES_NAME, msgspec.json.format(msgspec.json.encode(scores), indent=2) + b"\n")


def read_scores(folder: Path) -> Scores:
    """The scores of a run folder.

    Raises:
        DataError: there are none, or they are not of this schema.
    """
    path = folder / SCORES_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Scores)
    except OSError:
        raise DataError("no scores here", where=folder, remedy="run wutdet benchmark first") from None
    except msgspec.DecodeError as error:
        raise DataError(f"unreadable scores ({error})", where=path, remedy="run the benchmark again") from None


def _found(frames: Sequence[FrameResult], cell: int) -> FoundBoxes:
    counts = [len(frame.cells[cell].scores) for frame in frames]
    return FoundBoxes(
        np.repeat(np.array([frame.image_id for frame in frames], np.int64), counts),
        np.array([box for frame in frames for box in frame.cells[cell].xywh], np.float64).reshape(-1, 4),
        np.array([score for frame in frames for score in frame.cells[cell].scores], np.float64),
    )


def _robustness(metric: str, cells: Sequence[CellScores]) -> Robustness:
    by_kind: dict[str, list[float | None]] = {}
    for cell in cells:
        if cell.severity:  # neither clear nor a combination
            by_kind.setdefault(cell.scenario, []).append(getattr(cell, metric))
    clear = next((getattr(cell, metric) for cell in cells if cell.severity == 0), None)
    return robustness(metric, clear, by_kind)


def _absent(name: str) -> CellScores:
    raise KeyError(name)
