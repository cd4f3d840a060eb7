"""The reference holds every public name, and every one of them says what it is."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
import types

import pytest
from pages import DOCS, ROOT

import wutdet

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md")}
MODULES = re.findall(r"\.\. automodule:: (\S+)", "\n".join(PAGES.values()))


def members(module: str) -> list[tuple[str, object]]:
    """What the page of a module shows: its `__all__`, or what is defined in it."""
    found = importlib.import_module(module)
    names = getattr(found, "__all__", None) or [
        name for name, thing in vars(found).items() if getattr(thing, "__module__", None) == module
    ]
    return [(name, getattr(found, name)) for name in names if not name.startswith("_")]


def test_the_public_packages_have_pages():
    packages = {name for name in wutdet.__all__ if isinstance(getattr(wutdet, name), types.ModuleType)}
    for name in packages | {"dataset", "sample", "training", "rendering"}:
        assert f"wutdet.{name}" in MODULES, f"docs/reference has no page of wutdet.{name}"


def test_the_face_is_described():
    """The page of `wutdet` shows all of it but what it leaves to others, and says so."""
    [left_out] = re.findall(r":exclude-members: (.+)", PAGES["face"])
    for name in left_out.split(", "):
        assert name in wutdet.__all__
        assert f"`wutdet.{name}" in PAGES["face"]


@pytest.mark.parametrize("module", sorted(set(MODULES)))
def test_every_name_says_what_it_is(module):
    for name, thing in members(module):
        if inspect.isclass(thing) or inspect.isfunction(thing):
            text = inspect.getdoc(thing)
            assert text, f"{module}.{name}"
            assert not text.startswith(f"{name}("), f"{module}.{name} has no docstring of its own"


def test_the_command_line_is_read_from_the_program(monkeypatch):
    pytest.importorskip("sphinx", reason="REFERENCE OF THE COMMAND LINE NOT TESTED: make docs installs sphinx")
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    pages = list(importlib.import_module("cli_reference").pages())
    sys.modules.pop("cli_reference")
    benchmark = next(page for page in pages if page.startswith("## benchmark"))
    assert "`--scenarios <" in benchmark
    assert "clear,fog:1-5,glare:1-5,rain:1-5,lowlight:1-5" in benchmark
    told = subprocess.run([sys.executable, "-m", "wutdet", "--help"], capture_output=True, text=True, check=True).stdout
    verbs = re.findall(r"^  ([a-z][a-z-]+) ", told.partition("Commands:")[2], re.MULTILINE)
    assert [page.split()[1] for page in pages] == verbs


def test_docstrings_become_literals(monkeypatch):
    pytest.importorskip("sphinx", reason="DOCSTRINGS NOT TESTED: make docs installs sphinx")
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    escape = importlib.import_module("plain_docstrings").escape
    sys.modules.pop("plain_docstrings")
    assert escape("`a|b` and |z|, ``raw``, `over\nlines`") == "``a|b`` and \\|z\\|, ``raw``, ``over\nlines``"


@pytest.mark.nightly
def test_the_site_builds_without_a_warning(tmp_path):
    """Tutorials executed; no page asks a network for a script, a style, a font or a picture."""
    pytest.importorskip("myst_nb", reason="THE SITE IS NOT TESTED: make docs installs what it needs")
    pytest.importorskip("furo", reason="THE SITE IS NOT TESTED: make docs installs what it needs")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", str(tmp_path / "site")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    asks = re.compile(r"<(?:script|link|img|iframe|source)[^>]+(?:src|href)=\"(?:https?:)?//", re.IGNORECASE)
    for page in (tmp_path / "site").rglob("*.html"):
        assert not asks.search(page.read_text(encoding="utf-8")), page.name
    for style in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"(?:@import|url\()[\"' ]*(?:https?:)?//", style.read_text(encoding="utf-8")), style.name
    science = (tmp_path / "site" / "science.html").read_text(encoding="utf-8")
    assert "<math" in science
    assert "mathjax" not in science.lower()
