"""The weights a training starts from: which, and whether they may be loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from wutdet.detectors.checkpoint import check_checkpoint
from wutdet.errors import ConfigError
from wutdet.training.config import BaselineConfig

_PUBLISHED: Final = re.compile(r"[\w-][\w.-]*\.pt")
"""What may be a name of ultralytics' own weights; an address, or a path to nothing, is not."""


def with_weights(config: BaselineConfig, weights: str | Path | None) -> BaselineConfig:
    """The config, with these weights in place of its own where they are given.

    Raises:
        ConfigError: there is no such file.
    """
    if weights is None:
        return config
    if not Path(weights).is_file():
        raise _missing(weights)
    return replace(config, weights=str(weights))


def check_weights(config: BaselineConfig, *, trusted: bool) -> None:
    """Refuse weights that name code, and what is neither a file nor a name that ultralytics may fetch.

    Args:
        config: whose weights.
        trusted: the file may name code.

    Raises:
        ConfigError: they are no such weights.
    """
    if config.weights is None:
        return
    if Path(config.weights).is_file():
        if not trusted:
            check_checkpoint(Path(config.weights))
    elif not _PUBLISHED.fullmatch(config.weights):
        raise _missing(config.weights)


def names_a_download(config: BaselineConfig) -> bool:
    """Whether ultralytics has to fetch the weights."""
    return config.weights is not None and not Path(config.weights).exists()


def _missing(weights: object) -> ConfigError:
    return ConfigError("no such weights file", where=weights, remedy="give an existing .pt file")
