"""What a run has cost: the time of each stage, the rate, and the most memory."""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Final

import msgspec
import numpy as np

from wutdet.benchmark.frame_work import Seconds

WARM_UP: Final = 1
"""Frames left out of medians: the first call of a detector allocates, compiles and chooses algorithms."""
_PER_CELL: Final = ("detect", "preprocess", "infer", "postprocess")


class StageCost(msgspec.Struct, frozen=True, kw_only=True):
    """The time of one stage."""

    per: str
    """`frame`: decoding and rendering, of all cells; `cell`: what the detector does to one picture."""
    median_ms: float
    p95_ms: float
    total_s: float


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What the frames computed by one call have cost; frames of earlier calls and bad ones are not counted."""

    frames: int
    warm_up: int
    """Of them left out of medians and rates."""
    cells: int
    """Scenarios of a frame."""
    stages: dict[str, StageCost]
    cells_per_s: float | None
    """Pictures the detector does in a second, in batches of one frame's cells; None without a frame after warm-up."""
    peak_memory_mb: float
    """Of this process, over its life."""
    peak_gpu_memory_mb: float | None
    """That torch allocated; None without a GPU."""


def cost_of(times: Sequence[Seconds], cells: int) -> Cost:
    """Sum up the times of frames.

    Args:
        times: of each frame, the first of the call first.
        cells: scenarios of a frame.
    """
    steady = times[WARM_UP:]
    stages = {}
    for item in fields(Seconds):
        known = [value for value in (getattr(one, item.name) for one in times) if value is not None]
        if not known or len(known) < len(times):
            continue
        share = cells if item.name in _PER_CELL else 1
        values = 1000.0 * np.array(known[WARM_UP:] or known) / share
        stages[item.name] = StageCost(
            per="cell" if item.name in _PER_CELL else "frame",
            median_ms=round(float(np.median(values)), 3),
            p95_ms=round(float(np.percentile(values, 95)), 3),
            total_s=round(sum(known), 3),
        )
    detecting = sum(one.detect for one in steady)
    return Cost(
        frames=len(times),
        warm_up=min(WARM_UP, len(times)),
        cells=cells,
        stages=stages,
        cells_per_s=round(len(steady) * cells / detecting, 2) if detecting > 0.0 else None,
        peak_memory_mb=_peak_memory_mb(),
        peak_gpu_memory_mb=_peak_gpu_memory_mb(),
    )


def _peak_memory_mb() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit_bytes = 1 if sys.platform == "darwin" else 1024
    return round(most * unit_bytes / 1e6, 1)


def _peak_gpu_memory_mb() -> float | None:
    """Asked only of a torch that a detector has loaded."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return round(float(torch.cuda.max_memory_allocated()) / 1e6, 1)
