"""The verb audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wutdet.cli.options import (
    AsJson,
    Classes,
    Data,
    Images,
    Origin,
    OriginChoice,
    PlacementChoice,
    Splits,
    parse_classes,
)
from wutdet.cli.output import print_json, print_table, progress


def audit(
    data: Data,
    fix: Annotated[
        Path | None, typer.Option("--fix", help="A new folder for a repaired copy, with changes.csv; needs the images.")
    ] = None,
    show: Annotated[
        list[str] | None, typer.Option("--show", metavar="CODE", help="List the findings of a code; may be repeated.")
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="List the findings of every code.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Findings of a code to list; 0: all of them.")] = 100,
    no_images: Annotated[bool, typer.Option("--no-images", help="Look at labels and lists only: quick.")] = False,
    no_hashes: Annotated[bool, typer.Option("--no-hashes", help="Do not look for near-duplicates.")] = False,
    decode: Annotated[bool, typer.Option("--decode", help="Decode every image strictly, not only in doubt.")] = False,
    radius: Annotated[
        int | None, typer.Option("--radius", min=0, max=64, help="Bits that near-duplicates may differ in.")
    ] = None,
    place: Annotated[PlacementChoice, typer.Option("--place", help="Copy the images into --fix, or link them.")] = (
        PlacementChoice.copy
    ),
    images: Images = None,
    splits: Splits = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong with a dataset.

    Exit 1 when there are errors and no --fix.
    """
    from wutdet.dataset.audit import audit as look
    from wutdet.report.audit_table import audit_table, check_codes, finding_lines

    check_codes(show or ())
    found = look(
        data,
        images=images,
        splits=splits,
        voc_origin=voc_origin.value,
        classes=parse_classes(classes),
        look_at_images=not no_images,
        hashes=not no_hashes,
        decode=decode,
        radius=radius,
        fix=fix,
        placement=place.value,
        stage=progress,
    )
    if as_json:
        print_json(found)
    elif show or show_all:
        for line in finding_lines(found, show or None, limit):
            print(line)
    else:
        print_table(audit_table(found))
    if found.errors and found.repair is None:
        raise typer.Exit(1)
