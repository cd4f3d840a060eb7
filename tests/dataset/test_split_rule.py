from __future__ import annotations

import collections
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.dataset.splitting.fractions import DEFAULT_FRACTIONS, check_fractions, parse_fractions
from wutdet.dataset.splitting.split_rule import (
    IdRange,
    IdRule,
    Made,
    RangeRule,
    Rule,
    decode_rule,
    encode_rule,
    read_rule,
    rule_names,
    split_names,
    splits_of,
    write_rule,
)
from wutdet.errors import ConfigError

THIRDS = {"a": 0.5, "b": 0.25, "c": 0.25}
RULE = IdRule(block_ids=10, guard_ids=3, seed=4, fractions=THIRDS)


def split_of_block(block: int, rule: IdRule = RULE) -> str:
    found = rule.split_of(f"{block * rule.block_ids:07d}")
    assert found is not None  # the first id of a block is in no guard gap
    return found


# Rules by ids alone


def test_every_round_of_blocks_holds_the_fractions() -> None:
    """Halves and quarters make rounds of four blocks."""
    for turn in range(50):
        splits = [split_of_block(4 * turn + place) for place in range(4)]
        assert sorted(splits) == ["a", "a", "b", "c"]


def test_rounds_differ_in_their_order() -> None:
    orders = {tuple(split_of_block(4 * turn + place) for place in range(4)) for turn in range(60)}
    assert len(orders) == 12  # 4! / 2!: all there are


def test_fractions_that_no_short_round_holds_are_rounded_in_rounds_of_100() -> None:
    """π/10 of 100 is 31.4 and the rest 68.6: the larger remainder gets the block."""
    rule = IdRule(block_ids=1, fractions={"train": 1 - 0.314159, "test": 0.314159})
    counts = collections.Counter(split_of_block(block, rule) for block in range(100))
    assert counts == {"train": 69, "test": 31}


def test_a_split_depends_on_the_id_alone() -> None:
    """Alone, among others, in any order: the same; leading zeros do not count, the series does."""
    stems = [f"{number:07d}" for number in range(400)]
    together = splits_of(RULE, stems)
    assert [RULE.split_of(stem) for stem in reversed(stems)] == together[::-1]
    assert splits_of(RULE, [stem.lstrip("0") or "0" for stem in stems]) == together
    assert splits_of(RULE, [f"bow{stem}" for stem in stems]) != together


def test_the_order_of_fractions_in_the_file_does_not_matter() -> None:
    turned = msgspec.structs.replace(RULE, fractions=dict(reversed(THIRDS.items())))
    stems = [str(number) for number in range(200)]
    assert splits_of(turned, stems) == splits_of(RULE, stems)


def test_another_seed_is_another_split() -> None:
    stems = [str(number) for number in range(200)]
    assert splits_of(msgspec.structs.replace(RULE, seed=5), stems) != splits_of(RULE, stems)


@settings(deadline=None)
@given(
    st.integers(1, 40).flatmap(lambda length: st.tuples(st.just(length), st.integers(0, length - 1))),
    st.integers(0, 9),
    st.integers(0, 10**15),
)
def test_ids_of_different_splits_are_more_than_the_guard_apart(lengths: tuple[int, int], seed: int, start: int) -> None:
    block_ids, guard_ids = lengths
    rule = IdRule(block_ids=block_ids, guard_ids=guard_ids, seed=seed, fractions=THIRDS)
    ids = range(start, start + 3 * block_ids)
    kept = [(number, split) for number in ids if (split := rule.split_of(str(number))) is not None]
    assert all(b - a > guard_ids for a, one in kept for b, other in kept if b > a and one != other)


def test_only_what_the_guard_needs_is_left_out() -> None:
    """The last three ids of a block, and only where the next block is in another split."""
    for block in range(40):
        inside = [RULE.split_of(str(10 * block + place)) for place in range(10)]
        own, following = split_of_block(block), split_of_block(block + 1)
        assert inside == ([own] * 10 if own == following else [own] * 7 + [None] * 3)


def test_the_rule_of_part_a() -> None:
    """Known answers: whoever applies it gets these. 5,025 ids of Part A; a tenth of the blocks is val."""
    rule = read_rule("part-a")
    assert isinstance(rule, IdRule)
    assert (rule.block_ids, rule.guard_ids, rule.fractions) == (1000, 60, DEFAULT_FRACTIONS)
    assert [split_of_block(block, rule) for block in range(10)] == PART_A_BLOCKS
    found = collections.Counter(splits_of(rule, [f"{number:07d}" for number in range(0, 100_500, 20)]))
    assert found == PART_A_FRAMES
    assert "part-a" in rule_names()


