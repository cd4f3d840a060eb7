"""Verbs that get the data: download, import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wutdet.cli.options import PlacementChoice
from wutdet.cli.output import note

if TYPE_CHECKING:
    from rich.progress import TaskID

    from wutdet.parts import ImportedPart
    from wutdet.parts.result import Progress, Stage

Out = Annotated[Path, typer.Option("--out", help="The part's folder: new, or unfinished to continue.")]
Sha256 = Annotated[str | None, typer.Option("--sha256", metavar="HEX", help="What the archive must have.")]
Registry = Annotated[Path | None, typer.Option("--registry", help="A registry of your own, as annotations/parts.yaml.")]


def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A registered part, such as part-a.")],
    out: Out,
    url: Annotated[str | None, typer.Option("--url", help="Another address of the archive: a mirror.")] = None,
    sha256: Sha256 = None,
    registry: Registry = None,
    keep_archive: Annotated[bool, typer.Option("--keep-archive", help="Leave the archive in --out.")] = False,
) -> None:
    """Download a part of WUTDet, verify it and unpack it; the same command continues an interrupted one."""
    from wutdet.parts import download as get
    from wutdet.parts import find_part, read_registry

    part = find_part(name, read_registry(registry))
    note(f"{part.name}: licence {part.licence}" + (f" ({part.licence_note})" if part.licence_note else ""))
    with _byte_progress() as advance:
        part_there = get(
            name, out, url=url, sha256=sha256, registry=registry, keep_archive=keep_archive, progress=advance
        )
    _show(part_there)


def import_(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="A zip, a tar, or an unpacked folder.")],
    out: Out,
    part: Annotated[str | None, typer.Option("--part", help="Which part it is; default: by its file name.")] = None,
    sha256: Sha256 = None,
    registry: Registry = None,
    place: Annotated[PlacementChoice, typer.Option("--place", help="Of a folder: copy the images, or link them.")] = (
        PlacementChoice.copy
    ),
) -> None:
    """Import a part that was downloaded by hand."""
    from wutdet.parts import import_archive

    with _byte_progress() as advance:
        part_there = import_archive(
            archive, out, part=part, sha256=sha256, registry=registry, place=place.value, progress=advance
        )
    _show(part_there)


def _show(part: ImportedPart) -> None:
    for line in part.notes:
        note(line)
    print(part.out)


@contextmanager
def _byte_progress() -> Iterator[Progress]:
    """A bar of bytes for each stage as it begins, on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True))
    tasks: dict[str, TaskID] = {}

    def advance(stage: Stage, done_bytes: int, total_bytes: int | None) -> None:
        if stage not in tasks:
            bar.start()
            tasks[stage] = bar.add_task(stage, total=total_bytes)
        bar.update(tasks[stage], completed=done_bytes, total=total_bytes)

    try:
        yield advance
    finally:
        if tasks:
            bar.stop()  # one without a stage would leave an empty line
