"""What an import gives back, and how it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Stage = Literal["fetching", "checking", "unpacking"]

Progress = Callable[[Stage, int, int | None], None]
"""Called with a stage, the bytes done so far, and the bytes in all or None where nobody knows."""


def silent(_stage: Stage, _done_bytes: int, _total_bytes: int | None) -> None:
    """The progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class ImportedPart:
    """A part that is ready to be loaded."""

    out: Path
    name: str | None
    """As registered; None for an archive that no registry names."""
    frames: int
    """Frames with both an XML and an image."""
    annotations: int
    images: int
    notes: tuple[str, ...]
    """What a user should know: what was stripped, skipped, recorded."""
