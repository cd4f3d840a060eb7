"""What a repaired copy will hold: which frames, which boxes, which numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.audit.boxes import EDGES, Floats, Mask, clip, find_faults, frame_sides, repeatable
from wutdet.dataset.audit.findings import LEAVE_OUT, Finding, box_text, one_line
from wutdet.dataset.audit.image_checks import ImageChecks
from wutdet.dataset.audit.labels import Labels
from wutdet.dataset.audit.lists import EVALUATED_FIRST, SplitList


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the log."""

    file: str
    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows are those of the labels' tables."""

    frames: Mask
    """(F,) which frames are kept."""
    boxes: Mask
    """(N,) which boxes are kept."""
    edges: Floats
    """(N, 4) xyxy, 0-based: what the copy's boxes read as."""
    clipped: Mask
    """(N,) which boxes have other edges than before."""
    sizes: NDArray[np.int64]
    """(F, 2) width and height of the frames that are kept."""
    lists: tuple[SplitList, ...]
    changes: tuple[Change, ...]


def make_plan(labels: Labels, checks: ImageChecks, found: Sequence[Finding], *, shift: int) -> Plan:
    """Decide what is kept, and how.

    A frame is left out where a ship in it would lose its label (decision 5): with an empty or an outlying box, an
    unknown class, labels or an image that cannot be read. Boxes at least half of which is in the frame are clipped to
    it, and of equal ones the first is kept. A size is taken from the image where all boxes fit it.

    Args:
        labels: what is repaired.
        checks: of its images.
        found: everything the audit found.
        shift: what the copy adds to minima when it writes a clipped box (1 for VOC, 0 for COCO).
    """
    names = labels.frames["name"].to_list()
    changes: list[Change] = []
    kept = _good_frames(names, found, changes)
    own = labels.boxes["frame"].to_numpy()
    edges = labels.boxes.select(EDGES).to_numpy()
    claimed = frame_sides(labels)
    sizes, resized = _true_sizes(labels, checks, claimed, kept)
    misfits = _rows_with(own, (edges < -1e-6).any(axis=1) | (edges[:, 2:] > sizes[own] + 1e-6).any(axis=1), len(names))
    for row in np.flatnonzero(kept & resized).tolist():
        before, after = _size_text(claimed[row]), _size_text(sizes[row])
        if misfits[row]:
            kept[row] = False
            changes.append(Change(names[row], "left out", "wrong-size: its boxes do not fit the image"))
        else:
            changes.append(Change(names[row], "size", before, after))
    sides = sizes.astype(np.float64)
    ship = repeatable(labels.boxes)
    over = find_faults(own, edges, sides[own], ship).over_edge
    inside = np.where(over[:, None], clip(edges, sides[own]), edges)
    for row in np.flatnonzero(_rows_with(own, over & _mostly_out(edges, inside), len(names)) & kept).tolist():
        kept[row] = False
        changes.append(Change(names[row], "left out", "box-over-edge: most of a box is out of the frame"))
    over &= kept[own]
    final = np.where((over | (labels.origin not in (None, "1")))[:, None], _read_back(inside, shift), edges)
    faults = find_faults(own, final, sides[own], ship)
    for row in np.flatnonzero(_rows_with(own, faults.hopeless, len(names)) & kept).tolist():
        kept[row] = False
        changes.append(Change(names[row], "left out", "box-over-edge: nothing of a box is left in the frame"))
    boxes = kept[own] & (faults.equals < 0)
    for row in np.flatnonzero(kept[own] & (over | (faults.equals >= 0))).tolist():
        what = "duplicate box removed" if faults.equals[row] >= 0 else "box clipped"
        after = box_text(final[row]) if boxes[row] else ""
        changes.append(Change(names[own[row]], what, box_text(edges[row]), after))
    lists = _clean_lists(labels, kept, changes)
    kept &= _stays(labels, lists)
    boxes &= kept[own]
    return Plan(kept, boxes, final, over, sizes, lists, tuple(changes))


