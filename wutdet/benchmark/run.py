"""Run a benchmark image by image: decode once, render every scenario, detect, record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wutdet.benchmark.columns import RecordedShards
from wutdet.benchmark.cost import cost_of
from wutdet.benchmark.detection_files import write_cells
from wutdet.benchmark.engine import Engine
from wutdet.benchmark.execution import Execution, Recipe, load_here, make_engine
from wutdet.benchmark.frame_work import FrameTask, Seconds
from wutdet.benchmark.plan import Plan, claim_folder, make_plan, shards
from wutdet.benchmark.record import write_manifest
from wutdet.benchmark.scoring import score_frames
from wutdet.benchmark.store import Store
from wutdet.benchmark.weather import check_cameras, make_weather
from wutdet.dataset import Dataset
from wutdet.dataset.load import OnError
from wutdet.detectors import Detector, InferenceProtocol, describe
from wutdet.errors import ConfigError, DataError
from wutdet.rendering.horizon_sources import count_sources
from wutdet.scenarios import Ambient, Camera, Cameras, Scenario, SeverityTable
from wutdet.scoring.measure import Settings
from wutdet.scoring.replicates import write_replicates
from wutdet.scoring.scores import Scores, write_scores


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder: finished, with its scores, or a part of one (`Execution.part`)."""

    out: Path
    found: Scores | None
    shards_done: int
    shards: int

    @property
    def scores(self) -> Scores:
        """The scores of a finished run.

        Raises:
            DataError: shards are missing.
        """
        if self.found is None:
            what = f"has {self.shards_done} of {self.shards} shards"
            raise DataError(what, where=self.out, remedy="run the other parts, or merge them")
        return self.found


def benchmark(
    detector: str | Path | Detector,
    dataset: Dataset,
    *,
    out: str | Path,
    scenarios: str | Sequence[Scenario] = "clear,fog:1-5,glare:1-5,rain:1-5,lowlight:1-5",
    protocol: InferenceProtocol | None = None,
    classes: dict[str, str] | None = None,
    camera: Camera | None = None,
    cameras: Cameras | str | Path | None = None,
    ambient: Ambient | None = None,
    severities: SeverityTable | str | Path | None = None,
    device: str = "cpu",
    threads: int | None = None,
    trust_weights: bool = False,
    seed: int = 0,
    on_error: OnError = "stop",
    scoring: Settings | None = None,
    execution: Execution | None = None,
    command: str = "",
    advance: Callable[[int], None] | None = None,
    advance_scoring: Callable[[int], None] | None = None,
) -> Run:
    """Measure a detector under every scenario, and score each cell.

    Recorded shards of an earlier run with the same plan are kept, so a run that was killed goes on where it was; only
    those with a skipped frame are computed anew, as its image may have been restored.
    A batch is one frame's cells in plan order: detections are byte-identical at equal device, threads and plan.

    Args:
        detector: weights, `pkg.module:factory`, or a callable from RGB uint8 frames to detections.
        dataset: a split, or a whole dataset, of which `test` (else `val`, else everything) is taken.
        out: the run folder: new, or one of the same plan.
        scenarios: in the grammar of `wutdet.scenarios.parse_scenarios`; `clear` is put first if it lacks.
        protocol: thresholds and image size, for weights.
        classes: the detector's class names that count as ship, for weights.
        camera: the nominal camera of all frames; 15 m and 60° by default.
        cameras: in its place cameras by name, or their file (`wutdet.scenarios.read_cameras`).
        ambient: the sun, the wind, the shutter, the sensor; `Ambient()` by default.
        severities: in place of the known ones, or their file (`wutdet.scenarios.own_severities`).
        device: for weights.
        threads: torch threads on the CPU, for weights.
        trust_weights: load a `.pt` file although it names code that no detector needs.
        seed: of everything that is drawn at random.
        on_error: `stop` raises at the first bad frame; `skip` leaves it out of the scores and says so there.
        scoring: bins, intervals, seed and ignored ships of the scores; a finished run given again is scored anew.
        execution: the engine, and which part of the shards to compute; it decides no result.
        command: what the user typed, for the manifest.
        advance: called with the number of frames done, recorded ones first.
        advance_scoring: called with 1 as each cell is scored.

    Raises:
        WutdetError: an argument is wrong, or a frame is bad and `on_error` is `stop`.
    """
    weather = make_weather(scenarios, camera=camera, cameras=cameras, ambient=ambient, severities=severities, seed=seed)
    chosen = dataset if dataset.split_name is not None else dataset.test_split()
    if not len(chosen):
        raise ConfigError("has no frames to benchmark", where=chosen.name, remedy="choose another --split")
    check_cameras(weather.cameras, chosen)
    how = execution or Execution()
    recipe = Recipe(detector, protocol, classes, device, threads, trust_weights)
    loaded = load_here(how, recipe)
    folder = Path(out)
    plan = claim_folder(folder, make_plan(describe(loaded), chosen, weather))
    store = Store(folder)
    pieces = list(shards(len(chosen), plan.shard_frames))
    engine = make_engine(how, recipe, loaded, weather, on_error)
    times = _compute(store, chosen, pieces, engine, how, advance)
    done = sum(store.has(number) for number in range(len(pieces)))
    if done < len(pieces):
        return Run(folder, None, done, len(pieces))
    settings = replace(scoring or Settings(), severities=weather.severities)
    return Run(folder, _finish(folder, store, plan, chosen, settings, times, command, advance_scoring), done, done)