PART_A_BLOCKS = ["train", "test", "train", "test", "val", "train", "train", "train", "train", "train"]
PART_A_FRAMES: dict[str | None, int] = {"train": 3459, "val": 470, "test": 943, None: 153}


def test_every_process_gets_the_same_split() -> None:
    code = (
        "from wutdet.dataset.splitting.split_rule import read_rule, splits_of;"
        "print(splits_of(read_rule('part-a'), [str(20 * n) for n in range(500)]))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{splits_of(read_rule('part-a'), [str(20 * number) for number in range(500)])}\n"}


# Rules by ranges

RANGES = RangeRule(
    made=Made(by="sequence", frames=9, groups=3, seed=0, fractions=THIRDS, radius=8, cut_bits=16, guard_frames=1),
    ranges=[
        IdRange(first=0, last=40, split="b"),
        IdRange(first=100, last=100, split="a"),
        IdRange(first=0, last=9, split="c", series="bow: {cam}-"),
    ],
)


@pytest.mark.parametrize(
    ("stem", "split"),
    [
        ("0000000", "b"),
        ("0000040", "b"),
        ("7", "b"),
        ("0000041", None),
        ("0000060", None),
        ("0000100", "a"),
        ("0000101", None),
        ("bow: {cam}-00", "c"),
        ("bow: {cam}-9", "c"),
        ("bow: {cam}-10", None),
        ("aft-5", None),
        ("quay", None),
    ],
)
def test_ranges_hold_their_ends(stem: str, split: str | None) -> None:
    assert RANGES.split_of(stem) == split


def test_the_splits_of_a_rule_are_in_the_order_asked_for() -> None:
    assert split_names(RANGES) == ("a", "b", "c")
    assert split_names(RULE) == ("a", "b", "c")
    assert split_names(RangeRule(ranges=RANGES.ranges)) == ("b", "a", "c")


def test_no_range_holds_nothing() -> None:
    assert RangeRule(ranges=[]).split_of("1") is None


# Files


@pytest.mark.parametrize("rule", [RULE, RANGES, RangeRule(ranges=[]), read_rule("part-a")])
def test_a_rule_is_read_as_it_was_written(rule: Rule, tmp_path: Path) -> None:
    write_rule(rule, tmp_path / "rule.yaml")
    assert read_rule(tmp_path / "rule.yaml") == rule
    assert encode_rule(read_rule(tmp_path / "rule.yaml")) == encode_rule(rule)


names = st.text("abcXYZ-_ :{}[]#&*!|>'\"%@`,?0é\\", max_size=8)


@settings(deadline=None)
@given(st.lists(st.tuples(names, st.integers(0, 10**17), st.integers(0, 100)), max_size=6, unique_by=lambda r: r[0]))
def test_any_series_survives_the_file(items: list[tuple[str, int, int]]) -> None:
    ranges = [IdRange(first=at, last=at + more, split="train", series=name) for name, at, more in items]
    rule = RangeRule(note="a: 'b' #c", ranges=ranges)
    assert decode_rule(encode_rule(rule), where="it") == rule


def test_a_range_is_a_line() -> None:
    assert encode_rule(RANGES).decode().splitlines()[-3:] == [
        '- {"first":0,"last":40,"split":"b"}',
        '- {"first":100,"last":100,"split":"a"}',
        '- {"first":0,"last":9,"split":"c","series":"bow: {cam}-"}',
    ]


