"""The boxes that a FiftyOne view shows, in native pixels, inside their frames."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from wutdet.browse.names import BOX_ID, EDGES
from wutdet.browse.view_frames import ViewFrames
from wutdet.dataset.checks import is_ship
from wutdet.dataset.tables import BOX_EXTRAS, CATEGORY
from wutdet.errors import DataError, FrameError

_SLACK_PX: Final = 1e-3
"""By which a box may pass the edge of its frame, for rounding errors."""
_DECIMALS: Final = 6

Outside = Literal["stop", "clip"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a box that was not taken as it stands."""

    what: Literal["clipped", "dropped"]
    image: str
    box_id: int | None
    old: tuple[float, float, float, float]
    new: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class ViewBoxes:
    """The boxes of a view, column by column."""

    frame: list[int]
    label: list[str]
    edges: Floats
    """(N, 4) native pixels."""
    same: NDArray[np.bool_]
    """(N,) whether the box is the one that `to_fiftyone` wrote."""
    written: Floats
    """(N, 4) the box that it wrote, in native pixels; NaN where it wrote none."""
    box_id: list[int | None]
    area_px2: list[float | None]
    iscrowd: list[bool | None]
    extras: dict[str, list[float | None]]
    tags: list[list[str]]


def read_boxes(view: Any, field: str, frames: ViewFrames) -> ViewBoxes:
    """The boxes in a field of a view.

    Raises:
        DataError: there are none; the message names the fields that have some.
    """
    kind = getattr(getattr(view.get_field(field), "document_type", None), "__name__", "nothing")
    if kind not in ("Detections", "Detection"):
        schema = view.get_field_schema()
        boxed = [
            n for n, f in schema.items() if getattr(getattr(f, "document_type", None), "__name__", "") == "Detections"
        ]
        remedy = f"choose from: {', '.join(boxed)}" if boxed else "choose a field with boxes"
        raise DataError(f"the field '{field}' holds no boxes", where=view._root_dataset.name, remedy=remedy)
    prefix = f"{field}.detections" if kind == "Detections" else field
    wanted = ["label", "tags", "bounding_box", BOX_ID, EDGES, "area_px2", "iscrowd", *BOX_EXTRAS]
    present = [name for name in wanted if view.get_field(f"{prefix}.{name}") is not None]
    read = view.values([f"{prefix}.{name}" for name in present])
    columns = dict(zip(present, read, strict=True))
    if kind == "Detection":
        has = [box is not None for box in columns["bounding_box"]]
        columns = {
            name: [[value] if there else [] for value, there in zip(values, has, strict=True)]
            for name, values in columns.items()
        }
    counts = [len(row or ()) for row in columns["bounding_box"]]
    flat = {name: list(chain.from_iterable(row or () for row in values)) for name, values in columns.items()}
    total = sum(counts)
    blank: list[Any] = [None] * total
    frame = list(chain.from_iterable([frames.row_of[row]] * count for row, count in enumerate(counts)))
    sizes = np.array([frames.sizes[place] for place in frame], np.float64).reshape(-1, 2)
    edges, same = native_boxes(flat["bounding_box"], flat.get(EDGES, blank), sizes)
    return ViewBoxes(
        frame=frame,
        label=[label or "" for label in flat["label"]],
        edges=edges,
        same=same,
        written=_written(flat.get(EDGES, blank)),
        box_id=flat.get(BOX_ID, blank),
        area_px2=flat.get("area_px2", blank),
        iscrowd=flat.get("iscrowd", blank),
        extras={name: flat.get(name, blank) for name in BOX_EXTRAS},
        tags=[tags or [] for tags in flat["tags"]],
    )


def native_boxes(relative: Sequence[Any], stored: Sequence[Any], sizes: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Boxes in native pixels: as they were stored where they still stand there, else to a millionth of a pixel."""
    given = np.array(relative, np.float64).reshape(-1, 4)
    scale = np.concatenate([sizes, sizes], axis=1)
    corner, extent = given[:, :2], given[:, 2:]
    now = (np.concatenate([corner, corner + extent], axis=1) * scale).round(_DECIMALS)
    kept = _written(stored)
    xywh = np.concatenate([kept[:, :2], kept[:, 2:] - kept[:, :2]], axis=1)
    same = (xywh / scale == given).all(axis=1) if len(given) else np.zeros(0, np.bool_)
    return np.where(same[:, None], kept, now), same


def _written(stored: Sequence[Any]) -> Floats:
    return np.array([[np.nan] * 4 if edges is None else edges for edges in stored], np.float64).reshape(-1, 4)


def only_ships(boxes: ViewBoxes, frames: ViewFrames, classes: Mapping[str, str] | Collection[str] | None) -> ViewBoxes:
    """The boxes whose label is a ship's."""
    if classes is not None and not isinstance(classes, Mapping):
        listed = set(classes)
        rows = [row for row, label in enumerate(boxes.label) if label in listed]
    else:
        wanted = {
            label: is_ship(label, classes or {}, where=frames.names[boxes.frame[row]])
            for label, row in {label: row for row, label in enumerate(boxes.label)}.items()
            if label != CATEGORY
        }
        rows = [row for row, label in enumerate(boxes.label) if wanted.get(label, True)]
    if len(rows) == len(boxes.label):
        return boxes
    return ViewBoxes(
        frame=[boxes.frame[row] for row in rows],
        label=[boxes.label[row] for row in rows],
        edges=boxes.edges[rows],
        same=boxes.same[rows],
        written=boxes.written[rows],
        box_id=[boxes.box_id[row] for row in rows],
        area_px2=[boxes.area_px2[row] for row in rows],
        iscrowd=[boxes.iscrowd[row] for row in rows],
        extras={name: [values[row] for row in rows] for name, values in boxes.extras.items()},
        tags=[boxes.tags[row] for row in rows],
    )


def inside_frames(
    boxes: ViewBoxes, frames: ViewFrames, outside: Outside
) -> tuple[list[list[float] | None], list[Note]]:
    """The boxes inside their frames; None for one of which nothing is left."""
    sizes = np.array([frames.sizes[place] for place in boxes.frame], np.float64).reshape(-1, 2)
    limit = np.concatenate([sizes, sizes], axis=1)
    clipped = np.clip(boxes.edges, 0.0, limit)
    beyond = ~boxes.same & (np.abs(clipped - boxes.edges) > _SLACK_PX).any(axis=1)
    bad = ~boxes.same & ~(clipped[:, 2:] > clipped[:, :2]).all(axis=1)  # not finite too
    final = np.where(boxes.same[:, None], boxes.edges, clipped)
    edges: list[list[float] | None] = list(final.tolist())
    notes = []
    for row in np.flatnonzero(beyond | bad).tolist():
        place = boxes.frame[row]
        old = _edges(boxes.edges[row])
        if outside == "stop":
            width, height = frames.sizes[place]
            what = (
                f"box [{', '.join(f'{edge:g}' for edge in old)}] is empty or reaches out of the {width}x{height} frame"
            )
            raise FrameError(what, where=frames.names[place], remedy="correct it, or load with outside='clip'")
        notes.append(
            Note(
                "dropped" if bad[row] else "clipped",
                frames.names[place],
                boxes.box_id[row],
                old,
                None if bad[row] else _edges(final[row]),
            )
        )
        if bad[row]:
            edges[row] = None
    return edges, notes


def _edges(row: Floats) -> tuple[float, float, float, float]:
    xmin, ymin, xmax, ymax = row.tolist()
    return xmin, ymin, xmax, ymax
