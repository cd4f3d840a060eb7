"""Refuse an architecture that could run code of its author's: whoever hands on a YAML file hands on no program.

Ultralytics evaluates `activation` as Python, and calls whatever name a layer bears: functions that load a pickle, and
models that read a further file, are among the names it knows. Arguments of layers are literals, or names of numbers.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from wutdet.errors import ConfigError

_ACTIVATION: Final = re.compile(r"(?:torch\.)?nn\.(\w+)")
_OURS: Final = "ultralytics.nn.modules."
_SHOWN: Final = 60
"""Characters of what is refused."""


def check_layout(layout: object, where: object) -> None:
    """Refuse an architecture whose activation or layers are anything but layers.

    Args:
        layout: as ultralytics reads it from a YAML file, or finds it in weights.
        where: what an error names.

    Raises:
        ConfigError: it has no layers, or names something else in their place.
    """
    if not isinstance(layout, dict):
        raise ConfigError("holds no architecture", where=where, remedy="give one that ultralytics builds")
    activation = layout.get("activation")
    if activation and not _is_activation(activation):
        what = f"activation is {_shown(activation)}, no layer of torch.nn with plain arguments"
        raise ConfigError(what, where=where, remedy="write it as nn.ReLU() or nn.LeakyReLU(0.1)")
    for name in _layer_names(layout, where):
        if not _is_layer(name):
            remedy = "name one of ultralytics', torch.nn or torchvision.ops"
            raise ConfigError(f"{_shown(name)} is no layer", where=where, remedy=remedy)


def _layer_names(layout: dict[str, Any], where: object) -> list[Any]:
    try:
        return [name for part in ("backbone", "head") for _from, _number, name, _arguments in layout[part]]
    except (KeyError, TypeError, ValueError):
        remedy = "write backbone and head as rows of from, number, module and arguments"
        raise ConfigError("has no layers that can be read", where=where, remedy=remedy) from None


def _is_activation(text: object) -> bool:
    """Whether it is `nn.NAME(…)` or `torch.nn.NAME(…)` of a layer, with literals for arguments."""
    import torch.nn

    if not isinstance(text, str):  # bytes would be evaluated too
        return False
    try:
        call = ast.parse(text.strip(), mode="eval").body
        if not isinstance(call, ast.Call):
            return False
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            ast.literal_eval(argument)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    named = _ACTIVATION.fullmatch(ast.unparse(call.func))
    return named is not None and _is_module(getattr(torch.nn, named[1], None))


def _is_layer(name: object) -> bool:
    """Whether ultralytics finds a layer under the name; a whole model is none."""
    import torch.nn
    import torchvision.ops
    from ultralytics.nn import tasks

    if not isinstance(name, str):
        return False
    for prefix, module in (("nn.", torch.nn), ("torchvision.ops.", torchvision.ops)):
        if name.startswith(prefix):
            return _is_module(getattr(module, name.removeprefix(prefix), None))
    found = vars(tasks).get(name)
    return _is_module(found) and str(getattr(found, "__module__", "")).startswith(_OURS)


def _is_module(found: object) -> bool:
    import torch.nn

    return isinstance(found, type) and issubclass(found, torch.nn.Module)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
