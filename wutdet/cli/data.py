"""Verbs about data: sample, info, convert."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    Splits,
    only_whole_frames,
    open_dataset,
)
from wutdet.cli.output import note, print_json, print_table, progress
from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from wutdet.dataset.stats import Info


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
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    as_json: AsJson = False,
) -> None:
    """Show what is in a dataset."""
    dataset = open_dataset(data, images=images, splits=splits, origin=voc_origin, classes=classes, on_error=on_error)
    counts = dataset.info()
    if as_json:
        print_json(counts)
    else:
        print_table(_info_table(dataset.name, counts))


def convert(
    data: Data,
    to: Annotated[LayoutChoice, typer.Option("--to", help="The layout to write.")],
    out: Annotated[Path, typer.Option("--out", help="A new folder.")],
    images: Images = None,
    splits: Splits = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    place: Annotated[PlacementChoice, typer.Option("--place", help="Copy the images, or link them.")] = (
        PlacementChoice.copy
    ),
) -> None:
    """Write a dataset as COCO or YOLO, with its images."""
    from wutdet.dataset.convert import convert as write

    dataset = open_dataset(data, images=images, splits=splits, origin=voc_origin, classes=classes, on_error=on_error)
    dataset = only_whole_frames(dataset, on_error)
    with progress("writing", len(dataset)) as advance:
        for path in write(dataset, out, to=to.value, placement=place.value, advance=advance):
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


def _info_table(name: str, counts: Info) -> Table:
    from rich.table import Table

    table = Table(title=name, title_justify="left", show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    share = "" if counts.coco_small_share is None else f" ({counts.coco_small_share:.0%} under 32² px)"
    origin = "" if counts.voc_origin is None else f"{counts.voc_origin} ({counts.voc_evidence})"
    rows = {
        "images": f"{counts.images}",
        "boxes": f"{counts.boxes}{share}",
        "frames without ships": f"{counts.frames_without_ships}",
        "splits": ", ".join(f"{split} {number}" for split, number in counts.splits.items()) or "none",
        "√area, native px": ", ".join(f"{size}: {number}" for size, number in counts.size_bins.items()),
        "width, px": _span(counts.width_px),
        "height, px": _span(counts.height_px),
        "VOC origin": origin,
        "sequences": "" if counts.sequences is None else str(counts.sequences),
        "cameras": "" if counts.cameras is None else str(counts.cameras),
        "left out": str(len(counts.problems)) if counts.problems else "",
    }
    for label, value in rows.items():
        if value:
            table.add_row(label, value)
    return table


def _span(limits: tuple[int, int]) -> str:
    low, high = limits
    return str(low) if low == high else f"{low} to {high}"
