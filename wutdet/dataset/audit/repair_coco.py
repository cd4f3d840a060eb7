"""The labels of a repaired COCO dataset: the files as they were, but for what is changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl

from wutdet.dataset.audit.findings import Finding, box_text
from wutdet.dataset.audit.labels import Labels
from wutdet.dataset.audit.plan import Change, Plan
from wutdet.dataset.audit.repair_voc import Written
from wutdet.dataset.audit.texts import decode_text
from wutdet.dataset.tables import CATEGORY

_REMOVED: Final = ("annotation-without-image", "malformed-json")


def write_coco_copy(labels: Labels, plan: Plan, found: Iterable[Finding], out: Path) -> Written:
    """Write `annotations/*.json` under `out`, and `splits/*.txt` where lists were given."""
    folder = out / "annotations"
    folder.mkdir(parents=True)
    known = list(found)
    names = {path.name for path in labels.files}
    changes = [Change(item.image, f"removed: {item.code}", item.message) for item in known if item.code in _REMOVED]
    changes += [
        Change(item.image, "removed: bad-entry", item.message)
        for item in known
        if item.code == "bad-entry" and item.image in names
    ]
    broken = {item.image for item in known if item.code == "malformed-json"}
    for path in labels.files:
        if path.name not in broken:
            document = _edit(path, labels, plan, changes)
            (folder / path.name).write_bytes(msgspec.json.encode(document) + b"\n")
    if labels.lists and not labels.split_of_file:
        (out / "splits").mkdir()
        for split in plan.lists:
            text = "".join(f"{line}\n" for line, _ in split.lines)
            (out / "splits" / f"{split.name}.txt").write_text(text, encoding="utf-8")
    return Written(out / "images", tuple(changes))


def _edit(
    path: Path,
    labels: Labels,
    plan: Plan,
    changes: list[Change],
) -> dict[str, Any]:
    """The document of one file with what the plan keeps."""
    text, encoding = decode_text(path.read_bytes())
    document: dict[str, Any] = msgspec.json.decode(text.encode())
    if encoding != "utf-8":
        changes.append(Change(path.name, "encoding", encoding, "UTF-8"))
    mine = labels.frames.with_row_index("frame").filter((pl.col("source") == path.name) & pl.Series(plan.frames))
    rows = dict(mine.select("entry", "frame").iter_rows())
    images = []
    for entry, frame in rows.items():
        width, height = plan.sizes[frame].tolist()
        images.append(document["images"][entry] | {"width": width, "height": height})
    own = labels.boxes["frame"].to_numpy()
    chosen = np.flatnonzero(plan.boxes & np.isin(own, list(rows.values())))
    ship_id = _ship_category(document)
    entries = labels.boxes["entry"].to_numpy()
    taken = [document["annotations"][int(entries[box])]["id"] for box in chosen.tolist()]
    numbers = _distinct(taken)
    annotations = []
    for box, old, new in zip(chosen.tolist(), taken, numbers, strict=True):
        item = document["annotations"][int(entries[box])] | {"id": new, "category_id": ship_id}
        if old != new:
            changes.append(Change(path.name, "annotation id", f"{old} of {box_text(plan.edges[box])}", str(new)))
        if plan.clipped[box]:
            item |= _clipped(item, plan.edges[box].tolist())
        annotations.append(item)
    return document | {"images": images, "annotations": annotations}


def _ship_category(document: dict[str, Any]) -> int:
    """The number of the category `ship`; it is added where there is none."""
    categories = document.setdefault("categories", [])
    good = [item for item in categories if isinstance(item, dict) and isinstance(item.get("id"), int)]
    document["categories"] = [item for item in good if isinstance(item.get("name"), str)]
    for item in document["categories"]:
        if item["name"] == CATEGORY:
            return int(item["id"])
    new = 1 + max((item["id"] for item in good), default=0)
    document["categories"].append({"id": new, "name": CATEGORY, "supercategory": "vessel"})
    return int(new)


def _distinct(numbers: list[int]) -> list[int]:
    """The same ids, with a new one for each repeat."""
    seen: set[int] = set()
    following = max(numbers, default=0) + 1
    distinct = []
    for number in numbers:
        if number in seen:
            number, following = following, following + 1
        seen.add(number)
        distinct.append(number)
    return distinct


def _clipped(item: dict[str, Any], edges: list[float]) -> dict[str, Any]:
    """The bbox of the clipped box, and its area where that was the box's or would be more."""
    x, y, high_x, high_y = edges
    sides = (x, y, high_x - x, high_y - y)
    told: dict[str, Any] = {"bbox": [int(side) if side.is_integer() else side for side in sides]}
    area = item.get("area")
    if area is not None:
        old, new = item["bbox"][2] * item["bbox"][3], sides[2] * sides[3]
        told["area"] = new if area >= new or abs(area - old) <= 1e-6 * old else area
    return told
