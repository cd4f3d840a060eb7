"""Load a dataset by its path, or a registered part by its name."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from wutdet.dataset import Dataset
from wutdet.dataset import load as load_path
from wutdet.dataset.load import OnError
from wutdet.dataset.voc import OriginChoice, find_voc_root
from wutdet.errors import DataError
from wutdet.parts.download import download as download_part
from wutdet.parts.layout import WORK_NAME
from wutdet.parts.registry import Part, read_registry


def load(
    data: str | Path,
    *,
    root: str | Path | None = None,
    download: bool = False,
    registry: str | Path | None = None,
    images: str | Path | None = None,
    splits: str | Path | None = None,
    voc_origin: OriginChoice = "auto",
    classes: Mapping[str, str] | None = None,
    on_error: OnError = "stop",
    sidecar: str | Path | None = None,
    cache: bool = True,
) -> Dataset:
    """Load a part in the WUTDet layout, COCO JSON, a YOLO set, or a registered part by its name.

    Args:
        data: a path, as `wutdet.dataset.load` takes it; or with `root` a registered name, such as `part-a`.
        root: the folder that parts are kept in; the part is `root/NAME`.
        download: fetch the part when `root/NAME` is not there, or unfinished.
        registry: a registry file of the user's own.
        images: the image folder, when it is not where the layout has it.
        splits: a folder of `{split}.txt` lists that replace the splits the data comes with.
        voc_origin: pixel origin of VOC boxes: `1`, `0`, `0x`, or `auto` to decide from the data.
        classes: other class names, mapped to `ship`, or to "" to drop their boxes.
        on_error: `stop` raises the first bad frame; `skip` leaves it out and lists it in `problems`.
        sidecar: a table of facts about frames, joined after the one that lies beside the data.
        cache: keep the tables of large VOC and COCO data, and use them while no file has changed.

    Raises:
        DataError: there is nothing to load, the part is not there or unfinished, or the data cannot be understood.
        FrameError: a frame is bad and `on_error` is `stop`.
        TransferError: the part cannot be downloaded.
        ConfigError: the registry is bad.
    """
    path = Path(data)
    part = _part_named(str(data), registry) if root is not None or not path.exists() else None
    if part is not None:
        path = _folder_of(part, root)
        if download and not _is_there(path):
            download_part(part.name, path, registry=registry)
        if not path.exists():
            remedy = f"pass download=True, or give: wutdet download {part.name} --out {shlex.quote(str(path))}"
            raise DataError("is not there", where=path, remedy=remedy)
    if (path / WORK_NAME).is_dir() and not _is_there(path):
        remedy = "give the same wutdet download or import again to continue"
        raise DataError("is unfinished", where=path, remedy=remedy)
    return load_path(
        path,
        images=images,
        splits=splits,
        voc_origin=voc_origin,
        classes=classes,
        on_error=on_error,
        sidecar=sidecar,
        cache=cache,
    )


def _part_named(name: str, registry: str | Path | None) -> Part | None:
    return next((part for part in read_registry(registry) if part.name == name), None)


def _folder_of(part: Part, root: str | Path | None) -> Path:
    if root is None:
        remedy = "say where it is kept with root=FOLDER, and download=True to fetch it"
        raise DataError("is a part's name and no path", where=part.name, remedy=remedy)
    return Path(root) / part.name


def _is_there(path: Path) -> bool:
    """Whether a part is whole; one without a record was put there by hand, and `voc` is never there in part."""
    return find_voc_root(path) is not None