ID = "kind: id-blocks\nblock_ids: 10\nfractions: {train: 0.5, test: 0.5}\n"
RANGE = "kind: id-ranges\nranges:\n- {first: 0, last: 9, split: train}\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (ID + "surprise: 1\n", "unknown field `surprise`"),
        (ID + "version: 2\n", "Invalid enum value 2"),
        (ID + "guard_ids: 10\n", "guard_ids is not below block_ids"),
        (ID + "guard_ids: -1\n", "guard_ids"),
        (ID + "seed: 1.5\n", "Expected `int`, got `float`"),
        (ID.replace("10", "0"), "block_ids"),
        (ID.replace("10", "'10'"), "Expected `int`, got `str`"),
        (ID.replace("10", "1" + "0" * 40), "block_ids"),
        (ID.replace("10", "1" + "0" * 5000), "no split rule"),
        (ID.replace("id-blocks", "dream"), "Invalid value 'dream'"),
        (ID.replace("kind: id-blocks\n", ""), "missing required field `kind`"),
        (ID.replace("0.5, test", "0.4, test"), "the fractions sum to 0.9, not to 1"),
        (ID.replace("0.5, test", ".nan, test"), "the fraction of 'train' is not above 0"),
        (ID.replace("0.5, test", "1.5, test: -0.5, val"), "the fraction of 'test' is not above 0"),
        (ID.replace("train", "../train"), "'../train' is no name of a split"),
        (ID.replace("train", "all"), "'all' is no name of a split"),
        (ID.replace("{train: 0.5, test: 0.5}", "{}"), "0 splits"),
        (ID.replace("{train: 0.5, test: 0.5}", "{train: 0.999, test: 0.001}"), "'test' is too small"),
        (RANGE + "- {first: 9, last: 12, split: test}\n", "two ranges hold id 9"),
        (RANGE + "- {first: 12, last: 11, split: test}\n", "range 12 … 11 is empty"),
        (RANGE + "- {first: 12, last: 13, split: a/b}\n", "'a/b' is no name of a split"),
        (RANGE + "- {first: 12, last: 13, split: test, id: 1}\n", "unknown field `id`"),
        (RANGE + "- [1, 2]\n", "Expected `object`, got `array`"),
        (RANGE + f"- {{first: 12, last: {10**18}, split: test}}\n", "last"),
        ("", "Expected `object`, got `null`"),
        ("just words", "got `str`"),
        ("a: [1, 2", "while parsing"),
        ("kind: id-blocks\nblock_ids: &a 10\nguard_ids: *a\nfractions: {train: 1}\n", "aliases"),
        ("[" * 100_000, "nested more than 8 levels"),
        ("- " * 100_000, "nested more than 8 levels"),
        ("{a: " * 50_000, "nested more than 8 levels"),
        ("!!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("kind: 2026-01-01", "no split rule"),
    ],
)
def test_a_hostile_file_is_refused_in_one_line(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_rule(path)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x00\x01", b"kind: \xe9t\xe9"])
def test_what_is_no_text_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_bytes(data)
    with pytest.raises(ConfigError, match="no split rule"):
        read_rule(tmp_path / "rule.yaml")


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(ID + "#" * 4 * 2**20)
    with pytest.raises(ConfigError, match="larger than 4 MiB"):
        read_rule(tmp_path / "rule.yaml")


def test_ranges_of_different_series_may_hold_the_same_ids() -> None:
    rule = decode_rule((RANGE + "- {first: 0, last: 9, split: test, series: bow}\n").encode(), where="it")
    assert splits_of(rule, ["5", "bow5"]) == ["train", "test"]


@pytest.mark.parametrize("name", ["part-z", "nowhere/rule.yaml", "a\0b"])
def test_an_unknown_rule_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match=r"no such rule; choose from .*part-a.*, or give a YAML file"):
        read_rule(name)


# Fractions


@pytest.mark.parametrize(
    ("text", "fractions"),
    [
        ("0.7,0.1,0.2", {"train": 0.7, "val": 0.1, "test": 0.2}),
        ("0.8, 0.2", {"train": 0.8, "test": 0.2}),
        ("train=0.8,test=0.2", {"train": 0.8, "test": 0.2}),
        ("a=0.25,b=0.25,c=0.25,d=.25", dict.fromkeys("abcd", 0.25)),
        ("train=1", {"train": 1.0}),
    ],
)
def test_fractions_are_read(text: str, fractions: dict[str, float]) -> None:
    assert parse_fractions(text) == fractions


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is no list of fractions"),
        ("1", "is no list of fractions"),
        ("0.2,0.2,0.2,0.4", "is no list of fractions"),
        ("train=0.8,0.2", "is no list of fractions"),
        ("train=0.8,train=0.2", "names a split twice"),
        ("train=x,test=0.2", "'x' is no number"),
        ("train=0.8,test=0.3", "sum to 1.1, not to 1"),
        ("train=1,test=0", "of 'test' is not above 0"),
        ("train=inf,test=0.3", "of 'train' is not above 0"),
        ("train=nan,test=0.3", "of 'train' is not above 0"),
        ("=0.5,test=0.5", "'' is no name"),
        ("un split=0.5,test=0.5", "is no name"),
        ("unsplit=0.5,test=0.5", "'unsplit' is no name"),
    ],
)
def test_other_fractions_are_refused(text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        parse_fractions(text)
    assert str(caught.value).startswith("--fractions: ")


def test_rounding_is_forgiven() -> None:
    check_fractions({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, where="it")
    check_fractions({"a": 0.1 + 0.2, "b": 0.7}, where="it")
    check_fractions(dict.fromkeys([f"s{number}" for number in range(20)], 0.05), where="it")
    with pytest.raises(ConfigError, match="21 splits"):
        check_fractions(dict.fromkeys([f"s{number}" for number in range(21)], 1 / 21), where="it")
