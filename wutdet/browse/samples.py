"""A wutdet dataset as a FiftyOne dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from wutdet.browse.audit_facts import CODES, LEAKS, NEAR, NEAR_GROUP, NOTES, AuditFacts, audit_facts
from wutdet.browse.evidence import (
    BoxesWithScores,
    CellEvidence,
    Evidence,
    evidence_of_run,
)
from wutdet.browse.filling import dataset_info, frame_fields, insert_frames
from wutdet.browse.given_evidence import evidence_of_detections
from wutdet.browse.labels import (
    LabelTable,
    detection_columns,
    ground_truth_table,
    new_ids,
    ship_columns,
    verdict_columns_of_ships,
)
from wutdet.browse.names import GROUND_TRUTH, evaluation_key, prediction_field
from wutdet.browse.original import keep_original
from wutdet.browse.runtime import start_fiftyone, told_in_one_line
from wutdet.browse.schema import model_document
from wutdet.browse.views import save_views
from wutdet.dataset import Dataset
from wutdet.errors import ConfigError, DataError, WutdetError

if TYPE_CHECKING:
    import fiftyone

    from wutdet.dataset.audit import Audit

SHOWN_FROM: Final = 0.05
"""A benchmark keeps detections from a confidence of 0.001, up to 300 a frame, for the sake of AP; shown, they
would hide the ships. From 0.05 on, the App's own confidence slider does the rest."""

_EXAMPLES: Final = {CODES: [""], NOTES: [""], NEAR: [""], LEAKS: [""], NEAR_GROUP: 1}
"""Of fields that an audit may leave empty."""


def to_fiftyone(
    dataset: Dataset,
    name: str | None = None,
    *,
    run: str | Path | None = None,
    detections: Mapping[str, Mapping[int, BoxesWithScores]] | None = None,
    min_score: float | None = None,
    shown_from: float = SHOWN_FROM,
    audit: Audit | None = None,
    renders: Mapping[str, Path] | None = None,
    overwrite: bool = False,
    persistent: bool = True,
) -> fiftyone.Dataset:
    """Make a FiftyOne dataset: one sample a frame, in table order.

    A sample carries the frame's splits as tags; `image_id` and, where any frame of the dataset has it, `camera,
    sequence, scene, condition, scenario, horizon_row` (pixels from the top); `ground_truth`, ships with `area_px2`,
    `size_bin` and `iscrowd`; and for every scenario a field like `predictions_fog_3` (see `prediction_field`),
    ships with `confidence`. A frame that a scenario's detections do not name has nothing in that field, one
    without a ship has an empty list. Boxes are FiftyOne's `[x, y, width, height]`, relative to the image size.

    Of a run the frames it was made on are shown. Every ship then has `transmittance_fog_3` and `contrast_fog_3`, what
    the weather left of it, and every scenario is an evaluation `eval_fog_3`: ships and detections are `tp`, `fp`, `fn`
    or `ignored` (a crowd, a ship that the scores ignore, what found one), with the IoU and the id of the match;
    samples have `eval_fog_3_tp`, `…_fp` and `…_fn`. The verdicts are those of the run's scores, at IoU 0.5.

    Args:
        dataset: the frames; their image files are referred to, not copied.
        name: the name in FiftyOne; the dataset's by default.
        run: the folder of a finished benchmark.
        detections: in its place detections by scenario name (`clear`, `fog:3`) and image id.
        min_score: detections are judged from this confidence on; by default from the one that gives 0.1 false alarms
            per image at IoU 0.5 in clear weather (without it: in the first scenario), as the scores have it.
        shown_from: detections below this confidence and below `min_score` are left out.
        audit: what `wutdet.audit` found; it becomes fields and views.
        renders: by scenario, where the frames are as they look under it: the folder of the images.
        overwrite: replace an existing dataset of that name, with all edits made there, once the new one is whole.
        persistent: keep it when FiftyOne ends. It is marked so last: a half-made dataset does not stay.

    Raises:
        MissingExtraError: fiftyone is not installed.
        ConfigError: both a run and detections are given.
        DataError: an image file is missing, detections name no frame of the dataset, or the run is of other frames.
        WutdetError: the name is taken or not allowed, or the database does not start, or goes away.
    """
    evidence = _evidence(dataset, run, detections, min_score, shown_from)
    shown = evidence.dataset
    _require_images(shown)
    fo = start_fiftyone()
    with told_in_one_line():
        name = name or dataset.name
        made = _create(fo, name, overwrite)
        try:
            _fill(fo, made, shown, evidence, None if audit is None else audit_facts(audit, shown), renders or {})
        except BaseException:
            made.delete()
            raise
        made.persistent = persistent
        if made.name != name:
            fo.delete_dataset(name)
            made.name = name
    return made


