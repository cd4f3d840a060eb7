"""Options that would work where a split as asked does not: each is tried before it is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from wutdet.dataset.splitting.assign import possible_fractions
from wutdet.dataset.splitting.frame_groups import By, Grouping, count_groups, group_frames
from wutdet.dataset.splitting.frame_order import FrameOrder
from wutdet.dataset.splitting.hashes import FrameHashes
from wutdet.dataset.splitting.id_deal import IdDeal
from wutdet.dataset.splitting.split_rule import IdRule
from wutdet.dataset.splitting.trial import Places, deal_frames, empty_splits
from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

BLOCK_FRAMES: Final = 50

_SHORTER_FRAMES: Final = (20, 10, 5)
_SEEDS: Final = 10
_NOTHING: Final = "ask for fewer splits, or take more frames"


@dataclass(frozen=True, slots=True)
class Asked:
    """A split by groups as it was asked for (see `split_by_groups`)."""

    dataset: Dataset
    by: By
    hashes: FrameHashes | None
    fractions: Mapping[str, float]
    seed: int
    guard_frames: int
    radius: int
    cut_bits: int


def group_remedy(asked: Asked, grouping: Grouping, counts: Places, *, narrow: bool) -> str:
    """What to give in place of what was asked.

    Args:
        asked: what does not work.
        grouping: of the frames.
        counts: what the groups hold.
        narrow: whether a smaller guard is named even where something works with this one.
    """
    likely = possible_fractions(counts, grouping.names, asked.fractions, seed=asked.seed)

    def works(fractions: Mapping[str, float], guard_frames: int) -> bool:
        return bool(fractions) and _deals(grouping, counts, fractions, seed=asked.seed, guard_frames=guard_frames)

    options = [f"--fractions {_text(likely)}"] if works(likely, asked.guard_frames) else []
    options += [*_smaller_radius(asked), *_by_id(asked, grouping.order)]
    if narrow or not options:
        guards = _halves(asked.guard_frames)
        tried = ((guard, fractions) for guard in guards for fractions in (asked.fractions, likely))
        guard, fractions = next(((guard, some) for guard, some in tried if works(some, guard)), (None, likely))
        other = "" if fractions is asked.fractions else f" --fractions {_text(fractions)}"
        options += [] if guard is None else [f"--guard {guard}{other}"]
    return _sentence(options)


def block_remedy(rule: IdRule, stems: Sequence[str], *, step: int) -> str:
    """What to give in place of this rule, which leaves a split empty.

    Args:
        rule: what does not work.
        stems: of the frames.
        step: how much ids rise by from frame to frame.
    """
    options = [*_shorter_blocks(rule, stems, step), *_other_seed(rule, stems)]
    if not options:
        for guard in _halves(rule.guard_ids // step):
            narrow = msgspec.structs.replace(rule, guard_ids=guard * step)
            blocks = [] if empty_splits(narrow, stems) else [""]
            blocks += [f" {option}" for option in _shorter_blocks(narrow, stems, step)]
            if blocks:
                return _sentence([f"--guard {guard}{blocks[0]}"])
    return _sentence(options)


def _deals(grouping: Grouping, counts: Places, fractions: Mapping[str, float], *, seed: int, guard_frames: int) -> bool:
    try:
        deal_frames(grouping, counts, fractions, seed=seed, guard_frames=guard_frames)
    except ConfigError:
        return False
    return True


def _smaller_radius(asked: Asked) -> Iterator[str]:
    """The largest radius that works, of some below the one that was asked for."""
    for radius in _halves(asked.radius) if asked.hashes is not None else ():
        finer = group_frames(asked.dataset, asked.by, asked.hashes, radius=radius, cut_bits=asked.cut_bits)
        counts = count_groups(asked.dataset, finer.groups)
        if _deals(finer, counts, asked.fractions, seed=asked.seed, guard_frames=asked.guard_frames):
            yield f"--radius {radius}"
            return


def _by_id(asked: Asked, order: FrameOrder) -> Iterator[str]:
    step = order.usual_step
    if not step or asked.guard_frames >= BLOCK_FRAMES or not _fits_a_round(asked):
        return
    rule = IdRule(
        block_ids=BLOCK_FRAMES * step,
        guard_ids=asked.guard_frames * step,
        seed=asked.seed,
        fractions=dict(asked.fractions),
    )
    if not empty_splits(rule, order.stems):
        yield "--by id"
    else:
        yield from (f"--by id {option}" for option in _shorter_blocks(rule, order.stems, step))


def _fits_a_round(asked: Asked) -> bool:
    try:
        IdDeal(asked.seed, tuple(asked.fractions.items())).check(where="")
    except ConfigError:
        return False
    return True


def _shorter_blocks(rule: IdRule, stems: Sequence[str], step: int) -> Iterator[str]:
    """The longest blocks that work, of some below those of the rule."""
    for frames in _SHORTER_FRAMES:
        shorter = msgspec.structs.replace(rule, block_ids=frames * step)
        if rule.guard_ids < shorter.block_ids < rule.block_ids and not empty_splits(shorter, stems):
            yield f"--block-frames {frames}"
            return


def _other_seed(rule: IdRule, stems: Sequence[str]) -> Iterator[str]:
    for seed in range(_SEEDS):
        if not empty_splits(msgspec.structs.replace(rule, seed=seed), stems):
            yield f"--seed {seed}"
            return


def _halves(number: int) -> list[int]:
    """The half of a number, its half, and so on to 0."""
    return [number >> place for place in range(1, number.bit_length() + 1)]


def _text(fractions: Mapping[str, float]) -> str:
    return ",".join(f"{name}={share:.2f}" for name, share in fractions.items())


def _sentence(options: Sequence[str]) -> str:
    return f"give {', or '.join(options)}" if options else _NOTHING
