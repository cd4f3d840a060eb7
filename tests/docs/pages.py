"""What stands on the pages: fenced blocks and cells of tutorials, and how commands are run in this process."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from wutdet.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TUTORIALS = ("explore", "weather", "benchmark", "own_detector", "cross_dataset", "cluster")

_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_TAGS = re.compile(r"\A:tags: \[(.*?)\]\n\n?")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language and its text."""

    path: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Everything a reader of the project is given to read, in a steady order."""
    written = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return written + sorted(path for path in DOCS.rglob("*.md") if "_" not in path.parts[-2][:1])


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    text = path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(path, text.count("\n", 0, found.start()) + 2, found[2].strip(), found[3])


def without_fences(path: Path) -> str:
    """A page's text without its blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def shell_lines(text: str) -> Iterator[str]:
    """The commands of a block, continued lines joined, comments and empty lines left out."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def split_command(line: str) -> tuple[dict[str, str], list[str]]:
    """The variables that are set before a command, and its words; what stands apart beside it is a comment."""
    words = shlex.split(re.split(r" {3,}", line, maxsplit=1)[0], comments=True)
    variables = {}
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        name, _, variables[name] = words.pop(0).partition("=")
    return variables, words


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    stdout: str
    stderr: str


def run_wutdet(words: list[str], variables: dict[str, str] | None = None) -> Ran:
    """Run `wutdet …` in this process, in the present folder."""
    stdout, stderr = io.StringIO(), io.StringIO()
    variables = variables or {}
    found = [*(str(Path(item).resolve()) for item in variables.get("PYTHONPATH", "").split(":") if item), *sys.path]
    code: Any = 0
    with (
        mock.patch.object(sys, "argv", ["wutdet", *words]),
        mock.patch.object(sys, "path", found),
        mock.patch.dict("os.environ", {key: value for key, value in variables.items() if key != "PYTHONPATH"}),
        mock.patch("signal.signal"),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        try:
            main()
        except SystemExit as ending:
            code = ending.code or 0
    return Ran(int(code), stdout.getvalue(), stderr.getvalue())


def run_cell(text: str, names: dict[str, Any]) -> None:
    """Run a cell of a tutorial as a notebook does, as far as the tutorials go."""
    head, _, rest = text.partition("\n")
    if head.startswith("%%writefile "):
        Path(head.removeprefix("%%writefile ")).write_text(rest, encoding="utf-8")
    elif head == "%%bash":
        set_here: dict[str, str] = {}
        for line in shell_lines(rest):
            _run_line(line, set_here)
    else:
        exec(compile(text, "<cell>", "exec"), names)


def _run_line(line: str, set_here: dict[str, str]) -> None:
    """Run a line of a cell; what it exports is added to the variables that are set."""
    variables, words = split_command(line)
    if words[0] == "export":
        name, _, set_here[name] = words[1].partition("=")
        return
    if words[0] != "wutdet":
        subprocess.run(line, shell=True, check=True)
        return
    ran = run_wutdet(words[1:], set_here | variables)
    assert ran.code == 0, f"{line}\n{ran.stderr}"


def run_tutorial(name: str) -> dict[str, Any]:
    """The names that are left when every cell of a tutorial has run in the present folder; `long` ones are left out."""
    names: dict[str, Any] = {"__name__": "__main__"}
    before = set(sys.modules)
    with mock.patch.object(sys, "path", [str(Path.cwd()), *sys.path]):
        for block in blocks(DOCS / "tutorials" / f"{name}.md"):
            if not block.language.startswith("{code-cell}"):
                continue
            tags = _TAGS.match(block.text)
            if tags is None or "long" not in tags[1]:
                run_cell(_TAGS.sub("", block.text), names)
    for module in set(sys.modules) - before:
        if str(getattr(sys.modules[module], "__file__", "")).startswith(str(Path.cwd())):
            del sys.modules[module]
    return names
