"""Named subsets of frames as plain text lists, one file a split, one frame a line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wutdet.errors import DataError

_SUFFIXES: Final = (".jpg", ".jpeg", ".png")


def read_split_lists(folder: Path) -> dict[str, tuple[str, ...]]:
    """Which splits each frame (by its stem) is in, from every `*.txt` of a folder.

    A line is a frame's file name, or begins with its stem; the file's stem names the split. A missing
    folder means that there are no splits.

    Raises:
        DataError: a list is not text.
    """
    member: dict[str, list[str]] = {}
    if not folder.is_dir():
        return {}
    for path in sorted(folder.glob("*.txt")):
        try:
            lines = path.read_text(encoding="utf-8-sig").split("\n")
        except (UnicodeDecodeError, OSError):
            raise DataError("cannot be read as text", where=path, remedy="write one stem a line") from None
        split = path.stem
        for stem in map(stem_of_line, lines):
            if stem and split not in (splits := member.setdefault(stem, [])):
                splits.append(split)
    return {stem: tuple(names) for stem, names in member.items()}


def stem_of_line(line: str) -> str:
    """The stem of the frame that a line of a list names; empty for a blank line."""
    if line.isalnum():
        return line  # as most are: neither space, nor point, nor slash
    text = line.rstrip()  # a file name may hold spaces; after a stem stands Pascal's 1 or -1
    if not text.lower().endswith(_SUFFIXES):
        text = (text.split(maxsplit=1) or [""])[0]
    name = text.rstrip("/").rpartition("/")[2]
    return (name.rpartition(".")[0] if name.lower().endswith(_SUFFIXES) else name) or name  # a stem may hold dots
