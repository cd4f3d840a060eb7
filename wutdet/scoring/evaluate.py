"""Score the detections of any detector, however they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl

from wutdet.dataset import Dataset
from wutdet.dataset.files import new_folder
from wutdet.detectors import DetectorInfo
from wutdet.detectors.base import Detections
from wutdet.errors import ConfigError, DataError
from wutdet.metrics import FoundBoxes
from wutdet.scenarios import CLEAR
from wutdet.scoring.cells import CellInput, score_cells
from wutdet.scoring.measure import Evaluator, Settings, too_faint
from wutdet.scoring.replicates import write_replicates
from wutdet.scoring.scores import DatasetInfo, Scores, write_scores
from wutdet.scoring.summary import gather_scores
from wutdet.scoring.truth import truth_of
from wutdet.sizes import check_edges_px, default_edges_px


def evaluate(
    dataset: Dataset,
    detections: FoundBoxes | Mapping[str, Detections] | Sequence[Detections],
    *,
    slices: Sequence[str] | Mapping[str, pl.Expr] = (),
    interval: float | None = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    edges_px: tuple[float, ...] | None = None,
    imgsz: int | None = None,
    evaluator: Evaluator = "columnar",
    ignore_below: float | None = None,
    detector: str | DetectorInfo = "detections",
    out: str | Path | None = None,
) -> Scores:
    """Score detections of the frames of a dataset; no image is opened.

    Args:
        dataset: the frames that are scored, all of them: a split, usually. A frame without detections has none.
        detections: of each frame in the dataset's order; or by file name; or as columns, such as
            `wutdet.scoring.read_results` gives.
        slices: columns of `dataset.images` (scene, condition, camera, sequence, scenario, split), or predicates on
            it by name; every slice gets all numbers.
        interval: the level of the intervals; None: none, which is much quicker.
        replicates: resamples of the sequences that intervals are read off.
        seed: of the resampling; compare detectors at the same one.
        edges_px: borders of the size bins, in √px²; those of configs/sizes.yaml by default.
        imgsz: longer side of the network's input in px, for sizes at its scale.
        evaluator: `pycocotools` takes the twelve COCO numbers from the original.
        ignore_below: ships whose `contrast` in `dataset.boxes` is below it are ignored, see docs/scenarios.md.
        detector: its name, or what else is known of it.
        out: a new folder for `scores.json` and `replicates.npz`, which `wutdet compare` reads.

    Returns:
        The scores, in one cell named `clear`.

    Raises:
        ConfigError: an option is wrong.
        DataError: the detections do not fit the frames, or there are no frames.
    """
    if not len(dataset):
        raise DataError("has no frames to score", where=dataset.name, remedy="choose another split")
    if interval is not None and not 0 < interval < 1:
        raise ConfigError(f"{interval} is no level", where="interval", remedy="give one such as 0.95")
    if replicates < 1:
        raise ConfigError(f"{replicates} replicates", where="replicates", remedy="give 1 or more; 1000 is usual")
    if imgsz is not None and imgsz < 1:
        raise ConfigError(f"{imgsz} px", where="imgsz", remedy="give the network's input size, such as 640")
    if evaluator not in get_args(Evaluator):
        remedy = f"choose from: {', '.join(get_args(Evaluator))}"
        raise ConfigError(f"no evaluator '{evaluator}'", where="evaluator", remedy=remedy)
    borders_px = default_edges_px() if edges_px is None else tuple(edges_px)
    check_edges_px(borders_px, where="edges_px")
    settings = Settings(
        level=interval,
        replicates=replicates,
        seed=seed,
        edges_px=borders_px,
        imgsz=imgsz,
        evaluator=evaluator,
        ignore_below=ignore_below,
    )
    if ignore_below is not None and 0 < dataset.boxes.height == dataset.boxes["contrast"].null_count():
        remedy = "render the frames with wutdet, which states what contrast is left"
        raise DataError("no ship states its contrast", where=dataset.name, remedy=remedy)
    found = detections if isinstance(detections, FoundBoxes) else _columns(dataset, detections)
    _check_found(found, dataset)
    folder = None if out is None else new_folder(Path(out))
    truth = truth_of(dataset, slices=slices)
    known = _ship_columns(dataset)
    ignored = too_faint(known.get("contrast"), ignore_below)
    cells = score_cells(truth, [CellInput(CLEAR, found, ignored=ignored, **known)], settings)
    info = DatasetInfo(
        name=dataset.name,
        split=dataset.split_name or "all",
        images=len(dataset),
        boxes=dataset.boxes.height,
        sha256=dataset.sha256,
    )
    named = DetectorInfo(name=detector) if isinstance(detector, str) else detector
    scores = gather_scores(named, info, truth, cells, settings)
    if folder is not None:
        write_replicates(folder, cells)
        write_scores(folder, scores)
    return scores


def _columns(dataset: Dataset, detections: Mapping[str, Detections] | Sequence[Detections]) -> FoundBoxes:
    names = dataset.images["file_name"].to_list()
    if isinstance(detections, Mapping):
        strange = sorted(set(detections) - set(names))
        if strange:
            what = f"detections of '{strange[0]}' and {len(strange) - 1} more, but DATA has '{names[0]}', …"
            raise DataError(what, where="detections", remedy="key them by file name")
        empty = Detections(np.empty((0, 4)), np.empty(0))
        detections = [detections.get(name, empty) for name in names]
    if len(detections) != len(names):
        what = f"detections of {len(detections)} frames, but DATA has {len(names)}"
        raise DataError(what, where="detections", remedy="give one Detections for each frame, in its order")
    xyxy = np.concatenate([np.asarray(item.xyxy, np.float64) for item in detections])
    return FoundBoxes(
        np.repeat(dataset.images["image_id"].to_numpy(), [len(item) for item in detections]),
        np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1),
        np.concatenate([np.asarray(item.scores, np.float64) for item in detections]),
    )


def _check_found(found: FoundBoxes, dataset: Dataset) -> None:
    """Refuse columns that do not fit each other or the frames, or hold what is no box or no score."""
    count = len(found.image_ids)
    if found.image_ids.shape != (count,) or found.xywh.shape != (count, 4) or found.scores.shape != (count,):
        shapes = f"image_ids {found.image_ids.shape}, xywh {found.xywh.shape} and scores {found.scores.shape}"
        raise DataError(f"{shapes} are not (D,), (D, 4) and (D,)", where="detections", remedy="give a row for each box")
    if found.categories is not None:
        remedy = "keep the ships, and leave categories out"
        raise DataError("have categories, and labels have one class", where="detections", remedy=remedy)
    known = dataset.images["image_id"].to_numpy()
    strange = np.flatnonzero(~np.isin(found.image_ids, known))
    if len(strange):
        what = f"image_id {found.image_ids[strange[0]]} and {len(strange) - 1} more are of no frame of {dataset.name}"
        raise DataError(what, where="detections", remedy="give ids of dataset.images")
    with np.errstate(over="ignore", invalid="ignore"):
        measures = np.column_stack(
            [found.xywh, found.xywh[:, :2] + found.xywh[:, 2:], found.xywh[:, 2] * found.xywh[:, 3]]
        )
    sound = np.isfinite(measures).all(axis=1) & np.isfinite(found.scores) & (found.xywh[:, 2:] >= 0).all(axis=1)
    if not sound.all():
        bad = int(np.argmin(sound))
        what = f"row {bad} is the box {found.xywh[bad].tolist()} with the score {found.scores[bad]:g}"
        raise DataError(what, where="detections", remedy="give finite numbers, and no width or height below 0")


def _ship_columns(dataset: Dataset) -> dict[str, Any]:
    """Transmittance and contrast, where the labels give them; NaN where they do not."""
    columns = {name: dataset.boxes[name].cast(pl.Float64) for name in ("transmittance", "contrast")}
    return {name: column.to_numpy() for name, column in columns.items() if column.null_count() < len(column)}
