"""Where half is lost, as the severity figure marks it and its numbers tell it."""

import csv
import io
from pathlib import Path

import msgspec
import pytest
from leaderboard_runs import RECORDED, ROOT

from wutdet.report.figures.numbers import csv_text
from wutdet.report.figures.severity import severity_figure, severity_points
from wutdet.report.figures.style import line_style, print_look
from wutdet.report.html.runs import read_runs
from wutdet.scoring.number_names import number_names
from wutdet.scoring.scores import write_scores

replace = msgspec.structs.replace
BOUNDS = ("milder than ", "beyond ")
METRIC = "AP_small"


def halved(scores, kind, half, words, ends=None, ends_words=None):
    """Scores whose half of one kind is as given, and of no other is known."""
    robustness = [
        replace(
            item,
            half={kind: half},
            half_value={kind: words},
            intervals={f"half.{kind}": ends} if ends else {},
            half_interval={kind: ends_words} if ends_words else {},
        )
        for item in scores.robustness
    ]
    return replace(scores, robustness=robustness)


def in_fog(*visibilities_m):
    """Scores of clear air and of fog at these visibilities."""
    fogs = [cell for cell in RECORDED.cells if cell.scenario == "fog"]
    run = [replace(cell, value=f"MOR {value} m") for cell, value in zip(fogs, visibilities_m, strict=False)]
    return replace(RECORDED, cells=[RECORDED.cell("clear"), *run])


def drawn(tmp_path, *all_scores):
    """The panels by kind, and the halves among the points."""
    folders = []
    for place, scores in enumerate(all_scores):
        folders.append(tmp_path / f"run{place}")
        folders[-1].mkdir()
        write_scores(folders[-1], scores)
    runs = read_runs(folders)
    points = severity_points(runs, METRIC, "x")
    with print_look():
        figure = severity_figure(runs, points, METRIC, 178)
    panels = {axes.get_xlabel().partition(":")[0]: axes for axes in figure.axes if axes.get_visible()}
    return panels, [point for point in points if point.mark == "half"]


def marks(axes, marker):
    """(x, colour) of every mark of this form."""
    found = [line for line in axes.lines if line.get_marker() == marker]
    return [(float(x), line.get_color()) for line in found for x in line.get_xdata()]


def intervals(axes):
    return [tuple(map(float, line.get_xdata())) for line in axes.lines if line.get_linewidth() == 0.7]


def test_marks_stand_where_their_run_went(tmp_path):
    """One run in thin fog, one in thick: neither is marked in the weather of the other."""
    thin = halved(in_fog(20000, 10000, 8000), "fog", None, "beyond MOR 8000 m")
    thick = halved(in_fog(4000, 2000, 1000), "fog", None, "milder than MOR 4000 m")
    for place, order in enumerate([(thin, thick), (thick, thin)]):
        folder = tmp_path / str(place)
        folder.mkdir()
        panels, _ = drawn(folder, *order)
        colours = [line_style(0)["color"], line_style(1)["color"]]
        assert marks(panels["fog"], ">") == [(8000, colours[order.index(thin)])]
        assert marks(panels["fog"], "<") == [(4000, colours[order.index(thick)])]


def test_fewer_severities_end_sooner(tmp_path):
    """fog:1-3 beside fog:1-5, each beyond its own worst; the interval of the shorter one ends there, too."""
    ends = ((1 / 3000, None), ("MOR 3000 m", "beyond MOR 1000 m"))
    few = halved(in_fog(4000, 2000, 1000), "fog", None, "beyond MOR 1000 m", *ends)
    all_five = halved(in_fog(4000, 2000, 1000, 500, 200), "fog", None, "beyond MOR 200 m")
    panels, _ = drawn(tmp_path, few, all_five)
    assert [x for x, _ in marks(panels["fog"], ">")] == [1000, 200]
    assert intervals(panels["fog"]) == [pytest.approx((3000, 1000))]


@pytest.mark.parametrize(
    ("kind", "name", "words", "ends", "ends_words", "expected", "line"),
    [
        (
            "glare",
            "glare",
            "beyond 20 % of water",
            (3.022, 40.0),  # a number stands there, though it is none that was run
            ("3.02 % of water", "beyond 20 % of water"),
            (3.022, None),
            (3.022, 20),
        ),
        (
            "rain",
            "rain",
            "milder than 2.5 mm/h",
            (None, 7.0),
            ("milder than 2.5 mm/h", "7 mm/h"),
            (None, 7.0),
            (2.5, 7.0),
        ),
        (
            "lowlight",
            "low light",
            "beyond -5 EV",
            (0.712, None),
            ("milder than -1 EV", "beyond -5 EV"),
            (None, None),
            (-1, -5),
        ),
        ("fog", "fog", "beyond MOR 200 m", (None, None), ("beyond MOR 200 m",) * 2, (None, None), None),
        ("fog", "fog", "beyond MOR 200 m", None, None, (None, None), None),
    ],
)
def test_a_bounded_half_has_its_interval(tmp_path, kind, name, words, ends, ends_words, expected, line):
    panels, [half] = drawn(tmp_path, halved(RECORDED, kind, None, words, ends, ends_words))
    assert (half.x, half.x_low, half.x_high) == (None, *expected)
    assert (half.words, half.words_low, half.words_high) == (words, *(ends_words or ("", "")))
    assert intervals(panels[name]) == ([line] if line else [])
    assert [x for x, _ in marks(panels[name], "|")] == [end for end in expected if end is not None]
    worst = {"glare": 20, "lowlight": -5, "fog": 200}
    assert [x for x, _ in marks(panels[name], "<" if kind == "rain" else ">")] == [worst.get(kind, 2.5)]
    [row] = csv.DictReader(io.StringIO(csv_text([half])))
    assert (row["x"], row["x_low"], row["x_high"]) == ("", *("" if end is None else str(end) for end in expected))
    assert (row["words_low"], row["words_high"]) == (ends_words or ("", ""))


def test_an_end_that_is_a_bound_is_open_whatever_number_it_has(tmp_path):
    """Older scores have a number beside `milder than -1 EV`."""
    words = ("milder than -1 EV", "-4.08 EV")
    panels, [half] = drawn(tmp_path, halved(RECORDED, "lowlight", 1.75, "-1.75 EV", (0.712, 4.078), words))
    assert (half.x, half.x_low, half.x_high) == (-1.75, None, -4.078)
    assert (half.words_low, half.words_high) == words
    assert intervals(panels["low light"]) == [(-1, -4.078)]
    assert [x for x, _ in marks(panels["low light"], "|")] == [-4.078]
    assert [x for x, _ in marks(panels["low light"], "x")] == [-1.75]


@pytest.mark.parametrize("folder", sorted((ROOT / "baselines").glob("*-shore")), ids=lambda folder: folder.name)
def test_recorded_ends_are_empty_exactly_where_they_are_bounds(folder: Path):
    runs = read_runs([folder])
    seen = 0
    for metric in number_names(runs[0].clear):
        for half in (point for point in severity_points(runs, metric, "x") if point.mark == "half"):
            for value, words in ((half.x, half.words), (half.x_low, half.words_low), (half.x_high, half.words_high)):
                assert (value is None) == (not words or words.startswith(BOUNDS)), (metric, half)
                seen += 1
    assert seen >= 3 * 4  # of AP_small in four kinds of weather
