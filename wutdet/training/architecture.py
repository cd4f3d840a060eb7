"""The architecture file that a training from scratch starts from."""

from __future__ import annotations

from pathlib import Path

from wutdet.errors import ConfigError
from wutdet.training.config import BaselineConfig


def write_architecture(config: BaselineConfig, folder: Path) -> Path:
    """What to give ultralytics to build the model: its own file, or a copy with another width in `folder`.

    Raises:
        ConfigError: ultralytics has no such architecture, or a width was asked of one that does not scale.
    """
    from ultralytics.nn.tasks import yaml_model_load
    from ultralytics.utils import YAML

    path = Path(config.model)
    try:
        layout = yaml_model_load(path)
    except (OSError, SyntaxError):
        remedy = "name one that ultralytics ships, such as yolo11n.yaml"
        raise ConfigError(f"no such architecture '{config.model}'", where=config.name, remedy=remedy) from None
    if config.width is None:
        return path
    scale = layout.get("scale")
    if scale not in layout.get("scales", {}):
        remedy = "leave out width"
        raise ConfigError(f"'{config.model}' has no scales to widen", where=config.name, remedy=remedy)
    depth, _, max_channels = layout["scales"][scale]
    layout["scales"] = {scale: [depth, config.width, max_channels]}
    target = folder / path.name  # ultralytics reads the scale from the name
    YAML.save(target, layout)
    return target
