import io
import re

import cv2
import msgspec
import numpy as np
import pytest
from blobs import blobs

import wutdet
from wutdet.dataset.frame_source import open_frames
from wutdet.errors import DataError
from wutdet.report import draw_curves, markdown_table, rich_decline, rich_table, write_report
from wutdet.report.curves import curve_points
from wutdet.report.decline import markdown_decline
from wutdet.report.markdown import report_text
from wutdet.report.sheet import draw_sheet
from wutdet.scenarios import Horizon, parse_scenarios


@pytest.fixture(scope="module")
def run(tiny_part, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "run"
    return wutdet.benchmark(
        blobs, tiny_part.split("test"), out=out, scenarios="clear,fog:1,fog:3,rain:2,fog:1+lowlight:1"
    )


def made_up(scores, **values):
    """The same scores with chosen values in every cell, by scenario."""
    cells = [
        msgspec.structs.replace(cell, AP_small=values.get(cell.name.replace(":", "_")), intervals={})
        for cell in scores.cells
    ]
    return msgspec.structs.replace(scores, cells=cells)


def test_the_table_has_a_row_a_cell_and_the_difference_to_clear(run):
    scores = made_up(run.scores, clear=0.5, fog_1=0.4, fog_3=0.125)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown_table(scores).splitlines()]
    column = rows[0].index("AP_small")
    by_name = {row[0]: row for row in rows[2:]}
    assert list(by_name) == ["clear", "fog:1", "fog:3", "rain:2", "fog:1+lowlight:1"]
    assert by_name["clear"][column : column + 2] == ["0.500", ""]
    assert by_name["fog:3"][:2] == ["fog:3", "MOR 1000 m"]
    assert by_name["fog:3"][column : column + 2] == ["0.125", "−0.375"]
    assert by_name["rain:2"][column : column + 2] == ["—", "—"]  # unknown stays unknown


def test_the_terminal_table_fits_100_columns(run):
    text = printed(rich_table(run.scores))
    assert "fog:1+lowlight:1" in text
    assert "…" not in text


def with_halves(scores):
    """fog is halved at 1500 m with bounds that read like rich's markup; rain beyond what was run, in every resample."""
    robustness = [
        msgspec.structs.replace(
            item,
            per_kind={"fog": 0.1, "rain": 0.1},
            half_value={"fog": "MOR 1500 m", "rain": "beyond 10 mm/h"},
            half_interval={"fog": ("milder than MOR 4000 m", "beyond MOR 1000 m"), "rain": ("beyond 10 mm/h",) * 2},
        )
        for item in scores.robustness
    ]
    return msgspec.structs.replace(scores, robustness=robustness)


def printed(table):
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_where_half_is_lost_stands_with_its_bounds(run):
    scores = with_halves(run.scores)
    text = printed(rich_decline(scores))
    assert "[milder than MOR 4000 m … beyond MOR" in text
    assert text.count("beyond 10 mm/h") == 2  # once for each number: bounds that are the value itself say nothing
    row = "MOR 1500 m [milder than MOR 4000 m … beyond MOR 1000 m]"
    assert f"| fog | {row} | {row} |\n| rain | beyond 10 mm/h | beyond 10 mm/h |" in markdown_decline(scores)


def test_names_are_no_markup(run):
    hostile = msgspec.structs.replace(run.scores.detector, name="[red]x[/red]\x1b[2J")
    assert "[red]x[/red]�[2J on" in printed(rich_table(msgspec.structs.replace(run.scores, detector=hostile)))


def test_curves_begin_at_clear_and_leave_out_what_is_unknown(run):
    scores = made_up(run.scores, clear=0.5, fog_1=0.4, fog_3=0.125)
    assert curve_points(scores, "AP_small") == {"fog": [(0, 0.5), (1, 0.4), (3, 0.125)]}


def test_curves_are_a_picture(run, tmp_path):
    import cv2

    image = cv2.imread(str(draw_curves(run.scores, tmp_path / "c.png")))
    assert image.shape == (600, 1050, 3)
    assert len(set(map(tuple, image.reshape(-1, 3)[::97].tolist()))) > 3


def test_the_report_carries_the_table_the_picture_and_escapes_names(run):
    path = write_report(run.out)
    text = path.read_text()
    assert markdown_table(run.scores) in text
    assert re.search(r"!\[.+\]\(ap_small\.png\)", text)
    assert (run.out / "ap_small.png").stat().st_size > 5000
    hostile = msgspec.structs.replace(run.scores, skipped=["<script>|`x`"])
    assert "&lt;script&gt;\\|\\`x\\`" in report_text(hostile)
    assert "<script>" not in report_text(hostile)


def test_a_folder_without_scores_is_refused(tmp_path):
    with pytest.raises(DataError, match="no scores here"):
        write_report(tmp_path)
    (tmp_path / "shards").mkdir()
    with pytest.raises(DataError, match="a benchmark that is not finished; give the command of the benchmark again"):
        write_report(tmp_path)


def test_the_sheet_shows_a_frame_under_every_scenario(tiny_part, tmp_path):
    import cv2

    path = draw_sheet(tiny_part[0], parse_scenarios("clear,fog:1-3"), tmp_path / "s.png", panel_width_px=100)
    image = cv2.imread(str(path))
    assert image.shape[1] == 400  # clear, then three severities
    assert image.std() > 10


@pytest.mark.parametrize("horizon", [None, Horizon(30.0, 30.0)])
def test_a_sheet_says_when_its_horizon_is_a_guess(tmp_path, monkeypatch, horizon):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((90, 160, 3), 128, np.uint8))
    frame = next(iter(open_frames(tmp_path)))
    texts = []
    monkeypatch.setattr("matplotlib.figure.Figure.text", lambda self, x, y, text, **how: texts.append(text))
    draw_sheet(frame, parse_scenarios("clear,fog:1"), tmp_path / "sheet.png", horizon=horizon, title="grey.png")
    assert texts[0].startswith("grey.png")
    assert ("guessed" in texts[0]) == (horizon is None)
