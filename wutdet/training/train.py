"""Train a baseline with ultralytics: a config and a dataset in, weights and a manifest out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wutdet.dataset import Dataset
from wutdet.dataset.load import OnError
from wutdet.dataset.whole import whole_frames
from wutdet.detectors.runtime import check_device, default_threads, import_ultralytics
from wutdet.errors import ConfigError
from wutdet.training.architecture import write_architecture
from wutdet.training.checkpoints import Checkpoint, drop_copies, find_checkpoint, mend_best, take_weights
from wutdet.training.config import BaselineConfig, load_baseline
from wutdet.training.data import require_train, write_data
from wutdet.training.energy import energy_meter
from wutdet.training.epochs import Epoch
from wutdet.training.lock import training_lock
from wutdet.training.overrides import apply_overrides, check_settings, known_settings
from wutdet.training.plan import TrainingPlan, claim_folder, make_plan
from wutdet.training.record import MANIFEST_NAME, WEIGHTS_NAME, write_manifest
from wutdet.training.running import Job, check_several, run_job
from wutdet.training.sessions import SessionLog
from wutdet.training.start_weights import check_weights, names_a_download, with_weights
from wutdet.training.weather_trainer import check_one_device


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """The result of a training: a folder with `weights.pt` and `manifest.json`."""

    out: Path
    weights: Path
    config: BaselineConfig
    epochs_before: int = 0
    """Epochs that earlier calls had finished; all of them where there was nothing left to do."""


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
    wait_if_busy: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
    advance_tiles: Callable[[int], None] = lambda _: None,
    **overrides: Any,
) -> TrainedRun:
    """Train on the dataset's `train` split, choosing the epoch on its `val` split where there is one.

    A training that was killed goes on when it is asked for again with the same `out`: after the last epoch that
    ultralytics saved, with its optimizer's state. A finished one is returned at once. The weights of a resumed training
    are not those, bit for bit, that it would have given undisturbed: ultralytics goes on from the moving average of the
    weights, stored in half precision, and begins its random numbers (the order of frames, augmentation) anew from the
    seed. The weather of a frame in an epoch is the same either way.

    Args:
        baseline: a name in configs/baselines, a YAML file, or a config.
        dataset: has a split `train`; a split `test` is not looked at.
        out: a new folder for the run, or the folder of the same training.
        weights: a file to start from, in place of the config's.
        device: as ultralytics names them: `cpu`, `0`, `0,1`, `mps`.
        threads: torch threads on the CPU; all cores by default.
        trust_weights: start from a `.pt` file although it names code that no detector needs.
        on_error: `stop` raises at the first frame whose image is not whole; `skip` leaves it out, and the
            manifest lists it.
        wait_if_busy: where another process trains in `out`, take over when it is done, and return what it made.
        on_epoch: called after every epoch.
        advance_tiles: called with the number of frames whose tiles are cut since the last call, where tiles are wanted.
        **overrides: `epochs`, `imgsz`, `batch`, `seed`, `weather` (None, a mapping or a `WeatherAugmentation`; or one
            field of it as `**{"weather.p": 0.3}`), `tiles` (likewise, a `TrainingTiles`) and ultralytics' own settings.

    Raises:
        ConfigError: the baseline, a setting or the weights are wrong, or `out` holds a training of another plan.
        TrainingBusyError: another process trains in `out`, and it is not to be waited for.
        ScenarioError: a range of the weather is wrong.
        DataError: there is nothing to train on, or `out` is taken.
        MissingExtraError: ultralytics is not installed.
    """
    config = baseline if isinstance(baseline, BaselineConfig) else load_baseline(baseline)
    config = with_weights(config, weights)
    check_weights(config, trusted=trust_weights)
    ultralytics = import_ultralytics(online=names_a_download(config))
    config = apply_overrides(config, overrides, known=known_settings())
    check_device(device)
    check_several(device)
    if config.weather is not None:
        check_one_device(device)
    check_settings(config)
    require_train(dataset)
    dataset = whole_frames(dataset, on_error=on_error)
    plan, folder = make_plan(config, dataset), Path(out)
    claim_folder(folder, plan)
    finished = _finished(folder, config)
    if finished is not None:
        return finished
    with training_lock(folder, wait=wait_if_busy):
        finished = _finished(folder, config)  # by whoever was waited for
        if finished is not None:
            return finished
        threads = threads or default_threads()
        data = write_data(dataset, folder, config, threads=threads, advance=advance_tiles)
        job = Job(
            config=config,
            dataset=dataset,
            data=data.path,
            folder=folder,
            device=device,
            threads=threads,
            val=data.has_val and config.overrides.get("val", True) is True,
            tiles=data.tiles,
            trust_weights=trust_weights,
        )
        before = _train_the_rest(ultralytics, job, on_epoch)
        _finish(job, plan)
    return TrainedRun(folder, folder / WEIGHTS_NAME, config, before)


def _finished(folder: Path, config: BaselineConfig) -> TrainedRun | None:
    """The training of a folder where there is nothing left to do."""
    if (folder / WEIGHTS_NAME).is_file() and (folder / MANIFEST_NAME).is_file():
        return TrainedRun(folder, folder / WEIGHTS_NAME, config, config.epochs)
    return None


def _train_the_rest(ultralytics: Any, job: Job, on_epoch: Callable[[Epoch], None] | None) -> int:
    """Train what is left to train; returns how many epochs were finished before."""
    checkpoint = find_checkpoint(job.save_folder)
    if checkpoint is not None:
        mend_best(job.save_folder, checkpoint)
    if checkpoint is not None and _is_over(checkpoint, job.config):
        return job.config.epochs
    if checkpoint is None:
        shutil.rmtree(job.save_folder, ignore_errors=True)
    before = 0 if checkpoint is None else checkpoint.epochs_done or 0
    last = before
    start_from = job.config.weights or str(write_architecture(job.config, job.folder))
    with energy_meter(job.device) as meter:
        log = SessionLog(job.folder, first_epoch=before + 1, device=job.device, threads=job.threads, meter=meter)

        def tell(epoch: Epoch) -> None:
            nonlocal last
            last = epoch.number
            log.reached(last)
            if on_epoch is not None:
                on_epoch(epoch)

        run_job(ultralytics, job, start_from=start_from, checkpoint=checkpoint, trained=log.reached, tell=tell)
        log.reached(last)  # once more, with the final validation
    return before


def _finish(job: Job, plan: TrainingPlan) -> None:
    """Put the result in its place; a kill before the manifest is written is made good by the next call."""
    last = find_checkpoint(job.save_folder)
    if last is None:
        raise ConfigError("ultralytics saved no weights", where=job.save_folder, remedy="see what is printed above")
    chosen = "best" if job.config.select == "best" and job.val else "last"
    take_weights(job.save_folder, chosen, job.folder / WEIGHTS_NAME, last=last.path)
    write_manifest(job, plan, chosen=chosen)
    drop_copies(job.save_folder)


def _is_over(checkpoint: Checkpoint, config: BaselineConfig) -> bool:
    return checkpoint.epochs_done is None or checkpoint.epochs_done >= config.epochs
