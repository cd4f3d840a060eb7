"""Score every cell of a run: `scores.json` and the replicates beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.benchmark.columns import CellColumns, FrameColumns, Recorded, cell_groups
from wutdet.benchmark.scored_weather import Circumstances, weather_info
from wutdet.dataset import Dataset
from wutdet.detectors import DetectorInfo
from wutdet.errors import DataError
from wutdet.rendering.horizon_sources import count_sources, fallback_warning
from wutdet.scenarios import Scenario, parse_scenarios
from wutdet.scoring.cells import Cell, CellInput, score_cells
from wutdet.scoring.measure import Settings, Thresholds, thresholds_of, too_faint
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
    recorded: Recorded,
    settings: Settings | None = None,
    advance: Callable[[int], None] | None = None,
) -> Scored:
    """Score all cells from the recorded frames; skipped frames are left out of every cell and listed.

    Cells are taken a few at a time, so that the memory does not hold what was found in all.

    Raises:
        DataError: every frame was skipped.
    """
    frames = recorded.frames
    if not len(frames.image_ids):
        raise DataError("every frame was skipped", where=dataset.name, remedy="repair the images")
    settings = settings or Settings()
    protocol = plan.detector.protocol
    if settings.imgsz is None and protocol is not None:
        settings = replace(settings, imgsz=protocol.imgsz)
    scored = dataset.filter(pl.col("image_id").is_in(frames.image_ids.tolist()))
    truth = replace(truth_of(scored, slices=slice_columns(scored)), horizon_px=_horizons(frames))
    scenarios = [parse_scenarios(name, settings.severities)[0] for name in plan.scenarios]
    guessed = fallback_warning(count_sources(frames.horizon_sources))
    warnings = tuple(guessed) if any(scenario.effects for scenario in scenarios) else ()  # clear air has no range
    weather = weather_info(plan.circumstances, scenarios, dataset.images["camera"], settings.severities)
    cells = _score_all(recorded, scenarios, truth, settings, warnings, advance)
    return Scored(
        gather_scores(plan.detector, plan.dataset, truth, cells, settings, frames.skipped, weather), tuple(cells)
    )


def _score_all(
    recorded: Recorded,
    scenarios: Sequence[Scenario],
    truth: Truth,
    settings: Settings,
    warnings: tuple[str, ...],
    advance: Callable[[int], None] | None,
) -> list[Cell]:
    """Every cell in the order of the plan; clear weather is scored first, for its thresholds."""
    done: dict[int, Cell] = {}
    ignored: dict[int, int] = {}
    kept: Thresholds | None = None
    clear_first = sorted(range(len(scenarios)), key=lambda place: bool(scenarios[place].effects))
    for places in cell_groups(clear_first, recorded.at_once):
        inputs = _inputs(recorded, places, scenarios, truth, settings, warnings)
        ignored |= {place: _ignored_ships(cell, truth) for place, cell in zip(places, inputs, strict=True)}
        done |= zip(places, score_cells(truth, inputs, settings, advance, kept), strict=True)
        del inputs  # before those of the next group are read
        if not scenarios[places[0]].effects:
            kept = thresholds_of(done[places[0]].measured.values)
    counts = {str(scenarios[place]): ignored[place] for place in range(len(scenarios))}
    more = list(_ignored_warning(counts, truth, settings.ignore_below))
    return [_with_warnings(done[0], more), *(done[place] for place in range(1, len(scenarios)))]


def _inputs(
    recorded: Recorded,
    places: Sequence[int],
    scenarios: Sequence[Scenario],
    truth: Truth,
    settings: Settings,
    warnings: tuple[str, ...],
) -> list[CellInput]:
    columns = recorded.cells(places)
    return [
        _cell_input(cell, scenarios[place], truth, settings, warnings)
        for place, cell in zip(places, columns, strict=True)
    ]


def _cell_input(
    cell: CellColumns, scenario: Scenario, truth: Truth, settings: Settings, warnings: tuple[str, ...]
) -> CellInput:
    """What was recorded of a cell. Clear weather takes nothing away, so no ship is ignored there, however faint."""
    contrast = _of_ships(truth, cell.contrast)
    return CellInput(
        scenario,
        cell.found,
        transmittance=_of_ships(truth, cell.transmittance),
        contrast=contrast,
        ignored=too_faint(contrast, settings.ignore_below) if scenario.effects else None,
        warnings=warnings,
    )


def _ignored_ships(cell: CellInput, truth: Truth) -> int:
    return 0 if cell.ignored is None else int((cell.ignored & ~truth.boxes.iscrowd).sum())


def _ignored_warning(counts: Mapping[str, int], truth: Truth, ignore_below: float | None) -> Iterator[str]:
    """One line, for the cell that is shown first, about the ships that the others ignore."""
    if any(counts.values()):
        listed = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        ships = (~truth.boxes.iscrowd).sum()
        yield f"ignored, with less contrast than {ignore_below:g} left: {listed}, of {ships} ships each"


def _with_warnings(cell: Cell, more: Sequence[str]) -> Cell:
    return replace(cell, scores=msgspec.structs.replace(cell.scores, warnings=[*cell.scores.warnings, *more]))


def slice_columns(dataset: Dataset) -> tuple[str, ...]:
    """Those of `SLICED_BY` that take more than one value in the dataset."""
    return tuple(column for column in SLICED_BY if dataset.images[column].n_unique() > 1)


def _of_ships(truth: Truth, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(G,) what was recorded of each ship, frame by frame, in the order of the truth's boxes."""
    ordered = np.empty(len(values))
    ordered[np.argsort(truth.boxes.image_ids, kind="stable")] = values
    return ordered


def _horizons(frames: FrameColumns) -> NDArray[np.float64]:
    """(F, 2) where the horizon was given or found; NaN where the weather fell back on a guess."""
    guessed = np.array([source == "fallback" for source in frames.horizon_sources])
    return np.where(guessed[:, None], np.nan, frames.horizon_px)
