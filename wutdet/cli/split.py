"""The verb split."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wutdet.cli.options import (
    AsJson,
    Classes,
    Data,
    Images,
    OnError,
    OnErrorChoice,
    Origin,
    OriginChoice,
    Splits,
    open_dataset,
)
from wutdet.cli.output import note, print_json, print_table, progress, warn

if TYPE_CHECKING:
    from wutdet.dataset import Dataset
    from wutdet.dataset.splitting.hashes import FrameHashes


class ByChoice(enum.StrEnum):
    """What is kept whole."""

    sequence = "sequence"
    id = "id"
    camera = "camera"


def split(
    data: Data,
    out: Annotated[Path, typer.Option("--out", help="A new folder for the lists and rule.yaml; for --splits.")],
    by: Annotated[ByChoice, typer.Option("--by", help="What is kept whole.")] = ByChoice.sequence,
    rule: Annotated[
        str | None, typer.Option("--rule", help="Apply a rule in place of all that: part-a, or a rule.yaml.")
    ] = None,
    fractions: Annotated[
        str, typer.Option("--fractions", help="For train,val,test; or named: train=0.8,test=0.2.")
    ] = "0.7,0.1,0.2",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed, another split.")] = 0,
    guard: Annotated[
        int, typer.Option("--guard", min=0, max=10_000, help="Frames left out between neighbours of different splits.")
    ] = 3,
    radius: Annotated[
        int, typer.Option("--radius", min=0, max=64, help="Bits of 64 by which near-duplicates may differ.")
    ] = 8,
    block_frames: Annotated[
        int, typer.Option("--block-frames", min=1, max=1_000_000, help="Length of a block for --by id.")
    ] = 50,
    no_images: Annotated[bool, typer.Option("--no-images", help="Look at no image: ids and names alone.")] = False,
    images: Images = None,
    splits: Splits = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    as_json: AsJson = False,
) -> None:
    """Write split lists without leaks.

    Near-duplicates and neighbours in time stay on one side.
    """
    from wutdet.dataset.splitting.fractions import parse_fractions
    from wutdet.dataset.splitting.frame_groups import check_cameras
    from wutdet.dataset.splitting.resplit import split_by_groups, split_by_ids, split_by_rule
    from wutdet.dataset.splitting.split_files import check_new, write_split
    from wutdet.dataset.splitting.split_report import report_split
    from wutdet.dataset.splitting.split_rule import read_rule

    shares = parse_fractions(fractions)
    given = None if rule is None else read_rule(rule)
    check_new(out)
    dataset = open_dataset(data, images=images, splits=splits, origin=voc_origin, classes=classes, on_error=on_error)
    if by is ByChoice.camera and given is None:
        check_cameras(dataset)  # before minutes are spent on images
    hashes = None if no_images else _hashes(dataset)
    if given is not None:
        new = split_by_rule(dataset, given)
    elif by is ByChoice.id:
        new = split_by_ids(dataset, fractions=shares, seed=seed, guard_frames=guard, block_frames=block_frames)
    else:
        unit: Literal["sequence", "camera"] = "camera" if by is ByChoice.camera else "sequence"
        new = split_by_groups(dataset, unit, hashes, fractions=shares, seed=seed, guard_frames=guard, radius=radius)
    report = report_split(dataset, new, hashes, radius=radius)
    for path in write_split(new, out):
        note(f"wrote {path}")
    if as_json:
        print_json(report)
    else:
        from wutdet.report.split_table import split_table

        print_table(split_table(report))


def _hashes(dataset: Dataset) -> FrameHashes | None:
    """Hashes with a bar; None, which is said, where not one image can be read."""
    from wutdet.dataset.splitting.hashes import hash_frames

    with progress("hashing", len(dataset)) as advance:
        hashes = hash_frames(dataset, advance=advance)
    if not hashes.known.any():
        warn("no image can be read: blocks and leakage are by ids and names alone")
        return None
    return hashes
