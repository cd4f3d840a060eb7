"""The leaderboard as a page of Markdown, and whether a page that was written is what the scores say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from wutdet.dataset.files import write_aside
from wutdet.report.cost_table import detect_ms
from wutdet.report.leaderboard import Ranking, read_leaderboard
from wutdet.report.leaderboard_published import Published
from wutdet.report.leaderboard_table import input_text, millions_text, ranking_title, spread_text
from wutdet.report.markdown_text import escaped
from wutdet.report.number_text import number_text

PAGE_NAME: Final = "README.md"
_SHOWN: Final = (
    "AP",
    "AP50",
    "AP_small",
    "AP_small@fog:3",
    "AP_small@rain:3",
    "AP_small@glare:3",
    "AP_small@lowlight:3",
)
_PUBLISHED: Final = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")
_LONGEST: Final = 60  # of a line in a message


def write_page(folder: Path) -> Path:
    """Write the page of a folder of baselines from their scores; returns its path.

    Raises:
        DataError: as `read_leaderboard`.
    """
    path = folder / PAGE_NAME
    write_aside(path, page_text(folder).encode())
    return path


def page_difference(folder: Path) -> str | None:
    """In one line, where the page that stands there is not what the scores say; None where it is.

    Raises:
        DataError: as `read_leaderboard`.
    """
    path = folder / PAGE_NAME
    if not path.is_file():
        return f"{path}: missing; write it with wutdet leaderboard --write"
    there = path.read_text(encoding="utf-8", errors="replace").split("\n")
    wanted = page_text(folder).split("\n")
    for number, (is_, should) in enumerate(itertools.zip_longest(there, wanted), start=1):
        if is_ != should:
            both = f"is {_quoted(is_, should)}, should be {_quoted(should, is_)}"
            return f"{path}:{number}: {both}; write it anew with wutdet leaderboard --write"
    return None


def page_text(folder: Path) -> str:
    """The page, ranked by AP_small in clear air.

    Raises:
        DataError: as `read_leaderboard`.
    """
    board = read_leaderboard(folder)
    lines = [
        "# Recorded baselines",
        "",
        "Written by `wutdet leaderboard --write` from each baseline's `scores.json`; a test holds it to them. One "
        "folder a baseline: `card.md` says what it is and how to repeat it, `scores.json` and `manifest.json` are what "
        "the run wrote.",
        "",
        *itertools.chain.from_iterable(_ranking_lines(ranking, folder) for ranking in board.rankings),
        f"Sorted by {board.sort} in clear air. AP is COCO's (IoU 0.50:0.95, 100 detections an image), box areas in "
        "native pixels; several runs differ in their seed, and show mean ± sample standard deviation over them.",
        *_published_lines(board.published),
    ]
    return "\n".join(lines) + "\n"


def _ranking_lines(ranking: Ranking, folder: Path) -> Iterator[str]:
    yield f"## {escaped(ranking_title(ranking))}"
    yield ""
    costs = ["input px", "M parameters", "GFLOPs", "ms a picture"]
    heads = ["baseline", "runs", *costs, *(name.replace("@", ", ") for name in _SHOWN)]
    yield _line(heads)
    yield _line(["---", *["---:"] * (len(heads) - 1)])
    for row in ranking.rows:
        has_card = (folder / row.baseline / "card.md").is_file()
        name = escaped(row.baseline)
        numbers = (spread_text(row.numbers.get(shown)) for shown in _SHOWN)
        linked = f"[{name}]({row.baseline}/card.md)" if has_card else name
        cost = (input_text(row), millions_text(row), number_text(row.gflops, ".1f"))
        yield _line([linked, str(len(row.runs)), *cost, number_text(detect_ms(row.cost), ".1f"), *numbers])
    yield ""
    machines = {row.measured_on for row in ranking.rows if row.measured_on}
    for machine in sorted(machines):
        names = ", ".join(row.baseline for row in ranking.rows if row.measured_on == machine)
        yield f"ms a picture: the detector's median over the run, {escaped(names)} on {escaped(machine)}."
    yield from [""] if machines else []


def _published_lines(entries: Sequence[Published]) -> Iterator[str]:
    if not entries:
        return
    heads = ["model", "data", *_PUBLISHED, "source", "not stated there"]
    yield from ("", "## Published by others", "")
    yield "From `published.yaml`. Other data and settings: not comparable with the above. Blank: no figure is known."
    yield ""
    yield _line(heads)
    yield _line(["---", "---", *["---:"] * len(_PUBLISHED), "---", "---"])
    for entry in entries:
        values = (getattr(entry.numbers, name) for name in _PUBLISHED)
        figures = ("" if value is None else number_text(value) for value in values)
        names = map(escaped, (entry.model, entry.data, entry.source, ", ".join(entry.not_stated)))
        model, data, source, not_stated = names
        yield _line([model, data, *figures, source, not_stated])
    said = [f"- {escaped(entry.model)}: {escaped(entry.said)}" for entry in entries if entry.said]
    yield from ["", *said] if said else []


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _quoted(line: str | None, other: str | None) -> str:
    """A line from where it departs from the other one."""
    if line is None:
        return "nothing"
    start = max(0, _same_letters(line, other or "") - _LONGEST // 3)
    cut = line[start : start + _LONGEST]
    return f"'{'…' if start else ''}{cut}{'…' if start + _LONGEST < len(line) else ''}'"


def _same_letters(one: str, other: str) -> int:
    """How far two lines agree."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))
