"""Verbs about data: sample, info, convert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wutdet.cli.options import (
    AsJson,
    Classes,
    Data,
    Images,
    LayoutChoice,
    OnError,
    OnErrorChoice,
    Origin,
    OriginChoice,
    PlacementChoice,
    Sidecar,
    Splits,
    WriteOriginChoice,
    only_whole_frames,
    open_dataset,
)
from wutdet.cli.output import note, print_json, print_table, progress, warn
from wutdet.errors import ConfigError


def sample(
    out: Annotated[Path, typer.Option("--out", help="A new folder for the part.")],
    images: Annotated[int, typer.Option("--images", help="How many frames.")] = 120,
    size: Annotated[str, typer.Option("--size", help="WIDTHxHEIGHT in px.")] = "1280x720",
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another voyage.")] = 0,
) -> None:
    """Render a synthetic part in the layout of WUTDet."""
    from wutdet.sample import render_part

    with progress("rendering", images) as advance:
        render_part(out, images=images, size=parse_size(size), seed=seed, advance=advance)
    note("ImageSets/Main is split at random and leaks, as such splits do; splits/ keeps sequences whole (--splits)")
    print(out)


def info(
    data: Data,
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    as_json: AsJson = False,
    imgsz: Annotated[int, typer.Option("--imgsz", min=1, help="Network input, longer side in px.")] = 640,
    plots: Annotated[Path | None, typer.Option("--plots", help="A folder for figures.")] = None,
) -> None:
    """Show what is in a dataset."""
    dataset = open_dataset(
        data,
        images=images,
        splits=splits,
        sidecar=sidecar,
        origin=voc_origin,
        classes=classes,
        on_error=on_error,
    )
    stats = dataset.stats(imgsz=imgsz)
    if as_json:
        print_json(stats)
    else:
        from wutdet.report.info_table import info_tables

        print_table(info_tables(dataset.name, stats))
    if plots is not None:
        from wutdet.report.data_figures import draw_data_figures

        for path in draw_data_figures(dataset, plots, imgsz=imgsz):
            note(f"drawn: {path}")


def convert(
    data: Data,
    to: Annotated[LayoutChoice, typer.Option("--to", help="The layout to write.")],
    out: Annotated[Path, typer.Option("--out", help="A new folder.")],
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    place: Annotated[PlacementChoice, typer.Option("--place", help="Copy the images, or link them.")] = (
        PlacementChoice.copy
    ),
    out_origin: Annotated[
        WriteOriginChoice, typer.Option("--out-origin", help="Pixel origin of the VOC boxes that are written.")
    ] = WriteOriginChoice.one,
    as_json: AsJson = False,
) -> None:
    """Write a dataset as COCO, YOLO, VOC or HuggingFace.

    The images go with it.
    """
    from wutdet.dataset.convert import convert as write

    dataset = open_dataset(
        data,
        images=images,
        splits=splits,
        sidecar=sidecar,
        origin=voc_origin,
        classes=classes,
        on_error=on_error,
    )
    dataset = only_whole_frames(dataset, on_error)
    with progress("writing", len(dataset)) as advance:
        written = write(dataset, out, to=to.value, placement=place.value, origin=out_origin.value, advance=advance)
    for line in dataset.losses(to.value):
        warn(f"note: {line}")
    if to is LayoutChoice.voc and out_origin is not WriteOriginChoice.one:
        warn(f"note: read it with --voc-origin {out_origin.value}; auto may take it for another")
    if as_json:
        print_json({"written": written})
        return
    for path in written:
        print(path)


def parse_size(text: str) -> tuple[int, int]:
    """`1280x720` as (1280, 720).

    Raises:
        ConfigError: it is not of that form.
    """
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise ConfigError(f"'{text}' is no size", where="--size", remedy="write WIDTHxHEIGHT, such as 1280x720")
    return int(width), int(height)
