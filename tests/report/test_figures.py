import csv
import io
import json
import re
import subprocess
import sys
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from blobs import blobs
from hypothesis import given
from hypothesis import strategies as st
from leaderboard_runs import RECORDED
from matplotlib import rcParams

import wutdet
from wutdet.errors import ConfigError, DataError
from wutdet.metrics.operating import FPPI, prepare_operating, read_operating
from wutdet.report import draw_figures
from wutdet.report.figures import operating, parse_formats, severity
from wutdet.report.figures.heat import heat_figure, heat_points
from wutdet.report.figures.recorded import recorded_of
from wutdet.report.figures.style import SMALL_PT, line_style, print_look
from wutdet.report.figures.weather import choose_frame
from wutdet.report.figures.weather_axis import cell_value, weather_axis
from wutdet.report.html.runs import read_runs
from wutdet.scoring.measure import Settings
from wutdet.scoring.scores import write_scores

MM_IN_PT = 72 / 25.4
replace = msgspec.structs.replace
pytestmark = pytest.mark.filterwarnings("error:constrained_layout")  # what does not fit must not be drawn


@pytest.fixture(scope="module")
def run(tiny_part, tmp_path_factory):
    """A run that keeps its detections."""
    out = tmp_path_factory.mktemp("figures") / "run"
    scenarios = "clear,fog:1,fog:3,rain:2,lowlight:2,fog:1+lowlight:1"
    return wutdet.benchmark(
        blobs, tiny_part.split("test"), out=out, scenarios=scenarios, scoring=Settings(replicates=60)
    )


@pytest.fixture(scope="module")
def drawn(run, tiny_part, tmp_path_factory):
    out = tmp_path_factory.mktemp("drawn")
    return out, draw_figures([run.out], out, data=tiny_part)


def points_of(folder, figure, **wanted):
    points = json.loads((folder / "figures.json").read_text())
    return [point for point in points if point["figure"] == figure and wanted.items() <= point.items()]


def odd_runs(folder):
    """Three runs with long names; many scenarios and unknown kinds; unknown numbers; clear weather alone."""

    def keep(name, scores):
        (folder / name).mkdir()
        write_scores(folder / name, scores)
        return folder / name

    def named(name):
        return replace(RECORDED, detector=replace(RECORDED.detector, name=name))

    fogs = [cell for cell in RECORDED.cells if cell.scenario == "fog"]
    both = [
        replace(fogs[0], scenario="fog+lowlight", severity=None, name=f"fog:{fog}+lowlight:{dark}", value="")
        for fog in range(1, 6)
        for dark in (1, 3, 5)
    ]
    strange = [
        replace(cell, scenario=kind, severity=place, name=f"{kind}:{place}", value="3 kg")
        for kind in ("smoke", "spray_of_a_long_name_that_no_axis_can_hold"[:40])
        for place, cell in enumerate(fogs[:3], 1)
    ]
    empty = [
        replace(
            cell,
            AP_small=None if cell.scenario in ("fog", "clear") else cell.AP_small,
            intervals={},
            operating=dict.fromkeys(cell.operating) if cell.scenario == "fog" else cell.operating,
            bins={name: replace(item, AP50=None) for name, item in cell.bins.items()},
        )
        for cell in RECORDED.cells
    ]
    names = ("a", "yolo11n in weather, tiles at the horizon, input of 1280 px", "$x_$ 船")
    return {
        "three": [keep(f"run{place}", named(name)) for place, name in enumerate(names)],
        "long": [keep("long", replace(RECORDED, cells=[*RECORDED.cells, *both, *strange]))],
        "unknown": [keep("unknown", replace(RECORDED, cells=empty, robustness=[]))],
        "clear": [keep("clear", replace(RECORDED, cells=RECORDED.cells[:1], robustness=[]))],
    }


def test_the_numbers_are_those_of_the_scores(run, drawn):
    out, _ = drawn
    scores = run.scores
    for cell in scores.cells:
        if cell.severity:
            [point] = points_of(out, "severity-AP_small", scenario=cell.name)
            assert point.get("y") == cell.AP_small
            assert (point.get("y_low"), point.get("y_high")) == cell.intervals.get("AP_small", (None, None))
        for name, item in cell.bins.items():
            [point] = points_of(out, "size-scenario", scenario=cell.name, line=name)
            assert point["y"] == item.AP50
    along = {p["scenario"]: p.get("x") for p in points_of(out, "severity-AP_small") if p.get("mark") != "half"}
    assert along == {"clear": None, "fog:1": 4000, "fog:3": 1000, "rain:2": 10, "lowlight:2": -2}
    for cell in (scores.cell("clear"), scores.cell("fog:3")):
        for rate in FPPI:
            [point] = points_of(out, "recall-fppi", scenario=cell.name, x=rate)
            assert point["y"] == cell.operating[f"recall@fppi={rate:g},iou=0.3"]


