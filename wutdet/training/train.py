"""Train a baseline with ultralytics: a config and a dataset in, weights and a manifest out."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wutdet.dataset import Dataset
from wutdet.dataset.files import new_folder
from wutdet.dataset.load import OnError
from wutdet.dataset.whole import whole_frames
from wutdet.dataset.yolo import IMAGES, write_yolo
from wutdet.detectors.checkpoint import check_checkpoint
from wutdet.detectors.runtime import check_device, default_threads, import_ultralytics, set_torch_threads
from wutdet.errors import ConfigError, DataError
from wutdet.training.architecture import write_architecture
from wutdet.training.config import BaselineConfig, Value, load_baseline
from wutdet.training.overrides import apply_overrides
from wutdet.training.record import write_manifest
from wutdet.training.weather_trainer import check_one_device, weather_trainer

_REFUSED = ("data", "model", "project", "name", "resume", "exist_ok", "save_dir", "mode", "task", "pretrained")


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is known after an epoch."""

    number: int
    """From 1."""
    of: int
    map50: float | None
    """Ultralytics' own mAP50 on the val split, a rough guide; None when it was not measured."""


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """The result of a training: a folder with `weights.pt` and `manifest.json`."""

    out: Path
    weights: Path
    config: BaselineConfig


def train(
    baseline: str | Path | BaselineConfig,
    dataset: Dataset,
    *,
    out: str | Path,
    weights: str | Path | None = None,
    device: str = "cpu",
    threads: int | None = None,
    trust_weights: bool = False,
    on_error: OnError = "stop",
    on_epoch: Callable[[Epoch], None] | None = None,
    **overrides: Any,
) -> TrainedRun:
    """Train on the dataset's `train` split, choosing the epoch on its `val` split where there is one.

    Args:
        baseline: a name in configs/baselines, a YAML file, or a config.
        dataset: has a split `train`; a split `test` is not looked at.
        out: a new folder for the run.
        weights: a file to start from, in place of the config's.
        device: as ultralytics names them: `cpu`, `0`, `0,1`, `mps`.
        threads: torch threads on the CPU; all cores by default.
        trust_weights: start from a `.pt` file although it names code that no detector needs.
        on_error: `stop` raises at the first frame whose image is not whole; `skip` leaves it out, and the
            manifest lists it.
        on_epoch: called after every epoch.
        **overrides: `epochs`, `imgsz`, `batch`, `seed`, `weather` (None, a mapping or a `WeatherAugmentation`; or one
            field of it as `**{"weather.p": 0.3}`) and ultralytics' own settings.

    Raises:
        ConfigError: the baseline, a setting or the weights are wrong.
        ScenarioError: a range of the weather is wrong.
        DataError: there is nothing to train on, or `out` is taken.
        MissingExtraError: ultralytics is not installed.
    """
    config = baseline if isinstance(baseline, BaselineConfig) else load_baseline(baseline)
    if weights is not None:
        if not Path(weights).is_file():
            raise ConfigError("no such weights file", where=weights, remedy="give an existing .pt file")
        config = _with_weights(config, Path(weights))
    if config.weights is not None and Path(config.weights).is_file() and not trust_weights:
        check_checkpoint(Path(config.weights))
    ultralytics = import_ultralytics(online=_names_a_download(config))
    config = apply_overrides(config, overrides, known=_settings())
    check_device(device)
    if config.weather is not None:
        check_one_device(device)
    _check_settings(config)
    _require_train(dataset)
    dataset = whole_frames(dataset, on_error=on_error)
    folder = new_folder(Path(out))
    started = time.monotonic()
    data, has_val = _write_data(dataset, folder)
    validate = has_val and config.overrides.get("val", True) is True
    chosen = "best" if config.select == "best" and validate else "last"
    start_from = config.weights or str(write_architecture(config, folder))
    trained = _run(
        ultralytics,
        start_from,
        config,
        trainer=_trainer(config, dataset, data),
        data=data,
        folder=folder,
        device=device,
        threads=threads or default_threads(),
        val=validate,
        on_epoch=on_epoch,
    )
    shutil.copyfile(trained / "weights" / f"{chosen}.pt", folder / ".weights.pt.part")
    (folder / ".weights.pt.part").rename(folder / "weights.pt")
    write_manifest(
        folder,
        config,
        dataset,
        chosen=chosen,
        device=device,
        threads=threads or default_threads(),
        seconds=time.monotonic() - started,
    )
    return TrainedRun(folder, folder / "weights.pt", config)


