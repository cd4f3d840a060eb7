"""What a rendering will write: everything that decides its pixels and labels, and nothing else."""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.dataset.claim import claim
from wutdet.dataset.frame_source import DatasetFrames, FrameSource
from wutdet.dataset.image_files import ImageFiles
from wutdet.dataset.video import Video
from wutdet.errors import ConfigError, DataError
from wutdet.plan_text import differences_text, plan_differences
from wutdet.rendering.names import scenario_folder
from wutdet.scenarios import CameraEntry, Scenario, SeverityTable, describe, scenario_values

PLAN_NAME: Final = "plan.json"
_DECISIVE: Final = ("wutdet", "numpy", "opencv-python-headless", "opencv-python")


class SourceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The frames that are rendered."""

    name: str
    split: str | None
    frames: int | None
    """None of a video that does not say how many it has."""
    ships: int | None
    """None where there are no labels."""
    sha256: str
    """Of the labels as canonical COCO JSON, or of the files' names and sizes where there are no labels."""
    image_bytes: int
    """The sizes of all image files, added up: notices a changed image without reading all of them."""
    every: int = 1


class ScenarioInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario, where its copies are, and what it does in units."""

    scenario: str
    folder: str
    text: str
    values: dict[str, float]
    """By kind, in `units`."""
    units: dict[str, str]


class RenderPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A rendering's settings; two renderings with equal plans write equal files."""

    schema: str = "wutdet-render-1"
    source: SourceInfo
    scenarios: tuple[ScenarioInfo, ...]
    image_format: str
    pixels: str
    """What the format does to them."""
    ignore_below: float | None
    """Ships with less contrast left are crowds in the labels."""
    camera: dict[str, Any]
    """Of frames that are in none of `cameras`."""
    cameras: dict[str, dict[str, Any]]
    """Those that a camera file names."""
    ambient: dict[str, Any]
    seed: int
    versions: dict[str, str]
    scenario_pixels: int = 1
    """`wutdet.scenarios.PIXELS` of the wutdet that renders."""


def scenario_info(scenario: Scenario, table: SeverityTable) -> ScenarioInfo:
    """A scenario in units.

    Raises:
        ScenarioError: an effect of it does not exist.
    """
    values = scenario_values(scenario, table)
    return ScenarioInfo(
        scenario=str(scenario),
        folder=scenario_folder(str(scenario)),
        text=describe(scenario, table),
        values={kind: float(value) for kind, value in values.items()},
        units={kind: table.kinds[kind].unit for kind in values},
    )


def camera_info(entry: CameraEntry) -> dict[str, Any]:
    """A camera as a plan states it."""
    return msgspec.to_builtins(asdict(entry))  # type: ignore[no-any-return]


def source_info(source: FrameSource) -> SourceInfo:
    """What tells these frames from others; no image is decoded."""
    if isinstance(source, DatasetFrames):
        dataset = source.dataset
        return SourceInfo(
            name=dataset.name,
            split=dataset.split_name,
            frames=len(dataset),
            ships=dataset.boxes.height,
            sha256=dataset.sha256,
            image_bytes=sum(_size(dataset.image_dir / name) for name in dataset.images["file_name"]),
        )
    paths = source.paths if isinstance(source, ImageFiles) else (source.path,) if isinstance(source, Video) else ()
    sizes = [_size(path) for path in paths]
    listed = "".join(f"{path.name}\0{size}\n" for path, size in zip(paths, sizes, strict=True))
    return SourceInfo(
        name=source.name,
        split=None,
        frames=source.expected,
        ships=None,
        sha256=hashlib.sha256(listed.encode("utf-8", "surrogatepass")).hexdigest(),
        image_bytes=sum(sizes),
        every=source.every if isinstance(source, Video) else 1,
    )


def claim_folder(out: Path, plan: RenderPlan) -> bool:
    """Make a folder for the plan, or take the one that has this very plan.

    Returns:
        Whether the folder was there: something of it may be done.

    Raises:
        ConfigError: the folder holds something else; the message names what differs.
        DataError: the folder cannot be made.
    """
    encoded = msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"
    refusal = ConfigError("exists and holds no rendered copies", where=out, remedy="choose another --out")
    stored = claim(out / PLAN_NAME, encoded, refusal)
    if stored is not None and (differing := plan_differences(stored, encoded)):
        remedy = "choose another --out, or give the options of that plan"
        told = differences_text(differing)
        raise ConfigError(f"holds copies of another plan ({told})", where=out, remedy=remedy)
    return stored is not None


def read_plan(out: Path) -> RenderPlan | None:
    """The plan of a folder of copies; None where it is no such folder.

    Raises:
        DataError: its plan is damaged.
    """
    path = out / PLAN_NAME
    if not path.is_file():
        return None
    data = _read(path)
    try:
        if not msgspec.json.decode(data, type=_Schema).schema.startswith("wutdet-render-"):
            return None
        return msgspec.json.decode(data, type=RenderPlan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"unreadable plan ({error})", where=path, remedy="render the frames again") from None


class _Schema(msgspec.Struct):
    schema: str = ""


def installed_versions() -> dict[str, str]:
    """Installed versions of what pixels depend on."""
    found = {name: _installed(name) for name in _DECISIVE}
    return {name: version for name, version in found.items() if version is not None}


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="choose another --out") from None
