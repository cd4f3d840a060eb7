"""Options that several verbs share, and how their text becomes values."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from wutdet.dataset import Dataset


class OnErrorChoice(enum.StrEnum):
    """What to do with a bad frame."""

    stop = "stop"
    skip = "skip"


class OriginChoice(enum.StrEnum):
    """Where the pixels of VOC files begin."""

    auto = "auto"
    one = "1"
    zero = "0"
    zero_exclusive = "0x"


class LayoutChoice(enum.StrEnum):
    """What to convert to."""

    coco = "coco"
    yolo = "yolo"
    voc = "voc"
    huggingface = "huggingface"


class WriteOriginChoice(enum.StrEnum):
    """Where the pixels of the VOC files that are written begin."""

    one = "1"
    zero = "0"
    zero_exclusive = "0x"


class PlacementChoice(enum.StrEnum):
    """How images get to the converted dataset."""

    copy = "copy"
    link = "link"


Data = Annotated[Path, typer.Argument(metavar="DATA", help="A part (voc/…), a folder with annotations/, a COCO file.")]
Images = Annotated[Path | None, typer.Option("--images", help="The images, when not where the layout has them.")]
Splits = Annotated[Path | None, typer.Option("--splits", help="A folder of {split}.txt lists to use instead.")]
Sidecar = Annotated[
    Path | None, typer.Option("--sidecar", help="A table of facts about frames: image, scene, condition, …")
]
Origin = Annotated[OriginChoice, typer.Option("--voc-origin", help="Pixel origin of VOC boxes.")]
OnError = Annotated[OnErrorChoice, typer.Option("--on-error", help="A bad frame stops the command, or is left out.")]
Classes = Annotated[
    list[str] | None,
    typer.Option("--classes", help="boat=ship counts as ship, buoy= is dropped; or a class map, map.yaml."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Device = Annotated[str, typer.Option("--device", help="cpu, 0, 0,1, mps: as ultralytics names them.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Torch threads on the CPU; default: all cores.")]

TrustWeights = Annotated[
    bool, typer.Option("--trust-weights", help="Load a .pt file although it names code that no detector needs.")
]


def parse_classes(words: list[str] | None) -> dict[str, str]:
    """`["boat=ship", "buoy=", "map.yaml"]` as a mapping; what stands later wins.

    Raises:
        ConfigError: a word is not `NAME=ship`, `NAME=` or a file that `read_class_map` reads.
    """
    parsed: dict[str, str] = {}
    for word in (part.strip() for item in words or [] for part in item.split(",")):
        if word.endswith((".yaml", ".yml")):
            from wutdet.dataset.classes import read_class_map

            parsed |= read_class_map(Path(word))
            continue
        name, equals, target = word.rpartition("=")
        if not equals or not name or target not in ("ship", ""):
            raise ConfigError(f"'{word}' is no class mapping", where="--classes", remedy="write boat=ship or buoy=")
        parsed[name] = target
    return parsed


def open_dataset(
    data: Path,
    *,
    images: Path | None,
    splits: Path | None,
    origin: OriginChoice,
    classes: list[str] | None,
    on_error: OnErrorChoice,
    sidecar: Path | None = None,
) -> Dataset:
    """Load DATA with the shared options, and say on stderr which frames were left out."""
    from wutdet.cli.output import warn
    from wutdet.parts import load

    dataset = load(
        data,
        images=images,
        splits=splits,
        voc_origin=origin.value,
        classes=parse_classes(classes),
        on_error=on_error.value,
        sidecar=sidecar,
    )
    for problem in dataset.problems:
        warn(f"left out: {problem.message}")
    if not dataset.image_dir.is_dir():
        warn(f"no image folder at {dataset.image_dir}: labels alone; name another with --images")
    return dataset


def only_whole_frames(dataset: Dataset, on_error: OnErrorChoice) -> Dataset:
    """The dataset without frames whose image is not whole, each said on stderr."""
    from wutdet.cli.output import warn
    from wutdet.dataset.whole import whole_frames

    whole = whole_frames(dataset, on_error=on_error.value)
    for problem in whole.problems[len(dataset.problems) :]:
        warn(f"left out: {problem.message}")
    return whole
