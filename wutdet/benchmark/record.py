"""The manifest of a benchmark: the plan, the machine, and what was measured on the way."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.benchmark.cost import Cost
from wutdet.benchmark.plan import Plan
from wutdet.dataset.files import write_aside
from wutdet.errors import DataError
from wutdet.training.machine import cpu_model

MANIFEST_NAME: Final = "manifest.json"


def write_manifest(
    folder: Path,
    plan: Plan,
    *,
    command: str,
    cost: Cost,
    horizon_sources: Mapping[str, int],
) -> None:
    """Write `manifest.json`: on one machine deterministic but for `measured`, what the frames computed just now cost.

    Where none was computed, as when a run is scored anew, what an earlier call measured stays.

    Args:
        folder: of the run.
        plan: of the run.
        command: what the user typed.
        cost: of the frames computed just now.
        horizon_sources: how many frames came by their horizon in each way; ranges of `fallback` rest on a guess.
    """
    known = cost if cost.frames else read_cost(folder) or cost
    manifest: dict[str, Any] = {
        "schema": "wutdet-manifest-2",
        "command": command,
        "plan": msgspec.to_builtins(plan),
        "horizon_sources": dict(horizon_sources),
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "processor": platform.machine(),
            "cpu": cpu_model(),
        },
        "measured": msgspec.to_builtins(known),
    }
    write_aside(folder / MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a run folder; None where there is none, as in a folder of `wutdet score --out`.

    Raises:
        DataError: it cannot be read.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"unreadable manifest ({error})", where=path, remedy="run the benchmark again") from None


def read_cost(folder: Path) -> Cost | None:
    """What a run has cost, as its manifest says; None where nothing was measured.

    Raises:
        DataError: it cannot be read.
    """
    manifest = read_manifest(folder)
    if manifest is None or "measured" not in manifest or "plan" not in manifest:  # a training's measures something else
        return None
    try:
        cost = msgspec.convert(manifest["measured"], Cost)
    except msgspec.ValidationError as error:
        raise DataError(
            f"unreadable costs ({error})", where=folder / MANIFEST_NAME, remedy="run the benchmark again"
        ) from None
    return cost if cost.frames else None
