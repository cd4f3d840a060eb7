"""The verb about figures of runs: plot."""

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
from wutdet.cli.output import note, print_json, working


def plot(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="The --out of benchmark or score, one or more.")],
    out: Annotated[Path, typer.Option("--out", help="A folder for the figures and their numbers.")],
    formats: Annotated[str, typer.Option("--format", metavar="LIST", help="Of png, svg and pdf, such as svg,pdf.")] = (
        "svg"
    ),
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DATA", help="What was benchmarked: adds precision, sizes and a frame."),
    ] = None,
    metric: Annotated[
        str, typer.Option("--metric", metavar="NUMBER", help="Along severity, such as AP50 or bins.<8.AP50.")
    ] = "AP_small",
    width_mm: Annotated[float, typer.Option("--width-mm", help="On paper: 85 is a column, 178 a page.")] = 178.0,
    frame: Annotated[
        str | None, typer.Option("--frame", help="The frame in all weather, by name; default: one with most ships.")
    ] = None,
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    as_json: AsJson = False,
) -> None:
    """Draw figures of runs for a paper.

    The numbers that they show are written beside them.
    """
    from wutdet.errors import ConfigError
    from wutdet.report.figures import draw_figures, parse_formats

    chosen = parse_formats(formats)
    if frame is not None and data is None:
        raise ConfigError("needs the frames", where="--frame", remedy="give --data DATA, or leave it out")
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
    with working("drawing"):
        drawn = draw_figures(runs, out, formats=chosen, metric=metric, data=dataset, width_mm=width_mm, frame=frame)
    for line in drawn.notes:
        note(line)
    if as_json:
        print_json(drawn)
        return
    for path in drawn.files:
        print(path)
