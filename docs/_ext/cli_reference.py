"""The directive `cli-reference`: every verb with its arguments and options, read from the program itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from wutdet.cli.app import app as program


def pages() -> Iterator[str]:
    """Markdown of each verb, in the order of `wutdet --help`."""
    group: Any = typer.main.get_command(program)
    top = group.make_context("wutdet", [], resilient_parsing=True)
    for name in group.list_commands(top):
        verb = group.get_command(top, name)
        yield verb_page(verb, verb.make_context(name, [], parent=top, resilient_parsing=True))


def verb_page(verb: Any, context: Any) -> str:
    usage = " ".join(["wutdet", context.info_name, *verb.collect_usage_pieces(context)])
    lines = [f"## {context.info_name}", "", verb.help or "", "", "```text", usage, "```", ""]
    records = [record for parameter in verb.params if (record := parameter.get_help_record(context))]
    lines += ["| | |", "|---|---|", *(f"| {code(name)} | {text(meaning)} |" for name, meaning in records)]
    return "\n".join([*lines, "", verb.epilog or ""])


def code(name: str) -> str:
    return "`" + name.replace("|", r"\|") + "`"


def text(meaning: str) -> str:
    """Words of help in a cell of a table: nothing in them is Markdown."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", meaning)


class CliReference(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        page = "\n\n".join(pages())
        return self.parse_text_to_nodes(page, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("cli-reference", CliReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
