"""Download a registered part and make it ready to load."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from wutdet.errors import DataError
from wutdet.parts.archive import DamagedError
from wutdet.parts.assembling import assemble_archive
from wutdet.parts.checksums import parse_sha256
from wutdet.parts.fetching import addresses_of, facts_of, fetch_archive
from wutdet.parts.importing import already_there
from wutdet.parts.patience import Patience
from wutdet.parts.record import finished_record
from wutdet.parts.registry import Part, find_part, read_registry
from wutdet.parts.result import ImportedPart, Progress, silent
from wutdet.parts.transfer_error import PageError, QuotaError, TransferError
from wutdet.parts.wanted import Wanted
from wutdet.parts.workplace import workplace


def download(
    name: str,
    out: str | Path,
    *,
    url: str | None = None,
    sha256: str | None = None,
    registry: str | Path | None = None,
    keep_archive: bool = False,
    progress: Progress = silent,
    patience: Patience | None = None,
) -> ImportedPart:
    """Download a part, verify it, unpack it into OUT and delete the archive.

    Disk: at the peak the archive and what it unpacks to, which for JPEGs is twice the archive; after it, what it
    unpacked to. The archive stays whole until its last member is verified: cutting it down while it is unpacked would
    halve the peak, but a damaged member or a full disk would then cost the whole download again, against a quota.
    The free space is checked before the first byte. An interrupted download continues when it is called again, and
    so does an interrupted unpacking; until all is done `out/voc` is not there.

    Args:
        name: as registered, such as `part-a`.
        out: the folder of the part: new, empty, or unfinished.
        url: where to fetch the archive from, in place of the registered places.
        sha256: what the archive must have, in place of what is registered or remembered.
        registry: a registry file of the user's own.
        keep_archive: leave the archive in OUT.
        progress: called with the stage and its bytes.
        patience: waits and attempts.

    Raises:
        TransferError: the archive cannot be fetched; where Google Drive's quota is spent, the message says how to get
            it by hand.
        DataError: the archive is not what it should be, or the disk is too small.
        ConfigError: no such part, or a bad registry, address or sha256.
    """
    part = find_part(name, read_registry(registry))
    target = Path(out)
    given = parse_sha256(sha256)
    addresses = addresses_of(part, url)
    done = finished_record(target)
    if done is not None:
        if done.name != name:
            what = f"holds {done.name or 'another part'}, not {name}"
            raise DataError(what, where=target, remedy="choose another --out")
        return already_there(target, done, given)
    wanted = Wanted(
        size_bytes=part.size_bytes,
        unpacked_bytes=part.unpacked_bytes,
        patience=patience or Patience(),
        progress=progress,
    )
    with workplace(target) as work:
        archive = work / part.archive
        try:
            fetched = fetch_archive(part, addresses, archive, given_sha256=given, wanted=wanted)
        except TransferError as error:
            raise _with_way_by_hand(error, part, target, registry) from None
        try:
            imported = assemble_archive(
                archive,
                fetched.sha256,
                out=target,
                work=work,
                part=part,
                given_sha256=given,
                source=fetched.source,
                taken=(part.archive,) if keep_archive else (),
                progress=progress,
            )
        except DamagedError:
            for path in (archive, facts_of(archive)):  # or the same command would meet the same damage
                path.unlink()
            raise
        if keep_archive:
            os.replace(archive, target / part.archive)
        return imported


def _with_way_by_hand(error: TransferError, part: Part, out: Path, registry: str | Path | None) -> TransferError:
    """The error with the way that is left: a browser, and an import."""
    if part.baidu is None or (isinstance(error, PageError) and not isinstance(error, QuotaError)):
        return error
    words = ["wutdet", "import", part.archive, "--out", str(out)]
    command = shlex.join(words if registry is None else [*words, "--registry", str(registry)])
    by_hand = f"get it in a browser from {part.baidu.url} (code {part.baidu.code}), then: {command}"
    if isinstance(error, QuotaError):
        what = "too many people have downloaded it today"
        return QuotaError(what, where=error.where, remedy=f"try again tomorrow, or {by_hand}")
    return TransferError(error.what, where=error.where, remedy=f"{error.remedy}, or {by_hand}")
