"""Plain annotation files, read by their shape: the tags of a file in order decide where its texts mean what.

Of files that differ in their texts alone, as most of a part do, only the tags of the first are parsed. A file counts as
plain when it has nothing but tags with texts between them; then it is well-formed if its tags are. Any other file is
left to the parser, and so is one that says what a plain reader does not understand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final, NamedTuple
from xml.etree import ElementTree

from wutdet.dataset.voc_facts import fact_of, fact_texts
from wutdet.dataset.voc_xml import EDGES, SIDES, number_of, parse_tree, side_of
from wutdet.errors import FrameError

_MOST_KNOWN: Final = 2**16
_MOST_SHAPES: Final = 2**9
_MOST_BYTES: Final = 2**16  # of a file of two hundred ships; larger ones seldom share their shape
_BLANK: Final = " \t\n"
# All but control characters, the signs of markup, and the byte that begins U+FEFF (a mark of encoding), U+FFFE and
# U+FFFF (which XML forbids).
_TEXT_BYTES: Final = bytes({*b"\t\n\r", *range(0x20, 0x100)} - {*b"<>&\x7f\xef"})
_DECLARATION: Final = re.compile(rb"""<\?xml version=(["'])1\.0\1( encoding=(["'])[Uu][Tt][Ff]-8\3)? ?\?>""")
_TAG: Final = r'/?[A-Za-z_][\w.-]*(?:[ \t\n]+[A-Za-z_][\w.-]*="[^"<]*")*[ \t\n]*/?'
_TAGS: Final = re.compile(f"{_TAG}(?:<{_TAG})*", re.ASCII)


class Said(NamedTuple):
    """What one file says; the edges of its objects follow one another."""

    filename: str | None = None
    sides_px: Sequence[float] = ()
    names: Sequence[str] = ()
    edges: Sequence[float] = ()
    facts: Sequence[tuple[int, str, float]] = ()


class _Shape(NamedTuple):
    """Where files of one shape have their texts."""

    pick: Callable[[Sequence[str]], tuple[str, ...]]
    """Of what stands between the signs of markup: the sides, the names, the edges, the facts, the file name."""
    objects: int
    facts: Sequence[tuple[int, str]]
    has_filename: bool


class _Known(dict[str, float]):
    """What a function makes of a text, asked once a text: most coordinates are a few thousand whole numbers."""

    def __init__(self, ask: Callable[[str], float]) -> None:
        self._ask = ask

    def __missing__(self, text: str) -> float:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        value = self[text] = self._ask(text)
        return value


class _Shapes(dict[str, _Shape | None]):
    """The shape of these tags; None where they are not plain, or where so many shapes came before that few repeat."""

    def __missing__(self, tags: str) -> _Shape | None:
        if len(self) >= _MOST_SHAPES:
            return None
        shape = self[tags] = _shape_of(tags)
        return shape


class PlainReader:
    """Reads plain files one after the other; it remembers their shapes and numbers."""

    def __init__(self) -> None:
        self._shapes = _Shapes()
        self._side = _Known(side_of).__getitem__
        self._number = _Known(number_of).__getitem__

    def read(self, data: bytes) -> Said | None:
        """What a plain file says: what the parser would find in it. None: ask the parser, which may refuse it."""
        pieces = _pieces(data)
        shape = self._shapes["<".join(pieces[1::2])] if pieces else None
        if shape is None:
            return None
        texts = shape.pick(pieces)
        first_edge, last_edge = 2 + shape.objects, 2 + 5 * shape.objects
        try:
            sides_px = tuple(map(self._side, texts[:2]))
            edges = tuple(map(self._number, texts[first_edge:last_edge]))
        except ValueError:
            return None
        facts = [
            (place, fact, value)
            for (place, fact), text in zip(shape.facts, texts[last_edge:], strict=False)
            if (value := fact_of(fact, text)) is not None
        ]
        return Said(texts[-1] if shape.has_filename else None, sides_px, texts[2:first_edge], edges, facts)


def _pieces(data: bytes) -> list[str]:
    """What stands before, between and after the signs of markup: texts and tags by turns; empty if not plain."""
    if data.startswith(b"<?xml") and (declaration := _DECLARATION.match(data)):
        data = data[declaration.end() :]
    signs = data.translate(None, _TEXT_BYTES)
    if not signs or signs != b"<>" * (len(signs) // 2) or len(data) > _MOST_BYTES:
        return []
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return []
    pieces = text.replace("\r\n", "\n").replace("\r", "\n").replace(">", "<").split("<")
    return [] if pieces[0].strip(_BLANK) or pieces[-1].strip(_BLANK) else pieces


def _shape_of(tags: str) -> _Shape | None:
    """The shape of files with these tags, by parsing them with their places for texts."""
    if not _TAGS.fullmatch(tags):
        return None
    filled = "".join(f"<{tag}>{2 * place}" for place, tag in enumerate(tags.split("<"), start=1))
    try:
        tree = parse_tree(filled.rstrip("0123456789").encode(), "")  # no text after the last tag
        sides, names, edges = _texts_of(tree)
        facts = list(fact_texts(tree))
        filename = tree.findtext("filename")
        texts = (*sides, *names, *edges, *(text for *_, text in facts), *([] if filename is None else [filename]))
        pick = itemgetter(*map(int, texts))
    except (FrameError, ValueError):
        return None
    return _Shape(pick, len(names), [(place, fact) for place, fact, _ in facts], filename is not None)


def _texts_of(tree: ElementTree.Element) -> tuple[list[str], list[str], list[str]]:
    """The texts of the sides, of the names and of the edges, where each is there once.

    Raises:
        ValueError: one is not.
    """
    (size,) = tree.findall("size")
    sides = [_only_text(size, side) for side in SIDES]
    names, edges = [], []
    for item in tree.findall("object"):
        (box,) = item.findall("bndbox")
        names.append(_only_text(item, "name"))
        edges += [_only_text(box, edge) for edge in EDGES]
    return sides, names, edges


def _only_text(parent: ElementTree.Element, tag: str) -> str:
    (element,) = parent.findall(tag)
    return element.text or ""
