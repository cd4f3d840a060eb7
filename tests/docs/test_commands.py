"""Every command that a reader is told to type: run on a small sample, or at least parsed, with the reason."""

from __future__ import annotations

import functools
import itertools
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from pages import ROOT, Block, blocks, pages, run_wutdet, shell_lines, split_command, without_fences
from prepared import DETECTOR, prepare

from wutdet.cli.app import app

SHELL = ("", "sh", "bash", "console", "shell")

PARSED_ONLY = {
    r"^download ": "needs a network",
    r"^train ": "takes minutes; tests/training trains",
    r"^run ": "trains; tests/benchmark/test_matrix.py runs a plan",
    r"^demo": "takes minutes; `make demo`",
    r"^browse ": "opens the App; tests/browse does",
    r"^import-labels ": "reads FiftyOne's database; tests/cli/test_import_labels_verb.py",
    r"--engine ray --address": "needs a Ray cluster; tests/benchmark/test_engines.py starts one",
    r"onnxruntime_detector": "needs an exported model; tests/detectors/test_onnx_example.py exports one",
    r"dust:|part-b|yolo12n": "test_contributing.py follows the recipe",
    r"--rule part-a": "asks for the ids of Part A, which the sample has not; tests/dataset/test_split_rule.py",
}
"""Commands that are not run here, and why."""

OTHER_PROGRAMS = {
    "make": "the Makefile's own targets, checked below",
    "pip": "installs",
    "export": "of the shell",
    "source": "of the shell",
    "git": "changes the checkout",
    "python": "a script of this repository, checked below",
    "your-detector": "a stranger's",
    "yolo": "ultralytics' own",
    "cp": "of the shell",
    "mkdir": "of the shell",
}
OUTPUT = re.compile(r"wutdet: |image,scene|\d{7}\.jpg,")
"""Lines in blocks that are no commands: what a program prints or a file holds."""

QUICKER: Final[dict[str, dict[str, str]]] = defaultdict(
    dict,
    benchmark={"--scenarios": "fog:3", "--interval": "0"},
    score={"--interval": "0"},
    split={"--guard": "0"},  # 24 frames have no room for gaps
    render={"--workers": "1"},
)
"""Options that a command gets here where it does not name them."""

WANTING = ("audit", "compare", "leaderboard")
"""Verbs that may end with 1: they looked, and found something."""


def commands() -> list[tuple[Block, str]]:
    """The lines of every shell block, with where they stand."""
    fenced = [block for page in pages() for block in blocks(page) if block.language in SHELL]
    lines = [(block, line) for block in fenced for line in shell_lines(block.text)]
    return [(block, line) for block, line in lines if not OUTPUT.match(line)]


def tutorial_commands() -> list[tuple[Block, str]]:
    """Those in cells of tutorials, which test_tutorials.py runs."""
    cells = [block for page in pages() for block in blocks(page) if "%%bash" in block.text[:40]]
    return [(block, line) for block in cells for line in shell_lines(block.text.partition("%%bash\n")[2])]


def wutdet_words(line: str) -> tuple[dict[str, str], list[str]] | None:
    variables, words = split_command(line)
    return (variables, words[1:]) if words and words[0] == "wutdet" else None


def reason_not_to_run(words: list[str]) -> str | None:
    text = " ".join(words)
    return next((reason for pattern, reason in PARSED_ONLY.items() if re.search(pattern, text)), None)


def parse(words: list[str]) -> Any:
    """Give words to the real command line without running the verb: options, values and counts are checked."""
    if words[0].startswith("-"):
        return None
    top, verb = verb_of(words[0])
    assert verb is not None, f"no verb '{words[0]}'"
    return verb.make_context(words[0], list(words[1:]), parent=top)


@functools.cache
def verb_of(name: str) -> tuple[Any, Any]:
    """The context above a verb, and the verb, or None where there is none."""
    group: Any = typer.main.get_command(app)
    top = group.make_context("wutdet", [], resilient_parsing=True)
    return top, group.get_command(top, name)


def options_of(name: str) -> set[str]:
    _, verb = verb_of(name)
    return {text for parameter in verb.params for text in parameter.opts} | {"--help"} if verb else set()


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory) -> dict[str, str]:
    return prepare(tmp_path_factory.mktemp("prepared"))


