"""How fast work goes, and how long it still takes: from what is done now, not from what was done before."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """The steps of one stage.

    The first report says where the work stands: a resumed run names in it what an earlier call has done. The rate is
    taken from there on.
    """

    total: int | None
    """None: nobody knows."""
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    _first: tuple[float, int] | None = field(default=None, init=False)
    _last_s: float = field(default=0.0, init=False)

    def report(self, steps: int) -> None:
        """So many more steps are done."""
        self.done += steps
        self._last_s = self.clock()
        if self._first is None:
            self._first = (self._last_s, self.done)

    @property
    def per_s(self) -> float | None:
        """Steps a second since the first report; None before the second one."""
        if self._first is None:
            return None
        seconds, steps = self._last_s - self._first[0], self.done - self._first[1]
        return steps / seconds if steps > 0 and seconds > 0 else None

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest takes at this rate; None where the rate or the total is unknown."""
        rate = self.per_s
        if self.total is None:
            return None
        if self.done >= self.total:
            return 0.0
        return None if rate is None else max(0.0, (self.total - self.done) / rate - (self.clock() - self._last_s))


def rate_text(per_s: float | None) -> str:
    """`12.5/s`; of slow steps how long each takes, `8.0 s each`; empty where it is unknown."""
    if per_s is None:
        return ""
    if per_s < 1:
        return f"{1 / per_s:.3g} s each" if per_s > 1e-3 else f"{1 / per_s:.0f} s each"
    return f"{per_s:.3g}/s" if per_s < 1000 else f"{per_s:.0f}/s"


def left_text(left_s: float | None) -> str:
    """`0:01:40 left`; `-:--:-- left` where it is unknown."""
    if left_s is None:
        return "-:--:-- left"
    minutes, seconds = divmod(round(left_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02} left"
