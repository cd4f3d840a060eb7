"""Measure a detector under every scenario, resumably.

The package and the function share a name: `wutdet.benchmark(...)` works whichever was imported first.
"""

import sys
from types import ModuleType
from typing import Any

from wutdet.benchmark.run import Run, benchmark
from wutdet.scoring.scores import CellScores, Scores, read_scores

__all__ = ["CellScores", "Run", "Scores", "benchmark", "read_scores"]


class _Callable(ModuleType):
    """A module that is called as its function is; Python binds it to `wutdet.benchmark` when it is imported."""

    def __call__(self, *args: Any, **kwargs: Any) -> Run:
        return benchmark(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
