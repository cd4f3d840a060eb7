from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

RECORDED = Path(__file__).parent.parent.parent / "baselines"


@pytest.fixture
def folder(tmp_path):
    """A copy of this project's baselines."""
    return shutil.copytree(RECORDED, tmp_path / "baselines")


def test_the_table_and_json_say_the_same(run, folder):
    text = run("leaderboard", folder, "--sort", "AP_small@fog:3")
    assert text.code == 0
    assert "sorted by AP_small@fog:3" in text.out
    told = json.loads(run("leaderboard", folder, "--sort", "AP_small@fog:3", "--json").out)
    assert (told["schema"], told["sort"]) == ("wutdet-leaderboard-1", "AP_small@fog:3")
    rows = {row["baseline"]: row for ranking in told["rankings"] for row in ranking["rows"]}
    scores = json.loads((folder / "demo" / "scores.json").read_text())
    fog = next(cell["AP_small"] for cell in scores["cells"] if cell["name"] == "fog:3")
    assert rows["demo"]["numbers"]["AP_small@fog:3"]["mean"] == fog
    assert f"{fog:.3f}" in text.out
    assert all(len(line.rstrip()) <= 100 for line in text.out.splitlines())


def test_check_exits_with_1_and_a_line(run, folder):
    assert run("leaderboard", folder, "--check").code == 0
    page = folder / "README.md"
    page.write_text(page.read_text().replace("| [demo]", "| [demos]"))
    answer = run("leaderboard", folder, "--check")
    assert answer.code == 1
    [line] = answer.out.splitlines()
    assert "README.md:" in line
    assert "[demos]" in line
    assert run("leaderboard", folder, "--write").code == 0
    assert run("leaderboard", folder, "--check").code == 0


def test_mistakes_are_one_line(run, folder, tmp_path):
    assert "did you mean AP_small" in run("leaderboard", folder, "--sort", "AP_smal").complaint
    assert "no baselines here" in run("leaderboard", tmp_path / "nowhere").complaint
