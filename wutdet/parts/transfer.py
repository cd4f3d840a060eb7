"""Fetch a file over HTTP, and go on where an earlier attempt was cut off, only when it is still the same file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from wutdet._version import __version__
from wutdet.parts.answers import DroppedError, Span, partial_span, whole_span
from wutdet.parts.asking import ELSEWHERE, Session, ask, chunks_of, plain_address
from wutdet.parts.begun import Begun, begun_from, discard, is_other_file, length_of, read_begun, write_begun
from wutdet.parts.page import is_page, page_error
from wutdet.parts.patience import Patience
from wutdet.parts.transfer_error import TransferError
from wutdet.parts.wanted import Wanted
from wutdet.parts.workplace import need_space

_GAIN_BYTES: Final = 2**20  # so much more than ever before, and failures are counted from zero
_RESERVE_BYTES: Final = 256 * 2**20  # left free where a server does not say how much it will send


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One address and where its bytes go."""

    url: str
    part_file: Path
    wanted: Wanted

    @property
    def where(self) -> str:
        return plain_address(self.url)


def fetch_url(url: str, part_file: Path, wanted: Wanted) -> None:
    """Bring all bytes of a file into `part_file`, continuing what is there if the file has not changed.

    Beside it stands what tells a changed file: without an ETag or a date that tells, every attempt begins anew.

    Raises:
        PageError: a web page comes.
        TransferError: the server refuses, sends another length, or fails too often. Good bytes are kept.
        DataError: the disk is too small.
    """
    transfer = _Transfer(url, part_file, wanted)
    most_bytes = length_of(part_file)
    failures = 0
    with Session() as session:
        while True:
            try:
                _attempt(session, transfer)
                return
            except DroppedError as drop:
                have_bytes = length_of(part_file)
                failures = 1 if have_bytes >= most_bytes + _GAIN_BYTES else failures + 1
                most_bytes = max(most_bytes, have_bytes)
                _wait(drop, failures, wanted.patience, transfer.where)


def _wait(drop: DroppedError, failures: int, patience: Patience, where: str) -> None:
    if failures >= patience.attempts:
        what = f"{drop}, {failures} times in a row"
        raise TransferError(what, where=where, remedy="give the same command again to continue") from None
    asked_s = drop.retry_after_s or 0.0
    if asked_s > patience.longest_retry_after_s:
        what = f"{drop} and says to wait {asked_s:.0f} s"
        raise TransferError(what, where=where, remedy="then give the same command again") from None
    patience.sleep(max(asked_s, patience.wait_s(failures)))


def _attempt(session: Session, transfer: _Transfer) -> None:
    """One request, and as many bytes as it brings.

    Raises:
        DroppedError: not all bytes are there yet.
    """
    part_file, wanted = transfer.part_file, transfer.wanted
    begun = read_begun(part_file, transfer.url)
    have_bytes = 0 if begun is None else length_of(part_file)
    if begun is not None and have_bytes and have_bytes == begun.total_bytes:
        return
    headers = {"Accept-Encoding": "identity", "User-Agent": f"wutdet/{__version__}"}
    if begun is not None and begun.validator is not None and have_bytes:
        headers |= {"Range": f"bytes={have_bytes}-", "If-Range": begun.validator}
    with ask(session, transfer.url, headers, wanted.patience) as answer:
        span = _span(answer, begun, have_bytes)
        if span is None:
            discard(part_file)
            raise DroppedError("the file changes on the server")
        if span.total_bytes is not None:
            wanted.check_length(span.total_bytes, transfer.where)
        total_bytes = wanted.size_bytes if span.total_bytes is None else span.total_bytes
        most_bytes = _most_bytes(transfer, span, total_bytes)
        if span.first == 0:
            discard(part_file)  # before it is said what the new bytes are
            write_begun(part_file, begun_from(transfer.url, answer.headers, total_bytes))
        _receive(chunks_of(answer), transfer, span.first, most_bytes, total_bytes)
    have_bytes = length_of(part_file)
    if total_bytes is not None and have_bytes < total_bytes:
        raise DroppedError(f"the connection ended after {have_bytes} of {total_bytes} bytes")


def _span(answer: requests.Response, begun: Begun | None, have_bytes: int) -> Span | None:
    """Which bytes come; None when they do not continue what is there."""
    if answer.status_code == 200:
        return whole_span(answer.headers)
    span = partial_span(answer.headers) if answer.status_code == 206 else None  # 416: the file is shorter now
    if begun is None or span is None or span.first != have_bytes:
        return None
    return None if is_other_file(begun, answer.headers, span.total_bytes) else span


def _most_bytes(transfer: _Transfer, span: Span, total_bytes: int | None) -> int:
    """How long the file may get by this answer; all that is still to come must fit the disk."""
    folder = transfer.part_file.parent
    if total_bytes is None:
        return span.first + need_space(folder, _RESERVE_BYTES) - _RESERVE_BYTES
    there_bytes = length_of(transfer.part_file)  # a new beginning replaces it
    need_space(folder, total_bytes - there_bytes + (transfer.wanted.unpacked_bytes or total_bytes))
    return total_bytes if span.end is None else min(total_bytes, span.end)


def _receive(
    chunks: Iterable[bytes], transfer: _Transfer, first: int, most_bytes: int, total_bytes: int | None
) -> None:
    have_bytes = first
    with transfer.part_file.open("ab") as file:
        for chunk in chunks:
            fault = _fault(chunk, have_bytes, most_bytes, total_bytes, transfer.where)
            if fault is not None:
                discard(transfer.part_file)
                raise fault
            file.write(chunk)
            have_bytes += len(chunk)
            transfer.wanted.progress("fetching", have_bytes, total_bytes)


def _fault(chunk: bytes, have_bytes: int, most_bytes: int, total_bytes: int | None, where: str) -> TransferError | None:
    if have_bytes == 0 and is_page(chunk):
        return page_error(chunk, where)
    if have_bytes + len(chunk) <= most_bytes:
        return None
    what = "sends more than the disk can take" if total_bytes is None else "sends more than it said"
    return TransferError(what, where=where, remedy=ELSEWHERE)
