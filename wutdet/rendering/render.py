"""Write degraded copies of frames, with their labels, for detectors that wutdet does not run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from wutdet.cores import usable_cores
from wutdet.dataset.frame_source import DatasetFrames, FrameSource
from wutdet.dataset.source_frame import SourceFrame
from wutdet.errors import ConfigError, DataError, FrameError, WutdetError
from wutdet.rendering.checks import check_names, check_out, check_space
from wutdet.rendering.encode import FORMATS, ImageFormat
from wutdet.rendering.frame_job import Failure, FrameRecord, FrameTask, Job, left_out, write_copies
from wutdet.rendering.horizon_sources import count_sources, fallback_warning
from wutdet.rendering.labels import write_labels
from wutdet.rendering.names import copy_name
from wutdet.rendering.plan import (
    RenderPlan,
    ScenarioInfo,
    camera_info,
    claim_folder,
    installed_versions,
    scenario_info,
    source_info,
)
from wutdet.rendering.processes import in_order
from wutdet.rendering.records import RECORD_FRAMES, Records
from wutdet.scenarios import (
    PIXELS,
    Ambient,
    Cameras,
    Scenario,
    SeverityTable,
    known_severities,
    parse_scenarios,
)

IMAGES: Final = "images"
_MOST_WORKERS: Final = 8  # beyond it disks are what is waited for
OnError = Literal["stop", "skip"]


@dataclass(frozen=True, slots=True)
class ScenarioCopies:
    """The copies of one scenario: a dataset of its own where there are labels."""

    scenario: str
    folder: Path
    """Holds `images/`, and `annotations/` where there are labels; `wutdet.load` takes it."""
    labels: Path | None
    """`annotations/`; None where there are no labels."""
    files: int
    """Copies, each an image file."""
    file_bytes: int
    """Of all of them."""


@dataclass(frozen=True, slots=True)
class Copies:
    """What was written."""

    out: Path
    scenarios: tuple[ScenarioCopies, ...]
    frames: int
    """Of each scenario."""
    left_out: tuple[str, ...]
    """Why, a line a frame."""
    horizon_sources: dict[str, int]
    """How many frames came by their horizon in each way, as `horizon_sources.SOURCES` has them."""
    warnings: tuple[str, ...]
    """One line each."""


def render(
    source: FrameSource,
    scenarios: str | Sequence[Scenario],
    out: str | Path,
    *,
    image_format: ImageFormat = "png",
    cameras: Cameras | None = None,
    ambient: Ambient | None = None,
    severities: SeverityTable | None = None,
    ignore_below: float | None = None,
    seed: int = 0,
    on_error: OnError = "stop",
    workers: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> Copies:
    """Render every frame under every scenario and write the copies, resumably.

    `OUT/fog_3/images` holds the frames under `fog:3`, `OUT/fog_3/annotations` their labels, with the transmittance and
    the contrast that the fog leaves of each ship. A rendering that was stopped goes on where it was. Its pixels are
    those that `wutdet benchmark` gives its detector for the same frame, seed and camera, in any number of workers.

    Args:
        source: frames, as `wutdet.dataset.frame_source.open_frames` gives them.
        scenarios: in the grammar of `wutdet.scenarios.parse_scenarios`.
        out: the folder: new, or one of the same plan.
        image_format: `png`, which keeps every pixel, or `jpg`.
        cameras: by name, with their horizons; 15 m and 60° by default. A horizon of the frame's own comes first.
        ambient: the sun, the wind, the shutter, the sensor.
        severities: in place of the known ones.
        ignore_below: ships with less contrast left are crowds in the labels; None: none are.
        seed: of everything that is drawn at random.
        on_error: `stop` raises at the first bad frame; `skip` leaves it out.
        workers: processes; None is one a core, up to 8. More than one need the guard `if __name__ == "__main__"`.
        advance: called with the number of frames done, recorded ones too.

    Raises:
        WutdetError: an argument is wrong, a frame is bad and `on_error` is `stop`, or a copy cannot be written.
    """
    folder, table, eyes = Path(out), severities or known_severities(), cameras or Cameras()
    listed = parse_scenarios(scenarios, severities) if isinstance(scenarios, str) else tuple(dict.fromkeys(scenarios))
    if ignore_below is not None and not source.labelled:
        raise ConfigError("has no labels, so ignore_below means nothing", where=source.name, remedy="leave it out")
    check_names(source, image_format)
    check_out(source, folder)
    _check_cameras(source, eyes)
    infos = tuple(scenario_info(scenario, table) for scenario in listed)
    plan = RenderPlan(
        source=source_info(source),
        scenarios=infos,
        image_format=image_format,
        pixels=FORMATS[image_format],
        ignore_below=ignore_below,
        camera=camera_info(eyes.default),
        cameras={name: camera_info(entry) for name, entry in sorted(eyes.entries.items())},
        ambient=asdict(ambient or Ambient()),
        seed=seed,
        versions=installed_versions(),
        scenario_pixels=PIXELS,
    )
    job = Job(
        folders=tuple(folder / info.folder / IMAGES for info in infos),
        values=tuple(info.values for info in infos),
        ambient=ambient or Ambient(),
        seed=seed,
        image_format=image_format,
    )
    make_task = partial(_task, cameras=eyes, image_format=image_format)
    claim_folder(folder, plan)
    if not _begun(job):  # by its copies: a plan is there as well when the disk was found too full before
        check_space(source, job, make_task, folder)
    with _told_in_one_line(folder):
        records = Records(folder, job.folders)
        records.sweep()
    count = _write_all(source, make_task, job, records, workers or default_workers(), on_error, advance)
    return _finish(source, infos, folder, records, count, ignore_below)


def default_workers() -> int:
    """One for each core that this process may use, up to 8."""
    return min(usable_cores(), _MOST_WORKERS)


def _task(frame: SourceFrame, cameras: Cameras, image_format: ImageFormat) -> FrameTask:
    camera, mounted = cameras.of(frame.camera, frame.width, frame.height)
    own = frame.horizon_row
    from_camera = own is None and mounted is not None
    return FrameTask(frame, camera, mounted if own is None else own, from_camera, copy_name(frame.name, image_format))


def _write_all(
    source: FrameSource,
    make_task: Callable[[SourceFrame], FrameTask],
    job: Job,
    records: Records,
    workers: int,
    on_error: OnError,
    advance: Callable[[int], None] | None,
) -> int:
    """Write the copies that are not recorded; returns how many records there are."""
    groups: deque[tuple[int, list[FrameTask]]] = deque()
    count = 0

    def missing() -> Iterator[FrameTask]:
        nonlocal count
        before = 0  # frames that an earlier call has copied: told together, so that they are in no rate
        for number, frames in enumerate(_batches(source)):
            count = number + 1
            if records.done(number) is not None:
                before += len(frames)
                continue
            _tell(advance, before)
            before = 0
            tasks = [make_task(frame) for frame in frames]
            groups.append((number, tasks))
            yield from tasks
        _tell(advance, before)

    done: list[FrameRecord] = []
    for result in in_order(partial(write_copies, job), missing(), workers):
        number, tasks = groups[0]
        if isinstance(result, Failure):
            if not (result.of_frame and on_error == "skip"):
                kind = FrameError if result.of_frame else WutdetError
                raise kind(result.what, where=result.where, remedy=result.remedy)
            result = left_out(tasks[len(done)], f"{result.where}: {result.what}")
        done.append(result)
        if len(done) == len(tasks):
            with _told_in_one_line(job.folders[0]):
                records.write(number, done)
            _tell(advance, len(done))
            groups.popleft()
            done = []
    return count


def _finish(
    source: FrameSource,
    infos: Sequence[ScenarioInfo],
    out: Path,
    records: Records,
    count: int,
    ignore_below: float | None,
) -> Copies:
    """Write the labels, last, and sum up."""
    written = [record for number in range(count) for record in records.done(number) or ()]
    good = [record for record in written if not record.left_out]
    copies = []
    for place, info in enumerate(infos):
        folder, labels = out / info.folder, None
        if isinstance(source, DatasetFrames):
            labels = folder / "annotations"
            with _told_in_one_line(labels):
                write_labels(source.dataset, info.scenario, place, good, folder, ignore_below)
        file_bytes = sum(record.file_bytes[place] for record in good)
        copies.append(ScenarioCopies(info.scenario, folder, labels, len(good), file_bytes))
    left = tuple(record.left_out for record in written if record.left_out)
    sources = count_sources(record.horizon_source for record in good)
    return Copies(out, tuple(copies), len(good), left, sources, tuple(fallback_warning(sources)))


def _check_cameras(source: FrameSource, cameras: Cameras) -> None:
    """Refuse, where sizes are known before any work, a horizon that was read on frames of another shape."""
    if isinstance(source, DatasetFrames):
        for row in source.dataset.images.select("camera", "width", "height").unique(maintain_order=True).iter_rows():
            cameras.of(*row)


def _begun(job: Job) -> bool:
    return any(folder.is_dir() and any(folder.iterdir()) for folder in job.folders)


@contextmanager
def _told_in_one_line(where: Path) -> Iterator[None]:
    """A full disk is the user's to mend, whichever file it is met at."""
    try:
        yield
    except OSError as error:
        what, remedy = f"cannot be written ({error.strerror})", "make room, and give the same command again"
        raise DataError(what, where=error.filename or where, remedy=remedy) from None


def _tell(advance: Callable[[int], None] | None, frames: int) -> None:
    if advance is not None:
        advance(frames)


def _batches(source: FrameSource) -> Iterator[list[SourceFrame]]:
    """The frames, as many together as one record holds."""
    frames = iter(source)
    while batch := list(islice(frames, RECORD_FRAMES)):
        yield batch
