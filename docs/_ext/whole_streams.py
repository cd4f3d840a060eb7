"""What a command prints comes in pieces; nbclient joins them when asked to, and nobody between asks."""

from __future__ import annotations

import functools
from typing import Any

import jupyter_cache.executors.utils as executing
from sphinx.application import Sphinx


def setup(_app: Sphinx) -> dict[str, Any]:
    executing.executenb = functools.partial(executing.executenb, coalesce_streams=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
