"""Run a benchmark image by image: decode once, render every scenario, detect, record."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from wutdet.benchmark.plan import claim_folder, make_plan, shards
from wutdet.benchmark.record import write_manifest
from wutdet.benchmark.scoring import score_frames
from wutdet.benchmark.store import CellResult, FrameResult, Store, cell_result
from wutdet.benchmark.weather import Weather, check_cameras, make_weather, render_frame
from wutdet.dataset import Dataset, Frame
from wutdet.dataset.load import OnError
from wutdet.detectors import Detector, InferenceProtocol, describe, load_detector
from wutdet.errors import ConfigError, FrameError
from wutdet.scenarios import Ambient, Camera, Cameras, Scenario, SeverityTable
from wutdet.scoring.measure import Settings
from wutdet.scoring.replicates import write_replicates
from wutdet.scoring.scores import Scores, write_scores


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: its folder and its scores."""

    out: Path
    scores: Scores


@dataclass(slots=True)
class Timings:
    """Seconds of each stage, one entry a frame; inference is of all cells of the frame together."""

    decode: list[float] = field(default_factory=list)
    render: list[float] = field(default_factory=list)
    detect: list[float] = field(default_factory=list)


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
    command: str = "",
    advance: Callable[[int], None] | None = None,
    advance_scoring: Callable[[int], None] | None = None,
) -> Run:
    """Measure a detector under every scenario, and score each cell.

    Recorded shards of an earlier run with the same plan are kept, so a run that was killed goes on where it was.
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
    loaded = load_detector(
        detector, protocol=protocol, classes=classes, device=device, threads=threads, trust_weights=trust_weights
    )
    plan = make_plan(describe(loaded), chosen, weather)
    folder = Path(out)
    claim_folder(folder, plan)
    store, timings = Store(folder), Timings()
    frame_cameras = chosen.images["camera"].to_list()
    pieces = list(shards(len(chosen), plan.shard_frames))
    for number, places in enumerate(pieces):
        if not store.has(number):
            found = [
                _run_frame(chosen[place], frame_cameras[place], loaded, weather, on_error, timings) for place in places
            ]
            store.write(number, found)
        if advance is not None:
            advance(len(places))
    frames = list(store.frames(len(pieces)))
    for cell, scenario in enumerate(plan.scenarios):
        store.write_cell(scenario, frames, cell)
    settings = replace(scoring or Settings(), severities=weather.severities)
    scored = score_frames(plan, chosen, frames, settings, advance_scoring)
    write_replicates(folder, scored.cells)
    write_scores(folder, scored.scores)
    measured = {"decode": timings.decode, "render": timings.render, "detect": timings.detect}
    write_manifest(folder, plan, command=command, seconds=measured, frames=frames)
    return Run(folder, scored.scores)


def _run_frame(
    frame: Frame,
    frame_camera: str | None,
    detector: Detector,
    weather: Weather,
    on_error: OnError,
    timings: Timings,
) -> FrameResult:
    start = time.perf_counter()
    try:
        image = frame.image
    except FrameError as error:
        if on_error == "stop":
            raise
        return FrameResult(frame.image_id, "", (0.0, 0.0), str(error), [])
    decoded = time.perf_counter()
    views = render_frame(image, frame, frame_camera, weather)
    rendered = views.rendered
    drawn = time.perf_counter()
    found = detector([view.image for view in rendered])
    if not isinstance(found, list) or len(found) != len(rendered):
        count = len(found) if isinstance(found, list) else f"a {type(found).__name__}, not a list of"
        remedy = "return one Detections for each frame it is given"
        raise ConfigError(f"the detector returned {count} results for {len(rendered)} frames", remedy=remedy)
    timings.decode.append(decoded - start)
    timings.render.append(drawn - decoded)
    timings.detect.append(time.perf_counter() - drawn)
    results: list[CellResult] = [
        cell_result(detections, view.transmittance, view.contrast)
        for detections, view in zip(found, rendered, strict=True)
    ]
    horizon_px = (round(views.horizon.row_left, 3), round(views.horizon.row_right, 3))
    return FrameResult(frame.image_id, views.horizon_source, horizon_px, "", results)
