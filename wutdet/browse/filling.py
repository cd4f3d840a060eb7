"""The samples of a FiftyOne dataset: what is told of the whole, of every frame, and how they are written."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from wutdet.browse.audit_facts import AuditFacts
from wutdet.browse.evidence import Evidence
from wutdet.browse.labels import Document, LabelTable
from wutdet.browse.names import FRAMES_OF_DATA, media_field
from wutdet.browse.schema import frame_counts
from wutdet.dataset import Dataset
from wutdet.dataset.tables import IMAGE_FACTS
from wutdet.rendering.names import copy_name

_CHUNK: Final = 500  # frames written at once: bounds the memory for labels to some 100 MB


def dataset_info(dataset: Dataset, evidence: Evidence, found: AuditFacts | None) -> dict[str, Any]:
    """What is told of the whole dataset: where it comes from, what of it is shown, and how verdicts were reached."""
    info: dict[str, Any] = {
        "name": dataset.name,
        "split": dataset.split_name,
        "splits": list(dataset.splits),
        "voc_origin": dataset.voc_origin,
        "image_dir": str(dataset.image_dir.absolute()),
        FRAMES_OF_DATA: evidence.frames_of_data,
        "frames_shown": len(dataset),
        **evidence.facts,
    }
    threshold = evidence.threshold
    if threshold is not None:
        score = f"{threshold.score:g}" if threshold.score <= 1 else "none"
        info["verdicts"] = f"at IoU {evidence.iou:g} from score {score}: {threshold.words}"
        info["min_score"] = threshold.score if threshold.score <= 1 else None
    if found is not None:
        info["findings_elsewhere"] = found.elsewhere
    if evidence.left_out:
        info["left_out"] = list(evidence.left_out)
    return info


def frame_fields(
    dataset: Dataset, evidence: Evidence, found: AuditFacts | None, renders: Mapping[str, Path]
) -> dict[str, Mapping[int, object]]:
    """Fields of frames, by name and image id; those that no frame has are left out."""
    images = dataset.images
    ids = images["image_id"].to_list()
    fields: dict[str, Mapping[int, object]] = {"image_id": dict(zip(ids, ids, strict=True))}
    for fact in IMAGE_FACTS:
        if images[fact].null_count() < images.height:
            known = images.filter(images[fact].is_not_null())
            fields[fact] = dict(known.select("image_id", fact).iter_rows())
    for cell in evidence.cells:
        fields |= frame_counts(cell, dataset)
    for scenario, folder in renders.items():
        paths = {image_id: folder.absolute() / copy_name(name, "png") for image_id, name in _names(dataset)}
        fields[media_field(scenario)] = {image_id: str(path) for image_id, path in paths.items() if path.is_file()}
    return fields | ({} if found is None else found.frame_fields)


def _names(dataset: Dataset) -> Iterable[tuple[int, str]]:
    return dataset.images.select("image_id", "file_name").iter_rows()


def insert_frames(
    made: Any,
    dataset: Dataset,
    model: Document,
    tables: Mapping[str, LabelTable],
    fields: Mapping[str, Mapping[int, object]],
) -> None:
    """Write one document a frame, in table order.

    Args:
        made: the FiftyOne dataset, whose fields are declared.
        dataset: the frames.
        model: a document as FiftyOne stores it.
        tables: by field, the labels.
        fields: by field and image id, all else.
    """
    from bson import ObjectId

    folder = dataset.image_dir.absolute()
    rows = dataset.images.select("image_id", "file_name", "width", "height", "splits").iter_rows()
    while chunk := list(islice(rows, _CHUNK)):
        made._sample_collection.insert_many(
            {
                **model,
                "_id": ObjectId(),
                "_rand": random.random(),
                "filepath": str(folder / name),
                "tags": splits,
                "metadata": {**model["metadata"], "width": width, "height": height},
                **{field: values.get(image_id) for field, values in fields.items()},
                **{field: table.of(image_id) for field, table in tables.items()},
            }
            for image_id, name, width, height, splits in chunk
        )
