"""Named subsets of frames as plain text lists, one file a split, one frame a line."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from wutdet.errors import DataError

_SUFFIXES: Final = (".jpg", ".jpeg", ".png")
_FLAGS: Final = ("1", "0", "-1")  # Pascal's, whether an object is there


def read_split_lists(folder: Path, frames: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Which splits each frame (by its stem) is in, from every `*.txt` of a folder.

    A missing folder means that there are no splits.

    Args:
        folder: of the lists; the stem of each names the split, and each line a frame (see `stem_of_line`).
        frames: the stems of the frames that are there.

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
        for line in lines:
            stem = stem_of_line(line, frames)
            if stem and split not in (splits := member.setdefault(stem, [])):
                splits.append(split)
    return {stem: tuple(names) for stem, names in member.items()}


def stem_of_line(line: str, frames: Collection[str] = ()) -> str:
    """The stem of the frame that a line of a list names by its stem or file name; empty for a blank line.

    A name may hold spaces and end in a number: Pascal's 1, 0 or -1 is taken off only where the whole line names none
    of the frames that are there.
    """
    if line.isalnum():
        return line  # as most are: neither space, nor point, nor slash
    whole = line.rstrip("\r")
    if whole in frames and not whole.lower().endswith(_SUFFIXES):
        return whole
    text = line.strip()
    *head, last = text.rsplit(maxsplit=1) or [""]
    bare = head[0] if head and last in _FLAGS else text
    stems = [_stem_of(text), text, _stem_of(bare), bare]
    return next((stem for stem in stems if stem in frames), _stem_of(bare))


def line_of_stem(stem: str, frames: Collection[str]) -> str | None:
    """A line of a list that names this frame, one of those that are there; None where no line can."""
    line = f"{stem}.jpg" if stem.lower().endswith(_SUFFIXES) else stem
    ends_early = any(sign in stem for sign in "\n\r") or stem.startswith("\ufeff")
    return None if ends_early or stem_of_line(line, frames) != stem else line


def _stem_of(text: str) -> str:
    name = text.rstrip("/").rpartition("/")[2]
    return (name.rpartition(".")[0] if name.lower().endswith(_SUFFIXES) else name) or name  # a stem may hold dots
