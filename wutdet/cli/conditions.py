"""The verb conditions."""

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
    parse_classes,
)
from wutdet.cli.output import note, print_json, print_table, progress, warn


def conditions(
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="A dataset, a folder of images, an image or a video; no labels needed."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="TABLE", help="A new .csv or .parquet; join it with --sidecar.")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", help="A new .png or .html to judge a sample by hand, and a .csv beside it."),
    ] = None,
    sample: Annotated[int, typer.Option("--sample", min=1, help="Frames on the sheet.")] = 60,
    every: Annotated[int, typer.Option("--every", min=1, help="Of a video: each how many-th frame.")] = 1,
    split: Annotated[str | None, typer.Option("--split", help="Of a dataset; default: every frame.")] = None,
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    as_json: AsJson = False,
) -> None:
    """Guess the condition of real frames from their pixels.

    A proxy tag with a score, never ground truth.
    """
    from wutdet.dataset.frame_source import open_frames
    from wutdet.report.condition_run import check_outputs, run_conditions
    from wutdet.report.condition_summary import summary_table

    check_outputs(out, sheet)
    frames = open_frames(
        data,
        images=images,
        splits=splits,
        split=split,
        sidecar=sidecar,
        voc_origin=voc_origin.value,
        classes=parse_classes(classes) or None,
        on_error=on_error.value,
        every=every,
    )
    result = run_conditions(
        frames,
        total=frames.expected,
        out=out,
        sheet=sheet,
        sample=sample,
        title=f"Conditions of {frames.name}",
        on_bad=None if on_error is OnErrorChoice.stop else lambda error: warn(f"left out: {error}"),
        stage=progress,
    )
    for problem in frames.problems:
        warn(f"left out: {problem.message}")
    for path in result.written:
        note(f"wrote {path}")
    if as_json:
        print_json(result.summary)
    else:
        print_table(summary_table(result.summary))
