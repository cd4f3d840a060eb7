"""What is asked of a transfer, however it is done."""

from __future__ import annotations

from dataclasses import dataclass

from wutdet.parts.patience import Patience
from wutdet.parts.result import Progress
from wutdet.parts.transfer_error import TransferError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is known beforehand, and how to go about it."""

    size_bytes: int | None
    """Of the archive, where it is known."""
    unpacked_bytes: int | None
    """What it unpacks to, where it is known, else taken to be as much as the archive; both must fit the disk."""
    patience: Patience
    progress: Progress

    def check_length(self, length_bytes: int, where: object) -> None:
        """Hold a length against the registry's.

        Raises:
            TransferError: it is another.
        """
        if self.size_bytes is not None and length_bytes != self.size_bytes:
            what = f"has {length_bytes} bytes, not the {self.size_bytes} that the registry says"
            raise TransferError(what, where=where, remedy="give another address with --url")
