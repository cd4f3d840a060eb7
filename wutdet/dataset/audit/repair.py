"""Write a repaired copy of a dataset, with a log of every change. The original is only read."""

from __future__ import annotations

import csv
import io
import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from wutdet.dataset.audit.beside import sidecar_for
from wutdet.dataset.audit.findings import Finding, one_line
from wutdet.dataset.audit.image_checks import ImageChecks
from wutdet.dataset.audit.labels import Labels
from wutdet.dataset.audit.plan import Change, Plan, make_plan
from wutdet.dataset.audit.repair_coco import write_coco_copy
from wutdet.dataset.audit.repair_voc import write_voc_copy
from wutdet.dataset.audit.result import Repair
from wutdet.dataset.files import Placement, new_folder, place_image
from wutdet.errors import DataError

LOG_NAME: Final = "changes.csv"


def repair(
    labels: Labels,
    checks: ImageChecks,
    found: Sequence[Finding],
    out: Path,
    *,
    placement: Placement,
    advance: Callable[[int], None],
) -> Repair:
    """Write a copy in which an audit finds no error; see `make_plan` for what is repaired and what is left out.

    VOC stays VOC and COCO stays COCO. Labels keep what they say beside boxes (pose, segmentation, …), and files that
    need no change are copied as they are. VOC boxes are written with origin 1, which is read back without evidence.
    The folder appears whole or not at all.

    Args:
        labels: what is repaired.
        checks: of its images.
        found: everything the audit found.
        out: a new or empty folder outside of the data.
        placement: whether the copy holds its images or links to them.
        advance: called with 1 after each image.

    Raises:
        DataError: the origin is not clear, no frame is good, or the folder is not free, is within the data, or cannot
            be written.
    """
    _check(labels, found, out)
    plan = make_plan(labels, checks, found, shift=1 if labels.layout == "voc" else 0)
    if not plan.frames.any():
        remedy = "look at the errors; classes that count as ship are mapped with --classes"
        raise DataError("no good frame is left for a copy", where=labels.name, remedy=remedy)
    made = not out.exists()
    new_folder(out)
    final = out.resolve()
    aside = final.parent / f".{final.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        changes = _write(labels, plan, found, aside, placement, advance)
        final.rmdir()
        aside.rename(final)
    except OSError as error:
        remedy = "give a folder with room and write access"
        raise DataError(f"the copy cannot be written ({error.strerror})", where=out, remedy=remedy) from error
    finally:
        if aside.exists():  # it did not get to its place
            shutil.rmtree(aside, ignore_errors=True)
            if made:
                final.rmdir()
    frames = labels.frames["name"].n_unique()
    names = labels.frames["name"].to_list()
    kept = len({names[row] for row in plan.frames.nonzero()[0].tolist()})
    return Repair(
        folder=str(out),
        frames=kept,
        boxes=int(plan.boxes.sum()),
        left_out=frames - kept,
        changes=len(changes),
        log=str(out / LOG_NAME),
    )


def _check(labels: Labels, found: Iterable[Finding], out: Path) -> None:
    conflict = next((item for item in found if item.code == "origin-conflict"), None)
    if conflict is not None:
        raise DataError(conflict.message, where=labels.name, remedy="a repair needs --voc-origin 1, 0 or 0x")
    sources = [labels.image_dir, *([labels.root] if labels.root.is_dir() else [])]
    if any(out.resolve().is_relative_to(source.resolve()) for source in sources):
        raise DataError("is inside the data", where=out, remedy="give a folder elsewhere")


def _write(
    labels: Labels,
    plan: Plan,
    found: Sequence[Finding],
    aside: Path,
    placement: Placement,
    advance: Callable[[int], None],
) -> list[Change]:
    write = write_voc_copy if labels.layout == "voc" else write_coco_copy
    written = write(labels, plan, found, aside)
    placed: set[str] = set()
    for row in plan.frames.nonzero()[0].tolist():
        name = labels.frames["file_name"][row]
        if name not in placed:
            place_image(labels.image_dir / name, written.image_dir / name, placement)
            placed.add(name)
        advance(1)
    changes = [*written.changes, *plan.changes]
    sidecar = sidecar_for(labels, pl.Series(plan.frames))
    if sidecar is not None:
        shutil.copyfile(sidecar, aside / sidecar.name)
    changes += [Change(item.image, "left out", item.message) for item in found if item.code == "bad-sidecar"]
    (aside / LOG_NAME).write_text(_log(changes), encoding="utf-8")
    return changes


def _log(changes: Iterable[Change]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "what", "before", "after"])
    table.writerows([one_line(cell) for cell in (item.file, item.what, item.before, item.after)] for item in changes)
    return text.getvalue()
