"""A wutdet dataset as a FiftyOne dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from wutdet.browse.labels import (
    GROUND_TRUTH,
    BoxesWithScores,
    Document,
    ground_truth_documents,
    prediction_documents,
    prediction_field,
)
from wutdet.browse.runtime import start_fiftyone
from wutdet.browse.views import save_views, show_first
from wutdet.dataset import Dataset
from wutdet.dataset.tables import IMAGE_FACTS
from wutdet.errors import DataError, WutdetError

if TYPE_CHECKING:
    import fiftyone

MIN_SCORE: Final = 0.05
"""A benchmark keeps detections from a confidence of 0.001, up to 300 a frame, for the sake of AP; shown, they
would hide the ships. From 0.05 on, the App's own confidence slider does the rest."""

_FACTS: Final = tuple(IMAGE_FACTS)  # FiftyOne makes no field of what no frame knows
_CHUNK: Final = 2000  # frames written at once: bounds the memory for labels to some 100 MB


def to_fiftyone(
    dataset: Dataset,
    name: str,
    *,
    detections: Mapping[str, Mapping[int, BoxesWithScores]] | None = None,
    min_score: float = MIN_SCORE,
    overwrite: bool = False,
    persistent: bool = True,
) -> fiftyone.Dataset:
    """Make a FiftyOne dataset: one sample a frame, in table order.

    A sample carries the frame's splits as tags; `image_id` and, where any frame of the dataset has it, `camera,
    sequence, scene, condition, scenario, horizon_row` (pixels from the top); `ground_truth`, ships with `area_px2`,
    `size_bin` and `iscrowd`; and for every scenario a field like `predictions_fog_3` (see `prediction_field`),
    ships with `confidence`. A frame that a scenario's detections do not name has nothing in that field, one
    without a ship has an empty list. Boxes are FiftyOne's `[x, y, width, height]`, relative to the image size.

    Args:
        dataset: the frames; their image files are referred to, not copied.
        name: the name in FiftyOne.
        detections: by scenario name (`clear`, `fog:3`) and image id.
        min_score: detections below this confidence are left out.
        overwrite: replace an existing dataset of that name.
        persistent: keep it when FiftyOne ends. It is marked so last: a half-made dataset does not stay.

    Raises:
        MissingExtraError: fiftyone is not installed.
        DataError: an image file is missing, or detections name no frame of the dataset.
        WutdetError: the name is taken or not allowed, or the database does not start.
    """
    given = detections or {}
    _require_images(dataset)
    _require_common_frames(dataset, given)
    fo = start_fiftyone()
    made = _create(fo, name, overwrite)
    made.info = {"name": dataset.name, "voc_origin": dataset.voc_origin}
    ids = _add_samples(fo, made, dataset)

    from bson import ObjectId

    made.add_sample_field(GROUND_TRUTH, fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    made.add_sample_field(f"{GROUND_TRUTH}.detections.area_px2", fo.FloatField)
    made.add_sample_field(f"{GROUND_TRUTH}.detections.size_bin", fo.StringField)
    made.add_sample_field(f"{GROUND_TRUTH}.detections.iscrowd", fo.BooleanField)
    _set_labels(made, GROUND_TRUTH, ids, ground_truth_documents(dataset, ObjectId))
    for scenario, found in given.items():
        field = prediction_field(scenario)
        made.add_sample_field(field, fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
        _set_labels(made, field, ids, prediction_documents(dataset, found, ObjectId, min_score=min_score))
    save_views(fo, made, dataset.splits)
    show_first(fo, made, [GROUND_TRUTH, *(prediction_field(name) for name in given if name == "clear")])
    made.persistent = persistent
    return made


def _require_images(dataset: Dataset) -> None:
    for name in dataset.images["file_name"]:
        path = dataset.image_dir / name
        if not path.is_file():
            raise DataError("there is no such image", where=path, remedy="name the image folder with --images")


def _require_common_frames(dataset: Dataset, detections: Mapping[str, Mapping[int, BoxesWithScores]]) -> None:
    image_ids = set(dataset.images["image_id"])
    for scenario, found in detections.items():
        if found and image_ids.isdisjoint(found):
            raise DataError(
                "none of its detections is of a frame of this dataset",
                where=scenario,
                remedy=f"give detections that were made on {dataset.name}",
            )


def _create(fo: Any, name: str, overwrite: bool) -> Any:
    if fo.dataset_exists(name) and not overwrite:
        raise WutdetError(
            f"FiftyOne already has a dataset '{name}'",
            remedy="choose another name, or replace it with --overwrite (overwrite=True in Python)",
        )
    try:
        return fo.Dataset(name, overwrite=overwrite)
    except ValueError as error:
        raise WutdetError(
            f"FiftyOne refuses the dataset name '{name}' ({error})", remedy="choose another name"
        ) from None


def _add_samples(fo: Any, made: Any, dataset: Dataset) -> dict[int, str]:
    """Add the frames without labels; returns the sample id of every image id."""
    images = dataset.images
    folder = dataset.image_dir.absolute()
    samples = (
        fo.Sample(
            filepath=str(folder / row["file_name"]),
            tags=row["splits"],
            metadata=fo.ImageMetadata(width=row["width"], height=row["height"]),
            image_id=row["image_id"],
            **{fact: row[fact] for fact in _FACTS},
        )
        for row in images.iter_rows(named=True)
    )
    return dict(zip(images["image_id"], made.add_samples(samples, progress=False), strict=True))


def _set_labels(made: Any, field: str, ids: Mapping[int, str], labels: Iterator[tuple[int, Document]]) -> None:
    while chunk := {ids[image_id]: document for image_id, document in islice(labels, _CHUNK)}:
        made.set_values(field, chunk, key_field="id", expand_schema=False, validate=False)
