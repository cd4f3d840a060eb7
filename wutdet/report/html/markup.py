"""HTML that is safe by construction: text is escaped where it becomes markup, and only markup passes unchanged."""

from __future__ import annotations

import html
from typing import Final

Value = str | int | float | None

_VOID: Final = frozenset({"br", "img", "meta"})
_WHITE: Final = "\n\t"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(words: str) -> Markup:
    """Words from anywhere as HTML: escaped, and without letters that would steer a terminal or turn a line around."""
    if isinstance(words, Markup):
        return words
    shown = "".join(letter if letter.isprintable() or letter in _WHITE else "�" for letter in words)
    return Markup(html.escape(shown, quote=True))


def tag(name: str, /, *children: str, **attributes: Value) -> Markup:
    """An element: `tag("td", "a < b", class_="n", data_value=1)`.

    Args:
        name: of the element.
        children: text, which is escaped, or markup, which is not.
        attributes: `class_` is `class`, `data_value` is `data-value`; None leaves one out.
    """
    known = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{known}>")
    return Markup(f"<{name}{known}>{''.join(map(text, children))}</{name}>")


def joined(*parts: str, by: str = "") -> Markup:
    """Text and markup, one after the other."""
    return Markup(text(by).join(map(text, parts)))


def section(name: str, title: str, *children: str) -> Markup:
    """A part of the page, which the navigation reaches by its name."""
    return tag("section", tag("h2", title, id=name), *children, aria_labelledby=name)


def paragraph(*words: str, class_: str | None = None) -> Markup:
    """A paragraph."""
    return tag("p", *words, class_=class_)


def details(summary: str, *children: str, class_: str | None = None) -> Markup:
    """What opens when its summary is clicked, or Enter is pressed on it; what is `long` stays shut on paper."""
    return tag("details", tag("summary", summary), *children, class_=class_)


def bullets(lines: list[Markup] | list[str]) -> Markup:
    """A list; nothing where there is no line."""
    return tag("ul", *(tag("li", line) for line in lines)) if lines else Markup()
