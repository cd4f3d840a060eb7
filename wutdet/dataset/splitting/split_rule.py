"""A rule says which split a frame is in by its name alone: two people get one split without exchanging lists."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.dataset.splitting.fractions import check_fractions, check_split_name
from wutdet.dataset.splitting.frame_order import MOST_DIGITS, split_stem
from wutdet.dataset.splitting.id_deal import IdDeal
from wutdet.errors import ConfigError
from wutdet.resources import share_dir
from wutdet.yaml_text import decode_yaml

MOST_BYTES: Final = 4 * 2**20
"""Of a rule file: 50,000 ranges."""

_LARGEST: Final = 10**MOST_DIGITS - 1
Whole = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
Length = Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]


class IdRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="id-blocks"):
    """Blocks of ids are dealt by their number: a function of the id, whatever other frames there are.

    Block b holds the ids b·block_ids … (b + 1)·block_ids − 1. Blocks are dealt in rounds (see `IdDeal`). Where the next
    block is in another split, the ids with `guard_ids` or less to its first are in none, so that any two ids of
    different splits lie more than `guard_ids` apart. Each series (what stands before the number in a name) is dealt
    for itself.
    """

    version: Literal[1] = 1
    note: Text = ""
    block_ids: Length
    guard_ids: Whole = 0
    seed: Whole = 0
    fractions: dict[str, float]

    def split_of(self, stem: str) -> str | None:
        """The split of a frame; None for one in a guard gap."""
        series, number = split_stem(stem)
        block = number // self.block_ids
        deal = IdDeal(self.seed, tuple(self.fractions.items()))
        own = deal.split_of(series, block)
        to_next = (block + 1) * self.block_ids - number
        return own if to_next > self.guard_ids or deal.split_of(series, block + 1) == own else None


class IdRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The ids first … last, both included, of one series are in one split."""

    first: Whole
    last: Whole
    split: str
    series: Annotated[str, msgspec.Meta(max_length=300)] = ""


class Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How ranges were made: for the reader; nothing is computed from it."""

    by: Literal["sequence", "camera"]
    frames: Whole
    groups: Whole
    seed: Whole
    fractions: dict[str, float]
    radius: Whole | None
    """None where no image was looked at."""
    cut_bits: Whole | None
    guard_frames: Whole


class RangeRule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="id-ranges"
):
    """Ranges of ids, each in a split; ids in no range are in none."""

    version: Literal[1] = 1
    note: Text = ""
    made: Made | None = None
    ranges: list[IdRange]

    def split_of(self, stem: str) -> str | None:
        """The split of a frame; None for one in no range."""
        return splits_of(self, [stem])[0]


Rule = IdRule | RangeRule


def splits_of(rule: Rule, stems: Sequence[str]) -> list[str | None]:
    """The split of each of these frames; None for those that are left out."""
    if isinstance(rule, IdRule):
        return [rule.split_of(stem) for stem in stems]
    ordered = sorted(rule.ranges, key=_start)
    starts = [_start(item) for item in ordered]
    found: list[str | None] = []
    for stem in stems:
        series, number = split_stem(stem)
        item = ordered[bisect.bisect_right(starts, (series, number)) - 1] if ordered else None
        inside = item is not None and item.series == series and item.first <= number <= item.last
        found.append(item.split if item is not None and inside else None)
    return found


def split_names(rule: Rule) -> tuple[str, ...]:
    """The splits that the rule knows, in its order."""
    if isinstance(rule, IdRule):
        return tuple(rule.fractions)
    return tuple(dict.fromkeys([*(rule.made.fractions if rule.made else ()), *(item.split for item in rule.ranges)]))


def rule_names() -> list[str]:
    """The rules that come with the package."""
    return sorted(path.stem for path in (share_dir("annotations") / "splits").glob("*.yaml"))


def read_rule(rule: str | Path) -> Rule:
    """A rule by its name, such as `part-a`, or from a YAML file.

    Raises:
        ConfigError: there is none of that name, or the file is not as it should be.
    """
    text = str(rule)
    path = Path(text) if text.endswith((".yaml", ".yml")) else share_dir("annotations") / "splits" / f"{text}.yaml"
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        remedy = f"choose from {', '.join(rule_names())}, or give a YAML file"
        raise ConfigError("no such rule", where=rule, remedy=remedy) from None
    if len(data) > MOST_BYTES:
        raise ConfigError("larger than 4 MiB", where=path, remedy="give a rule file of wutdet split")
    return decode_rule(data, where=path)


def decode_rule(data: bytes, *, where: object) -> Rule:
    """A rule from YAML.

    Raises:
        ConfigError: a field is missing, unknown, of a wrong type or range, or ranges overlap.
    """
    try:
        rule: Rule = decode_yaml(data, IdRule | RangeRule)  # type: ignore[arg-type]
    except (msgspec.MsgspecError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise ConfigError(f"no split rule ({reason})", where=where, remedy="correct it, or write one anew") from None
    if isinstance(rule, IdRule):
        check_fractions(rule.fractions, where=where)
        if rule.guard_ids >= rule.block_ids:
            raise ConfigError("guard_ids is not below block_ids", where=where, remedy="give longer blocks")
        IdDeal(rule.seed, tuple(rule.fractions.items())).check(where=where)
    else:
        _check_ranges(rule.ranges, where)
    return rule


def encode_rule(rule: Rule) -> bytes:
    """The rule as YAML: one line a range, in the same bytes everywhere."""
    if isinstance(rule, IdRule) or not rule.ranges:
        return msgspec.yaml.encode(rule)
    head = msgspec.yaml.encode(msgspec.structs.replace(rule, ranges=[])).decode().replace("ranges: []\n", "ranges:\n")
    lines = [f"- {msgspec.json.encode(item).decode()}\n" for item in rule.ranges]  # JSON is YAML too
    return (head + "".join(lines)).encode()


def write_rule(rule: Rule, path: Path) -> None:
    """Write a rule file, whole or not at all."""
    write_aside(path, encode_rule(rule))


def _start(item: IdRange) -> tuple[str, int]:
    return item.series, item.first


def _check_ranges(ranges: list[IdRange], where: object) -> None:
    for item in ranges:
        check_split_name(item.split, where=where)
        if item.last < item.first:
            raise ConfigError(f"range {item.first} … {item.last} is empty", where=where, remedy="correct it")
    ordered = sorted(ranges, key=_start)
    for before, item in itertools.pairwise(ordered):
        if before.series == item.series and item.first <= before.last:
            raise ConfigError(f"two ranges hold id {item.first}", where=where, remedy="give an id to one range")
