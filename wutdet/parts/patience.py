"""How long a download waits, and how often it tries again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


def _sleep(wait_s: float) -> None:
    time.sleep(wait_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Exponential back-off with jitter: waits of up to 1, 2, 4, … s, drawn between half of that and all of it."""

    attempts: int = 6
    """Failures in a row, without a megabyte gained between them, before it gives up."""
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    longest_retry_after_s: float = 300.0
    """A server that asks for a longer wait is believed, and not waited for."""
    connect_s: float = 15.0
    """For a connection to come about."""
    read_s: float = 60.0
    """Between two bytes."""
    sleep: Callable[[float], None] = _sleep
    draw: Callable[[], float] = random.random
    """A number from 0 to 1."""

    def wait_s(self, failures: int) -> float:
        """How long to wait after the n-th failure in a row, n from 1."""
        longest_s = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(failures - 1, 30))
        return longest_s * (0.5 + 0.5 * self.draw())
