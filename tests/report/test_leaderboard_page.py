"""The page of the leaderboard, what others published, and whether a page is what the scores say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from leaderboard_runs import ROOT, record, three

from wutdet.errors import DataError
from wutdet.report.leaderboard import read_leaderboard
from wutdet.report.leaderboard_page import page_difference, write_page
from wutdet.report.leaderboard_published import read_published


@pytest.fixture
def baselines(tmp_path) -> Path:
    """Three of them."""
    return three(tmp_path)


def test_published_numbers_never_mix_with_those_measured(baselines):
    entry = {"model": "X", "data": "Y", "source": "Z", "not_stated": ["split"], "numbers": {"AP_small": 0.99}}
    (baselines / "published.yaml").write_text(json.dumps([entry]))
    board = read_leaderboard(baselines)
    assert [row.baseline for row in board.rankings[0].rows] == ["strong", "steady", "blind"]
    assert board.published[0].numbers.AP_small == 0.99
    page = write_page(baselines).read_text()
    assert "| X | Y |  |  |  | 0.990 |  |  | Z | split |" in page
    assert page.index("## Published") > page.index("| strong |")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": ""}, "length >= 1"),
        ({"numbers": {"AP": 41.2}}, "<= 1"),
        ({"numbers": {"mAP": 0.4}}, "unknown field `mAP`"),
        ({"not_stated": None}, "not_stated"),
    ],
)
def test_a_published_number_needs_its_source_and_scale(tmp_path, change, said):
    entry = {"model": "X", "data": "Y", "source": "Z", "not_stated": [], "numbers": {}}
    (tmp_path / "published.yaml").write_text(json.dumps([entry | change]))
    with pytest.raises(DataError, match=said):
        read_published(tmp_path)


def test_a_page_that_is_not_what_the_scores_say_is_noticed(baselines):
    assert page_difference(baselines).endswith("README.md: missing; write it with wutdet leaderboard --write")
    path = write_page(baselines)
    assert page_difference(baselines) is None
    path.write_text(path.read_text().replace("| 0.500 |", "| 0.501 |"))
    difference = page_difference(baselines)
    assert "0.501" in difference.partition("should be")[0]
    assert "0.500" in difference.partition("should be")[2]
    assert "\n" not in difference
    path.write_text(path.read_text().replace("| 0.501 |", "| 0.500 |"))
    assert page_difference(baselines) is None
    record(baselines / "newcomer", clear=0.4)
    assert "newcomer" in page_difference(baselines)


def test_the_page_links_cards_and_escapes_names(baselines):
    record(baselines / "a|b", clear=0.01)
    (baselines / "strong" / "card.md").write_text("# strong\n")
    page = write_page(baselines).read_text()
    assert "| [strong](strong/card.md) | 1 | 640 | 0.9 |" in page
    assert "| a\\|b | 1 |" in page


def test_the_leaderboard_of_this_project_is_what_its_scores_say():
    difference = page_difference(ROOT / "baselines")
    assert difference is None, difference
