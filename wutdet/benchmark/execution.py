"""Where and how a run is worked off. None of it decides a result, so none of it is in the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from wutdet.benchmark.engine import Engine, local_engine
from wutdet.benchmark.weather import Weather
from wutdet.dataset.load import OnError
from wutdet.detectors import Detector, InferenceProtocol, describe, load_detector
from wutdet.errors import ConfigError

EngineName = Literal["local", "ray"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a detector is loaded from; the arguments of `load_detector`."""

    detector: str | Path | Detector
    protocol: InferenceProtocol | None = None
    classes: Mapping[str, str] | None = None
    device: str = "cpu"
    threads: int | None = None
    trust_weights: bool = False

    def load(self) -> Detector:
        """The detector.

        Raises:
            ConfigError: it names nothing that exists.
        """
        return load_detector(
            self.detector,
            protocol=self.protocol,
            classes=self.classes,
            device=self.device,
            threads=self.threads,
            trust_weights=self.trust_weights,
        )


@dataclass(frozen=True, slots=True)
class Execution:
    """How a run is worked off.

    Args:
        engine: `local`, or `ray` for rendering and detecting on the workers of a Ray cluster.
        part: (i, n): only every n-th shard, from the i-th on (1 to n), as for the jobs of a batch cluster.
        render_threads: of the local engine; None chooses one less than there are cores, 1 to 4.
        address: of the Ray cluster; None starts one on this machine.
        detectors: processes of the Ray engine that detect.
        gpus_per_detector: share of a GPU that each of them gets.
        renderers: frames that the Ray engine renders at a time; None is as many as the cluster has CPUs left.

    Raises:
        ConfigError: a number is impossible.
    """

    engine: EngineName = "local"
    part: tuple[int, int] = (1, 1)
    render_threads: int | None = None
    address: str | None = None
    detectors: int = 1
    gpus_per_detector: float = 0.0
    renderers: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        place, of = self.part
        if not 1 <= place <= of:
            raise ConfigError(f"{place}/{of} is no part", where="part", remedy="give i/n with i from 1 to n")
        for name, least in (("render_threads", 0), ("renderers", 1), ("detectors", 1), ("gpus_per_detector", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"{name} is {value}", where="execution", remedy=f"give {least} or more")

    def takes(self, shard: int) -> bool:
        """Whether a shard, counted from 0, is of this part."""
        place, of = self.part
        return shard % of == place - 1


def load_here(how: Execution, recipe: Recipe) -> Detector:
    """The detector in this process, which measures, or with Ray says what those of the workers must be.

    Raises:
        ConfigError: it names nothing that exists, or its device and the way the run is worked off do not fit.
    """
    try:
        loaded = recipe.load()
    except ConfigError as error:
        if how.engine != "ray" or error.where != f"--device {recipe.device}":
            raise
        remedy = "start it on a node with a GPU: it loads the detector too, to know what the workers must have"
        raise ConfigError(error.what, where=error.where, remedy=remedy) from None
    if how.gpus_per_detector and describe(loaded).device == "cpu":
        what = "a GPU is reserved for each detector, and they compute on the CPU"
        raise ConfigError(what, where="--gpus-per-detector", remedy="add --device 0, or leave it out")
    return loaded


def make_engine(how: Execution, recipe: Recipe, loaded: Detector, weather: Weather, on_error: OnError) -> Engine:
    """The engine that is asked for.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    if how.engine == "ray":
        from wutdet.benchmark.engine_ray import ray_engine

        info = describe(loaded)
        return ray_engine(
            replace(recipe, threads=info.threads or recipe.threads),  # a worker may have other cores
            info,
            weather,
            on_error,
            address=how.address,
            detectors=how.detectors,
            gpus_per_detector=how.gpus_per_detector,
            renderers=how.renderers,
        )
    return local_engine(loaded, weather, on_error, render_threads=how.render_threads)
