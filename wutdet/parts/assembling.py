"""From an archive or a folder to a finished part in OUT."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from wutdet.dataset.files import Placement
from wutdet.parts.archive import DamagedError
from wutdet.parts.checksums import check_archive, remember_checksum
from wutdet.parts.folder import list_folder, place_files, still_to_copy_bytes
from wutdet.parts.layout import VOC, Layout, lay_out
from wutdet.parts.names import shown
from wutdet.parts.opening import open_archive
from wutdet.parts.record import Record, write_record
from wutdet.parts.registry import Part
from wutdet.parts.result import ImportedPart, Progress
from wutdet.parts.unpacking import make_folder, still_to_write_bytes, unpack
from wutdet.parts.workplace import claim, forget, need_space


def assemble_archive(
    path: Path,
    found_sha256: str,
    *,
    out: Path,
    work: Path,
    part: Part | None,
    given_sha256: str | None,
    source: str,
    taken: Collection[str],
    progress: Progress,
) -> ImportedPart:
    """Unpack an archive into OUT: in the workplace, from where it is renamed when it is whole.

    Raises:
        DataError: another checksum, no part, no space; or as `open_archive` and `unpack`.
    """
    check_archive(path, found_sha256, part=part, given=given_sha256)
    with open_archive(path) as archive:
        layout = lay_out(path, [member.path for member in archive.members], taken=taken)
        tree = claim(work, found_sha256)
        places = {path: tree / target for path, target in layout.targets.items()}
        need_space(work, still_to_write_bytes(archive, places))
        try:
            unpack(archive, places, out=out, aside=work / "member", progress=progress)
        except DamagedError:
            forget(work)  # another copy will not be the same archive
            raise
    record = _record(path, layout, part, source, sha256=found_sha256, size_bytes=path.stat().st_size)
    _finish(out, tree, layout, record)
    remembered = "" if part is None else remember_checksum(part.name, found_sha256)
    return imported(out, record, (*_notes(layout), remembered))


def assemble_folder(
    folder: Path, *, out: Path, work: Path, part: Part | None, place: Placement, progress: Progress
) -> ImportedPart:
    """Copy or link a folder into OUT, as `assemble_archive` unpacks.

    Raises:
        DataError: no part, no space; or as `list_folder` and `place_files`.
    """
    sizes = list_folder(folder)
    layout = lay_out(folder, list(sizes))
    tree = claim(work, str(folder.resolve()))
    places = {path: tree / target for path, target in layout.targets.items()}
    if place == "copy":
        need_space(work, still_to_copy_bytes(sizes, places))
    place_files(folder, sizes, places, how=place, out=out, aside=work / "member", progress=progress)
    record = _record(folder.resolve(), layout, part, "by hand", sha256=None, size_bytes=None)
    _finish(out, tree, layout, record)
    return imported(out, record, _notes(layout))


def imported(out: Path, record: Record, notes: Collection[str] = ()) -> ImportedPart:
    """A finished part as its record says."""
    said = tuple(filter(None, notes))
    return ImportedPart(out, record.name, record.frames, record.annotations, record.images, said)


def _record(
    path: Path, layout: Layout, part: Part | None, source: str, *, sha256: str | None, size_bytes: int | None
) -> Record:
    return Record(
        name=None if part is None else part.name,
        archive=path.name,
        source=source,
        sha256=sha256,
        size_bytes=size_bytes,
        annotations=layout.annotations,
        images=layout.images,
        frames=layout.frames,
    )


def _finish(out: Path, tree: Path, layout: Layout, record: Record) -> None:
    """Move all to OUT, `voc` last, so that it is never there in part; until then the record counts for nothing."""
    for target in layout.targets.values():
        source = tree / target
        if not target.startswith(f"{VOC}/"):
            make_folder((out / target).parent, out)
            os.replace(source, out / target)
    write_record(out, record)
    os.replace(tree / VOC, out / VOC)


def _notes(layout: Layout) -> tuple[str, ...]:
    found = f"found {layout.frames} frames ({layout.annotations} XML files, {layout.images} images)"
    where = f" under {shown(layout.stripped)}, which is stripped" if layout.stripped else ""
    skipped = ""
    if layout.skipped:
        names = ", ".join(map(shown, layout.skipped[:3]))
        more = ", …" if len(layout.skipped) > 3 else ""
        skipped = f"left out {len(layout.skipped)} files that are no part of it: {names}{more}"
    return found + where, skipped
