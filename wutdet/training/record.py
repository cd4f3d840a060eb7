"""The manifest of a training: what a stranger needs to repeat it."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path
from typing import Any

import msgspec

from wutdet.dataset import Dataset
from wutdet.dataset.files import write_aside
from wutdet.detectors.runtime import versions
from wutdet.training.config import BaselineConfig


def write_manifest(
    folder: Path,
    config: BaselineConfig,
    dataset: Dataset,
    *,
    chosen: str,
    device: str,
    threads: int,
    seconds: float,
) -> None:
    """Write `manifest.json`; what was measured stands apart under `measured`."""
    manifest: dict[str, Any] = {
        "schema": "wutdet-training-1",
        "baseline": msgspec.to_builtins(config),
        "start_weights_sha256": _sha256(config.weights),
        "dataset": {
            "name": dataset.name,
            "splits": {name: dataset.splits[name] for name in ("train", "val") if name in dataset.splits},
            "train_sha256": dataset.split("train").sha256,
        },
        "horizons_given": dataset.images["horizon_row"].count(),
        "left_out": [problem.message for problem in dataset.problems],
        "device": device,
        "threads": threads,
        "chosen_epoch": chosen,
        "weights_sha256": _sha256(folder / "weights.pt"),
        "versions": versions() | {"python": platform.python_version()},
        "machine": {"system": platform.system(), "processor": platform.machine()},
        "measured": {"seconds": round(seconds, 1)},
    }
    write_aside(folder / "manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def _sha256(path: Path | str | None) -> str | None:
    return None if path is None or not Path(path).is_file() else hashlib.sha256(Path(path).read_bytes()).hexdigest()