def _compute(
    store: Store,
    dataset: Dataset,
    pieces: Sequence[range],
    engine: Engine,
    how: Execution,
    advance: Callable[[int], None] | None,
) -> list[Seconds]:
    """Record the shards of this part that are missing or lack a frame; how long each frame of a new result took."""
    cameras = dataset.images["camera"].to_list()
    mine = [number for number in range(len(pieces)) if how.takes(number)]
    missing = [number for number in mine if not _is_whole(store, number)]
    if advance is not None:
        advance(sum(len(pieces[number]) for number in mine) - sum(len(pieces[number]) for number in missing))

    def tasks() -> Iterator[FrameTask]:
        for number in missing:
            for place in pieces[number]:
                yield FrameTask(dataset[place], cameras[place])

    stream, times = engine(tasks()), list[Seconds]()
    for number in missing:
        of_shard = [next(stream) for _ in pieces[number]]
        results = [item.result for item in of_shard]
        if not (store.has(number) and store.read(number) == results):  # a frame that was bad may be bad still
            store.write(number, results)
            times += [item.seconds for item in of_shard if not item.result.skipped]
        if advance is not None:
            advance(len(of_shard))
    return times


def _is_whole(store: Store, shard: int) -> bool:
    """Whether a shard is recorded, and no frame of it was skipped."""
    return store.has(shard) and not any(frame.skipped for frame in store.skim(shard))


def _finish(
    folder: Path,
    store: Store,
    plan: Plan,
    dataset: Dataset,
    settings: Settings,
    times: Sequence[Seconds],
    command: str,
    advance: Callable[[int], None] | None,
) -> Scores:
    """Write a complete run's detections, scores and manifest."""
    count = len(list(shards(len(dataset), plan.shard_frames)))
    write_cells(folder, plan.scenarios, store.frames(count))
    recorded = RecordedShards(store, range(count), len(plan.scenarios))
    scored = score_frames(plan, dataset, recorded, settings, advance)
    write_replicates(folder, scored.cells)
    write_scores(folder, scored.scores)
    sources = count_sources(recorded.frames.horizon_sources)
    write_manifest(folder, plan, command=command, cost=cost_of(times, len(plan.scenarios)), horizon_sources=sources)
    return scored.scores
