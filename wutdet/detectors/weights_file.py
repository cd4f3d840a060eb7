"""What may be given as weights: files that ultralytics reads under the very name they have, and that run no code."""

from __future__ import annotations

import contextlib
import difflib
import pickle
from pathlib import Path
from typing import Any, Final

from wutdet.detectors.checkpoint import TRUST, check_checkpoint, restricted_loading
from wutdet.detectors.runtime import check_device, import_ultralytics
from wutdet.errors import ConfigError

_ARCHITECTURES: Final = (".yaml", ".yml")


def check_weights_file(path: Path, *, trust_weights: bool) -> None:
    """Refuse what holds no weights, or code; ultralytics is not needed for it.

    Args:
        path: a file, or the folder of an export.
        trust_weights: do not look into a `.pt` file.

    Raises:
        ConfigError: it is missing or no model, or names code that no detector needs.
    """
    if not path.exists():
        raise ConfigError("no such weights file", where=path, remedy=_nearest_file(path))
    if path.suffix.lower() in _ARCHITECTURES:  # ultralytics would build it untrained, and evaluates what it says
        raise ConfigError("holds no weights", where=path, remedy="give the path of trained weights")
    if _is_checkpoint(path) and not trust_weights:
        check_checkpoint(path)


def load_weights(path: Path, device: str, *, trust_weights: bool) -> Any:
    """Ultralytics' model of a file that was checked.

    Args:
        path: a file, or the folder of an export.
        device: as ultralytics names them.
        trust_weights: load classes that ultralytics does not know, too.

    Raises:
        ConfigError: it is no model, ultralytics would read another file, or there is no such device.
        MissingExtraError: ultralytics is not installed.
    """
    ultralytics = import_ultralytics()
    check_device(device)
    _check_name(path)
    try:
        with contextlib.nullcontext() if trust_weights else restricted_loading():
            return ultralytics.YOLO(str(path), task="detect")
    except (
        OSError,
        RuntimeError,
        TypeError,
        KeyError,
        EOFError,
        pickle.UnpicklingError,
        SyntaxError,
    ) as error:
        reason = str(error).strip().split("\n")[0][:120]
        remedy = "check the file" if trust_weights or not _is_checkpoint(path) else f"check the file, or {TRUST}"
        raise ConfigError(f"ultralytics cannot load it ({reason})", where=path, remedy=remedy) from None


def _check_name(path: Path) -> None:
    """Refuse a name for which ultralytics reads another file: it strips names, and knows some by heart.

    Raises:
        ConfigError: it is such a name.
    """
    from ultralytics.utils.checks import check_model_file_from_stem, check_yolov5u_filename

    read = str(check_model_file_from_stem(str(path).strip()))
    read = check_yolov5u_filename(read.replace("'", "") if _is_checkpoint(path) else read, verbose=False)
    if Path(read) != path:
        raise ConfigError(f"ultralytics reads {read} in its place", where=path, remedy="rename it")


def _is_checkpoint(path: Path) -> bool:
    """Whether ultralytics unpickles it: by its name, and it does not mind the case."""
    return path.name.strip().lower().endswith(".pt")


def _nearest_file(path: Path) -> str:
    """What to give instead of weights that are not there."""
    beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, beside, n=1)
    return f"did you mean {path.with_name(near[0])}?" if near else "give the path of trained weights"
