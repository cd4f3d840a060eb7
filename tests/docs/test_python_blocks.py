"""The Python on the pages: compiled, its names looked up, and run where that costs little."""

from __future__ import annotations

import ast
import importlib
import textwrap
from types import SimpleNamespace
from typing import Any

import blobs
import pytest
from pages import ROOT, Block, blocks, pages

import wutdet
from wutdet.scoring.measure import Settings

NOT_RUN = {
    "docs/detectors.md": "tests/detectors/test_detector_docs.py runs it",
    "CONTRIBUTING.md": "test_contributing.py follows it",
    "docs/browse.md": "needs FiftyOne's database; tests/browse",
    "docs/plots.md": "tests/report/test_figures.py draws them",
    "docs/conditions.md": "needs a sheet that a person has filled in; tests/report/test_condition_audit.py reads one",
}
LEFT_OUT = ("wutdet.train(",)
"""Statements that train are left out; what they would make is there before, small."""

SMALLER = {
    "detections = ...": "detections = my_detections",
    "out='runs/weather'": "out='runs/weather', scoring=few_replicates",
    "'fog:1-5,rain:1-5'": "'fog:3'",
    "> 1920": "> 300",
}
"""What a statement has, and what it gets here."""


def python_blocks() -> list[Any]:
    found = [block for page in pages() for block in blocks(page) if block.language == "python"]
    return [pytest.param(block, id=str(block)) for block in found]


def tree_of(block: Block) -> ast.Module:
    """A block; a fragment of a table (`"name": value,`) is a dictionary."""
    text = textwrap.dedent(block.text)
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.parse("{" + text + "}")


def dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return before and f"{before}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else None


def resolve(name: str) -> Any:
    """What `wutdet.…` names, modules imported on the way."""
    first, *rest = name.split(".")
    thing: Any = importlib.import_module(first)
    for place, part in enumerate(rest, start=1):
        if not hasattr(thing, part):
            importlib.import_module(".".join([first, *rest[:place]]))
        thing = getattr(thing, part)
    return thing


@pytest.mark.parametrize("block", python_blocks())
def test_names_on_the_page_exist(block):
    for node in ast.walk(tree_of(block)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("wutdet"):
            for alias in node.names:
                assert resolve(f"{node.module}.{alias.name}") is not None
        if isinstance(node, ast.Attribute):
            name = dotted(node)
            if name and name.startswith("wutdet."):
                assert resolve(name) is not None, name


@pytest.mark.parametrize("block", python_blocks())
def test_arguments_of_calls_exist(block):
    """`wutdet.f(…, name=…)` names parameters of f."""
    import inspect

    for node in ast.walk(tree_of(block)):
        name = dotted(node.func) if isinstance(node, ast.Call) else None
        if name is None or not name.startswith("wutdet."):
            continue
        called = resolve(name)
        takes = inspect.signature(
            getattr(called, "benchmark", called) if inspect.ismodule(called) else called
        ).parameters
        if not any(item.kind is inspect.Parameter.VAR_KEYWORD for item in takes.values()):
            assert {keyword.arg for keyword in node.keywords} <= set(takes), name


@pytest.fixture(scope="module")
def small_part(tmp_path_factory):
    """All of its frames are in `val`, so that each slice of a page has some."""
    part = wutdet.render_part(tmp_path_factory.mktemp("blocks") / "part", images=24, size=(320, 180), seed=2)
    stems = [path.stem for path in sorted((part / "voc" / "JPEGImages").iterdir())]
    (part / "voc" / "ImageSets" / "Main" / "val.txt").write_text("\n".join(stems) + "\n")
    return part


@pytest.mark.parametrize("block", python_blocks())
def test_the_block_runs(block, small_part, tmp_path, monkeypatch):
    page = str(block.path.relative_to(ROOT))
    if page in NOT_RUN:
        pytest.skip(f"NOT RUN: {NOT_RUN[page]}")
    if "albumentations" in block.text:
        pytest.importorskip("albumentations")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "part").symlink_to(small_part)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "part-a").symlink_to(small_part)
    val = wutdet.load(small_part).split("val")
    names: dict[str, Any] = {
        "wutdet": wutdet,
        "frame": val[0],
        "run": SimpleNamespace(weights="blobs:make"),
        "few_replicates": Settings(replicates=20),
        "my_detector": lambda image: blobs.blobs([image])[0],
        "my_detections": [blobs.blobs([frame.image])[0] for frame in val],
    }
    for statement in tree_of(block).body:
        text = ast.unparse(statement)
        for old, new in SMALLER.items():
            text = text.replace(old, new)
        if not any(words in text for words in LEFT_OUT):
            exec(compile(text, str(block), "exec"), names)
    if "register_smoke" in names:
        from wutdet.scenarios import describe, parse_scenario, unregister

        names["register_smoke"]()
        assert describe(parse_scenario("smoke:2")) == "0.2 mg/m3"
        unregister("smoke")
    if page == "docs/start.md":
        assert names["foggy"].transmittance.shape == (len(names["frame"].boxes),)
    if page == "README.md" and "found" in names:
        assert [cell.name for cell in names["run"].scores.cells] == ["clear", "fog:3"]


def test_a_wrong_name_would_be_seen():
    with pytest.raises(ModuleNotFoundError):
        resolve("wutdet.scenarios.aply")
