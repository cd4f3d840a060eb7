"""What a benchmark will compute: everything that decides its detections, and nothing else."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import msgspec

from wutdet.benchmark.plan_weather import CameraInfo, KindInfo, ambient_info, camera_infos, default_camera, kind_infos
from wutdet.benchmark.scored_weather import Circumstances
from wutdet.benchmark.weather import Weather
from wutdet.dataset import Dataset
from wutdet.dataset.claim import claim
from wutdet.detectors import DetectorInfo
from wutdet.detectors.packages import runtime_versions
from wutdet.errors import ConfigError, DataError
from wutdet.plan_text import PlanSettings, differences_text, plan_differences
from wutdet.scenarios import PIXELS
from wutdet.scoring.scores import DatasetInfo

PLAN_NAME: Final = "plan.json"
_SHARD_FRAMES: Final = 8  # what a kill costs at most; a shard file of 21 cells then stays under a few MB
_DECISIVE: Final = (
    "wutdet",
    "numpy",
    "opencv-python-headless",
    "opencv-python",
    "torch",
    "ultralytics",
    "ultralytics-opencv-headless",
)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A benchmark's settings; two runs with equal plans write equal detections."""

    schema: str = "wutdet-plan-3"
    detector: DetectorInfo
    dataset: DatasetInfo
    scenarios: tuple[str, ...]
    severities: dict[str, KindInfo]
    """What the scenarios are in units, by kind; of a kind the severities that are run."""
    camera: CameraInfo
    """Of the frames that are in none of `cameras`."""
    cameras: dict[str, CameraInfo]
    """Those that a camera file names and that took some of the frames."""
    ambient: dict[str, float | None]
    """The sun, the wind, the shutter, the sensor; null is drawn from the frame's name."""
    seed: int
    shard_frames: int
    image_bytes: int
    """The sizes of all image files, added up: notices a changed image without reading all of them."""
    image_sizes_sha256: str | None = None
    """Of the names and sizes of all image files: notices two that were swapped. None in a plan of an older wutdet."""
    versions: dict[str, str]
    """Of what pixels and detections depend on, and whose suppression of boxes is used."""
    scenario_pixels: int = 1
    """`wutdet.scenarios.PIXELS` of the wutdet that renders."""

    @property
    def circumstances(self) -> Circumstances:
        """Of the rendering."""
        return Circumstances(self.camera, self.cameras, self.ambient, self.seed, self.scenario_pixels)


def make_plan(
    detector: DetectorInfo,
    dataset: Dataset,
    weather: Weather,
) -> Plan:
    """The plan of a benchmark of this detector on these frames in this weather."""
    sizes = {name: _size_bytes(dataset.image_dir / name) for name in sorted(dataset.images["file_name"])}
    return Plan(
        detector=detector,
        dataset=DatasetInfo(
            name=dataset.name,
            split=dataset.split_name or "all",
            images=len(dataset),
            boxes=dataset.boxes.height,
            sha256=dataset.sha256,
        ),
        scenarios=tuple(str(scenario) for scenario in weather.scenarios),
        severities=kind_infos(weather),
        camera=default_camera(weather),
        cameras=camera_infos(weather, dataset.images["camera"].to_list()),
        ambient=ambient_info(weather.ambient),
        seed=weather.seed,
        shard_frames=_SHARD_FRAMES,
        image_bytes=sum(sizes.values()),
        image_sizes_sha256=hashlib.sha256(msgspec.json.encode(list(sizes.items()))).hexdigest(),
        versions=decisive_versions(detector),
        scenario_pixels=PIXELS,
    )


def shards(frames: int, shard_frames: int) -> Iterator[range]:
    """The frames of each shard, as ranges of places in the images table."""
    return (range(start, min(start + shard_frames, frames)) for start in range(0, frames, shard_frames))


def claim_folder(out: Path, plan: Plan) -> Plan:
    """Make a run folder for the plan, or continue the one that has this very plan.

    Returns:
        The folder's plan. Weights and data that were renamed since keep the names that the run began with.

    Raises:
        ConfigError: the folder holds something else; the message names what differs.
        DataError: the folder cannot be made or written.
    """
    encoded = msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"
    refusal = ConfigError("exists and is no benchmark run", where=out, remedy="choose another --out")
    stored = claim(out / PLAN_NAME, encoded, refusal)
    if stored is None:
        return plan
    if differing := plan_differences(stored, encoded, _names):
        told = differences_text(differing)
        raise ConfigError(f"holds a run of another plan ({told})", where=out, remedy="choose another --out")
    return read_plan(out)


def _names(there: PlanSettings, here: PlanSettings) -> Collection[str]:
    """Of weights and of data: those of their files or folders, which may be moved. Both are known by their hash."""
    hashes = {"detector.name": "detector.weights_sha256", "dataset.name": "dataset.sha256"}
    return [name for name, key in hashes.items() if here.get(key) is not None and here.get(key) == there.get(key)]


def read_plan(run: Path) -> Plan:
    """The plan of a run folder.

    Raises:
        DataError: the folder has none.
    """
    path = run / PLAN_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (OSError, msgspec.DecodeError):
        raise DataError("no benchmark run here", where=run, remedy="give the --out of a benchmark") from None


def decisive_versions(detector: DetectorInfo) -> dict[str, str]:
    """Installed versions of what pixels and detections depend on."""
    installed = {name: version for name in _DECISIVE if (version := _installed(name)) is not None}
    return installed | runtime_versions(detector)


def _size_bytes(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
