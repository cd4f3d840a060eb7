"""What an audit found, as fields of frames and attributes of ships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wutdet.dataset import Dataset
from wutdet.dataset.audit import Audit

CODES, NOTES, NEAR, NEAR_GROUP, LEAKS = "audit", "audit_notes", "near_duplicates", "near_group", "leaks_into"


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """Findings by frame and by ship."""

    frame_fields: dict[str, dict[int, object]]
    """By field and image id. `audit`: codes. `audit_notes`: what was found, in words. `near_duplicates`: the files of
    frames that look the same. `near_group`: a number that such frames share. `leaks_into`: the splits that such frames
    are in when they are in another than the frame itself."""
    ship_columns: dict[str, Sequence[object]]
    """`audit`: the codes of each ship."""
    elsewhere: int
    """Findings about what is not shown: lists, files, frames that were left out."""


def audit_facts(found: Audit, dataset: Dataset) -> AuditFacts:
    """The findings that are about frames of the dataset.

    Args:
        found: by `wutdet.audit`, of the same data.
        dataset: the frames that are shown.
    """
    places = dict(dataset.images.select("file_name", "image_id").iter_rows())
    by_stem = {name.rpartition(".")[0]: image_id for name, image_id in places.items()}
    codes: dict[int, object] = {}
    notes: dict[int, object] = {}
    of_box: dict[tuple[int, tuple[float, ...]], list[str]] = {}
    elsewhere = 0
    for item in (*found.errors, *found.warnings, *found.infos):
        image_id = places.get(item.image, by_stem.get(item.image))
        if image_id is None:
            elsewhere += 1
            continue
        _append(codes, image_id, item.code, once=True)
        _append(notes, image_id, item.message)
        if item.box is not None:
            of_box.setdefault((image_id, tuple(item.box)), []).append(item.code)
    near = _near(found, places)
    boxes = dataset.boxes.select("image_id", "xmin", "ymin", "xmax", "ymax").iter_rows()
    column = [of_box.get((image_id, edges)) for image_id, *rest in boxes for edges in [tuple(rest)]]
    fields: dict[str, dict[int, object]] = {CODES: codes, NOTES: notes}
    names = {image_id: name for name, image_id in places.items()}
    fields[NEAR] = {one: sorted(names[other] for other in others) for one, others in near.items()}
    fields[NEAR_GROUP] = dict(_groups(near))
    fields[LEAKS] = _leaks(near, dataset)
    return AuditFacts(fields, {CODES: column}, elsewhere)


def _append(table: dict[int, object], image_id: int, text: str, *, once: bool = False) -> None:
    listed = table.setdefault(image_id, [])
    if isinstance(listed, list) and not (once and text in listed):
        listed.append(text)


def _near(found: Audit, places: dict[str, int]) -> dict[int, set[int]]:
    near: dict[int, set[int]] = {}
    for one, other, _ in found.near_duplicates:
        if one in places and other in places:
            near.setdefault(places[one], set()).add(places[other])
            near.setdefault(places[other], set()).add(places[one])
    return near


def _groups(near: dict[int, set[int]]) -> dict[int, int]:
    """A number for each frame that it shares with all that it is linked to, from 1 on by the first frame."""
    group: dict[int, int] = {}
    for start in sorted(near):
        if start in group:
            continue
        number, waiting = len(set(group.values())) + 1, [start]
        while waiting:
            one = waiting.pop()
            if one not in group:
                group[one] = number
                waiting.extend(near[one])
    return group


def _leaks(near: dict[int, set[int]], dataset: Dataset) -> dict[int, object]:
    """The other splits that look-alikes of each frame are in."""
    splits = {image_id: set(names) for image_id, names in dataset.images.select("image_id", "splits").iter_rows()}
    leaks: dict[int, object] = {}
    for one, others in near.items():
        if splits[one] and (into := sorted(set().union(*(splits[other] for other in others)) - splits[one])):
            leaks[one] = into
    return leaks
