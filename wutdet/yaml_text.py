"""YAML from outside, decoded without its tricks."""

from __future__ import annotations

from typing import Any, Final, TypeVar, overload

import msgspec
import yaml  # type: ignore[import-untyped]

MOST_DEEP: Final = 8
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

T = TypeVar("T")


@overload
def decode_yaml(data: bytes) -> Any: ...


@overload
def decode_yaml(data: bytes, kind: type[T]) -> T: ...


def decode_yaml(data: bytes, kind: Any = Any) -> Any:
    """YAML as a typed value; plain dicts, lists and scalars without a type.

    PyYAML's C loader follows nesting by recursion and takes the process down (a segmentation fault) at some ten
    thousand levels; aliases let a short file stand for a huge one. Parsing into events, done first, does neither.

    Raises:
        msgspec.DecodeError: it is no YAML, is nested more than `MOST_DEEP` levels, or has an alias.
        msgspec.ValidationError: it is not of the type.
    """
    try:
        _refuse_tricks(data)
        return msgspec.yaml.decode(data, type=kind)
    except msgspec.ValidationError:
        raise
    except (
        msgspec.MsgspecError,
        yaml.YAMLError,
        ValueError,
        TypeError,
    ) as error:  # TypeError: a key that cannot be one; ValueError: dates
        raise msgspec.DecodeError(" ".join(str(error).split())) from None


def _refuse_tricks(data: bytes) -> None:
    depth = 0
    for event in yaml.parse(data, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise msgspec.DecodeError("aliases (*name) are not read")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEEP:
            raise msgspec.DecodeError(f"nested more than {MOST_DEEP} levels")
