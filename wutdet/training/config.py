"""What a baseline is: a typed config, by name from configs/baselines or from a file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from wutdet.errors import ConfigError
from wutdet.resources import share_dir
from wutdet.training.field_hints import field_remedy
from wutdet.training.tile_settings import TrainingTiles
from wutdet.training.weather import WeatherAugmentation
from wutdet.yaml_text import decode_yaml

Value = bool | int | float | str | None
Setting = Value | list[Value]
"""What a user may write for a setting; a list is a range of the weather, or the band of tiles."""


class BaselineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one baseline is trained."""

    name: str
    description: str
    model: str
    """An architecture that ultralytics ships (`yolo11n.yaml`), or the path of one."""
    width: float | None = None
    """Channel multiple in place of the architecture's own; only for training from scratch."""
    weights: str | None = None
    """Weights to start from; None trains from scratch. A bare name such as `yolo11n.pt` may be downloaded."""
    imgsz: Annotated[int, msgspec.Meta(ge=32)] = 640
    epochs: Annotated[int, msgspec.Meta(ge=1)] = 100
    batch: Annotated[int, msgspec.Meta(ge=1)] = 16
    seed: int = 0
    select: Literal["best", "last"] = "best"
    """Which epoch's weights are the result; `best` by the val split, so without one it is the last."""
    weather: WeatherAugmentation | None = None
    """Weather on the training frames; None trains on the frames as they are."""
    tiles: TrainingTiles | None = None
    """Tiles of the frames, to train on too; None trains on whole frames alone."""
    overrides: dict[str, Value] = {}
    """Ultralytics' own training settings, passed through."""


def baseline_names() -> list[str]:
    """The baselines that come with the package."""
    return sorted(path.stem for path in (share_dir("configs") / "baselines").glob("*.yaml"))


def load_baseline(baseline: str | Path) -> BaselineConfig:
    """A baseline by its name, or from a YAML file.

    Raises:
        ConfigError: there is none of that name, or the file is not as it should be; an unknown field is answered
            with the nearest one.
        ScenarioError: a range of the weather is wrong.
    """
    text = str(baseline)
    path = Path(text) if text.endswith((".yaml", ".yml")) else share_dir("configs") / "baselines" / f"{text}.yaml"
    try:
        data = path.read_bytes()
    except OSError:
        known = ", ".join(baseline_names())
        near = difflib.get_close_matches(text, baseline_names(), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        remedy = f"{hint}choose from {known}, or give a YAML file"
        raise ConfigError("no such baseline", where=baseline, remedy=remedy) from None
    try:
        return decode_yaml(data, BaselineConfig)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ConfigError(str(error), where=path, remedy=field_remedy(error, BaselineConfig)) from None
