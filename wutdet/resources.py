"""Files that travel with the package: configs/ and annotations/, in a wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def share_dir(name: str) -> Path:
    """The folder `configs` or `annotations`: inside an installed wheel, else at the top of the checkout.

    Raises:
        FileNotFoundError: the installation is broken; neither place has it.
    """
    for folder in (_PACKAGE / "_share" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"wutdet is installed without its '{name}' folder; reinstall it")


def config_path(relative: str) -> Path:
    """Path of a file under configs/, such as `scenarios.yaml`."""
    return share_dir("configs") / relative
