"""Bring labels that were fixed in FiftyOne back, as a COCO file and a log of what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.browse.label_changes import LabelChanges, compare, count
from wutdet.browse.names import FRAMES_OF_DATA, GROUND_TRUTH
from wutdet.browse.original import original_tables
from wutdet.browse.reading import read_view
from wutdet.browse.runtime import start_fiftyone, told_in_one_line
from wutdet.dataset.coco import encode_coco
from wutdet.dataset.files import write_aside
from wutdet.errors import ConfigError, DataError, WutdetError

LOG_SUFFIX: Final = ".changes.json"


def import_labels(name: str, out: str | Path, *, classes: Mapping[str, str] | None = None) -> LabelChanges:
    """Write the ground truth of a FiftyOne dataset that `to_fiftyone` made as COCO, and beside it what was changed.

    Nothing that is there is overwritten, neither the labels that the dataset was made of nor an earlier file. Boxes
    that nobody edited are written as they were. A box that reaches out of its frame is clipped, one that lies wholly
    outside or is empty is dropped; both are in the log. A dataset made of a run holds that run's frames alone, and so
    does the file: `frames_not_shown` counts the others.

    Args:
        name: the dataset's in FiftyOne.
        out: the COCO file; the log is called after it: `fixed.json` and `fixed.changes.json`.
        classes: what other labels are: `{"buoy": ""}` drops them.

    Raises:
        MissingExtraError: fiftyone is not installed.
        ConfigError: there is a file already, or it is not called `.json`.
        FrameError: a label is neither `ship` nor in `classes`.
        DataError: a file cannot be written.
        WutdetError: there is no such dataset, wutdet did not make it, or the database does not start.
    """
    path = Path(out)
    log = path.with_suffix(LOG_SUFFIX)
    _require_new(path, log)
    fo = start_fiftyone()
    with told_in_one_line():
        made = _open(fo, name)
        images, boxes = original_tables(made)
        of_data = (made.info or {}).get(FRAMES_OF_DATA)
        read = read_view(made, field=GROUND_TRUTH, classes=classes, splits=None, name=None, outside="clip")
    dataset, changes, unchanged = compare(read, images, boxes)
    result = LabelChanges(
        dataset=name,
        labels=str(path),
        log=str(log),
        frames=len(dataset),
        frames_of_data=of_data,
        frames_not_shown=0 if of_data is None else of_data - images.height,
        boxes=dataset.boxes.height,
        unchanged=unchanged,
        counts=count(changes),
        changes=changes,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_aside(log, msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
        write_aside(path, encode_coco(dataset.images, dataset.boxes))
    except OSError as error:
        remedy = "choose another --out, or make room"
        raise DataError(f"cannot be written ({error.strerror})", where=path, remedy=remedy) from None
    return result


def _require_new(path: Path, log: Path) -> None:
    if path.suffix != ".json" or path.name.endswith(LOG_SUFFIX):
        raise ConfigError("is no name for a COCO file", where=f"--out {path}", remedy="name it such as fixed.json")
    for one in (path, log):
        if one.exists():
            raise ConfigError("exists", where=one, remedy="choose another --out")


def _open(fo: Any, name: str) -> Any:
    if not fo.dataset_exists(name):
        names = fo.list_datasets()
        known = ", ".join(get_close_matches(name, names, n=8) or names[:8]) or "none"
        raise WutdetError(f"FiftyOne has no dataset '{name}'", remedy=f"choose from: {known}")
    return fo.load_dataset(name)
