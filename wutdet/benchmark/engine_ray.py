"""The Ray engine: frames are rendered on the CPU workers of a cluster and detected by actors with a share of a GPU.

Results come in the order of the frames. Ray starts lost workers again and repeats what they were at; the work on a
frame depends on nothing else, so repeating it changes nothing.
"""

from __future__ import annotations

import platform
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

import msgspec

from wutdet.benchmark.frame_work import FrameTask, Measured, RenderedFrame, detect_frame, render_task
from wutdet.benchmark.plan import decisive_versions
from wutdet.detectors import Detector, DetectorInfo, describe
from wutdet.errors import ConfigError, MissingExtraError, WutdetError
from wutdet.plan_text import differences_text, plan_differences

if TYPE_CHECKING:
    from wutdet.benchmark.engine import Engine
    from wutdet.benchmark.execution import Recipe
    from wutdet.benchmark.weather import Weather
    from wutdet.dataset.load import OnError

_WAITING: Final = 2  # rendered frames that wait at each detector: enough to keep it busy
_RETRIES: Final = 5


def ray_engine(
    recipe: Recipe,
    info: DetectorInfo,
    weather: Weather,
    on_error: OnError,
    *,
    address: str | None,
    detectors: int,
    gpus_per_detector: float,
    renderers: int | None,
) -> Engine:
    """Detect in actors, render in tasks; no more frames are on their way than the cluster can hold in memory.

    Args:
        recipe: what each actor loads its detector from; a callable must pickle.
        info: what each actor's detector must say of itself.
        weather: what frames go through.
        on_error: `stop` raises at the first bad frame; `skip` leaves it out.
        address: of a running cluster; None starts one on this machine and ends it afterwards.
        detectors: how many actors.
        gpus_per_detector: share of a GPU of each; 0 runs them on a CPU.
        renderers: frames rendered at a time; None is what the cluster has CPUs for beside the actors.

    Raises:
        MissingExtraError: Ray is not installed.
        ConfigError: the cluster cannot be reached, or is too small.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise MissingExtraError("ray", "ray") from None

    def run(tasks: Iterable[FrameTask]) -> Iterator[Measured]:
        started = _connect(ray, address)
        try:
            at_once = renderers or _spare_cpus(ray, 0 if gpus_per_detector else detectors)
            settings = {"num_cpus": 0 if gpus_per_detector else 1, "num_gpus": gpus_per_detector}
            actor = ray.remote(max_restarts=-1, max_task_retries=-1, **settings)(_DetectorActor)
            wanted = _told(info)
            actors = [actor.remote(recipe, wanted) for _ in range(detectors)]
            render = ray.remote(num_cpus=1, max_retries=_RETRIES)(render_task)
            shared = ray.put(weather)
            turn = cycle(actors)
            pending = (next(turn).detect.remote(render.remote(task, shared, on_error)) for task in tasks)
            try:
                yield from _in_order(ray, pending, at_once + _WAITING * detectors)
            finally:
                for one in actors:
                    ray.kill(one)
        finally:
            if started:
                ray.shutdown()

    return run


def _in_order(ray: Any, pending: Iterator[Any], most: int) -> Iterator[Measured]:
    """Results in order; a frame is sent out when there are fewer than `most` on their way."""
    waiting = deque[Any]()
    try:
        for reference in pending:
            waiting.append(reference)
            if len(waiting) >= most:
                yield _result(ray, waiting.popleft())
        while waiting:
            yield _result(ray, waiting.popleft())
    finally:
        for reference in waiting:
            ray.cancel(reference, force=False, recursive=True)


class _DetectorActor:
    """A process that keeps a detector and answers frame by frame."""

    def __init__(self, recipe: Recipe, wanted: bytes) -> None:
        self._recipe, self._wanted = recipe, wanted
        self._detector: Detector | None = None

    def detect(self, rendered: RenderedFrame) -> Measured:
        """What a rendered frame gives.

        Raises:
            ConfigError: the detector cannot be loaded here, or is another one.
        """
        if self._detector is None:  # at work, not before, as of a start that fails Ray does not tell the error
            self._detector = self._load()
        return detect_frame(rendered, self._detector)

    def _load(self) -> Detector:
        detector = self._recipe.load()
        if differing := plan_differences(_told(describe(detector)), self._wanted):
            raise ConfigError(
                f"its detector is not the one here ({differences_text(differing)})",
                where=f"ray, node {platform.node()}",
                remedy="put the same weights and packages on every node, then the same command continues",
            )
        return detector


def _told(info: DetectorInfo) -> bytes:
    """What decides detections on a node: the detector and the versions there."""
    return msgspec.json.encode({"detector": info, "versions": decisive_versions(info)})


def _result(ray: Any, pending: Any) -> Measured:
    """What a frame gave.

    Raises:
        WutdetError: as the work on the frame raised it.
        ConfigError: a worker was lost again and again, or a detector raised something else.
    """
    try:
        measured: Measured = ray.get(pending)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        while isinstance(cause, ray.exceptions.RayTaskError):  # of a rendering that an actor waited for
            cause = cause.cause
        if isinstance(cause, WutdetError):
            raise cause from None
        lines = str(error).strip().splitlines()
        raise ConfigError(
            f"a worker failed ({lines[-1][:200] if lines else type(error).__name__})",
            where="ray",
            remedy="put it right, then the same command continues",
        ) from None
    return measured


def _connect(ray: Any, address: str | None) -> bool:
    """Join a cluster or start one; whether it is ours to end."""
    if ray.is_initialized():
        return False
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level="ERROR",
            include_dashboard=None if address else False,
            configure_logging=True,
        )
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"cannot be reached ({reason})", where=f"ray at {address}", remedy="check --address"
        ) from None
    return True


def _spare_cpus(ray: Any, taken: int) -> int:
    """CPUs beside those of the actors.

    Raises:
        ConfigError: there is none, and nothing would ever be rendered.
    """
    spare = int(ray.cluster_resources().get("CPU", 0)) - taken
    if spare < 1:
        what = f"has {spare + taken} CPUs, which the detectors take"
        raise ConfigError(what, where="ray", remedy="give fewer detectors, or a larger cluster")
    return spare