def test_curves_agree_with_the_scores(run, tiny_part, drawn):
    """A curve's mean is its AP50, and recall at the stated rates is read off the same matches."""
    out, _ = drawn
    for cell in (run.scores.cell("clear"), run.scores.cell("rain:2")):
        for line, expected in [("all sizes", cell.AP50), *((f"{k} px", v.AP50) for k, v in cell.bins.items())]:
            curve = points_of(out, "precision-recall", panel=cell.name, line=line)
            assert len(curve) == 101
            if expected is None:
                assert all(point["y"] is None for point in curve)
            else:
                assert np.mean([point["y"] for point in curve]) == pytest.approx(expected, abs=1e-12)
    recorded = recorded_of(read_runs([run.out])[0], tiny_part, ["fog:3"])
    matches = recorded.matches["fog:3"]
    read = read_operating(prepare_operating(matches, ious=(0.3,)), np.ones((1, len(matches.image_ids)), np.int32))
    for rate in FPPI:
        key = f"recall@fppi={rate:g},iou=0.3"
        assert read[key][0] == run.scores.cell("fog:3").operating[key]
    recalls = sorted((point["x"], point["y"]) for point in points_of(out, "recall-fppi", scenario="clear"))
    assert len(recalls) == 61
    assert all(left[1] <= right[1] for left, right in pairwise(recalls))


def test_halves_are_marked_as_the_tables_say(tmp_path):
    """In the recorded demo baseline: inside for low light, before the mildest fog and rain, beyond the worst glare."""
    [folder] = odd_runs(tmp_path)["clear"]
    write_scores(folder, RECORDED)
    draw_figures([folder], tmp_path / "out")
    half = {point["panel"]: point for point in points_of(tmp_path / "out", "severity-AP_small", mark="half")}
    clear = RECORDED.cell("clear").AP_small
    assert {kind: point["words"] for kind, point in half.items()} == {
        "fog": "milder than MOR 4000 m",
        "glare": "beyond 20 % of water",
        "rain": "milder than 2.5 mm/h",
        "lowlight": "-1.38 EV",
    }
    assert all(point["y"] == clear / 2 for point in half.values())
    assert {kind for kind, point in half.items() if "x" in point} == {"lowlight"}
    assert half["lowlight"]["x"] == pytest.approx(-1.3832, abs=1e-4)


@pytest.mark.parametrize(
    ("ends", "words", "drawn"),
    [
        ((3.5, 15.6), ("3.5 mm/h", "15.6 mm/h"), (3.5, 15.6)),
        ((None, 15.6), ("milder than 2.5 mm/h", "15.6 mm/h"), (2.5, 15.6)),
        ((3.5, None), ("3.5 mm/h", "beyond 100 mm/h"), (3.5, 100)),
        ((None, None), ("milder than 2.5 mm/h", "beyond 100 mm/h"), (2.5, 100)),
        (None, None, None),
    ],
)
def test_a_half_whose_interval_is_bounded_is_drawn_to_the_border(tmp_path, ends, words, drawn):
    robustness = [
        replace(
            item,
            half={"rain": 4.0},
            half_value={"rain": "4 mm/h"},
            intervals={"half.rain": ends} if ends else {},
            half_interval={"rain": words} if words else {},
        )
        for item in RECORDED.robustness
    ]
    write_scores(tmp_path, replace(RECORDED, robustness=robustness))
    runs = read_runs([tmp_path])
    points = severity.severity_points(runs, "AP_small", "x")
    [half] = [point for point in points if point.mark == "half"]
    assert (half.x_low, half.x_high) == (ends or (None, None))
    assert (half.words_low, half.words_high) == (words or ("", ""))
    figure = severity.severity_figure(runs, points, "AP_small", 178)
    across = [line.get_xdata() for axes in figure.axes for line in axes.lines if line.get_linewidth() == 0.7]
    assert [tuple(line) for line in across] == ([drawn] if drawn else [])
    ticked = [tuple(line.get_xdata()) for axes in figure.axes for line in axes.lines if line.get_marker() == "|"]
    assert ticked == ([tuple(end for end in ends if end is not None)] if ends else [])