def _good_frames(names: Sequence[str], found: Iterable[Finding], changes: list[Change]) -> Mask:
    bad: dict[str, Finding] = {}
    for item in found:
        if item.code in LEAVE_OUT:
            bad.setdefault(item.image, item)
    kept = np.ones(len(names), np.bool_)
    for row, name in enumerate(names):
        why = bad.get(one_line(name))
        if why is not None:
            kept[row] = False
            changes.append(Change(name, "left out", f"{why.code}: {why.message}"))
    return kept


def _true_sizes(labels: Labels, checks: ImageChecks, claimed: Floats, kept: Mask) -> tuple[NDArray[np.int64], Mask]:
    """(F, 2) the sizes of the images, and (F,) which differ from the labels; frames that show none are not kept."""
    sizes = np.zeros(claimed.shape, np.int64)
    for row, file_name in enumerate(labels.frames["file_name"]):
        known = not np.isnan(claimed[row]).any()
        size = checks.size_of(file_name, (int(claimed[row, 0]), int(claimed[row, 1])) if known else None)
        if size is None:
            kept[row] = False
        else:
            sizes[row] = size
    return sizes, (sizes != claimed).any(axis=1)


def _rows_with(own: NDArray[np.int64], mask: Mask, frames: int) -> Mask:
    """(F,) the frames that hold a box of the mask."""
    held = np.zeros(frames, np.bool_)
    held[own[mask]] = True
    return held


def _mostly_out(edges: Floats, inside: Floats) -> Mask:
    """(N,) boxes of which clipping leaves less than half: no slip of the hand at the edge, but wrong numbers."""
    with np.errstate(invalid="ignore", over="ignore"):
        before, after = (np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (edges, inside))
        out: Mask = after < 0.5 * before
    return out


def _read_back(edges: Floats, shift: int) -> Floats:
    """What a reader makes of the numbers that the copy holds: a minimum is written shifted, a COCO side as length."""
    if shift:
        return np.hstack([edges[:, :2] + shift - shift, edges[:, 2:]])
    with np.errstate(invalid="ignore"):
        return np.hstack([edges[:, :2], edges[:, :2] + (edges[:, 2:] - edges[:, :2])])


def _size_text(size: NDArray[np.int64] | Floats) -> str:
    return "unknown" if np.isnan(size).any() else f"{size[0]:g}x{size[1]:g}"


def _stays(labels: Labels, lists: Iterable[SplitList]) -> Mask:
    """(F,) False for the entries of COCO files whose split keeps the frame no longer."""
    member = {split.name: set(split.keys) for split in lists}
    stays = np.ones(labels.frames.height, np.bool_)
    for row, (key, source) in enumerate(labels.frames.select("key", "source").iter_rows()):
        split = labels.split_of_file.get(source)
        stays[row] = split is None or key in member[split]
    return stays


def _clean_lists(labels: Labels, kept: Mask, changes: list[Change]) -> tuple[SplitList, ...]:
    """The lists without frames that are not kept, without repeats, and with no frame in two of train, val and test."""
    there = set(labels.frames.filter(pl.Series(kept))["key"])
    home: dict[str, str] = {}
    for name in EVALUATED_FIRST:
        for split in labels.lists:
            if split.name == name:
                for key in split.keys:
                    home.setdefault(key, name)
    clean = []
    for split in labels.lists:
        lines: dict[str, str] = {}
        for line, key in split.lines:
            elsewhere = split.name in EVALUATED_FIRST and home[key] != split.name
            why = (
                "not in the copy"
                if key not in there
                else "listed twice"
                if key in lines
                else f"kept in {home[key]}"
                if elsewhere
                else ""
            )
            if why:
                changes.append(Change(f"{split.name}.txt", f"line removed: {why}", line))
            else:
                lines[key] = line
        clean.append(SplitList(split.name, tuple((line, key) for key, line in lines.items())))
    return tuple(clean)
