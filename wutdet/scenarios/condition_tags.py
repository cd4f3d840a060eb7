"""Guess the condition of many frames, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from wutdet.errors import FrameError
from wutdet.scenarios.condition_rules import ConditionRules
from wutdet.scenarios.conditions import Condition, classify
from wutdet.scenarios.light import Image


class NamedImage(Protocol):
    """A frame: its name, its pixels and, where that is known, the row of its horizon."""

    @property
    def name(self) -> str:
        """The file name, or the place in a video."""
        ...

    @property
    def image(self) -> Image:
        """(H, W, 3) uint8 RGB."""
        ...

    @property
    def horizon_row(self) -> float | None:
        """In native pixels."""
        ...


@dataclass(frozen=True, slots=True)
class Tag:
    """A frame's name and what it seems to show."""

    name: str
    condition: Condition


def tag_frames(
    frames: Iterable[NamedImage],
    *,
    rules: ConditionRules | None = None,
    on_bad: Callable[[FrameError], None] | None = None,
) -> Iterator[Tag]:
    """Yield the tag of every frame, in their order; no frame is kept.

    Args:
        frames: each is decoded when it is its turn.
        rules: None is configs/conditions.yaml.
        on_bad: told of each frame that cannot be decoded, which is then left out; None stops there.

    Raises:
        FrameError: a frame cannot be decoded, and there is no `on_bad`.
    """
    for frame in frames:
        try:
            image = frame.image
        except FrameError as error:
            if on_bad is None:
                raise
            on_bad(error)
            continue
        yield Tag(frame.name, classify(image, frame.horizon_row, rules=rules))
