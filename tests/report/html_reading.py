"""Read a page back: its tables with what they show and hold, its embedded numbers, and every element with its text."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "img"}


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    own: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.own)

    def find(self, name: str, **attributes: str) -> list[Element]:
        """All such elements below this one; `class_` is one of its classes."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        found = []
        for child in self.children:
            has = child.attributes
            if child.name == name and all(
                value in has.get(key, "").split() if key == "class" else has.get(key) == value
                for key, value in wanted.items()
            ):
                found.append(child)
            found += child.find(name, **attributes)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].name == tag, f"<{self._open[-1].name}> is closed by </{tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.own.append(data)


def read_page(text: str) -> Element:
    """The page; every element must be closed in turn."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader._open == [reader.root], "an element is not closed"
    return reader.root


@dataclass(frozen=True)
class Read:
    """A table: its headings, and its rows by their first cell, with what they show and hold."""

    heads: list[str]
    shown: list[list[str]]
    held: list[list[float | None]]


def read_table(page: Element, caption: str, place: int = 0) -> Read:
    """The table of a caption."""
    tables = [table for table in page.find("table") if table.find("caption")[0].text == caption]
    assert tables, [table.find("caption")[0].text for table in page.find("table")]
    head, body = tables[place].find("thead")[0], tables[place].find("tbody")[0]
    rows = [row.children for row in body.find("tr")]
    return Read(
        [item.text for item in head.find("th")],
        [[cell.text for cell in row] for row in rows],
        [
            [float(cell.attributes["data-value"]) if "data-value" in cell.attributes else None for cell in row]
            for row in rows
        ],
    )


def read_numbers(page: Element) -> list[dict[str, Any]]:
    """The numbers that the page holds for programs."""
    [script] = page.find("script", type="application/json")
    numbers: list[dict[str, Any]] = json.loads(script.text)
    return numbers
