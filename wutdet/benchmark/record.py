"""The manifest of a benchmark: the plan, the machine, and what was measured on the way."""

from __future__ import annotations

import platform
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.benchmark.plan import Plan
from wutdet.benchmark.store import FrameResult
from wutdet.dataset.files import write_aside

MANIFEST_NAME: Final = "manifest.json"
HORIZON_SOURCES: Final = ("given", "camera", "found", "fallback")


def write_manifest(
    folder: Path,
    plan: Plan,
    *,
    command: str,
    seconds: Mapping[str, Sequence[float]],
    frames: Sequence[FrameResult],
) -> None:
    """Write `manifest.json`: deterministic but for `measured`, which holds times of the frames computed just now."""
    manifest: dict[str, Any] = {
        "schema": "wutdet-manifest-1",
        "command": command,
        "plan": msgspec.to_builtins(plan),
        "horizon_sources": horizon_sources(frames),
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "processor": platform.machine(),
        },
        "measured": {
            "frames": len(next(iter(seconds.values()))),
            "median_ms_per_frame": {name: _median_ms(values) for name, values in seconds.items()},
            "total_s": {name: round(sum(values), 2) for name, values in seconds.items()},
        },
    }
    write_aside(folder / MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def horizon_sources(frames: Sequence[FrameResult]) -> dict[str, int]:
    """How many frames came by their horizon in each way; the ranges of frames with a `fallback` rest on a guess."""
    counts = Counter(frame.horizon_source for frame in frames if not frame.skipped)
    return {source: counts[source] for source in HORIZON_SOURCES}


def _median_ms(values: Sequence[float]) -> float | None:
    return round(1000 * statistics.median(values), 2) if values else None
