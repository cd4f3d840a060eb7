"""What a baseline is: a typed config, by name from configs/baselines or from a file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from wutdet.errors import ConfigError
from wutdet.resources import share_dir
from wutdet.yaml_text import decode_yaml

Value = bool | int | float | str | None


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
    overrides: dict[str, Value] = {}
    """Ultralytics' own training settings, passed through."""


def baseline_names() -> list[str]:
    """The baselines that come with the package."""
    return sorted(path.stem for path in (share_dir("configs") / "baselines").glob("*.yaml"))


def load_baseline(baseline: str | Path) -> BaselineConfig:
    """A baseline by its name, or from a YAML file.

    Raises:
        ConfigError: there is none of that name, or the file is not as it should be.
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
        raise ConfigError(str(error), where=path, remedy="correct the field it names") from None


def parse_overrides(words: Sequence[str]) -> dict[str, Value]:
    """`epochs=5 lr0=0.01 cos_lr=True` as a mapping.

    Raises:
        ConfigError: a word is not `key=value`.
    """
    parsed: dict[str, Value] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.isidentifier():
            raise ConfigError(f"'{word}' is not key=value", remedy="write overrides as epochs=5")
        parsed[key] = _parse_value(value)
    return parsed


def apply_overrides(config: BaselineConfig, overrides: Mapping[str, Value], *, known: Sequence[str]) -> BaselineConfig:
    """The config with the user's settings: fields of its own, and the rest as ultralytics overrides.

    Args:
        config: what to change.
        overrides: names and values.
        known: the names of ultralytics' own settings.

    Raises:
        ConfigError: a name is neither, or a value has the wrong type; the message offers the nearest name.
    """
    own = {"imgsz", "epochs", "batch", "seed"}
    for key in overrides:
        if key not in own and key not in known:
            near = difflib.get_close_matches(key, [*own, *known], n=1)
            remedy = f"did you mean {near[0]}?" if near else "see ultralytics' training settings"
            raise ConfigError(f"unknown setting '{key}'", remedy=remedy)
    mine = {key: value for key, value in overrides.items() if key in own}
    rest = config.overrides | {key: value for key, value in overrides.items() if key not in own}
    fields = msgspec.structs.asdict(config) | mine | {"overrides": rest}
    try:
        return msgspec.convert(fields, BaselineConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error), remedy="give it a value of that type") from None


def _parse_value(text: str) -> Value:
    words: dict[str, Value] = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