def _evidence(
    dataset: Dataset,
    run: str | Path | None,
    detections: Mapping[str, Mapping[int, BoxesWithScores]] | None,
    min_score: float | None,
    shown_from: float,
) -> Evidence:
    if run is not None and detections is not None:
        raise ConfigError("are given both", where="run and detections", remedy="give one of them")
    if min_score is not None and not 0 <= min_score <= 1:
        raise ConfigError(f"{min_score:g} is no confidence", where="min_score", remedy="give a number from 0 to 1")
    if run is not None:
        return evidence_of_run(run, dataset, min_score=min_score, shown_from=shown_from)
    return evidence_of_detections(detections or {}, dataset, min_score=min_score, shown_from=shown_from)


def _require_images(dataset: Dataset) -> None:
    for name in dataset.images["file_name"]:
        path = dataset.image_dir / name
        if not path.is_file():
            raise DataError("there is no such image", where=path, remedy="name the image folder with --images")


def _create(fo: Any, name: str, overwrite: bool) -> Any:
    """An empty dataset; beside one that it will replace, under a name of its own until it is whole."""
    taken = fo.dataset_exists(name)
    if taken and not overwrite:
        raise WutdetError(
            f"FiftyOne already has a dataset '{name}'",
            remedy="choose another name, or replace it with --overwrite (overwrite=True in Python)",
        )
    try:
        return fo.Dataset(f"{name} new {uuid4().hex[:8]}" if taken else name)
    except ValueError as error:
        raise WutdetError(
            f"FiftyOne refuses the dataset name '{name}' ({error})", remedy="choose another name"
        ) from None


def _fill(
    fo: Any,
    made: Any,
    dataset: Dataset,
    evidence: Evidence,
    found: AuditFacts | None,
    renders: Mapping[str, Path],
) -> None:
    from bson import ObjectId

    from wutdet.browse.appearance import dress
    from wutdet.browse.evaluation import register

    made.info = dataset_info(dataset, evidence, found)
    ship_ids = new_ids(ObjectId, dataset.boxes.height)
    found_ids = [new_ids(ObjectId, len(cell.found.scores)) for cell in evidence.cells]
    of_ships = ship_columns(dataset, evidence.edges_px)
    for cell, ids in zip(evidence.cells, found_ids, strict=True):
        of_ships |= verdict_columns_of_ships(cell, ids)
    if found is not None:
        of_ships |= found.ship_columns
    of_found = [detection_columns(cell, ship_ids) for cell in evidence.cells]
    tables = {GROUND_TRUTH: ground_truth_table(dataset, ship_ids, of_ships)}
    for cell, ids, columns in zip(evidence.cells, found_ids, of_found, strict=True):
        looked_at = cell.image_ids.tolist()
        tables[prediction_field(cell.scenario)] = LabelTable(dataset, cell.found, ids, columns, looked_at)
    fields = frame_fields(dataset, evidence, found, renders)
    examples = {name: next(iter(values.values()), _EXAMPLES.get(name, "")) for name, values in fields.items()}
    model = model_document(fo, made, examples, of_ships, dict(zip(list(tables)[1:], of_found, strict=True)))
    insert_frames(made, dataset, model, tables, fields)
    for cell, ids in zip(evidence.cells, found_ids, strict=True):
        if cell.judged is not None and evidence.threshold is not None:
            register(_judged_view(fo, made, cell), cell, evidence.threshold, evidence.iou, (ship_ids, ids))
    save_views(fo, made, dataset, evidence, found)
    dress(fo, made, evidence, found, list(renders))
    keep_original(made, dataset)


def _judged_view(fo: Any, made: Any, cell: CellEvidence) -> Any:
    """What was judged: the dataset itself, or a view of it without other frames and without what is ignored."""
    key = evaluation_key(cell.scenario)
    view = made
    if len(cell.image_ids) < len(made):
        view = made.exists(f"{key}_tp")
    if cell.judged is not None and "ignored" in made.distinct(f"{GROUND_TRUTH}.detections.{key}"):
        field = prediction_field(cell.scenario)
        view = view.filter_labels(GROUND_TRUTH, fo.ViewField(key) != "ignored", only_matches=False)
        view = view.filter_labels(field, fo.ViewField(key) != "ignored", only_matches=False)
    return view
