"""Where the files of an archive go: `voc/…` and what lies beside it, whatever nesting is around them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wutdet.errors import DataError
from wutdet.parts.archive import HostileError
from wutdet.parts.names import first_clash, is_junk, same_file_key, shown

VOC: Final = "voc"
RECORD_NAME: Final = "part.json"
WORK_NAME: Final = ".unfinished"
_VOC_FOLDERS: Final = frozenset({"Annotations", "JPEGImages", "ImageSets"})
_IMAGE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png"})
_ARCHIVE_SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".rar", ".7z")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a part's files are, and where they go."""

    targets: dict[str, str]
    """By the path in the archive: the path below OUT."""
    annotations: int
    images: int
    frames: int
    """Those with both."""
    stripped: str
    """The folders around the part that are left out, such as `WUTDet Part A/`."""
    skipped: tuple[str, ...]
    """Members that are not taken over."""


def lay_out(where: Path, paths: Sequence[str], *, taken: Collection[str] = ()) -> Layout:
    """Find the part among the files of an archive or folder.

    The folder that holds `Annotations` and `JPEGImages` becomes `voc`. What lies beside it comes along:
    beside a `voc` folder, into OUT; within a folder of another name, also into OUT, so that a `frames.csv` is
    found where wutdet looks for it. Files outside the part keep their path.

    Args:
        where: the archive or folder, for messages.
        paths: its files, by safe paths.
        taken: names in OUT that no file may have.

    Raises:
        DataError: there is no part in it, or more than one.
        HostileError: two files would be one on some system, or one would take a name that is taken.
    """
    kept = [path for path in paths if not is_junk(path)]
    _check_clash(where, kept)
    root = _find_voc(where, kept)
    part = root.removesuffix(f"{VOC}/") if f"/{root}".endswith(f"/{VOC}/") else root
    targets: dict[str, str] = {}
    skipped = [path for path in paths if is_junk(path)]
    for path in kept:
        target = _target(path, root, part)
        if same_file_key(target) == RECORD_NAME:
            skipped.append(path)  # somebody packed an imported part; its record is written anew
        else:
            targets[path] = target
    _check_targets(where, targets, taken)
    annotations = _stems(targets.values(), f"{VOC}/Annotations/", {".xml"})
    images = _stems(targets.values(), f"{VOC}/JPEGImages/", _IMAGE_SUFFIXES)
    frames = annotations & images
    if not frames:
        what = "no file in Annotations has the name of an image in JPEGImages"
        raise DataError(what, where=where, remedy="check that it is a part of WUTDet")
    return Layout(targets, len(annotations), len(images), len(frames), part, tuple(skipped))


def _find_voc(where: Path, paths: Sequence[str]) -> str:
    """The one folder with an XML in `Annotations` and an image in `JPEGImages`: "" or with a `/` at its end."""
    labelled = _parents_of(paths, "Annotations", {".xml"})
    pictured = _parents_of(paths, "JPEGImages", _IMAGE_SUFFIXES)
    roots = sorted(labelled & pictured)
    if len(roots) == 1:
        return f"{roots[0]}/" if roots[0] else ""
    if roots:
        what = f"holds {len(roots)} parts ({', '.join(shown(root) for root in roots[:3])})"
        raise DataError(what, where=where, remedy="unpack it and import the folder of one")
    nested = next((path for path in paths if path.lower().endswith(_ARCHIVE_SUFFIXES)), None)
    if nested is not None:
        what = f"holds no part, but another archive, {shown(nested)}"
        raise DataError(what, where=where, remedy="unpack it and import that one")
    missing = "JPEGImages beside Annotations" if labelled else "Annotations" if pictured else "Annotations, JPEGImages"
    raise DataError(f"holds no part: no {missing}", where=where, remedy="check that it is a part of WUTDet")


def _parents_of(paths: Iterable[str], folder: str, suffixes: Collection[str]) -> set[str]:
    """Folders that hold a folder of that name with a file of these suffixes directly in it."""
    found: dict[str, None] = {}
    for path in paths:
        above, _, name = path.rpartition("/")
        if above and above not in found and _suffix(name) in suffixes and above.rpartition("/")[2] == folder:
            found[above] = None
    return {above.rpartition("/")[0] for above in found}


def _target(path: str, root: str, part: str) -> str:
    """`root` and `part` are empty or end in `/`."""
    if path.startswith(root):
        inner = path[len(root) :]
        if root != part or inner.partition("/")[0] in _VOC_FOLDERS:
            return f"{VOC}/{inner}"
    return path[len(part) :] if path.startswith(part) else path


def _check_targets(where: Path, targets: dict[str, str], taken: Collection[str]) -> None:
    _check_clash(where, targets.values())  # again: two folders may have become one
    keys = {same_file_key(name) for name in (*taken, WORK_NAME)}
    for path, target in targets.items():
        if same_file_key(target.partition("/")[0]) in keys:
            remedy = "rename it, if you trust the archive"
            raise HostileError(f"{shown(path)} takes a name that wutdet needs", where=where, remedy=remedy)


def _check_clash(where: Path, paths: Iterable[str]) -> None:
    clash = first_clash(paths)
    if clash is not None:
        first, second = clash
        what = f"holds {shown(first)} twice" if first == second else f"{shown(first)} and {shown(second)} clash"
        remedy = "if you trust the archive, unpack it yourself, rename one and import the folder"
        raise HostileError(what, where=where, remedy=remedy)


def _stems(targets: Iterable[str], folder: str, suffixes: Collection[str]) -> set[str]:
    names = (target[len(folder) :] for target in targets if target.startswith(folder))
    return {name.rpartition(".")[0] for name in names if "/" not in name and _suffix(name) in suffixes}


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""
