"""The frames and the pixels that a run's detector saw, again from its plan."""

from __future__ import annotations

from collections.abc import Sequence

from wutdet.benchmark.plan import Plan
from wutdet.benchmark.plan_weather import CameraInfo
from wutdet.benchmark.weather import Weather, render_frame
from wutdet.dataset import Dataset
from wutdet.errors import DataError
from wutdet.scenarios import Ambient, Camera, CameraEntry, Cameras, MountedHorizon, Rendered, Scenario, all_severities
from wutdet.scenarios.grammar import Effect


def frames_of_run(plan: Plan, dataset: Dataset) -> Dataset:
    """The frames that a run was made on: the dataset itself, or the split of it that the plan names.

    Raises:
        DataError: neither has the labels that were benchmarked.
    """
    split = plan.dataset.split
    if dataset.sha256 == plan.dataset.sha256:
        return dataset
    chosen = dataset.split(split) if split == "all" or split in dataset.splits else None
    if chosen is None or chosen.sha256 != plan.dataset.sha256:
        what = f"has not the frames of the run, which are the split '{split}' of '{plan.dataset.name}'"
        remedy = "give the data of the benchmark, with its --splits, --sidecar, --classes and --voc-origin"
        raise DataError(what, where=dataset.name, remedy=remedy)
    return chosen


def weather_of(plan: Plan, scenarios: Sequence[str]) -> Weather:
    """The weather of some scenarios as the plan records it, so that a table that has changed since changes nothing."""
    cells = tuple(_scenario(name) for name in scenarios)
    values = tuple(
        {effect.kind: plan.severities[effect.kind].values[str(effect.severity)] for effect in cell.effects}
        for cell in cells
    )
    entries = {name: _entry(camera) for name, camera in plan.cameras.items()}
    return Weather(
        scenarios=cells,
        values=values,
        cameras=Cameras(_entry(plan.camera), entries),
        ambient=Ambient(**plan.ambient),  # type: ignore[arg-type]  # the plan has just these fields
        severities=all_severities(),
        seed=plan.seed,
    )


def rerender(plan: Plan, dataset: Dataset, place: int, scenarios: Sequence[str]) -> list[Rendered]:
    """A frame of the run's dataset under some of the run's scenarios: the very pixels that were detected on.

    Raises:
        FrameError: the image is bad.
    """
    frame = dataset[place]
    camera = dataset.images["camera"][place]
    return render_frame(frame.image, frame, camera, weather_of(plan, scenarios)).rendered


def _scenario(name: str) -> Scenario:
    effects = (part.partition(":") for part in name.split("+") if part != "clear")
    return Scenario(tuple(Effect(kind, int(severity)) for kind, _, severity in effects))


def _entry(info: CameraInfo) -> CameraEntry:
    line = info.horizon
    horizon = None if line is None else MountedHorizon(*line.rows_px, line.width_px, line.height_px)
    return CameraEntry(Camera(info.height_m, info.hfov_deg), horizon)
