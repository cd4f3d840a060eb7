"""How many cores there are to use."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """The number of cores that this process may use, which a container or a scheduler may have cut."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
