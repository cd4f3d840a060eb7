"""What differs when ultralytics runs an export (ONNX, OpenVINO, TensorRT, …) in place of a `.pt` file."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from wutdet.errors import ConfigError


def first_prediction(model: Any, path: Path, **arguments: Any) -> None:
    """Predict once, at which ultralytics loads an export, and sets everything up.

    Args:
        model: ultralytics' model.
        path: its file or folder, for messages.
        **arguments: of its `predict`.

    Raises:
        ConfigError: the export's runtime is not installed, or does not take the export.
    """
    if path.suffix == ".engine" and importlib.util.find_spec("tensorrt") is None:
        raise _missing("tensorrt", path)  # ultralytics fails otherwise, at what it asks of CUDA first
    try:
        model.predict(**arguments)
    except ModuleNotFoundError as error:
        raise _missing((error.name or "").partition(".")[0], path) from None
    except Exception as error:
        if is_network(model.model) or isinstance(error, ConfigError):
            raise
        # Every runtime has exceptions of its own.
        reason = " ".join(str(error).split())[:160]
        raise ConfigError(f"cannot be run ({reason})", where=path, remedy="check it, or export it anew") from error


def _missing(package: str, path: Path) -> ConfigError:
    what = f"needs the package '{package}', which is not installed"
    return ConfigError(what, where=path, remedy=f"install it with: pip install {package}")


def is_network(inner: Any) -> bool:
    """Whether ultralytics holds a torch network, not the name of an export."""
    import torch

    return isinstance(inner, torch.nn.Module)


def exported_px(model: Any) -> int | None:
    """Longer side of the input an export was made for, px; None for a `.pt`, or where the export does not say."""
    if is_network(model.model):
        return None
    size = getattr(model.predictor.model, "imgsz", None)
    return None if size is None else int(size if isinstance(size, int | float) else max(size))


def check_input_px(model: Any, imgsz: int, path: Path) -> None:
    """Refuse an input that a model does not take.

    Raises:
        ConfigError: it is an export of another size that is fixed.
    """
    fixed = exported_px(model)
    if fixed in (None, imgsz) or getattr(model.predictor.model, "dynamic", False):
        return
    what = f"is exported for inputs of {fixed} px, not of {imgsz}"
    remedy = f"ask for {fixed} (--imgsz, --tile-imgsz), or export it with dynamic=True"
    raise ConfigError(what, where=path, remedy=remedy)


def digest(path: Path) -> str:
    """The sha256 of a file; of a folder, that of its files' names and sha256, in order."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file())
    listed = "".join(f"{digest(file)}  {file.relative_to(path).as_posix()}\n" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest()
