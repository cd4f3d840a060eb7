"""Open an archive of any kind."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from wutdet.parts.archive import Archive
from wutdet.parts.page import kind_of
from wutdet.parts.tar_archive import open_tar
from wutdet.parts.zip_archive import open_zip


def open_archive(path: Path) -> AbstractContextManager[Archive]:
    """Open a zip or a tar.

    Raises:
        PageError: it is a web page.
        DataError: it is neither, or cannot be read.
        DamagedError: it is broken.
        HostileError: it holds what no part holds.
    """
    kind = kind_of(path)
    return open_zip(path) if kind == "zip" else open_tar(path, kind)
