"""Verbs that get the data: download, import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wutdet.cli.completion import complete_parts
from wutdet.cli.options import AsJson, PlacementChoice
from wutdet.cli.output import byte_progress, note, print_json, warn

if TYPE_CHECKING:
    from wutdet.parts import ImportedPart

Out = Annotated[Path, typer.Option("--out", help="The part's folder: new, or unfinished to continue.")]
Sha256 = Annotated[str | None, typer.Option("--sha256", metavar="HEX", help="What the archive must have.")]
Registry = Annotated[Path | None, typer.Option("--registry", help="A registry of your own, as annotations/parts.yaml.")]


def download(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A registered part, such as part-a.", autocompletion=complete_parts)
    ],
    out: Out,
    url: Annotated[str | None, typer.Option("--url", help="Another address of the archive: a mirror.")] = None,
    sha256: Sha256 = None,
    registry: Registry = None,
    keep_archive: Annotated[bool, typer.Option("--keep-archive", help="Leave the archive in --out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download a part of WUTDet and unpack it.

    It is verified; the same command continues an interrupted one.
    """
    from wutdet.parts import download as get
    from wutdet.parts import find_part, read_registry

    part = find_part(name, read_registry(registry))
    note(f"{part.name}: licence {part.licence}" + (f" ({part.licence_note})" if part.licence_note else ""))
    with byte_progress() as advance:
        part_there = get(
            name, out, url=url, sha256=sha256, registry=registry, keep_archive=keep_archive, progress=advance
        )
    _show(part_there, as_json=as_json)


def import_(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="A zip, a tar, or an unpacked folder.")],
    out: Out,
    part: Annotated[str | None, typer.Option("--part", help="Which part it is; default: by its file name.")] = None,
    sha256: Sha256 = None,
    registry: Registry = None,
    place: Annotated[PlacementChoice, typer.Option("--place", help="Of a folder: copy the images, or link them.")] = (
        PlacementChoice.copy
    ),
    as_json: AsJson = False,
) -> None:
    """Import a part that was downloaded by hand."""
    from wutdet.parts import import_archive

    with byte_progress() as advance:
        part_there = import_archive(
            archive, out, part=part, sha256=sha256, registry=registry, place=place.value, progress=advance
        )
    _show(part_there, as_json=as_json)


def _show(part: ImportedPart, *, as_json: bool) -> None:
    for line in part.notes:
        warn(line)
    if as_json:
        print_json(part)
        return
    print(part.out)
