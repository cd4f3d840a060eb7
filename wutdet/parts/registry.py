"""The registry of parts: data in annotations/parts.yaml, or in a file of the user's own."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import msgspec

from wutdet.errors import ConfigError
from wutdet.parts.names import fault_of
from wutdet.resources import share_dir
from wutdet.yaml_text import decode_yaml

_MOST_BYTES: Final = 2**20

_ARCHIVE_SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")

HttpUrl = Annotated[str, msgspec.Meta(pattern=r"^https?://[!-~]+\Z", max_length=2048)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
PartName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\Z")]
"""Also the name of a folder, so it holds nothing that leads elsewhere."""
_Size = Annotated[int, msgspec.Meta(ge=1)]


class Baidu(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A share of Baidu Netdisk: it needs a browser and an account, so it is shown and never fetched."""

    url: HttpUrl
    code: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,16}\Z")]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A released archive. None: not known."""

    name: PartName
    archive: str
    """The file name of the archive as it is released."""
    google_drive: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,128}\Z")] | None = None
    """The file id."""
    baidu: Baidu | None = None
    urls: tuple[HttpUrl, ...] = ()
    """Plain addresses, tried in this order and before Google Drive."""
    frames_about: _Size | None = None
    """Approximate."""
    size_bytes: _Size | None = None
    """Of the archive."""
    unpacked_bytes: _Size | None = None
    sha256: Sha256 | None = None
    """Of the archive."""
    licence: str
    licence_note: str = ""
    source: str
    """The paper or page that released it."""

    def __post_init__(self) -> None:
        fault = "is a path, not a file name" if "/" in self.archive else fault_of(self.archive)
        if not fault and not self.archive.endswith(_ARCHIVE_SUFFIXES):
            fault = f"does not end in {', '.join(_ARCHIVE_SUFFIXES)}"
        if fault:
            raise ValueError(f"archive {self.archive!a} {fault}")


class _RegistryFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    parts: tuple[Part, ...]


def read_registry(path: str | Path | None = None) -> tuple[Part, ...]:
    """The parts of a registry file; of the one that comes with the package when none is given.

    Raises:
        ConfigError: the file cannot be read, has a wrong or unknown field, or names a part twice.
    """
    file = share_dir("annotations") / "parts.yaml" if path is None else Path(path)
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ConfigError("no registry of parts (larger than 1 MiB)", where=file, remedy="check the path")
        parts = decode_yaml(data, _RegistryFile).parts
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=file, remedy="check the path") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = " ".join(str(error).split())
        remedy = "write it as annotations/parts.yaml is written"
        raise ConfigError(f"no registry of parts ({why})", where=file, remedy=remedy) from None
    twice = [name for name, times in Counter(part.name for part in parts).items() if times > 1]
    if twice:
        raise ConfigError(f"the part '{twice[0]}' is there twice", where=file, remedy="name each part once")
    return parts


def find_part(name: str, parts: tuple[Part, ...]) -> Part:
    """The part of that name.

    Raises:
        ConfigError: there is none; the message offers the nearest.
    """
    for part in parts:
        if part.name == name:
            return part
    known = [part.name for part in parts]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    remedy = f"{hint}choose from {', '.join(known) or 'a registry that has parts'}, or give --registry FILE"
    raise ConfigError("no such part", where=repr(name), remedy=remedy)
