"""Score what any model predicted on rendered copies: the cells of a benchmark that wutdet did not run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.benchmark.columns import CellColumns, FrameColumns, GivenCells
from wutdet.benchmark.copies_labels import check_labels
from wutdet.benchmark.scored_weather import Circumstances, circumstances_of_copies
from wutdet.benchmark.scoring import score_frames
from wutdet.benchmark.store import rounded
from wutdet.dataset import Dataset, load
from wutdet.dataset.files import new_folder
from wutdet.detectors import Detections, DetectorInfo
from wutdet.errors import ConfigError, DataError
from wutdet.metrics import FoundBoxes
from wutdet.rendering.frame_job import FrameRecord
from wutdet.rendering.plan import RenderPlan, ScenarioInfo, read_plan
from wutdet.rendering.records import read_records
from wutdet.scenarios import SeverityTable, all_severities, describe, parse_scenarios, scenario_values
from wutdet.scoring import KnownImages, read_results
from wutdet.scoring.measure import Settings
from wutdet.scoring.replicates import write_replicates
from wutdet.scoring.scores import DatasetInfo, Scores, write_scores

_CLEAR: Final = "clear"


@dataclass(frozen=True, slots=True)
class ScoredCopies:
    """The scores of what was predicted on copies, and what the user should be told."""

    scores: Scores
    notes: tuple[str, ...]
    """One line each."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is scored, as `score_frames` asks for it."""

    detector: DetectorInfo
    dataset: DatasetInfo
    scenarios: tuple[str, ...]
    circumstances: Circumstances


def score_copies(
    copies: str | Path,
    predictions: str | Path,
    settings: Settings | None = None,
    *,
    split: str | None = None,
    detector: str | DetectorInfo = "detections",
    category: int | None = None,
    out: str | Path | None = None,
    advance: Callable[[int], None] | None = None,
) -> ScoredCopies:
    """Score predictions on the copies that `wutdet render` wrote, as one run with a cell for each scenario.

    The scores are those that a benchmark of the same detector on the same frames gives, and may be compared with its.

    Args:
        copies: the folder of the copies, of frames with labels.
        predictions: a folder with a COCO results file for each scenario: `fog_3.json`, or `fog_3/predictions.json`.
            Scenarios without one are left out, with a note.
        settings: bins, intervals, ignored ships, and the severities of the rendering, where it had its own.
        split: of copies of a whole dataset; by default `test`, else `val`, else all of it.
        detector: its name, or what else is known of it.
        category: as of `wutdet.scoring.read_results`.
        out: a new folder for `scores.json` and `replicates.npz`.
        advance: called with 1 as each cell is scored.

    Raises:
        DataError: these are no copies with labels, some are missing, or a results file does not fit them.
        ConfigError: the copies ignore ships already, or have other severities.
    """
    folder = Path(copies)
    how = replace(settings or Settings(), severities=(settings and settings.severities) or all_severities())
    plan = _checked_plan(folder)
    files = _results_files(Path(predictions), plan)
    taken = sorted((info for info in plan.scenarios if info.scenario in files), key=_clear_first)
    _check_severities(folder, taken, how.severities or all_severities())
    whole = load(folder / taken[0].folder)
    records = sorted((item for item in read_records(folder) if not item.left_out), key=lambda item: item.image_id)
    check_labels(folder / taken[0].folder, whole, plan.source, records)
    dataset = _chosen(whole, plan, split)
    wanted = set(dataset.images["image_id"])
    records = [record for record in records if record.image_id in wanted]
    others = _known(whole.filter(~pl.col("image_id").is_in(list(wanted))))
    notes, cells = _notes_on_what_is_missing(plan, taken), []
    for info in taken:
        results = read_results(files[info.scenario], _known(dataset), elsewhere=others, category=category)
        notes += [f"{info.scenario}: {line}" for line in results.notes]
        cells.append(_columns(results.found, records, plan.scenarios.index(info)))
    target = None if out is None else new_folder(Path(out))
    subject = _Subject(
        DetectorInfo(name=detector) if isinstance(detector, str) else detector,
        _dataset_info(plan, dataset, whole),
        tuple(info.scenario for info in taken),
        circumstances_of_copies(folder, plan),
    )
    scored = score_frames(subject, dataset, GivenCells(_frames(records), tuple(cells)), how, advance)
    if target is not None:
        write_replicates(target, scored.cells)
        write_scores(target, scored.scores)
    return ScoredCopies(scored.scores, tuple(notes))


