"""What a training will do: everything that decides its weights, so that a folder is continued by its own plan alone."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from wutdet._version import __version__
from wutdet.dataset import Dataset
from wutdet.dataset.claim import claim
from wutdet.detectors.runtime import versions
from wutdet.errors import ConfigError, DataError
from wutdet.plan_text import PlanSettings, differences_text, plan_differences
from wutdet.training.architecture import architecture_sha256
from wutdet.training.config import BaselineConfig

PLAN_NAME: Final = "plan.json"
_AUGMENTING: Final = ("albumentations", "albumentationsx")  # of the same module


class TrainedOn(msgspec.Struct, frozen=True, kw_only=True):
    """The frames of a training."""

    name: str
    splits: dict[str, int]
    """Frames of `train` and `val`."""
    train_sha256: str
    """Of the canonical COCO JSON of the split."""
    val_sha256: str | None
    image_bytes: int
    """The sizes of all image files, added up: notices a changed image without reading all of them."""


class TrainingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A training's settings; device and threads are not among them, and may change where it is continued."""

    schema: str = "wutdet-training-plan-1"
    baseline: BaselineConfig
    """Its weights by file name alone: a hash says which they are."""
    architecture_sha256: str | None
    """None where weights are started from, which bring their own."""
    start_weights_sha256: str | None
    """None from scratch, and where ultralytics is to download them."""
    dataset: TrainedOn
    versions: dict[str, str]


def make_plan(config: BaselineConfig, dataset: Dataset) -> TrainingPlan:
    """The plan of training a config on the `train` split of a dataset.

    Raises:
        ConfigError: ultralytics has no such architecture.
    """
    named = None if config.weights is None else Path(config.weights).name
    return TrainingPlan(
        baseline=msgspec.structs.replace(config, weights=named),
        architecture_sha256=None if config.weights else architecture_sha256(config),
        start_weights_sha256=file_sha256(config.weights),
        dataset=_trained_on(dataset),
        versions=versions()
        | {"wutdet": __version__}
        | _versions_of_augmenting()
        | (_versions_of_cutting() if config.tiles else {}),
    )


def claim_folder(out: Path, plan: TrainingPlan) -> None:
    """Make a training's folder, or take the one that has this very plan.

    Raises:
        ConfigError: the folder holds a training of another plan; the message names what differs.
        DataError: it holds something else, or cannot be made.
    """
    encoded = msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"
    refusal = DataError("exists and is not empty", where=out, remedy="choose another --out or delete it")
    stored = claim(out / PLAN_NAME, encoded, refusal)
    if stored is not None and (differing := differences(stored, plan)):
        told = differences_text(differing)
        raise ConfigError(f"holds a training of another plan ({told})", where=out, remedy="choose another --out")


def differences(stored: bytes, plan: TrainingPlan) -> list[str]:
    """What differs between a stored plan and this one, as `baseline.imgsz: 640 there, 960 here`."""
    return plan_differences(stored, msgspec.json.encode(plan), _same)


def _same(there: PlanSettings, here: PlanSettings) -> Collection[str]:
    """The folder's name of the same data; weights that were downloaded when the training began: no hash is there."""
    names = []
    if there.get("start_weights_sha256") is None and there.get("baseline.weights") == here["baseline.weights"]:
        names.append("start_weights_sha256")
    hashes = ("dataset.train_sha256", "dataset.val_sha256")
    if all(there.get(name) == here.get(name) for name in hashes):
        names.append("dataset.name")
    return names


def file_sha256(path: Path | str | None) -> str | None:
    """The hash of a file; None where there is no such file."""
    return None if path is None or not Path(path).is_file() else hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _versions_of_augmenting() -> dict[str, str]:
    """Of what ultralytics, without a word, blurs and greys one frame in a hundred with where it is installed."""
    found = {}
    for name in _AUGMENTING:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _versions_of_cutting() -> dict[str, str]:
    """Of what finds horizons and writes tiles."""
    import cv2

    return {"opencv": str(cv2.__version__)}


def _trained_on(dataset: Dataset) -> TrainedOn:
    parts = {name: dataset.split(name) for name in ("train", "val") if name in dataset.splits}
    files = {dataset.image_dir / name for part in parts.values() for name in part.images["file_name"]}
    return TrainedOn(
        name=dataset.name,
        splits={name: len(part) for name, part in parts.items()},
        train_sha256=parts["train"].sha256,
        val_sha256=parts["val"].sha256 if "val" in parts else None,
        image_bytes=sum(path.stat().st_size for path in files if path.is_file()),
    )
