"""What an audit says, as `audit --json` prints it."""

from __future__ import annotations

import msgspec

from wutdet.dataset.audit.findings import Finding
from wutdet.dataset.splitting.leakage import Leakage


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """The repaired copy."""

    folder: str
    frames: int
    boxes: int
    left_out: int
    """Frames that are not in the copy."""
    changes: int
    """Rows of the log."""
    log: str
    """The table `changes.csv`: file, what, before, after."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found."""

    errors: list[Finding]
    warnings: list[Finding]
    infos: list[Finding]
    counts: dict[str, int]
    """The number of findings by code."""
    name: str
    images: int
    """Frames that labels or images name, good and bad."""
    boxes: int
    classes: dict[str, int]
    """The number of boxes by class, as the labels have it."""
    voc_origin: str | None
    voc_evidence: str
    images_checked: bool
    hash_radius: int | None
    """Bits of difference up to which frames are near-duplicates; None where no image was hashed."""
    near_duplicates: list[tuple[str, str, int]]
    """File names of two frames and the bits by which their hashes differ, nearest first."""
    near_duplicate_pairs: int | None
    """How many there are; the list may be shorter. None: more than a million, or not looked for."""
    near_duplicate_frames: int | None
    """Frames with at least one near-duplicate; None: not looked for."""
    leakage: dict[str, Leakage]
    """By `train-test`: the frames of test that have a near-duplicate or an id neighbour in train."""
    repair: Repair | None = None

    @property
    def sound(self) -> bool:
        """Whether no error was found."""
        return not self.errors
