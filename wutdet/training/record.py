"""The manifest of a training: what a stranger needs to repeat it."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.training.checkpoints import read_checkpoint
from wutdet.training.epochs import RESULTS_NAME, epochs_run, seconds_per_epoch
from wutdet.training.machine import this_machine
from wutdet.training.plan import TrainingPlan, file_sha256
from wutdet.training.running import Job
from wutdet.training.sessions import energy_wh, read_sessions
from wutdet.training.tile_files import count_tiles

MANIFEST_NAME: Final = "manifest.json"
WEIGHTS_NAME: Final = "weights.pt"
_PLACES: Final = ("model", "data", "project", "name", "save_dir", "resume", "exist_ok", "pretrained")


def write_manifest(job: Job, plan: TrainingPlan, *, chosen: str) -> None:
    """Write `manifest.json`; what was measured stands apart under `measured`.

    Args:
        job: what was trained.
        plan: its plan.
        chosen: `best` or `last`: whose weights are the result.
    """
    folder, dataset, table = job.folder, job.dataset, job.save_folder / RESULTS_NAME
    sessions = read_sessions(folder)
    manifest: dict[str, Any] = {
        "schema": "wutdet-training-2",
        "baseline": msgspec.to_builtins(plan.baseline),
        "architecture_sha256": plan.architecture_sha256,
        "start_weights_sha256": plan.start_weights_sha256,
        "dataset": msgspec.to_builtins(plan.dataset),
        "horizons_given": dataset.images["horizon_row"].count(),
        "tiles": _tile_counts(job),
        "left_out": [problem.message for problem in dataset.problems],
        "device": job.device,
        "threads": job.threads,
        "epochs_run": epochs_run(table),
        "resumed_after_epochs": [item.first_epoch - 1 for item in sessions if item.first_epoch > 1],
        "chosen_epoch": chosen,
        "weights_sha256": file_sha256(folder / WEIGHTS_NAME),
        "settings": used_settings(folder / WEIGHTS_NAME),
        "versions": plan.versions | {"python": platform.python_version()},
        "machine": msgspec.to_builtins(this_machine(job.device)),
        "measured": {
            "seconds": round(sum(item.seconds for item in sessions), 1),
            "seconds_per_epoch": _rounded(seconds_per_epoch(table, {item.first_epoch for item in sessions})),
            "energy_wh": energy_wh(sessions),
            "sessions": msgspec.to_builtins(sessions),
        },
    }
    write_aside(folder / MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def _tile_counts(job: Job) -> dict[str, Any] | None:
    """The tiles of each split; None where whole frames alone were trained on."""
    if job.config.tiles is None:
        return None
    splits = sorted({split for tile in job.tiles for split in tile.splits})
    return {split: msgspec.to_builtins(count_tiles(job.tiles, split)) for split in splits}


def used_settings(weights: Path) -> dict[str, Any]:
    """Every setting of ultralytics that the weights were trained with, but for names of files and folders."""
    settings = read_checkpoint(weights).get("train_args") or {}
    return {name: value for name, value in settings.items() if name not in _PLACES and _is_plain(value)}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
