"""How a plan that lies in a folder differs from the one that is wanted."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from wutdet.plan_text import differences_text, plan_differences

LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
PLANS = st.dictionaries(
    st.sampled_from("abcd"),
    LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(st.sampled_from("xyz"), LEAVES, max_size=3),
    max_size=4,
)


def differences(there, here, same=None):
    return plan_differences(json.dumps(there).encode(), json.dumps(here).encode(), same)


def test_settings_are_named_by_their_path_with_both_values():
    there = {"detector": {"name": "a", "imgsz": 640}, "seed": 0, "gone": "x"}
    here = {"detector": {"name": "a", "imgsz": 960}, "seed": 0, "new": True}
    assert differences(there, here) == [
        "detector.imgsz: 640 there, 960 here",
        "new: nothing there, True here",
        "gone: x there, nothing here",
    ]


def test_a_long_value_and_a_hash_are_cut():
    [told, long] = differences({"sha256": "a" * 64, "text": "b" * 50}, {"sha256": "c" * 64, "text": ""})
    assert told == f"sha256: {'a' * 12}… there, {'c' * 12}… here"
    assert long == f"text: {'b' * 40}… there,  here"


def test_of_lists_the_items_are_named_that_one_side_alone_has():
    assert differences({"of": ["clear", "fog:1", "fog:2"]}, {"of": ["clear", "rain:1"]}) == [
        "of: fog:1 only there, fog:2 only there, rain:1 only here"
    ]
    assert differences({"of": ["a", "b"]}, {"of": ["b", "a"]}) == ["of: in another order or number"]
    assert differences({"of": ["a"]}, {"of": ["a", "a"]}) == ["of: in another order or number"]
    assert differences({"of": list("abcde")}, {"of": []}) == ["of: a only there, b only there, c only there, …"]


def test_of_lists_of_objects_each_key_is_a_list():
    there = {"scenarios": [{"name": "fog:1", "unit": "m"}, {"name": "fog:2", "unit": "m"}]}
    here = {"scenarios": [{"name": "fog:1", "unit": "m"}, {"name": "rain:1", "unit": "mm/h"}]}
    assert differences(there, here) == [
        "scenarios.name: fog:2 only there, rain:1 only here",
        "scenarios.unit: mm/h only here",
    ]


def test_nothing_and_null_are_one_and_so_are_whole_numbers_and_floats():
    assert differences({"a": None, "b": 5}, {"b": 5.0, "c": {"d": None}}) == []


def test_some_settings_may_differ():
    def same(there, here):
        return ["name"] if there["hash"] == here["hash"] else []

    assert differences({"hash": 1, "name": "a"}, {"hash": 1, "name": "b"}, same) == []
    assert len(differences({"hash": 1, "name": "a"}, {"hash": 2, "name": "b"}, same)) == 2


def test_what_is_no_plan_says_so():
    for text in (b"", b"{", b"[1]", b"\xff", b"[" * 100_000):
        assert plan_differences(text, b"{}") == ["its plan is unreadable"]


@given(PLANS, PLANS)
def test_both_directions_name_the_same_settings(one, two):
    assert differences(one, one) == []
    assert {told.split(":")[0] for told in differences(one, two)} == {
        told.split(":")[0] for told in differences(two, one)
    }


def test_a_message_names_three_and_counts_the_rest():
    assert differences_text(["a", "b"]) == "a; b"
    assert differences_text(list("abcde")) == "a; b; c; and 2 more"
