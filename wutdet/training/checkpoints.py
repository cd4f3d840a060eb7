"""Where a killed training can go on: ultralytics' last checkpoint, or a copy of the one before."""

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
_COPY: Final = "last-whole.pt"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint of a training."""

    path: Path
    epochs_done: int | None
    """None: the training is over, and the optimizer's state has been taken out."""


def keep_copy(trainer: Any) -> None:
    """Copy the checkpoint that ultralytics has just written: it writes the next one over it, and may be killed then."""
    last = Path(trainer.last)
    aside = last.with_name(f".{_COPY}.part")
    shutil.copyfile(last, aside)
    os.replace(aside, last.with_name(_COPY))


def find_checkpoint(save_folder: Path) -> Checkpoint | None:
    """The latest whole checkpoint in ultralytics' save folder; None where no epoch was finished."""
    folder = save_folder / WEIGHTS_FOLDER
    path = next((path for path in (folder / "last.pt", folder / _COPY) if _is_whole(path)), None)
    if path is None:
        return None
    epoch = int(read_checkpoint(path).get("epoch", -1))
    return Checkpoint(path, epoch + 1 if epoch >= 0 else None)


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
        DataError: ultralytics was killed while it wrote the best weights.
    """
    from ultralytics.utils.torch_utils import strip_optimizer

    source = last if which == "last" else save_folder / WEIGHTS_FOLDER / "best.pt"
    if not _is_whole(source):
        raise DataError("the best epoch's weights are not whole", where=source, remedy="delete the folder, train again")
    aside = target.with_name(f".{target.name}.part")
    if int(read_checkpoint(source).get("epoch", -1)) < 0:
        shutil.copyfile(source, aside)
    else:
        strip_optimizer(source, str(aside))
    os.replace(aside, target)


def drop_copy(save_folder: Path) -> None:
    """Delete the copy, which a finished training does not need."""
    (save_folder / WEIGHTS_FOLDER / _COPY).unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    """Whether the file is a checkpoint to its end; PyTorch writes ZIP archives with checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError):
        return False