def test_the_table_has_what_the_json_has(drawn):
    out, _ = drawn
    rows = list(csv.DictReader(io.StringIO((out / "figures.csv").read_text())))
    points = json.loads((out / "figures.json").read_text())
    assert len(rows) == len(points) > 500
    for row, point in zip(rows, points, strict=True):
        known = {key: value for key, value in row.items() if value and (key, value) != ("mark", "point")}
        assert set(known) == {key for key, value in point.items() if value is not None}
        assert all(float(known[key]) == point[key] for key in ("x", "y") if key in known)


def test_every_figure_is_there_and_wide_as_asked(drawn):
    out, done = drawn
    stems = ["severity-AP_small", "recall-fppi", "size-scenario", "precision-recall", "sizes", "weather"]
    assert [path.name for path in done.files] == [*(f"{stem}.svg" for stem in stems), "figures.json", "figures.csv"]
    assert done.notes == ()
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in done.files)
    for stem in stems:
        width = re.search(r'<svg[^>]* width="([\d.]+)pt"', (out / f"{stem}.svg").read_text())
        assert float(width[1]) == pytest.approx(178 * MM_IN_PT, abs=0.1)


def test_equal_runs_give_equal_bytes_whatever_the_users_look(run, drawn, tiny_part, tmp_path, monkeypatch):
    [clear] = odd_runs(tmp_path)["clear"]
    everything = (drawn[1], draw_figures([clear], tmp_path / "a", formats=("png", "pdf")))
    monkeypatch.setitem(rcParams, "font.size", 30.0)
    monkeypatch.setitem(rcParams, "axes.grid", True)
    again = (
        draw_figures([run.out], tmp_path / "b", data=tiny_part),
        draw_figures([clear], tmp_path / "c", formats=("png", "pdf")),
    )
    assert rcParams["font.size"] == 30.0
    pairs = [
        pair for one, two in zip(everything, again, strict=True) for pair in zip(one.files, two.files, strict=True)
    ]
    assert len(pairs) == 8 + 6
    for left, right in pairs:
        data = left.read_bytes()
        assert data == right.read_bytes(), left.name
        assert not any(word in data for word in (b"CreationDate", b"<dc:date>", b"Matplotlib v", b"Software"))


