"""Import a part that was downloaded by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

from wutdet.dataset.files import Placement
from wutdet.errors import ConfigError, DataError
from wutdet.parts.assembling import assemble_archive, assemble_folder, imported
from wutdet.parts.checksums import parse_sha256, sha256_of
from wutdet.parts.layout import WORK_NAME
from wutdet.parts.page import kind_of
from wutdet.parts.record import Record, finished_record
from wutdet.parts.registry import Part, find_part, read_registry
from wutdet.parts.result import ImportedPart, Progress, silent
from wutdet.parts.workplace import workplace


def import_archive(
    archive: str | Path,
    out: str | Path,
    *,
    part: str | None = None,
    sha256: str | None = None,
    registry: str | Path | None = None,
    place: Placement = "copy",
    progress: Progress = silent,
) -> ImportedPart:
    """Turn an archive or an unpacked folder into a part that `wutdet.load(out)` reads.

    Whatever folders are around `voc`, or around `Annotations` and `JPEGImages`, are stripped. The source is never
    changed. Disk: beside the archive, what is unpacked and one member of it; nothing is staged. An interrupted import
    continues when it is called again; until then `out/voc` is not there.

    Args:
        archive: a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz, or a folder.
        out: the folder of the part: new, empty, or unfinished; what another archive began there is replaced.
        part: its name in the registry; by default the part whose archive has this file name, if any.
        sha256: what the archive must have, in place of what is registered or remembered.
        registry: a registry file of the user's own.
        place: for a folder: copy the images, or link those that no trainer would repair in place.
        progress: called with the stage and its bytes.

    Raises:
        DataError: the archive is damaged, hostile, no part, not the one it should be, or OUT cannot take it.
        ConfigError: no such part, or a bad registry or sha256.
    """
    path, target = Path(archive), Path(out)
    given = parse_sha256(sha256)
    parts = read_registry(registry)
    chosen = _by_file_name(path, parts) if part is None else find_part(part, parts)
    if not path.exists():
        raise DataError("does not exist", where=path, remedy="give an archive or a folder")
    _keep_apart(path, target)
    if path.is_dir():
        if given is not None:
            raise ConfigError("a folder has no sha256", where="--sha256", remedy="leave it out, or give the archive")
        done = finished_record(target)
        if done is not None and done.sha256 is None and done.archive == path.resolve().name:
            return already_there(target, done, None)
        with workplace(target) as work:
            return assemble_folder(path, out=target, work=work, part=chosen, place=place, progress=progress)
    if place == "link":
        remedy = "leave it out, or unpack the archive and give the folder"
        raise ConfigError("an archive cannot be linked", where="--place", remedy=remedy)
    kind_of(path)  # before gigabytes of something else are read for their checksum
    found = sha256_of(path, progress)
    done = finished_record(target)
    if done is not None:
        return already_there(target, done, found)
    beside = (path.name,) if path.resolve().parent == target.resolve() else ()
    with workplace(target, beside=beside) as work:
        return assemble_archive(
            path,
            found,
            out=target,
            work=work,
            part=chosen,
            given_sha256=given,
            source="by hand",
            taken=beside,
            progress=progress,
        )


def already_there(out: Path, record: Record, sha256: str | None) -> ImportedPart:
    """A part that was finished before.

    Raises:
        DataError: it is from another archive.
    """
    if sha256 is not None and record.sha256 != sha256:
        what = f"holds a part from another archive (sha256 {record.sha256}, not {sha256})"
        raise DataError(what, where=out, remedy="choose another --out or delete it")
    shutil.rmtree(out / WORK_NAME, ignore_errors=True)  # where a kill came after the last rename
    return imported(out, record, ("it was there already; nothing was done",))


def _by_file_name(path: Path, parts: tuple[Part, ...]) -> Part | None:
    return next((part for part in parts if part.archive == path.name), None)


def _keep_apart(source: Path, out: Path) -> None:
    """Refuse a source within the workplace, or a folder and an OUT of which one is within the other."""
    inner, outer = source.resolve(), out.resolve()
    if inner.is_relative_to(outer / WORK_NAME):
        remedy = "give the same wutdet download again, or move it"
        raise DataError("is in the workplace of --out", where=source, remedy=remedy)
    if source.is_dir() and (inner.is_relative_to(outer) or outer.is_relative_to(inner)):
        raise DataError("and --out are one in the other", where=source, remedy="choose another --out")
