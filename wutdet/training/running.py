"""Run ultralytics' trainer, from the start or from a checkpoint."""

from __future__ import annotations

import functools
import importlib.util
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wutdet.dataset import Dataset
from wutdet.dataset.yolo import IMAGES
from wutdet.detectors.runtime import set_torch_threads
from wutdet.errors import ConfigError
from wutdet.training.architecture_check import check_layout
from wutdet.training.checkpoints import Checkpoint, keep_copies
from wutdet.training.config import BaselineConfig, Value
from wutdet.training.data import TILES
from wutdet.training.epochs import RESULTS_NAME, Epoch, drop_rows_after, epoch_callback, followed_results
from wutdet.training.known_frames import known_frames, known_tiles
from wutdet.training.tile_files import Tile
from wutdet.training.weather_trainer import weather_trainer

SAVE_FOLDER: Final = "ultralytics"
"""Ultralytics' own folder inside that of a training."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to train on what, where."""

    config: BaselineConfig
    dataset: Dataset
    data: Path
    """`data.yaml`."""
    folder: Path
    device: str
    threads: int
    val: bool
    """Whether epochs are validated."""
    tiles: tuple[Tile, ...] = ()
    """Of the frames, where the config wants some."""
    trust_weights: bool = False
    """Start weights may bring an architecture that runs code."""

    @property
    def save_folder(self) -> Path:
        """Where ultralytics writes."""
        return self.folder / SAVE_FOLDER


def run_job(
    ultralytics: Any,
    job: Job,
    *,
    start_from: str,
    checkpoint: Checkpoint | None,
    trained: Callable[[int], None],
    tell: Callable[[Epoch], None],
) -> None:
    """Train to the end.

    Args:
        ultralytics: the module.
        job: what to train.
        start_from: an architecture or weights; not looked at where there is a checkpoint.
        checkpoint: to go on from, of the same plan.
        trained: called with the number of an epoch before its checkpoint is written; not with several devices.
        tell: called after every epoch.

    Raises:
        ConfigError: the weights cannot be loaded or may run code, or ultralytics refuses a setting.
    """
    model = _load(ultralytics, start_from if checkpoint is None else str(checkpoint.path))
    if checkpoint is None and not job.trust_weights:
        check_layout(getattr(model.model, "yaml", None), start_from)  # of which ultralytics builds the model anew
    model.add_callback("on_train_start", functools.partial(_use_threads, threads=job.threads))
    model.add_callback("on_model_save", keep_copies)
    table = job.save_folder / RESULTS_NAME
    if checkpoint is None:
        settings = _fresh_settings(job)
    else:
        settings = _resumed_settings(job, checkpoint)
        drop_rows_after(table, checkpoint.epochs_done or 0)
    with ExitStack() as stack:
        if names_several(job.device):  # ultralytics trains in other processes, which `tell` does not reach
            stack.enter_context(followed_results(table, tell, of=job.config.epochs, val=job.val))
        else:
            model.add_callback("on_train_epoch_end", lambda trainer: trained(trainer.epoch + 1))
            model.add_callback("on_fit_epoch_end", epoch_callback(tell))
        try:
            model.train(trainer=_trainer(model, job), data=str(job.data), device=job.device, val=job.val, **settings)
        except NotImplementedError as error:  # an optimiser that ultralytics does not know
            remedy = "choose one that ultralytics has"
            raise ConfigError(str(error).split(". ")[0], where=job.config.name, remedy=remedy) from None
        except subprocess.CalledProcessError as error:
            what = f"training on several devices ended with exit code {error.returncode}"
            raise ConfigError(what, where=f"--device {job.device}", remedy="see what is printed above") from None


def names_several(device: str) -> bool:
    """Whether a device names several, for which ultralytics starts a process each."""
    return "," in device


def check_several(device: str) -> None:
    """Refuse several devices where the package is missing by which ultralytics hands a trainer to its processes.

    Raises:
        ConfigError: it is missing.
    """
    if names_several(device) and importlib.util.find_spec("cloudpickle") is None:
        remedy = "install it with: pip install cloudpickle"
        raise ConfigError(
            "ultralytics needs cloudpickle for several devices", where=f"--device {device}", remedy=remedy
        )


def _load(ultralytics: Any, start_from: str) -> Any:
    try:
        return ultralytics.YOLO(start_from, task="detect")  # an RT-DETR where its head is one
    except (OSError, RuntimeError) as error:  # a name that must be fetched and cannot be
        reason = str(error).strip().split("\n")[0][:120]
        raise ConfigError(f"cannot load it ({reason})", where=start_from, remedy="give a file with --weights") from None


def _fresh_settings(job: Job) -> dict[str, Value]:
    config = job.config
    return {
        "verbose": False,
        "plots": False,  # plotting fetches a font
        "workers": 2,
        "deterministic": True,
        **{name: value for name, value in config.overrides.items() if name != "val"},
        "imgsz": config.imgsz,
        "epochs": config.epochs,
        "batch": config.batch,
        "seed": config.seed,
        "project": str(job.folder.resolve()),
        "name": SAVE_FOLDER,
        "exist_ok": True,
    }


def _resumed_settings(job: Job, checkpoint: Checkpoint) -> dict[str, Value]:
    """What a checkpoint does not bring itself: where it lies now, and what depends on the device."""
    return {
        "resume": str(checkpoint.path),
        "save_dir": str(job.save_folder.resolve()),
        "workers": job.config.overrides.get("workers", 2),
    }


def _trainer(model: Any, job: Job) -> type[Any] | None:
    """What trains: ultralytics' own trainer (None), or one that gives training frames weather."""
    if job.config.weather is None:
        return None
    base, folder = model.task_map[model.task]["trainer"], job.data.parent / IMAGES
    known = known_frames(job.dataset, folder)
    if job.config.tiles is not None:
        known |= known_tiles(job.dataset, folder, job.tiles, tile_dir=folder / TILES, settings=job.config.tiles)
    return weather_trainer(job.config.weather, known, base=base)


def _use_threads(_trainer: Any, threads: int) -> None:
    """A function and no closure: ultralytics pickles it for other processes."""
    set_torch_threads(threads)
