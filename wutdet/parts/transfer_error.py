"""What goes wrong between a server and this disk."""

from __future__ import annotations

from wutdet.errors import WutdetError


class TransferError(WutdetError):
    """An archive cannot be fetched."""


class PageError(TransferError):
    """A web page came in place of the archive."""


class QuotaError(PageError):
    """The page says that too many people have downloaded the file."""
