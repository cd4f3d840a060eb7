"""Docstrings are plain text with `single` backticks: these become literals, the rest is escaped."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

_CODE = re.compile(r"(?<!`)(`[^`]+`)(?!`)")


def escape(text: str) -> str:
    """`x` is code, also across lines; outside of it |z| is an absolute value, not a substitution."""
    parts = _CODE.split(text)
    return "".join(f"`{part}`" if place % 2 else part.replace("|", r"\|") for place, part in enumerate(parts))


def escape_lines(_app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    lines[:] = escape("\n".join(lines)).split("\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", escape_lines, priority=100)  # before napoleon, which parts lines at colons
    return {"parallel_read_safe": True, "parallel_write_safe": True}
