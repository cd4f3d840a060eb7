"""Which split a numbered block is in: dealt in rounds, so that the fractions hold for every stretch of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from wutdet.errors import ConfigError

_LONGEST_ROUND: Final = 100


@dataclass(frozen=True, slots=True)
class IdDeal:
    """Blocks are dealt in rounds: of 10 blocks in turn 7 go to train, 1 to val, 2 to test, in an order of its own.

    A round is the least number of blocks, at most 100, that the fractions divide into whole blocks. In each, the
    places are put in the order of blake2b(seed/series/round/place). So a block's split depends on nothing but the
    seed, the fractions, its series and its number.
    """

    seed: int
    fractions: tuple[tuple[str, float], ...]

    def split_of(self, series: str, block: int) -> str:
        """The split of a block of a series."""
        slots = _slots(self.fractions)
        turn, place = divmod(block, len(slots))
        return slots[_shuffled(self.seed, series, turn, len(slots))[place]]

    def check(self, *, where: object) -> None:
        """Refuse fractions that a round cannot hold.

        Raises:
            ConfigError: a split would get no block.
        """
        for name, _ in self.fractions:
            if name not in _slots(self.fractions):
                raise ConfigError(f"the fraction of '{name}' is too small", where=where, remedy="ask for at least 0.01")


@lru_cache(maxsize=64)
def _slots(fractions: tuple[tuple[str, float], ...]) -> tuple[str, ...]:
    """The splits of one round, by name; rounding by the largest remainders where no round fits exactly."""
    ordered = sorted(fractions)
    fits = (
        length
        for length in range(1, _LONGEST_ROUND + 1)
        if all(abs(share * length - round(share * length)) < 1e-6 for _, share in ordered)
    )
    length = next(fits, _LONGEST_ROUND)
    wholes = {name: int(share * length + 1e-6) for name, share in ordered}
    rest = sorted(ordered, key=lambda item: (wholes[item[0]] - item[1] * length, item[0]))
    for name, _ in rest[: length - sum(wholes.values())]:
        wholes[name] += 1
    return tuple(name for name, _ in ordered for _ in range(wholes[name]))


@lru_cache(maxsize=4096)
def _shuffled(seed: int, series: str, turn: int, length: int) -> tuple[int, ...]:
    keys = [blake2b(f"{seed}/{turn}/{place}/{series}".encode(), digest_size=16).digest() for place in range(length)]
    return tuple(sorted(range(length), key=keys.__getitem__))