def test_drawing_leaves_pyplot_alone(run, tmp_path):
    code = (
        "import sys; from wutdet.report import draw_figures; assert 'matplotlib' not in sys.modules; "
        f"draw_figures([{str(run.out)!r}], {str(tmp_path)!r}); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("width_mm", [60, 85, 178])
@pytest.mark.parametrize("which", ["three", "long", "unknown", "clear"])
def test_letters_are_large_inside_and_apart(tmp_path, which, width_mm):
    runs = read_runs(odd_runs(tmp_path)[which])
    with print_look():
        points = operating.operating_points(runs, {}, "x")
        figures = [operating.operating_figure(runs, points, width_mm)]
        figures += [heat_figure(run, heat_points(run, "x"), width_mm) for run in runs[:1]]
        along = severity.severity_points(runs, "AP_small", "x")
        if along:
            figures.append(severity.severity_figure(runs, along, "AP_small", width_mm))
        for figure in figures:
            check_letters(figure)


def check_letters(figure):
    figure.canvas.draw()
    shown = [text for text in every_text(figure) if text.get_visible() and text.get_text().strip()]
    assert shown
    assert all(text.get_fontsize() >= SMALL_PT for text in shown)
    whole = figure.bbox
    for text in shown:
        box = text.get_window_extent()
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= whole.width + 1 and box.y1 <= whole.height + 1
        assert inside, (text.get_text(), box.bounds, whole.bounds)
    for axes in figure.axes:
        if axes.get_visible():
            labels = [(label.get_window_extent(), label.get_text()) for label in tick_labels(axes.xaxis)]
            for (left, before), (right, after) in pairwise(sorted(labels, key=lambda item: item[0].x0)):
                assert left.x1 < right.x0, (before, after, axes.get_xlabel())


def tick_labels(axis):
    """Those that are in view."""
    low, high = sorted(axis.get_view_interval())
    ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [tick.label1 for tick in ticks if tick.label1.get_visible()]


def every_text(figure):
    for legend in figure.legends:
        yield from legend.get_texts()
    for axes in figure.axes:
        if axes.get_visible():
            yield from (axes.xaxis.label, axes.yaxis.label, axes._left_title, *axes.texts)
            yield from (*tick_labels(axes.xaxis), *tick_labels(axes.yaxis))
    yield from figure.texts


def test_unknown_numbers_are_not_drawn(tmp_path):
    runs = read_runs(odd_runs(tmp_path)["unknown"])
    points = severity.severity_points(runs, "AP_small", "x")
    assert [point.y for point in points if point.panel == "fog"] == [None] * 6
    with print_look():
        figure = severity.severity_figure(runs, points, "AP_small", 178)
        assert all(np.isnan(line.get_ydata()).all() for line in figure.axes[0].lines)
        heat = heat_figure(runs[0], heat_points(runs[0], "x"), 85)
        assert {text.get_text() for text in heat.axes[0].texts} == {"—"}


def test_lines_differ_without_colour():
    styles = [line_style(place) for place in range(7)]
    assert all(len({str(style[key]) for style in styles}) == 7 for key in ("color", "linestyle", "marker"))
    assert len({str(line_style(place)) for place in range(49)}) == 49


def test_a_weather_axis_runs_from_clear_to_worst():
    fog = weather_axis("fog", [cell for cell in RECORDED.cells if cell.scenario == "fog"][::-1])
    assert fog.values == (4000, 2000, 1000, 500, 200)
    assert fog.clear == 8000
    assert [fog.of_dose(dose) for dose in (1 / 1000, 0.9, 1e-9)] == pytest.approx([1000, 200, 8000])
    dark = weather_axis("lowlight", [cell for cell in RECORDED.cells if cell.scenario == "lowlight"])
    assert (dark.values, dark.clear, dark.of_dose(1.5), dark.of_dose(99)) == ((-1, -3, -5), 0, -1.5, -5)
    assert fog.label == "fog: MOR, m"


@given(st.floats(1e-3, 1e6))
def test_a_value_is_read_as_the_scores_state_it(value):
    cell = replace(RECORDED.cell("fog:3"), value=f"MOR {value:g} m")
    assert cell_value(cell, "reciprocal") == float(f"{value:g}")
    assert cell_value(replace(cell, value=f"{-value:g} EV"), "negative") == float(f"{-value:g}")


def test_without_data_one_line_says_what_is_missing(run, tmp_path):
    done = draw_figures([run.out, run.out], tmp_path / "out")
    assert done.notes == ("no precision-recall curves, sizes and frame in all weather: they need --data DATA",)
    assert [path.name for path in done.files[:-2]] == [
        "severity-AP_small.svg",
        "recall-fppi.svg",
        "size-scenario-blobs-run-1.svg",
        "size-scenario-blobs-run-2.svg",
    ]


def test_a_run_without_detections_or_weather_is_drawn_as_far_as_it_goes(tiny_part, tmp_path):
    [folder] = odd_runs(tmp_path)["clear"]
    done = draw_figures([folder], tmp_path / "out", data=tiny_part)
    assert [path.name for path in done.files[:-2]] == ["recall-fppi.svg", "size-scenario.svg", "sizes.svg"]
    assert done.notes == (
        "demo.pt: no precision-recall curves, as the folder keeps no detections",
        "no curves along severity: no kind of weather was run by itself",
        "no frame in all weather: no run says which weather it was",
    )


def test_the_frame_is_the_busiest_or_the_named_one(tiny_part):
    test = tiny_part.split("test")
    names = test.images["file_name"].to_list()
    counts = [len(frame.boxes) for frame in test]
    assert choose_frame(test, None) == counts.index(max(counts))
    busiest = test.images["image_id"][counts.index(max(counts))]
    second = choose_frame(test, None, {busiest})
    assert counts[second] == max(count for place, count in enumerate(counts) if place != counts.index(max(counts)))
    assert choose_frame(test, None, set(test.images["image_id"])) == counts.index(max(counts))
    assert choose_frame(test, names[2]) == 2
    with pytest.raises(DataError, match=r"has no frame 'x.jpg'; give a --frame that is there, such as"):
        choose_frame(test, "x.jpg")


@pytest.mark.parametrize("text", ["", " , ", "jpg", "svg,tiff"])
def test_bad_formats(text):
    with pytest.raises(ConfigError, match=r"--format: (names no format|no format '(jpg|tiff)'); choose from png, svg"):
        parse_formats(text)


def test_formats_are_read_in_a_fixed_order():
    assert parse_formats("pdf, PNG,pdf") == ("png", "pdf")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"metric": "AP_smal"}, "--metric: no number 'AP_smal'; did you mean AP_small"),
        ({"width_mm": 20}, "--width-mm: 20 mm; give 60 to 400"),
        ({"width_mm": float("nan")}, "--width-mm: nan mm; give 60 to 400"),
    ],
)
def test_bad_options_draw_nothing(run, tmp_path, options, said):
    with pytest.raises(ConfigError) as caught:
        draw_figures([run.out], tmp_path / "out", **options)
    assert str(caught.value).startswith(said)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file: cannot be written .*; choose another --out"):
        draw_figures([run.out], tmp_path / "file")
