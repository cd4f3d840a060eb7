"""What a user changes in a baseline: `epochs=5 lr0=0.01 weather.p=0.3 weather=none tiles.tile_px=512`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from wutdet.errors import ConfigError
from wutdet.training.config import BaselineConfig, Setting, Value
from wutdet.training.field_hints import field_remedy, nearest_remedy
from wutdet.training.tile_settings import TrainingTiles
from wutdet.training.weather import WeatherAugmentation

_OWN: Final = ("imgsz", "epochs", "batch", "seed")
_PLACES: Final = ("data", "model", "project", "name", "resume", "exist_ok", "save_dir", "mode", "task")
_LOADED: Final = ("pretrained", "distill_model", "cfg")
"""Files that decide the weights, of which a plan has no hash, and of which two are pickles that are loaded unseen."""
_REFUSED: Final = (*_PLACES, *_LOADED)
_WEATHER: Final = "weather"
_TILES: Final = "tiles"
_NESTED: Final = (_WEATHER, _TILES)
"""Fields of a config that have fields of their own."""
_SEE: Final = "see ultralytics' training settings"
S = TypeVar("S", bound=msgspec.Struct)


def parse_overrides(words: Sequence[str]) -> dict[str, Setting]:
    """`epochs=5 lr0=0.01 cos_lr=True weather.fog.mor_m_range=500,2000` as a mapping.

    Raises:
        ConfigError: a word is not `key=value`.
    """
    parsed: dict[str, Setting] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not all(part.isidentifier() for part in key.split(".")):
            raise ConfigError(f"'{word}' is not key=value", remedy="write overrides as epochs=5")
        several = _is_nested(key) and "," in text
        parsed[key] = [_parse_value(part) for part in text.split(",")] if several else _parse_value(text)
    return parsed


def apply_overrides(config: BaselineConfig, overrides: Mapping[str, Any], *, known: Sequence[str]) -> BaselineConfig:
    """The config with the user's settings: its own fields, its weather and tiles, and ultralytics' overrides.

    Args:
        config: what to change.
        overrides: names and values. `weather` takes None, a mapping or a `WeatherAugmentation`; `weather.p` and the
            like change one field of it; so do `tiles` and `tiles.tile_px`.
        known: the names of ultralytics' own settings.

    Raises:
        ConfigError: a name is neither, or a value has the wrong type; the message offers the nearest name.
        ScenarioError: a range of the weather is wrong.
    """
    plain = {key: value for key, value in overrides.items() if not _is_nested(key)}
    for key in plain:
        if key not in _OWN and key not in known:
            remedy = nearest_remedy(key, [*_OWN, *_NESTED, *known], _SEE)
            raise ConfigError(f"unknown setting '{key}'", remedy=remedy)
    mine = {key: value for key, value in plain.items() if key in _OWN}
    rest = config.overrides | {key: value for key, value in plain.items() if key not in _OWN}
    nested = {
        _WEATHER: _changed(_WEATHER, config.weather, WeatherAugmentation, overrides),
        _TILES: _changed(_TILES, config.tiles, TrainingTiles, overrides),
    }
    fields = msgspec.structs.asdict(config) | mine | nested | {"overrides": rest}
    try:
        return msgspec.convert(fields, BaselineConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error), remedy="give it a value of that type") from None


def trains_on_tiles(config: BaselineConfig, overrides: Mapping[str, Any]) -> bool:
    """Whether the config has tiles once the user's settings are applied.

    Raises:
        ConfigError: a setting of tiles is wrong.
    """
    return _changed(_TILES, config.tiles, TrainingTiles, overrides) is not None


def known_settings() -> list[str]:
    """The names of ultralytics' settings that a user may override."""
    from ultralytics.utils import DEFAULT_CFG_DICT

    return [name for name in DEFAULT_CFG_DICT if name not in _REFUSED]


def check_settings(config: BaselineConfig) -> None:
    """Let ultralytics check the values of its own settings before anything is written.

    Raises:
        ConfigError: it has no such setting, or refuses its value.
    """
    from ultralytics.cfg import get_cfg

    known = known_settings()
    for key in config.overrides:
        if key not in known or key in _OWN:
            remedy = f"write {key} beside overrides" if key in _OWN else nearest_remedy(key, known, _SEE)
            raise ConfigError(f"unknown setting '{key}'", where=f"{config.name}: overrides", remedy=remedy)
    fields = {name: getattr(config, name) for name in _OWN}
    try:
        get_cfg(overrides={**config.overrides, **fields})
    except (TypeError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise ConfigError(reason, where=config.name, remedy=_SEE) from None


def _is_nested(key: str) -> bool:
    return key.split(".")[0] in _NESTED


def _changed(name: str, present: S | None, kind: type[S], overrides: Mapping[str, Any]) -> S | None:
    """A field of a config that has fields of its own after `weather=…`, then every `weather.….…=…`.

    Raises:
        ConfigError: a field does not exist, or a value has the wrong type.
        ScenarioError: a range is wrong.
    """
    changes = {key: value for key, value in overrides.items() if key.split(".")[0] == name}
    if not changes:
        return present
    fields: Any = msgspec.to_builtins(changes.get(name, present))
    for key, value in changes.items():
        if key != name:
            fields = _with_field({} if fields is None else fields, key.split(".")[1:], value)
    try:
        changed: S | None = msgspec.convert(fields, kind | None)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error), where=name, remedy=field_remedy(error, kind)) from None
    return changed


def _with_field(fields: Any, path: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy with the value at a path; kinds that were not there begin with their defaults."""
    changed = dict(fields) if isinstance(fields, dict) else {}
    changed[path[0]] = value if len(path) == 1 else _with_field(changed.get(path[0]), path[1:], value)
    return changed


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
