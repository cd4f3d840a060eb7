"""The verb about finished runs: report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wutdet.cli.options import (
    AsJson,
    Classes,
    Images,
    OnError,
    OnErrorChoice,
    Origin,
    OriginChoice,
    Sidecar,
    Splits,
    open_dataset,
)
from wutdet.cli.output import note, print_json
from wutdet.cli.places import folder_for

_OUT = Path("report.html")


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="The --out of benchmark or score, one or more.")],
    out: Annotated[Path, typer.Option("--out", help="A .html, .md or .json file.")] = _OUT,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DATA", help="What was benchmarked: adds pictures of failures.")
    ] = None,
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    as_json: AsJson = False,
) -> None:
    """Write the report of runs, side by side, as one file."""
    from wutdet.report.html import read_runs, report_numbers, write_report_file

    read = read_runs(runs)
    dataset = None
    if data is not None:
        dataset = open_dataset(
            data,
            images=images,
            splits=splits,
            sidecar=sidecar,
            origin=voc_origin,
            classes=classes,
            on_error=on_error,
        )
    with folder_for(out):
        written = write_report_file(read, out, data=dataset)
    note(f"report: {written}")
    if as_json:
        print_json(report_numbers(read))
