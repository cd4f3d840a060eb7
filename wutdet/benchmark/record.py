"""The manifest of a benchmark: the plan, the machine, and what was measured on the way."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.benchmark.cost import Cost
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
    cost: Cost,
    frames: Sequence[FrameResult],
) -> None:
    """Write `manifest.json`: deterministic but for `measured`, what the frames computed just now have cost."""
    manifest: dict[str, Any] = {
        "schema": "wutdet-manifest-2",
        "command": command,
        "plan": msgspec.to_builtins(plan),
        "horizon_sources": horizon_sources(frames),
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "processor": platform.machine(),
        },
        "measured": msgspec.to_builtins(cost),
    }
    write_aside(folder / MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def horizon_sources(frames: Sequence[FrameResult]) -> dict[str, int]:
    """How many frames came by their horizon in each way; the ranges of frames with a `fallback` rest on a guess."""
    counts = Counter(frame.horizon_source for frame in frames if not frame.skipped)
    return {source: counts[source] for source in HORIZON_SOURCES}
