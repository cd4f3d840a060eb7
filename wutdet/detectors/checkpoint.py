"""Look into a PyTorch checkpoint before it is loaded: it is a pickle, and a pickle can run any code it names.

Ultralytics unpickles whole models. What their pickles name is a short list: layers, tensors, containers. The pickle is
read once with stand-ins in place of those, of which none does anything; one that names anything else, that calls a
layer in place of filling it, or that leaves something to be called later, is refused.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import io
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from wutdet.detectors.archive import read_pickle
from wutdet.errors import ConfigError

TRUST: Final = "use --trust-weights if you trust where it comes from"
_LAYER: Final = re.compile(
    r"torch\.nn\.modules\.\w+ [A-Z]\w*"
    r"|ultralytics\.nn\.modules\.\w+ (?:[A-Z]\w*|v10Detect)"
    r"|ultralytics\.nn\.tasks [A-Z]\w*Model"
)
_NAMESPACE: Final = "ultralytics.utils IterableSimpleNamespace"
_KIND_OF_NUMBER: Final = re.compile(r"torch (?:\w+Storage|float16|float32|float64|int64|bfloat16)")
_FUNCTION: Final = re.compile(r"torch\._utils _rebuild_(?:parameter|tensor_v2)")
_PLAIN: Final[dict[str, Any]] = {
    "collections OrderedDict": collections.OrderedDict,
    "torch Size": tuple,
    **{
        f"{module} {kind.__name__}": kind
        for module in ("__builtin__", "builtins")
        for kind in (set, frozenset, dict, list, tuple, int, float, bool, slice)
    },
}


def check_checkpoint(path: Path) -> None:
    """Refuse a `.pt` file whose pickle does what a model does not need.

    Raises:
        ConfigError: the file is no PyTorch checkpoint, or names such code.
    """
    try:
        loaded = _DryUnpickler(io.BytesIO(read_pickle(path)), encoding="utf-8").load()
        _check_nothing_to_call(loaded)
    except _StrangeError as error:
        raise ConfigError(f"names code that no detector needs ({error})", where=path, remedy=TRUST) from None
    except Exception:  # noqa: BLE001 — a hostile pickle can end in any
        raise ConfigError("is no PyTorch checkpoint", where=path, remedy="check the file") from None


@contextlib.contextmanager
def restricted_loading() -> Iterator[None]:
    """Let ultralytics too load nothing but what it knows; versions that cannot load as ever.

    Not for several threads: it is one setting of the process.
    """
    tasks: Any = importlib.import_module("ultralytics.nn.tasks")
    before = getattr(tasks, "SAFE_LOAD", None)
    if before is not None:
        tasks.SAFE_LOAD = True
    try:
        yield
    finally:
        if before is not None:
            tasks.SAFE_LOAD = before


class _StrangeError(Exception):
    """What a pickle does that no model needs."""


class _DryUnpickler(pickle.Unpickler):
    """Reads a pickle, and makes nothing of what it names."""

    def find_class(self, module: str, name: str, /) -> Any:
        """The stand-in for what is named."""
        full = f"{module} {name}"
        if full in _PLAIN:
            return _PLAIN[full]
        if _LAYER.fullmatch(full):
            return _Uncallable(full, (_Filled,), {})
        if full == _NAMESPACE:
            return _Unchangeable(full, (_Filled,), {})
        if _KIND_OF_NUMBER.fullmatch(full):
            return _Fixed()
        if _FUNCTION.fullmatch(full):
            return _Function()
        raise _StrangeError(full)

    def persistent_load(self, pid: Any, /) -> Any:
        """The stand-in for the numbers of a tensor."""
        del pid
        return _Fixed()


class _Unchangeable(type):
    """A class that a pickle may not change: it would be changed for the whole process."""

    def __setstate__(cls, state: object) -> None:
        raise _StrangeError(f"changes {cls.__name__}")


class _Uncallable(_Unchangeable):
    """Nor call: models come out of a pickle empty and are filled, and a model that is called evaluates its settings."""

    def __call__(cls, *_: object, **__: object) -> Any:
        raise _StrangeError(f"calls {cls.__name__}")


class _Filled:
    """An object whose attributes the pickle gives."""


class _Fixed:
    """An object that is as it is."""

    def __setstate__(self, state: object) -> None:
        raise _StrangeError("changes what is fixed")


class _Function(_Fixed):
    """Builds a tensor."""

    def __call__(self, *parts: object) -> _Filled:
        """The stand-in for the tensor, with what it was built of: hooks may be among it."""
        built = _Filled()
        built.__dict__["parts"] = parts
        return built


def _check_nothing_to_call(loaded: object) -> None:
    """Refuse classes and functions among a checkpoint's values: where a method is looked for they would be called.

    Raises:
        _StrangeError: there is one.
    """
    seen, left = set[int](), [loaded]
    while left:
        item = left.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if callable(item):
            raise _StrangeError(f"leaves {getattr(item, '__name__', 'a function')} to be called")
        if isinstance(item, dict):
            left += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            left += item
        elif isinstance(item, slice):
            left += [item.start, item.stop, item.step]
        left += getattr(item, "__dict__", {}).values()
