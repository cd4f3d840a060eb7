"""Engines: how the frames of a run are worked off. All give the same results in the same order.

The local engine renders ahead of the detector in threads. Rendering is table look-ups inside OpenCV and numpy, which
let other threads run; so a thread overlaps with inference as a process would, without carrying 6 MB a cell from one
to another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final

from wutdet.benchmark.frame_work import FrameTask, Measured, RenderedFrame, detect_frame, render_task
from wutdet.benchmark.weather import Weather
from wutdet.cores import usable_cores
from wutdet.dataset.load import OnError
from wutdet.detectors import Detector

Engine = Callable[[Iterable[FrameTask]], Iterator[Measured]]
"""Takes frames and gives what each of them gave, in their order; frames are drawn as they are needed."""

_MOST_THREADS: Final = 4  # each holds a frame under all scenarios: 130 MB for 21 cells at 1080p


def local_engine(
    detector: Detector, weather: Weather, on_error: OnError, *, render_threads: int | None = None
) -> Engine:
    """Detect in this thread, render in others ahead of it.

    Args:
        detector: what measures.
        weather: what frames go through.
        on_error: `stop` raises at the first bad frame; `skip` leaves it out.
        render_threads: frames that are rendered at a time; 0 renders between detections, None chooses one less than
            there are cores, 1 to 4.
    """
    threads = default_threads() if render_threads is None else render_threads
    render = partial(render_task, weather=weather, on_error=on_error)

    def run(tasks: Iterable[FrameTask]) -> Iterator[Measured]:
        for rendered in _ahead(render, tasks, threads):
            yield detect_frame(rendered, detector)

    return run


def default_threads() -> int:
    """One less than the cores that this process may use, 1 to 4."""
    return min(max(usable_cores() - 1, 1), _MOST_THREADS)


def _ahead(
    render: Callable[[FrameTask], RenderedFrame], tasks: Iterable[FrameTask], threads: int
) -> Iterator[RenderedFrame]:
    """The rendered frames in order; while one is taken, as many as there are threads are on their way."""
    if threads < 1:
        yield from map(render, tasks)
        return
    waiting: deque[Future[RenderedFrame]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="render") as pool:
        try:
            for task in tasks:
                waiting.append(pool.submit(render, task))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
