"""Fetch a part's archive from the first place that has it, and verify it before it gets its name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.errors import ConfigError, DataError, WutdetError
from wutdet.parts.checksums import check_stated, sha256_of, stated_sha256
from wutdet.parts.page import kind_of
from wutdet.parts.registry import Part
from wutdet.parts.transfer_error import PageError, TransferError
from wutdet.parts.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Address:
    """Where an archive is: an address, or a file of Google Drive."""

    text: str
    is_drive: bool


class Fetched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a fetched archive."""

    source: str
    sha256: str


def addresses_of(part: Part, url: str | None) -> tuple[Address, ...]:
    """The given address alone, else all that are registered: plain ones first.

    Raises:
        ConfigError: there is none, or the given one is no http(s) address.
    """
    from wutdet.parts.asking import check_url

    if url is not None:
        return (Address(check_url(url), is_drive=False),)
    plain = tuple(Address(text, is_drive=False) for text in part.urls)
    drive = () if part.google_drive is None else (Address(part.google_drive, is_drive=True),)
    if not plain and not drive:
        raise ConfigError(f"{part.name} has no place to fetch it from", where="registry", remedy="give one with --url")
    return (*plain, *drive)


def fetch_archive(
    part: Part, addresses: tuple[Address, ...], archive: Path, *, given_sha256: str | None, wanted: Wanted
) -> Fetched:
    """Fetch an archive, or take the one that an earlier attempt has fetched.

    It gets its name when its length, its kind and, where one is stated, its sha256 are right.

    Raises:
        TransferError: no place has it; the last one's error.
        DataError: what came is not the archive, or the disk is too small.
    """
    if archive.exists():
        known = _read_facts(facts_of(archive))
        if known is not None:
            return known
    for place in addresses:
        try:
            fresh = _fetch(place, archive, wanted)
        except TransferError:
            if place is addresses[-1]:
                raise
            continue
        try:
            fetched = _verify(fresh, _source(place), part, given_sha256, wanted)
        except WutdetError:
            _remove(fresh)
            raise
        write_aside(facts_of(archive), msgspec.json.encode(fetched))
        os.replace(fresh, archive)
        _remove(fresh)
        return fetched
    raise AssertionError("there is at least one address")


def _fetch(place: Address, archive: Path, wanted: Wanted) -> Path:
    """Where the bytes are now."""
    if place.is_drive:
        from wutdet.parts.drive import fetch_drive

        fresh = archive.with_name(f"{archive.name}.drive")
        if not fresh.exists():
            fetch_drive(place.text, fresh, wanted)
        return fresh
    from wutdet.parts.transfer import fetch_url

    fresh = archive.with_name(f"{archive.name}.part")
    fetch_url(place.text, fresh, wanted)
    return fresh


def _verify(fresh: Path, source: str, part: Part, given_sha256: str | None, wanted: Wanted) -> Fetched:
    """What is known of the archive, after it was found to be so."""
    wanted.check_length(fresh.stat().st_size, source)
    try:
        kind_of(fresh)
    except PageError as error:
        raise type(error)(error.what, where=source, remedy=error.remedy) from None
    except DataError as error:
        remedy = "check the address in a browser, or give another with --url"
        raise TransferError(f"what came {error.what}", where=source, remedy=remedy) from None
    found = sha256_of(fresh, wanted.progress)
    stated = stated_sha256(part, given_sha256)
    if stated is not None:
        check_stated(source, found, stated)
    return Fetched(source, found)


def facts_of(archive: Path) -> Path:
    """What is known of a fetched archive stands beside it."""
    return archive.with_name("fetched.json")


def _remove(fresh: Path) -> None:
    for path in (fresh, fresh.with_name(f"{fresh.name}.json")):
        path.unlink(missing_ok=True)


def _source(place: Address) -> str:
    from wutdet.parts.asking import plain_address

    return f"google-drive:{place.text}" if place.is_drive else plain_address(place.text)


def _read_facts(path: Path) -> Fetched | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Fetched)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
