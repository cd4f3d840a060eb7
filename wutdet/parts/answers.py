"""What a server's answer to a request for the rest of a file means."""

from __future__ import annotations

import datetime
import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes that may be gone at the next try."""
_SAYINGS: Final = {
    401: "asks for a login",
    403: "does not allow it",
    404: "does not have it",
    410: "does not have it any more",
    429: "is asked too often",
}


class DroppedError(Exception):
    """This try failed, and another may not."""

    def __init__(self, why: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Span:
    """Which bytes an answer holds."""

    first: int
    end: int | None
    """One past the last; None when it is not said."""
    total_bytes: int | None
    """Of the whole file."""


def whole_span(headers: Mapping[str, str]) -> Span:
    """Of a 200."""
    length = headers.get("Content-Length", "")
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    total_bytes = int(length) if re.fullmatch(r"\d{1,18}", length) and not chunked else None
    return Span(0, total_bytes, total_bytes)


def partial_span(headers: Mapping[str, str]) -> Span | None:
    """Of a 206; None when it does not say, or says what cannot be."""
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    total_bytes = None if match[3] == "*" else int(match[3])
    if last < first or (total_bytes is not None and last >= total_bytes):
        return None
    return Span(first, last + 1, total_bytes)


def is_encoded(headers: Mapping[str, str]) -> bool:
    """Whether the body is packed once more, so that its bytes are not the file's."""
    return headers.get("Content-Encoding", "").strip().lower() not in ("", "identity")


def status_text(status: int) -> str:
    """`404: the server does not have it`."""
    return f"the server {_SAYINGS.get(status, 'refuses')} (HTTP {status})"


def retry_after_s(headers: Mapping[str, str], now: datetime.datetime) -> float | None:
    """The wait that a server asks for, in seconds from now; None when it asks for none."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - now).total_seconds())