def _run(
    ultralytics: Any,
    start_from: str,
    config: BaselineConfig,
    *,
    trainer: type[Any] | None,
    data: Path,
    folder: Path,
    device: str,
    threads: int,
    val: bool,
    on_epoch: Callable[[Epoch], None] | None,
) -> Path:
    """Run ultralytics' trainer; returns its save folder."""
    try:
        model = ultralytics.YOLO(start_from, task="detect")
    except (OSError, RuntimeError) as error:  # a name that must be fetched and cannot be
        reason = str(error).strip().split("\n")[0][:120]
        raise ConfigError(f"cannot load it ({reason})", where=start_from, remedy="give a file with --weights") from None
    model.add_callback("on_train_start", lambda _: set_torch_threads(threads))
    if on_epoch is not None:
        model.add_callback("on_fit_epoch_end", lambda trainer: _tell(trainer, on_epoch))
    settings: dict[str, Value] = {
        "verbose": False,
        "plots": False,  # plotting fetches a font
        "workers": 2,
        "deterministic": True,
        **config.overrides,
        "val": val,
        "imgsz": config.imgsz,
        "epochs": config.epochs,
        "batch": config.batch,
        "seed": config.seed,
    }
    try:
        model.train(
            trainer=trainer,
            data=str(data),
            project=str(folder.resolve()),
            name="ultralytics",
            exist_ok=True,
            device=device,
            **settings,
        )
    except NotImplementedError as error:  # an optimiser that ultralytics does not know
        raise ConfigError(
            str(error).split(". ")[0], where=config.name, remedy="choose one that ultralytics has"
        ) from None
    return Path(model.trainer.save_dir)


def _trainer(config: BaselineConfig, dataset: Dataset, data: Path) -> type[Any] | None:
    """What trains: ultralytics' own trainer (None), or one that gives training frames weather."""
    if config.weather is None:
        return None
    return weather_trainer(config.weather, dataset, image_dir=data.parent / IMAGES)


def _tell(trainer: Any, on_epoch: Callable[[Epoch], None]) -> None:
    """Report an epoch; ultralytics calls once more after the last, when it has validated the best weights."""
    map50 = (trainer.metrics or {}).get("metrics/mAP50(B)") if trainer.args.val else None
    if trainer.epoch < trainer.epochs:
        on_epoch(Epoch(trainer.epoch + 1, trainer.epochs, None if map50 is None else float(map50)))


def _require_train(dataset: Dataset) -> None:
    if "train" not in dataset.splits:
        known = ", ".join(dataset.splits) or "none"
        raise DataError(
            f"no split 'train' (there is {known})", where=dataset.name, remedy="give lists with --splits DIR"
        )


def _check_settings(config: BaselineConfig) -> None:
    """Let ultralytics check the values of its own settings before anything is written."""
    from ultralytics.cfg import get_cfg

    fields = {"imgsz": config.imgsz, "epochs": config.epochs, "batch": config.batch, "seed": config.seed}
    try:
        get_cfg(overrides={**config.overrides, **fields})
    except (TypeError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise ConfigError(reason, where=config.name, remedy="see ultralytics' training settings") from None


def _write_data(dataset: Dataset, folder: Path) -> tuple[Path, bool]:
    """The train and val splits in the YOLO layout; returns `data.yaml` and whether there is a val split."""
    wanted = [name for name in ("train", "val") if name in dataset.splits]
    import polars as pl

    images = dataset.images.with_columns(pl.col("splits").list.set_intersection(wanted))
    kept = dataclasses.replace(dataset, images=images).filter(pl.col("splits").list.len() > 0)
    return write_yolo(kept, folder / "data", placement="link"), "val" in wanted


def _settings() -> list[str]:
    """The names of ultralytics' settings that a user may override."""
    from ultralytics.utils import DEFAULT_CFG_DICT

    return [name for name in DEFAULT_CFG_DICT if name not in _REFUSED]


def _with_weights(config: BaselineConfig, weights: Path) -> BaselineConfig:
    from msgspec.structs import replace

    return replace(config, weights=str(weights))


def _names_a_download(config: BaselineConfig) -> bool:
    return config.weights is not None and not Path(config.weights).exists()