def stand_in(words: list[str], stand_ins: dict[str, str]) -> list[str]:
    """The words with small real things for placeholders; what is written stays where it is."""
    done: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if before == "--detector" and word.endswith(".pt"):
            done.append(DETECTOR)
        else:
            done += [word] if before in ("--out", "--fix", "--sheet") else stand_ins.get(word, word).split("\n")
    return done + [
        word for option, value in QUICKER[words[0]].items() if option not in words for word in (option, value)
    ]


def each_once() -> list[Any]:
    """Every command once; of those with one verb and the same options the first, `make nightly` the others."""
    seen: dict[str, Any] = {}
    alike: set[tuple[str, ...]] = set()
    for block, line in commands():
        found = wutdet_words(line)
        if found is None or reason_not_to_run(found[1]) is not None or " ".join(found[1]) in seen:
            continue
        words = found[1]
        kind = (words[0], *sorted(word for word in words if word.startswith("--")))
        marks = [pytest.mark.nightly] if kind in alike else []
        alike.add(kind)
        seen[" ".join(words)] = pytest.param(*found, id=f"{block}: {' '.join(words[:2])}", marks=marks)
    return list(seen.values())


@pytest.mark.parametrize(("variables", "words"), each_once())
def test_the_command_runs(variables, words, stand_ins, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WUTDET_HOME", str(tmp_path / "home"))
    if words[0] == "leaderboard":
        shutil.copytree(ROOT / "baselines", "baselines")
    ran = run_wutdet(stand_in(words, stand_ins), variables)
    assert ran.code in ((0, 1) if words[0] in WANTING else (0,)), ran.stderr
    for before, word in itertools.pairwise(words):
        if before in ("--out", "--fix", "--sheet", "--plots"):
            assert (tmp_path / word).exists(), f"{word} was not written"


def test_every_command_is_parsed():
    for block, line in commands() + tutorial_commands():
        found = wutdet_words(line)
        if found is None:
            continue
        try:
            parse(found[1])
        except Exception as error:  # noqa: BLE001  # typer brings its own click, whose errors have no public name
            pytest.fail(f"{block}: {line}\n{error}")


def test_every_line_is_a_command_that_is_known():
    for block, line in commands():
        _, words = split_command(line)
        assert words[0] in ("wutdet", *OTHER_PROGRAMS), f"{block}: {line}"


def test_reasons_are_needed():
    texts = [" ".join(found[1]) for _, line in commands() if (found := wutdet_words(line)) is not None]
    for pattern in PARSED_ONLY:
        if pattern != "^demo":
            assert any(re.search(pattern, text) for text in texts), f"no command is left for {pattern}"


def test_targets_and_scripts_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for block, line in commands():
        _, words = split_command(line)
        if words[0] == "make":
            assert words[1] in targets, f"{block}: {line}"
        if words[0] == "python" and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), f"{block}: {line}"


def test_commands_in_sentences_name_verbs_and_options_that_exist():
    for page in pages():
        for text in re.findall(r"`wutdet ([^`]+)`", without_fences(page)):
            words = text.split()
            if words[0] in ("VERB", "--version") or words[0].startswith("-"):
                continue
            known = options_of(words[0])
            assert known, f"{page.name}: wutdet {text}"
            for word in re.findall(r"--[a-z0-9-]+", text):
                assert word in known, f"{page.name}: wutdet {text}: {word}"


def test_the_parser_would_notice():
    with pytest.raises(Exception, match="No such option"):
        parse(["info", "DATA", "--no-such-option"])
    with pytest.raises(Exception, match="Missing"):
        parse(["benchmark", "DATA"])
    with pytest.raises(AssertionError, match="no verb"):
        parse(["inform", "DATA"])


def test_paths_that_are_named_exist():
    """`configs/…`, `tests/…`, `wutdet/….py` in sentences; a page may not name a file that has moved."""
    named = re.compile(r"`((?:wutdet|tests|configs|docs|annotations|baselines|examples)/[\w/.-]+)`")
    for page in pages():
        for text in named.findall(without_fences(page)):
            made_by_reader = re.search("NAME|part-b|yolo12n|dust", text)
            assert made_by_reader or (ROOT / text).exists(), f"{page.name}: {text}"


def test_the_sample_is_small(stand_ins):
    frames = list(Path(stand_ins["DATA"]).rglob("*.jpg"))
    assert len(frames) == 24
