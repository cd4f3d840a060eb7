"""A part that was unpacked by hand: its files, and how they are placed without touching them."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from wutdet.dataset.files import Placement, place_image
from wutdet.errors import DataError
from wutdet.parts.archive import check_count, checked_path, refused
from wutdet.parts.result import Progress
from wutdet.parts.unpacking import make_folder

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")


def list_folder(folder: Path) -> dict[str, int]:
    """The size in bytes of every file in a folder, by its path in it with `/`, sorted.

    A link to a file counts as the file.

    Raises:
        DataError: a folder in it is a link, or cannot be read.
        HostileError: a name is not safe, or a file is a device or the like.
    """
    sizes: dict[str, int] = {}
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        checked_path(folder, name)
        if not path.is_file():
            raise refused(folder, name, "is no file")
        sizes[name] = path.stat().st_size
        check_count(folder, len(sizes))
    return dict(sorted(sizes.items()))


def _walk(folder: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise DataError(f"cannot be read ({error.strerror})", where=error.filename, remedy="check its permissions")

    for above, folders, files in os.walk(folder, onerror=stop):
        for name in folders:
            path = Path(above, name)
            if path.is_symlink():
                raise DataError("is a link to a folder", where=path, remedy="put the folder itself there")
        yield from (Path(above, name) for name in files)


def still_to_copy_bytes(sizes: Mapping[str, int], places: Mapping[str, Path]) -> int:
    """The bytes of files that are not at their places yet."""
    return sum(size for name, size in sizes.items() if name in places and not places[name].exists())


def place_files(
    folder: Path,
    sizes: Mapping[str, int],
    places: Mapping[str, Path],
    *,
    how: Placement,
    out: Path,
    aside: Path,
    progress: Progress,
) -> None:
    """Copy every file to its place, or link the images; what is there already is kept.

    A JPEG without its end marker is copied in any case, and so is everything that is no image: labels get edited.

    Raises:
        DataError: a link on the way leads out of `out`.
        FrameError: a file is gone meanwhile.
    """
    total_bytes = sum(sizes[name] for name in places)
    done_bytes = 0
    made: set[Path] = set()
    for name, place in places.items():
        source = folder / name
        if place.parent not in made:
            make_folder(place.parent, out)
            made.add(place.parent)
        if not _is_there(source, place):
            aside.unlink(missing_ok=True)
            place_image(source, aside, how if source.suffix.lower() in _IMAGE_SUFFIXES else "copy")
            os.replace(aside, place)
        done_bytes += sizes[name]
        progress("unpacking", done_bytes, total_bytes)


def _is_there(source: Path, place: Path) -> bool:
    if place.is_symlink():
        return place.resolve() == source.resolve()
    return place.is_file() and filecmp.cmp(source, place, shallow=False)
