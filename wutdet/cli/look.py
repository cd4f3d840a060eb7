"""Verbs that open something to look at: browse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wutdet.cli.options import (
    Classes,
    Data,
    Images,
    OnError,
    OnErrorChoice,
    Origin,
    OriginChoice,
    Sidecar,
    Splits,
    open_dataset,
)
from wutdet.cli.output import note


def browse(
    data: Data,
    run: Annotated[Path | None, typer.Option("--run", help="A benchmark run whose detections to show.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The FiftyOne dataset's; default: DATA's.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a FiftyOne dataset of that name.")] = False,
    port: Annotated[int, typer.Option("--port", help="On 127.0.0.1.")] = 5151,
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
) -> None:
    """Open a dataset, and a run's detections, in FiftyOne."""
    from wutdet.benchmark.store import read_run_detections
    from wutdet.browse import open_app, to_fiftyone

    dataset = open_dataset(
        data,
        images=images,
        splits=splits,
        sidecar=sidecar,
        origin=voc_origin,
        classes=classes,
        on_error=on_error,
    )
    found = None if run is None else read_run_detections(run)
    opened = to_fiftyone(dataset, name or dataset.name, detections=found, overwrite=overwrite)
    open_app(opened, port=port, wait=True, on_ready=lambda url: note(f"FiftyOne at {url}; Ctrl-C ends it"))
