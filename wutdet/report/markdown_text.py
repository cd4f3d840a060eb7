"""Text from outside within Markdown."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Outside names as plain text: no markup of Markdown or HTML, no line break."""
    replaced = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{letter}" if letter in "\\`*[]|#" else letter for letter in replaced).replace("\n", " ")
