"""Work spread over processes, with results in the order of the tasks and few of them on the way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final, TypeVar

import cv2

from wutdet.errors import WutdetError

_AHEAD: Final = 3  # tasks a process has on the way: enough to never wait, few enough for a video's frames in memory
Task = TypeVar("Task")
Result = TypeVar("Result")


def in_order(work: Callable[[Task], Result], tasks: Iterable[Task], workers: int) -> Iterator[Result]:
    """What `work` makes of every task, in their order; tasks are drawn as they are needed.

    Processes are started anew (`spawn`), not forked: polars and OpenCV keep threads that a fork would lose. So a script
    that asks for more than one needs the guard `if __name__ == "__main__"`.

    Args:
        work: can be pickled, as can its tasks and results; expected errors are results.
        tasks: may be without end.
        workers: 1 works in this process.

    Raises:
        WutdetError: a process was ended from outside, as for want of memory.
    """
    if workers == 1:
        yield from map(work, tasks)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start)
    try:
        yield from _drawn(pool, work, tasks, workers * _AHEAD)
    except BrokenProcessPool:
        what = "a worker process ended before its time"
        raise WutdetError(what, remedy="free memory or ask for fewer --workers; the same command continues") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _drawn(
    pool: ProcessPoolExecutor, work: Callable[[Task], Result], tasks: Iterable[Task], most: int
) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for task in tasks:
        waiting.append(pool.submit(work, task))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _start() -> None:
    """In a worker: Ctrl-C is the parent's to handle; one thread each, as processes already fill the cores."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed closes nothing; its workers would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
