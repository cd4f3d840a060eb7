"""Names from outside in the title of the curves that every benchmark draws at its end."""

import warnings

import cv2
import msgspec
import pytest
from leaderboard_runs import RECORDED
from matplotlib import rcParams

from wutdet.report import draw_curves, write_report
from wutdet.scoring.scores import write_scores

replace = msgspec.structs.replace


def named(name):
    """Scores in which everything that has a name has this one."""
    return replace(
        RECORDED,
        detector=replace(RECORDED.detector, name=name),
        dataset=replace(RECORDED.dataset, name=name, split=name),
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("b$x_$.pt", ["b$x_$.pt"] * 3),
        ("run$1_{$.pt", ["run$1_{$.pt"] * 3),
        ("\\frac", ["\\frac"] * 3),
        ("two\nlines\x1b", ["two�lines�"] * 3),
        ("船 ñ é", ["船 ñ é"] * 3),
        ("n" * 300, ["n" * 29 + "…", "n" * 21 + "…", "n" * 13 + "…"]),
    ],
)
def test_names_are_shown_as_they_are(tmp_path, name, shown):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as of a letter that the font lacks
        path = draw_curves(named(name), tmp_path / "curves.svg")
    detector, dataset, split = shown
    assert f"<!-- {detector} on {dataset} ({split}) -->" in path.read_text()


def test_long_names_stay_inside(tmp_path):
    """A title that is cut leaves a white border on either side."""
    image = cv2.imread(str(draw_curves(named("n" * 300), tmp_path / "curves.png")))
    assert image.shape == (600, 1050, 3)
    title = image[:32]
    assert title.min() < 100
    assert title[:, :5].min() == title[:, -5:].min() == 255


def test_a_report_is_written_of_a_name_that_is_a_broken_formula(tmp_path):
    write_scores(tmp_path, named("run$1_{$.pt"))
    assert write_report(tmp_path).is_file()
    assert (tmp_path / "ap_small.png").stat().st_size > 5000


def test_the_users_settings_make_no_formula_of_a_name(tmp_path, monkeypatch):
    monkeypatch.setitem(rcParams, "text.usetex", True)
    monkeypatch.setitem(rcParams, "text.parse_math", True)
    path = draw_curves(named("a_b$c_$"), tmp_path / "curves.svg")
    assert "<!-- a_b$c_$ on a_b$c_$ (a_b$c_$) -->" in path.read_text()
    assert rcParams["text.usetex"] is True
