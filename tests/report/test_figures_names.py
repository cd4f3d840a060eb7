"""Names from outside within the figures for print: shown as they are, whatever letters they have."""

import io

import msgspec
import pytest
from leaderboard_runs import RECORDED
from matplotlib.text import Text

from wutdet.report import draw_figures
from wutdet.report.figures.heat import heat_figure, heat_points
from wutdet.report.figures.operating import operating_figure, operating_points
from wutdet.report.figures.severity import severity_figure, severity_points
from wutdet.report.figures.style import print_look
from wutdet.report.html.runs import read_runs
from wutdet.scoring.scores import write_scores

replace = msgspec.structs.replace
NAMES = ("b$x_$.pt", "run$1_{$.pt", "\\frac", "two\nlines", "船 ñ é", "$a$ & <b>", "x" * 300)
SHOWN = ("b$x_$.pt", "run$1_{$.pt", "\\frac", "two�lines", "船 ñ é", "$a$ & <b>")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A run of each name in clear air and fog; the first has weather and a size bin with a strange name, too."""
    found = []
    for place, name in enumerate(NAMES):
        cells = [RECORDED.cell("clear"), RECORDED.cell("fog:3")]
        if not found:
            cells.append(replace(cells[1], scenario="$k_$\n", severity=1, name="$k_$\n:1", value="3 kg"))
            cells = [replace(cell, bins={**cell.bins, "$9_$\n": next(iter(cell.bins.values()))}) for cell in cells]
        found.append(tmp_path_factory.mktemp("names") / f"run{place}")
        found[-1].mkdir()
        write_scores(found[-1], replace(RECORDED, detector=replace(RECORDED.detector, name=name), cells=cells))
    return found


@pytest.mark.filterwarnings("error")
def test_names_are_no_formulas_and_break_no_lines(folders):
    runs = read_runs(folders)
    assert [run.name for run in runs] == list(NAMES)
    with print_look():
        along, rates = severity_points(runs, "AP_small", "x"), operating_points(runs, {}, "x")
        curves = severity_figure(runs, along, "AP_small", 178)
        alarms = operating_figure(runs, rates, 178)
        heat = heat_figure(runs[0], heat_points(runs[0], "x"), 178)
        for figure in (curves, alarms, heat):
            figure.savefig(io.BytesIO(), format="svg")
            assert not any(text.get_parse_math() or text.get_usetex() for text in figure.findobj(Text))
    [legend] = curves.legends
    assert [text.get_text() for text in legend.get_texts()][:7] == [*SHOWN, "x" * 118 + "…"]
    assert [axes.get_xlabel() for axes in curves.axes] == ["fog: MOR, m", "$k_$�: severity"]
    assert [axes.get_title("left") for axes in alarms.axes][:7] == [*SHOWN, "x" * 28 + "…"]
    assert heat.axes[0].get_xticklabels()[-1].get_text().startswith("$9_$�\n(")
    assert heat.axes[0].get_yticklabels()[-1].get_text() == "$k_$�:1"


def test_every_file_is_written(folders, tmp_path):
    done = draw_figures(folders[1:4], tmp_path / "out", width_mm=85)
    assert [path.name for path in done.files] == [
        "severity-AP_small.svg",
        "recall-fppi.svg",
        "size-scenario-run-1_-.pt.svg",
        "size-scenario-frac.svg",
        "size-scenario-two-lines.svg",
        "figures.json",
        "figures.csv",
    ]
    assert "<!-- run$1_{$.pt -->" in (tmp_path / "out" / "recall-fppi.svg").read_text()
