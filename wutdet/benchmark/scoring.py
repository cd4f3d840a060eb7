"""Score every cell of a run: `scores.json` and the replicates beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.benchmark.record import horizon_sources
from wutdet.benchmark.scored_weather import Circumstances, weather_info
from wutdet.benchmark.store import FrameResult
from wutdet.dataset import Dataset
from wutdet.detectors import DetectorInfo
from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes
from wutdet.rendering.horizon_sources import fallback_warning
from wutdet.scenarios import Scenario, parse_scenarios
from wutdet.scoring.cells import Cell, CellInput, score_cells
from wutdet.scoring.measure import Settings, too_faint
from wutdet.scoring.scores import DatasetInfo, Scores
from wutdet.scoring.summary import gather_scores
from wutdet.scoring.truth import Truth, truth_of

SLICED_BY: Final = ("scene", "condition", "camera")
"""What a run is sliced by, where its frames differ in it."""


class Measured(Protocol):
    """What was measured: the part of a plan that scores state."""

    @property
    def detector(self) -> DetectorInfo:
        """What detected."""

    @property
    def dataset(self) -> DatasetInfo:
        """In which frames."""

    @property
    def scenarios(self) -> tuple[str, ...]:
        """In the order of each frame's cells."""

    @property
    def circumstances(self) -> Circumstances:
        """Of the rendering."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a run, and the cells with their replicates."""

    scores: Scores
    cells: tuple[Cell, ...]


def score_frames(
    plan: Measured,
    dataset: Dataset,
    frames: Sequence[FrameResult],
    settings: Settings | None = None,
    advance: Callable[[int], None] | None = None,
) -> Scored:
    """Score all cells from the recorded frames; skipped frames are left out of every cell and listed.

    Raises:
        DataError: every frame was skipped.
    """
    good = sorted((frame for frame in frames if not frame.skipped), key=lambda frame: frame.image_id)
    if not good:
        raise DataError("every frame was skipped", where=dataset.name, remedy="repair the images")
    settings = settings or Settings()
    protocol = plan.detector.protocol
    if settings.imgsz is None and protocol is not None:
        settings = replace(settings, imgsz=protocol.imgsz)
    scored = dataset.filter(pl.col("image_id").is_in([frame.image_id for frame in good]))
    truth = replace(truth_of(scored, slices=slice_columns(scored)), horizon_px=_horizons(good))
    warnings = tuple(fallback_warning(horizon_sources(good)))
    scenarios = [parse_scenarios(name, settings.severities)[0] for name in plan.scenarios]
    weather = weather_info(plan.circumstances, scenarios, dataset.images["camera"], settings.severities)
    inputs = [_cell_input(good, number, truth, item, settings, warnings) for number, item in enumerate(scenarios)]
    inputs[0] = replace(inputs[0], warnings=(*warnings, *_ignored_warning(inputs, truth, settings.ignore_below)))
    cells = score_cells(truth, inputs, settings, advance)
    skipped = [frame.skipped for frame in frames if frame.skipped]
    return Scored(gather_scores(plan.detector, plan.dataset, truth, cells, settings, skipped, weather), tuple(cells))


def _cell_input(
    frames: Sequence[FrameResult],
    number: int,
    truth: Truth,
    scenario: Scenario,
    settings: Settings,
    warnings: tuple[str, ...],
) -> CellInput:
    """What was recorded of a cell. Clear weather takes nothing away, so no ship is ignored there, however faint."""
    contrast = _of_ships(truth, [frame.cells[number].contrast for frame in frames])
    return CellInput(
        scenario,
        _found(frames, number),
        transmittance=_of_ships(truth, [frame.cells[number].transmittance for frame in frames]),
        contrast=contrast,
        ignored=too_faint(contrast, settings.ignore_below) if scenario.effects else None,
        warnings=warnings,
    )


def _ignored_warning(cells: Sequence[CellInput], truth: Truth, ignore_below: float | None) -> Iterator[str]:
    """One line, for the cell that is shown first, about the ships that the others ignore."""
    ships = ~truth.boxes.iscrowd
    counts = {str(cell.scenario): int((cell.ignored & ships).sum()) for cell in cells if cell.ignored is not None}
    if any(counts.values()):
        listed = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        yield f"ignored, with less contrast than {ignore_below:g} left: {listed}, of {ships.sum()} ships each"


def slice_columns(dataset: Dataset) -> tuple[str, ...]:
    """Those of `SLICED_BY` that take more than one value in the dataset."""
    return tuple(column for column in SLICED_BY if dataset.images[column].n_unique() > 1)


def _found(frames: Sequence[FrameResult], cell: int) -> FoundBoxes:
    counts = [len(frame.cells[cell].scores) for frame in frames]
    return FoundBoxes(
        np.repeat(np.array([frame.image_id for frame in frames], np.int64), counts),
        np.array([box for frame in frames for box in frame.cells[cell].xywh], np.float64).reshape(-1, 4),
        np.array([score for frame in frames for score in frame.cells[cell].scores], np.float64),
    )


def _of_ships(truth: Truth, per_frame: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """(G,) what was recorded of each ship, frame by frame, in the order of the truth's boxes."""
    values = np.array([value for frame in per_frame for value in frame], np.float64)
    ordered = np.empty(len(values))
    ordered[np.argsort(truth.boxes.image_ids, kind="stable")] = values
    return ordered


def _horizons(frames: Sequence[FrameResult]) -> NDArray[np.float64]:
    """(I, 2) where the horizon was given or found; NaN where the weather fell back on a guess."""
    rows = [(np.nan, np.nan) if frame.horizon_source == "fallback" else frame.horizon_px for frame in frames]
    return np.array(rows, np.float64).reshape(-1, 2)
