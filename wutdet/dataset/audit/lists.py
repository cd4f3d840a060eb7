"""Split lists as they are written, with what is wrong in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.audit.texts import decode_text
from wutdet.dataset.splits import stem_of_line
from wutdet.errors import DataError

EVALUATED_FIRST: Final = ("test", "val", "train")
"""The splits that must share no frame; a repair keeps a frame in the first of them. Other lists may be subsets."""


@dataclass(frozen=True, slots=True)
class SplitList:
    """One list: its name, and of every line that names a frame the text and the frame's key."""

    name: str
    lines: tuple[tuple[str, str], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The frames in the order of the list, repeats included."""
        return tuple(stem for _, stem in self.lines)


def read_lists(folder: Path, frames: Collection[str]) -> tuple[tuple[SplitList, ...], list[Finding]]:
    """Every `*.txt` of a folder, whatever it is encoded in, and a finding for each that is not UTF-8.

    Args:
        folder: of the lists.
        frames: the keys of the frames that are there.
    """
    lists: list[SplitList] = []
    found: list[Finding] = []
    for path in sorted(folder.glob("*.txt")):
        try:
            text, encoding = decode_text(path.read_bytes())
        except OSError as error:
            raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="restore it") from None
        if encoding != "utf-8":
            found.append(finding("bad-encoding", path.name, f"not UTF-8 but {encoding}"))
        lines = ((line.strip(), stem_of_line(line, frames)) for line in text.split("\n"))
        lists.append(SplitList(path.stem, tuple((line, stem) for line, stem in lines if stem)))
    return tuple(lists), found


def check_lists(lists: Sequence[SplitList], names: dict[str, str]) -> Iterator[Finding]:
    """What is wrong with the lists of frames.

    Args:
        lists: what was read.
        names: of every frame that has labels or an image, its key and what findings call it.
    """
    for split in lists:
        if not split.lines:
            yield finding("empty-split", f"{split.name}.txt", f"the list {split.name} names no frame")
        for stem, times in Counter(split.keys).items():
            if stem not in names:
                yield finding("absent-in-split", stem, f"{split.name} lists it, but it is not there")
            if times > 1:
                yield finding("listed-twice", names.get(stem, stem), f"{split.name} lists it {times} times")
    yield from check_overlap({split.name: split.keys for split in lists}, names)
    if any(split.lines for split in lists):
        listed = {stem for split in lists for stem in split.keys}
        for stem in sorted(names.keys() - listed):
            yield finding("unlisted-frame", names[stem], "no split lists it")


def check_overlap(members: dict[str, Collection[str]], names: dict[str, str]) -> Iterator[Finding]:
    """Frames in more than one of train, val and test."""
    home: dict[str, list[str]] = {}
    for split in EVALUATED_FIRST:
        for stem in dict.fromkeys(members.get(split, ())):
            home.setdefault(stem, []).append(split)
    for stem, splits in home.items():
        if len(splits) > 1 and stem in names:
            yield finding("frame-in-several-splits", names[stem], f"it is in {' and in '.join(splits)}")
