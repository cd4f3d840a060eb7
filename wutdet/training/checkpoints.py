"""Where a killed training can go on: ultralytics' last checkpoint, or a copy of the one before.

Ultralytics writes `last.pt`, then the same bytes as `best.pt` where the epoch is the best so far, each over the file
that was there; at the end it writes both once more, without the optimizer's state. Any of these may be cut short.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wutdet.errors import DataError

WEIGHTS_FOLDER: Final = "weights"
"""Where ultralytics keeps its checkpoints in its save folder."""
_BEST: Final = "best.pt"
_COPY: Final = "last-whole.pt"
_BEST_COPY: Final = "best-whole.pt"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint of a training."""

    path: Path
    epochs_done: int | None
    """None: the training is over, and the optimizer's state has been taken out."""
    is_best: bool = False
    """Whether no epoch before was better; not known, and False, once the optimizer's state is out."""


def keep_copies(trainer: Any) -> None:
    """Copy what ultralytics has just written: it writes over it the next time, and may be killed then."""
    last = Path(trainer.last)
    _copy(last, last.with_name(_COPY))
    if trainer.best_fitness == trainer.fitness:  # ultralytics' own condition
        _copy(last, last.with_name(_BEST_COPY))


def find_checkpoint(save_folder: Path) -> Checkpoint | None:
    """The latest whole checkpoint in ultralytics' save folder; None where no epoch was finished."""
    folder = save_folder / WEIGHTS_FOLDER
    path = next((path for path in (folder / "last.pt", folder / _COPY) if _is_whole(path)), None)
    if path is None:
        return None
    held = read_checkpoint(path)
    epoch = int(held.get("epoch", -1))
    if epoch < 0:
        return Checkpoint(path, None)
    fitness = (held.get("train_metrics") or {}).get("fitness")
    return Checkpoint(path, epoch + 1, is_best=bool(held.get("best_fitness") == fitness))


def mend_best(save_folder: Path, checkpoint: Checkpoint) -> None:
    """Make `best.pt` what it would be, had nothing been killed, so that ultralytics can go on or its result be taken.

    Args:
        save_folder: ultralytics' own.
        checkpoint: that is gone on from. Where it is the best, the kill may have come before `best.pt` was whole, or
            before it was begun, and then an earlier epoch's is there.
    """
    folder = save_folder / WEIGHTS_FOLDER
    best, copy = folder / _BEST, folder / _BEST_COPY
    if checkpoint.is_best:
        _copy(checkpoint.path, best)
    elif best.exists() and not _is_whole(best) and _is_whole(copy):
        _copy(copy, best)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a checkpoint of this training holds."""
    import torch

    loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
    return loaded


def take_weights(save_folder: Path, which: str, target: Path, *, last: Path) -> None:
    """Put the weights of the best or the last epoch at `target`, without the optimizer's state.

    Args:
        save_folder: ultralytics' own.
        which: `best` or `last`.
        target: appears whole or not at all.
        last: the checkpoint of the last epoch.

    Raises:
        DataError: the best weights are damaged, and so is their copy.
    """
    from ultralytics.utils.torch_utils import strip_optimizer

    source = last if which == "last" else save_folder / WEIGHTS_FOLDER / _BEST
    if not _is_whole(source):
        raise DataError("the best epoch's weights are not whole", where=source, remedy="delete the folder, train again")
    aside = target.with_name(f".{target.name}.part")
    if int(read_checkpoint(source).get("epoch", -1)) < 0:
        shutil.copyfile(source, aside)
    else:
        strip_optimizer(source, str(aside))
    os.replace(aside, target)


def drop_copies(save_folder: Path) -> None:
    """Delete the copies, which a finished training does not need."""
    for name in (_COPY, _BEST_COPY):
        (save_folder / WEIGHTS_FOLDER / name).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    aside = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, aside)
    os.replace(aside, target)


def _is_whole(path: Path) -> bool:
    """Whether the file is a checkpoint to its end; PyTorch writes ZIP archives with checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError):
        return False
