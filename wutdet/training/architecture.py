"""The architecture file that a training from scratch starts from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from wutdet.errors import ConfigError
from wutdet.training.architecture_check import check_layout
from wutdet.training.config import BaselineConfig


def read_architecture(config: BaselineConfig) -> dict[str, Any]:
    """The layers of a config's model as ultralytics reads them, with the config's width.

    Raises:
        ConfigError: ultralytics has no such architecture, it could run code, or a width was asked of one that does
            not scale.
    """
    from ultralytics.nn.tasks import yaml_model_load

    try:
        layout: dict[str, Any] = yaml_model_load(Path(config.model))
    except (OSError, SyntaxError):
        remedy = "name one that ultralytics ships, such as yolo11n.yaml"
        raise ConfigError(f"no such architecture '{config.model}'", where=config.name, remedy=remedy) from None
    except (AssertionError, ValueError):
        remedy = "give a .yaml file of ultralytics' form"
        raise ConfigError(f"'{config.model}' is no architecture", where=config.name, remedy=remedy) from None
    check_layout(layout, config.model)
    if config.width is None:
        return layout
    scale = layout.get("scale")
    if scale not in layout.get("scales", {}):
        remedy = "leave out width"
        raise ConfigError(f"'{config.model}' has no scales to widen", where=config.name, remedy=remedy)
    depth, _, max_channels = layout["scales"][scale]
    layout["scales"] = {scale: [depth, config.width, max_channels]}
    return layout


def write_architecture(config: BaselineConfig, folder: Path) -> Path:
    """What to give ultralytics to build the model: its own file, or a copy with another width in `folder`.

    Raises:
        ConfigError: as `read_architecture`.
    """
    from ultralytics.utils import YAML

    path = Path(config.model)
    layout = read_architecture(config)
    if config.width is None:
        return path
    target = folder / path.name  # ultralytics reads the scale from the name
    YAML.save(target, layout)
    return target


def architecture_sha256(config: BaselineConfig) -> str:
    """A hash of the layers, whatever the file is called.

    Raises:
        ConfigError: as `read_architecture`.
    """
    layout = {name: value for name, value in read_architecture(config).items() if name != "yaml_file"}
    return hashlib.sha256(msgspec.json.encode(layout)).hexdigest()
