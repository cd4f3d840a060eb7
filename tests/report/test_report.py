import re

import msgspec
import pytest
from blobs import blobs

import wutdet
from wutdet.errors import DataError
from wutdet.report import draw_curves, markdown_table, rich_table, write_report
from wutdet.report.curves import curve_points
from wutdet.report.markdown import report_text
from wutdet.report.sheet import draw_sheet
from wutdet.scenarios import parse_scenarios


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
    from rich.console import Console

    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(rich_table(run.scores))
    text = console.export_text()
    assert "fog:1+lowlight:1" in text
    assert "…" not in text


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


def test_the_sheet_shows_a_frame_under_every_scenario(tiny_part, tmp_path):
    import cv2

    path = draw_sheet(tiny_part[0], parse_scenarios("clear,fog:1-3"), tmp_path / "s.png", panel_width_px=100)
    image = cv2.imread(str(path))
    assert image.shape[1] == 400  # clear, then three severities
    assert image.std() > 10
