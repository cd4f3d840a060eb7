"""The labels of a repaired part: XML as it was, but for what is changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import numpy as np

from wutdet.dataset.audit.findings import Finding, one_line
from wutdet.dataset.audit.labels import Labels
from wutdet.dataset.audit.plan import Change, Plan
from wutdet.dataset.audit.xml_file import read_xml_text
from wutdet.dataset.tables import CATEGORY
from wutdet.dataset.voc import find_voc_root

ORIGIN: Final = "1"
"""Written boxes have minima from 1 on, so that a reader decides on this origin whatever else is there."""


@dataclass(frozen=True, slots=True)
class Written:
    """Where the images go, and the changes that only the writer knows."""

    image_dir: Path
    changes: tuple[Change, ...]


def write_voc_copy(labels: Labels, plan: Plan, found: Iterable[Finding], out: Path) -> Written:
    """Write `voc/Annotations` and `voc/ImageSets/Main` under `out`."""
    root = find_voc_root(labels.root) or labels.root
    folder = out / "voc" / "Annotations"
    lists = out / "voc" / "ImageSets" / "Main"
    for needed in (folder, lists, out / "voc" / "JPEGImages"):
        needed.mkdir(parents=True)
    changes = []
    if labels.origin != ORIGIN:
        changes.append(Change("voc/Annotations", "pixel origin", str(labels.origin), ORIGIN))
    edits = _Edits(labels, plan, found)
    for row in np.flatnonzero(plan.frames).tolist():
        source = labels.frames["source"][row]
        if edits.needed(row):
            text, more = edits.apply(row, root / "Annotations" / source)
            (folder / source).write_text(text, encoding="utf-8")
            changes += more
        else:
            shutil.copyfile(root / "Annotations" / source, folder / source)
    for split in plan.lists:
        (lists / f"{split.name}.txt").write_text("".join(f"{line}\n" for line, _ in split.lines), encoding="utf-8")
    changes += [
        Change(item.image, "encoding", item.message, "UTF-8")
        for item in found
        if item.code == "bad-encoding" and item.image.endswith(".txt")
    ]
    return Written(out / "voc" / "JPEGImages", tuple(changes))


class _Edits:
    """What is to be changed in the XML of each frame."""

    def __init__(self, labels: Labels, plan: Plan, found: Iterable[Finding]) -> None:
        self._labels, self._plan = labels, plan
        self._named: dict[str, set[str]] = {"wrong-filename": set(), "bad-encoding": set()}
        for item in found:
            if item.code in self._named:
                self._named[item.code].add(item.image)
        own = labels.boxes["frame"].to_numpy()
        order = np.argsort(own, kind="stable")
        starts = np.searchsorted(own[order], np.arange(labels.frames.height + 1))
        self._rows = [order[low:high] for low, high in pairwise(starts.tolist())]
        self._entries = labels.boxes["entry"].to_numpy()
        self._sized = (labels.frames["width"].fill_null(-1).to_numpy() != plan.sizes[:, 0]) | (
            labels.frames["height"].fill_null(-1).to_numpy() != plan.sizes[:, 1]
        )
        self._shifted = labels.origin != ORIGIN

    def needed(self, row: int) -> bool:
        """Whether the file of this frame must differ from the original."""
        rows = self._rows[row]
        name = one_line(self._labels.frames["name"][row])
        return bool(
            (self._shifted and len(rows))
            or self._sized[row]
            or row in self._labels.renamed
            or any(name in names for names in self._named.values())
            or not self._plan.boxes[rows].all()
            or self._plan.clipped[rows].any()
        )

    def apply(self, row: int, path: Path) -> tuple[str, list[Change]]:
        """The new text of this frame's XML, and the changes that the plan does not tell."""
        text, encoding = read_xml_text(path)
        tree = ElementTree.fromstring(text or "")
        name = self._labels.frames["name"][row]
        changes = []
        if one_line(name) in self._named["bad-encoding"]:
            changes.append(Change(path.name, "encoding", encoding, "UTF-8"))
        filename = tree.find("filename")
        if filename is not None and one_line(name) in self._named["wrong-filename"]:
            changes.append(Change(path.name, "filename", filename.text or "", name))
            filename.text = name
        for tag, value in zip(("width", "height"), self._plan.sizes[row].tolist(), strict=True):
            element = tree.find(f"size/{tag}")
            if element is not None and self._sized[row]:
                element.text = str(value)
        box_of = {int(self._entries[box]): int(box) for box in self._rows[row]}
        for entry, item in enumerate(tree.findall("object")):
            changes += self._edit_object(tree, item, box_of.get(entry), path.name)
        return ElementTree.tostring(tree, encoding="unicode") + "\n", changes

    def _edit_object(
        self, tree: ElementTree.Element, item: ElementTree.Element, box: int | None, file: str
    ) -> list[Change]:
        label = item.find("name")
        called = ((label.text or "") if label is not None else "").strip()
        if box is None:  # its class is dropped
            tree.remove(item)
            return [Change(file, "object of a dropped class removed", called)]
        if not self._plan.boxes[box]:
            tree.remove(item)
            return []
        if self._shifted or self._plan.clipped[box]:
            low_x, low_y, high_x, high_y = self._plan.edges[box].tolist()
            numbers = {"xmin": low_x + 1, "ymin": low_y + 1, "xmax": high_x, "ymax": high_y}
            for tag, value in numbers.items():
                edge = item.find(f"bndbox/{tag}")
                if edge is not None:
                    edge.text = number_text(value)
        if label is not None and called != CATEGORY:
            label.text = CATEGORY
            return [Change(file, "class", called, CATEGORY)]
        return []


def number_text(value: float) -> str:
    """The shortest text that reads back as this number; whole numbers without a fraction."""
    return str(int(value)) if value.is_integer() else repr(value)