def is_copies(folder: str | Path) -> bool:
    """Whether a folder is one of `wutdet render`.

    Raises:
        DataError: its plan is damaged.
    """
    return read_plan(Path(folder)) is not None


def _checked_plan(folder: Path) -> RenderPlan:
    plan = read_plan(folder)
    if plan is None:
        raise DataError("holds no rendered copies", where=folder, remedy="give the --out of wutdet render")
    if plan.source.ships is None:
        remedy = "render a dataset, not a folder of images"
        raise DataError("these copies have no labels to score against", where=folder, remedy=remedy)
    if plan.ignore_below is not None:
        remedy = "render without --ignore-below, and give it to score"
        raise ConfigError("faint ships are crowds in these copies already", where=folder, remedy=remedy)
    return plan


def _check_severities(folder: Path, infos: Sequence[ScenarioInfo], table: SeverityTable) -> None:
    """Refuse copies whose scenarios are not what the table makes of their names."""
    for info in infos:
        [scenario] = parse_scenarios(info.scenario, table)
        there: object = info.text
        here: object = describe(scenario, table)
        if there == here:  # a text may round
            there, here = info.values, scenario_values(scenario, table)
        if there != here:
            what = f"{info.scenario} is {there} in these copies, not {here}"
            raise ConfigError(what, where=folder, remedy="give the --severities they were rendered with")


def _results_files(folder: Path, plan: RenderPlan) -> dict[str, Path]:
    """By scenario; of one whose name leads to two files the flat one."""
    found: dict[str, Path] = {}
    for info in plan.scenarios:
        tried = (folder / f"{info.folder}.json", folder / info.folder / "predictions.json")
        if path := next((path for path in tried if path.is_file()), None):
            found[info.scenario] = path
    if not found:
        first = plan.scenarios[0].folder
        remedy = f"call them {first}.json, and so on, as the folders"
        raise DataError("no predictions here", where=folder, remedy=remedy)
    return found


def _notes_on_what_is_missing(plan: RenderPlan, taken: Sequence[ScenarioInfo]) -> list[str]:
    notes = [f"{info.scenario} is left out: no {info.folder}.json" for info in plan.scenarios if info not in taken]
    if taken[0].scenario != _CLEAR:
        notes.append("without clear weather there is nothing to say what the weather leaves")
    return notes


def _clear_first(info: ScenarioInfo) -> bool:
    return info.scenario != _CLEAR


def _known(dataset: Dataset) -> KnownImages:
    return KnownImages(dataset.images["image_id"].to_numpy(), dataset.images["file_name"].to_list())


def _chosen(whole: Dataset, plan: RenderPlan, split: str | None) -> Dataset:
    """The frames that are scored: all copies of a split, and the test split of copies of everything."""
    if split is not None:
        return whole.split(split)
    return whole.test_split() if plan.source.split is None else replace(whole, split_name=plan.source.split)


def _dataset_info(plan: RenderPlan, dataset: Dataset, whole: Dataset) -> DatasetInfo:
    """Where all copies are scored that of the frames they were made of: so runs on these and on the copies compare."""
    return DatasetInfo(
        name=plan.source.name,
        split=dataset.split_name or "all",
        images=len(dataset),
        boxes=dataset.boxes.height,
        sha256=plan.source.sha256 if len(dataset) == len(whole) else dataset.sha256,
    )


def _columns(found: FoundBoxes, records: Sequence[FrameRecord], place: int) -> CellColumns:
    """A cell, the best score of a frame first, rounded as a benchmark stores it."""
    order = np.lexsort((-found.scores, found.image_ids))
    xyxy = found.xywh[order]
    xyxy[:, 2:] += xyxy[:, :2]
    xywh, scores = rounded(Detections(xyxy, found.scores[order]))
    return CellColumns(
        FoundBoxes(found.image_ids[order], xywh, scores),
        transmittance=_of_ships([record.transmittance[place] for record in records]),
        contrast=_of_ships([record.contrast[place] for record in records]),
    )


def _of_ships(per_frame: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """One number a ship, frame after frame; records hold them rounded as a benchmark stores them."""
    return np.fromiter(chain.from_iterable(per_frame), np.float64)


def _frames(records: Sequence[FrameRecord]) -> FrameColumns:
    """A frame whose record does not tell its horizon counts as one that has none."""
    known = [record.horizon_px is not None for record in records]
    return FrameColumns(
        np.array([record.image_id for record in records], np.int64),
        tuple(record.horizon_source if knows else "fallback" for record, knows in zip(records, known, strict=True)),
        np.array([record.horizon_px or (0.0, 0.0) for record in records], np.float64).reshape(-1, 2),
    )
