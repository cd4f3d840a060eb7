"""YAML from outside: what is read, and what must never reach the loader."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.yaml_text import MOST_DEEP, decode_yaml


class Sizes(msgspec.Struct, forbid_unknown_fields=True):
    edges_px: tuple[float, ...]


def test_a_typed_value():
    assert decode_yaml(b"edges_px: [8, 16.5]", Sizes) == Sizes((8.0, 16.5))
    assert decode_yaml(b"a: {b: [1, x]}") == {"a": {"b": [1, "x"]}}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[" * 200_000, "nested more than 8 levels"),  # takes PyYAML's C loader down
        (b"- " * 200_000, "nested more than 8 levels"),
        (b"a: &x [1]\nb: *x", "aliases"),
        (b"a: &x [*x]", "aliases"),
        (b"a: [", "expected"),
        (b"\xff\xfe\x00", None),
        (b"a: \x00", None),
        (b"!!python/object/apply:os.system [echo]", None),
        (b"? [1, 2]\n: 3", None),
        (b"2024-13-45", None),
    ],
)
def test_tricks_are_refused_in_one_line(data, said):
    with pytest.raises(msgspec.DecodeError, match=said) as caught:
        decode_yaml(data)
    assert "\n" not in str(caught.value)


def test_nesting_up_to_the_limit_is_read():
    assert decode_yaml(b"[" * MOST_DEEP + b"]" * MOST_DEEP) == [[[[[[[[]]]]]]]]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_an_error(data):
    with contextlib.suppress(msgspec.MsgspecError):
        decode_yaml(data)
