import dataclasses
import html
import itertools
import json
import re
import shutil
from importlib.resources import files

import msgspec
import pytest
from blobs import blobs
from html_reading import read_numbers, read_page, read_table

import wutdet
from wutdet.errors import ConfigError, DataError
from wutdet.report.html import page_text, read_runs, write_html, write_report_file
from wutdet.report.html.markdown_page import markdown_page
from wutdet.report.html.runs import typical_cells
from wutdet.report.html.svg import make_plot, ticks_to
from wutdet.report.markdown import report_text
from wutdet.report.markdown_text import escaped
from wutdet.scoring.measure import Settings
from wutdet.scoring.scores import WeatherInfo

SCENARIOS = "clear,fog:1,fog:3,fog:5,glare:3,rain:2,fog:1+lowlight:1"
KEPT = "recall@clear_fppi=0.1,iou=0.3"


@pytest.fixture(scope="module")
def run(tiny_part, tmp_path_factory):
    return wutdet.benchmark(
        blobs,
        tiny_part.split("train"),
        out=tmp_path_factory.mktemp("html") / "run",
        scenarios=SCENARIOS,
        scoring=Settings(replicates=50),
        command="wutdet benchmark tiny --detector blobs:make",
    )


@pytest.fixture(scope="module")
def read(run):
    """The run with numbers that differ from cell to cell, and with intervals, which so few sequences do not give."""
    [read] = read_runs([run.out])
    cells = []
    for place, cell in enumerate(read.scores.cells):
        small, kept = 0.61 - 0.0731 * place, 0.93 - 0.1017 * place
        ends = {"AP_small": (small / 2, small + 0.1), KEPT: (kept - 0.05, kept + 0.06)}
        operating = cell.operating | {KEPT: kept}
        cells.append(msgspec.structs.replace(cell, AP_small=small, operating=operating, intervals=ends))
    return changed(read, cells=cells)


@pytest.fixture(scope="module")
def page(read):
    return read_page(page_text([read]))


def changed(report_run, **fields):
    """The same run with other scores."""
    return dataclasses.replace(report_run, scores=msgspec.structs.replace(report_run.scores, **fields))


def test_every_section_has_a_heading_that_the_navigation_reaches(page):
    links = [link.attributes["href"].removeprefix("#") for link in page.find("nav")[0].find("a")]
    headings = [heading.attributes["id"] for heading in page.find("h2")]
    assert links == headings
    assert len(links) == 10
    assert [section.attributes["aria-labelledby"] for section in page.find("section")] == headings
    assert len(page.find("h1")) == 1
    assert page.find("html")[0].attributes["lang"] == "en"


def test_the_headline_has_a_row_a_scenario_with_the_scores(page, read):
    table = read_table(page, "AP_small by scenario")
    cells = read.scores.cells
    assert [row[0] for row in table.shown] == SCENARIOS.split(",")
    assert [row[2] for row in table.held] == [cell.AP_small for cell in cells]
    clear = cells[0].AP_small
    assert [row[3] for row in table.held[1:]] == [cell.AP_small - clear for cell in cells[1:]]
    assert table.shown[2][1] == "MOR 1000 m"


def test_intervals_stand_beside_their_numbers(page, read):
    table = read_table(page, "COCO's numbers by scenario")
    column = table.heads.index("recall kept")
    cell = read.scores.cells[0]
    low, high = cell.intervals[KEPT]
    assert table.shown[0][column] == f"{cell.operating[KEPT]:.3f} [{low:.3f}, {high:.3f}]"


@pytest.mark.parametrize(
    ("value", "ends", "says"),
    [
        ("MOR 1500 m", ("MOR 2000 m", "MOR 1200 m"), "half of that is lost at MOR 1500 m (interval from MOR 2000 m to"),
        ("milder than MOR 4000 m", None, "half of that is lost in weather milder than MOR 4000 m, the mildest that"),
        ("beyond MOR 200 m", None, "more than half of that is left at MOR 200 m, the worst that was run."),
        ("", None, "it is not known where half of that is lost."),
    ],
)
def test_the_headline_says_in_words_where_half_is_lost(read, value, ends, says):
    robustness = [
        msgspec.structs.replace(item, half_value={"fog": value}, half_interval={"fog": ends} if ends else {})
        for item in read.scores.robustness
    ]
    text = read_page(page_text([changed(read, robustness=robustness)])).find("div", class_="verdict")[0].text
    assert f"In fog {says}" in text
    assert "AP_small in clear weather is 0.610 [0.305, 0.710]" in text


def test_a_detector_with_nothing_to_lose_is_said_to_have_nothing(read):
    for value, warned in ((0.01, True), (0.4, False)):
        cells = [msgspec.structs.replace(cell, AP_small=value) for cell in read.scores.cells]
        assert ("hardly anything to lose" in page_text([changed(read, cells=cells)])) is warned


def test_a_run_without_clear_weather_is_not_said_to_be_of_it(read):
    foggy = changed(read, cells=read.scores.cells[1:4])
    page = read_page(page_text([foggy]))
    [verdict] = page.find("div", class_="verdict")
    assert "AP_small in fog:1 is 0.537" in verdict.text
    assert "Clear weather was not scored" in verdict.text
    assert "half" not in verdict.text
    [cost] = [section for section in page.find("section") if section.attributes["aria-labelledby"] == "cost"]
    assert "for an AP_small of 0.537 [0.268, 0.637] in fog:1." in cost.text
    both = page_text([foggy, dataclasses.replace(foggy, name="other")])
    assert "AP_small in clear weather against detection time" not in both


def test_runs_in_other_weather_are_said_to_be_no_comparison(read):
    def other(value, sha256):
        cells = [
            msgspec.structs.replace(cell, value=value) if cell.name == "fog:1" else cell for cell in read.scores.cells
        ]
        weather = WeatherInfo(seed=0, sha256={"fog:3": sha256})
        return dataclasses.replace(changed(read, cells=cells, weather=weather), name="other", manifest=None)

    same = dataclasses.replace(changed(read, weather=WeatherInfo(seed=0, sha256={"fog:3": "a"})), manifest=None)
    page = read_page(page_text([same, other("MOR 20000 m", "b")]))
    told = [item.text for item in page.find("li")]
    assert "the units of fog:1 differ: MOR 4000 m and MOR 20000 m" in told
    assert "fog:3 was rendered in two ways" in told
    assert read_table(page, "AP_small by scenario").shown[1][1] == "MOR 4000 m / MOR 20000 m"
    names = [text.text for text in page.find("text") if text.text.startswith("severity")]
    assert names == ["severity", "severity (5 % of water)", "severity (10 mm/h)"] * 2
    assert "not the same weather" not in page_text([same, other("MOR 4000 m", "a")])


def test_where_half_is_lost_is_sorted_by_the_dose(read):
    values = {"fog": "MOR 1500 m", "rain": "milder than 10 mm/h", "glare": "beyond 5 % of water"}
    halves = {"fog": 1 / 1500, "rain": None, "glare": None}
    robustness = [msgspec.structs.replace(item, half_value=values, half=halves) for item in read.scores.robustness]
    table = read_table(read_page(page_text([changed(read, robustness=robustness)])), "Where half is lost")
    assert {row[0]: held[1] for row, held in zip(table.shown, table.held, strict=True)} == {
        "fog": 1 / 1500,
        "glare": 1e300,
        "rain": -1e300,
    }


def test_without_intervals_none_are_explained(run, read):
    assert "In brackets" in page_text([read])
    plain = [msgspec.structs.replace(cell, intervals={}) for cell in run.scores.cells]
    without = changed(read, cells=plain)
    assert "In brackets" not in page_text([without])
    assert "In brackets" not in markdown_page([without])
    assert "In brackets" not in report_text(without.scores)


def test_curves_carry_the_scores(page, read):
    for metric in ("AP_small", KEPT):
        for kind in ("fog", "glare", "rain"):
            points = [item for shape in ("circle", "polygon") for item in page.find(shape, data_metric=metric)]
            points = [item.attributes for item in points if item.attributes.get("data-kind") == kind]
            held = {item["data-scenario"]: float(item["data-value"]) for item in points}
            cells = [cell for cell in read.scores.cells if cell.scenario in ("clear", kind)]
            assert held == {cell.name: cell.operating[KEPT] if metric == KEPT else cell.AP_small for cell in cells}
    fog = next(item for item in page.find("circle") if item.attributes.get("data-scenario") == "fog:3")
    assert fog.find("title")[0].text.startswith("blobs, fog:3 (MOR 1000 m): AP_small ")


def test_pictures_have_words_and_their_numbers_stand_in_a_table(page, read):
    for picture in page.find("svg"):
        assert picture.attributes.get("aria-hidden") == "true" or picture.attributes["aria-label"]
    table = read_table(page, "AP_small by kind and severity")
    assert [row[1] for row in table.shown if row[0] == "fog"] == ["clear", "fog:1", "fog:3", "fog:5"]
    assert table.held[1][2] == read.scores.cell("fog:1").AP_small


def test_the_heat_map_has_every_size_and_scenario(page, read):
    ap50, kept = read_table(page, "AP50 by size and scenario"), read_table(page, "Recall kept by size and scenario")
    for row, cell in enumerate(read.scores.cells):
        assert ap50.held[row][1:] == [item.AP50 for item in cell.bins.values()]
        assert kept.held[row][1:] == [cell.operating[f"{KEPT},size={name}"] for name in cell.bins]
    assert ap50.heads[1] == f"<8 px (n = {read.scores.cells[0].bins['<8'].ships})"
    [table] = [item for item in page.find("table") if item.find("caption")[0].text == "AP50 by size and scenario"]
    for cell in table.find("td"):
        value = cell.attributes.get("data-value")
        shades = [name for name in cell.attributes["class"].split() if re.fullmatch(r"h\d+", name)]
        assert shades == ([] if value is None else [f"h{int(float(value) * 10 + 0.5)}"])
        assert "n = " in cell.attributes["title"]


def test_operating_points_and_errors_are_those_of_the_scores(page, read):
    operating = read_table(page, "Recall at false alarms per image, IoU 0.3")
    counts, costs = read_table(page, "Errors, number"), read_table(page, "Errors, cost in AP50")
    for row, cell in enumerate(read.scores.cells):
        keys = [f"recall@fppi={rate},iou=0.3" for rate in ("0.01", "0.1", "1")]
        keys += ["threshold@fppi=0.1,iou=0.3", KEPT, KEPT.replace("recall", "fppi", 1)]
        assert operating.held[row][1:-1] == [cell.operating[key] for key in keys]
        for column, head in enumerate(counts.heads[1:], start=1):
            error = cell.errors[head.replace(": ", ".")]
            assert (counts.held[row][column], costs.held[row][column]) == (error.count, error.cost)
    assert counts.heads[:4] == ["scenario", "localisation", "duplicate", "background"]


def test_slices_are_those_of_the_scores(page, read):
    table = read_table(page, "By scene")
    slices = read.scores.cells[0].slices["scene"]
    assert [row[0] for row in table.shown] == list(slices)
    assert [row[1] for row in table.held] == [numbers.images for numbers in slices.values()]
    column = table.heads.index("AP_small, fog:3")
    assert [row[column] for row in table.held] == [
        numbers.AP_small for numbers in read.scores.cell("fog:3").slices["scene"].values()
    ]


def test_the_cost_is_the_manifests(page, run):
    manifest = json.loads((run.out / "manifest.json").read_text())
    table = read_table(page, "Cost of the runs")
    column = table.heads.index("detect, ms (95 %)")
    assert table.held[0][column] == manifest["measured"]["stages"]["detect"]["median_ms"]
    assert "GFLOPs" not in table.heads  # nobody knows them
    assert "wutdet benchmark tiny --detector blobs:make" in page.find("code")[-1].text
    assert any('"wutdet-manifest-2"' in block.text for block in page.find("pre"))


def test_warnings_and_frames_left_out_are_listed(read):
    skipped = [f"{place}.jpg: cut short" for place in range(60)]
    cells = [msgspec.structs.replace(cell, warnings=["a warning"]) for cell in read.scores.cells]
    cells[0] = msgspec.structs.replace(cells[0], warnings=["of clear", "a warning", "a warning"])
    cells[2] = msgspec.structs.replace(cells[2], warnings=["a warning", "only here"])
    lines = [item.text for item in read_page(page_text([changed(read, cells=cells, skipped=skipped)])).find("li")]
    assert lines.count("a warning") == 1
    assert "fog:3: only here" in lines
    assert "clear: of clear" in lines
    assert "49.jpg: cut short" in lines
    assert "50.jpg: cut short" not in lines
    assert "and 10 more" in lines


def test_runs_stand_side_by_side(read, tmp_path):
    other = changed(read, cells=[msgspec.structs.replace(cell, AP_small=0.25) for cell in read.scores.cells[:3]])
    page = read_page(page_text([read, dataclasses.replace(other, name="other")]))
    table = read_table(page, "AP_small by scenario")
    assert table.heads == ["scenario", "in units", "blobs", "other"]
    assert [row[3] for row in table.held] == [0.25] * 3 + [None] * 4  # four were not run
    assert len([item for item in page.find("circle") if item.attributes.get("data-latency")]) == 1
    assert "different frames" not in page.text
    info = msgspec.structs.replace(read.scores.dataset, sha256="0")
    assert "different frames" in page_text([read, changed(other, dataset=info)])


def test_equal_detectors_are_told_apart_by_their_folders(run, tmp_path):
    shutil.copytree(run.out, tmp_path / "again" / "run")
    shutil.copytree(run.out, tmp_path / "third")
    names = [read.name for read in read_runs([run.out, tmp_path / "again" / "run", tmp_path / "third"])]
    assert names == ["blobs (run) #1", "blobs (run) #2", "blobs (third)"]


def test_the_numbers_inside_the_page_are_those_of_the_file(run):
    [numbers] = read_numbers(read_page(page_text(read_runs([run.out]))))
    stored = json.loads((run.out / "scores.json").read_text())
    for ours, theirs in zip(numbers["cells"], stored["cells"], strict=True):
        for name in ("name", "value", "ships", "AP", "AP50", "AP_small", "AR_100", "bins", "errors", "recall_by"):
            assert ours[name] == theirs[name]
        assert all(theirs["operating"][key] == value for key, value in ours["operating"].items())
    assert numbers["robustness"] == stored["robustness"]
    sliced = [cell["name"] for cell in numbers["cells"] if "slices" in cell]
    assert sliced == ["clear", "fog:3", "glare:3", "rain:2"]  # those that the page shows


def test_a_folder_of_score_has_a_report_without_cost_or_manifest(tiny_part, tmp_path):
    test = tiny_part.split("test")
    wutdet.evaluate(test, [blobs([frame.image])[0] for frame in test], interval=None, out=tmp_path / "s")
    text = read_page(write_html([tmp_path / "s"], tmp_path / "s.html").read_text()).text
    assert "No kind of weather was run by itself." in text
    assert "No run has a manifest that says what it cost." in text
    assert "This run has no manifest" in text


def test_the_file_asks_nothing_of_a_network_and_is_small(run, tmp_path):
    path = write_html([run.out], tmp_path / "r.html")
    text = path.read_text()
    assert path.stat().st_size < 1_000_000
    assert not re.search(r"https?:|//[a-z]|@import|url\(|\bsrc=|<link", text)
    assert "default-src &#x27;none&#x27;" in text
    assert text == path.read_text() == page_text(read_runs([run.out]))


def test_markdown_and_json_have_the_same_numbers(read, tmp_path):
    runs = [read, dataclasses.replace(changed(read, cells=read.scores.cells[:3]), name="other | run")]
    markdown = write_report_file(runs, tmp_path / "r.md").read_text()
    numbers = json.loads(write_report_file(runs, tmp_path / "r.json").read_text())
    page = read_page(write_report_file(runs, tmp_path / "r.html").read_text())
    captions = [
        table.find("caption")[0].text for table in page.find("table") if " by kind and severity" not in table.text
    ]
    assert len(captions) == 18
    for caption in dict.fromkeys(captions):
        blocks = markdown.split(f"**{escaped(caption)}**\n\n")[1:]
        assert len(blocks) == captions.count(caption)
        for place, block in enumerate(blocks):
            table = read_table(page, caption, place)
            rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in block.split("\n\n", 1)[0].splitlines()]
            read_back = [[html.unescape(re.sub(r"\\(.)", r"\1", cell)).strip() for cell in row] for row in rows]
            assert read_back[0] == table.heads
            assert read_back[2:] == table.shown
    assert [cell["AP_small"] for cell in numbers[0]["cells"]] == [cell.AP_small for cell in read.scores.cells]
    assert "- other \\| run, " in markdown
    assert "### other \\| run" in markdown
    assert "](ap_small.png)" not in markdown  # it stands elsewhere


def test_several_runs_are_told_apart_in_the_head(read):
    page = read_page(page_text([read, dataclasses.replace(read, name="other")]))
    lines = [line.text for line in page.find("header")[0].find("p")]
    assert [line.partition(", ")[0] for line in lines] == ["blobs", "other"]
    assert all(str(read.folder) in line for line in lines)
    [line] = read_page(page_text([read])).find("header")[0].find("p")
    assert line.text.startswith("blobs on tiny (train): ")


def test_mistakes_are_one_line(run, tmp_path):
    read = read_runs([run.out])
    with pytest.raises(ConfigError, match=r"choose a \.html, \.md or \.json file"):
        write_report_file(read, tmp_path / "r.pdf")
    with pytest.raises(DataError, match="cannot be written"):
        write_html([run.out], tmp_path / "missing" / "r.html")
    with pytest.raises(DataError, match="no scores here"):
        write_html([tmp_path], tmp_path / "r.html")
    with pytest.raises(ConfigError, match="no run is given"):
        write_html([], tmp_path / "r.html")
    (tmp_path / "scores.json").write_bytes((run.out / "scores.json").read_bytes())
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DataError, match="unreadable manifest"):
        write_html([tmp_path], tmp_path / "r.html")


def test_the_typical_severity_is_the_third_or_the_nearest(run):
    assert [cell.name for cell in typical_cells(run.scores)] == ["clear", "fog:3", "glare:3", "rain:2"]


@pytest.mark.parametrize("largest", [0.0, 0.004, 0.05, 0.3, 0.49, 0.5, 0.81, 1.0])
def test_axes_hold_the_largest_value_with_few_lines(largest):
    plot = make_plot([0.0, 5.0], largest)
    assert plot.top >= largest
    assert 1 <= round(plot.top / plot.step) <= 5
    assert plot.y(plot.top) < plot.y(0.0) < plot.height


@pytest.mark.parametrize("largest", [0.4, 1.0, 7.3, 10.0, 24.0, 99.0, 1234.0])
def test_ticks_of_time_are_few_and_reach(largest):
    ticks = ticks_to(largest)
    assert ticks[0] == (0.0, "0")
    assert ticks[-1][0] >= largest
    assert len(ticks) <= 6


def test_every_colour_of_text_has_contrast_in_light_and_dark():
    style = files("wutdet.report.html").joinpath("page.css").read_text()
    dark_at = [match.start() for match in re.finditer(r"@media screen and \(prefers-color-scheme: dark\)", style)]
    variables = [
        dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", part))
        for part in style.split(".h0", 1)[0].split("@media")[:2]
    ]
    pairs = itertools.product(("ink", "faint", "accent"), ("paper", "raised"))
    for scheme in variables:
        for text, ground in [*pairs, ("warn", "warn-paper")]:
            assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)
        for place in range(6):
            assert contrast(scheme[f"c{place}"], scheme["paper"]) >= 3
    shades = re.findall(r"\.h(\d+) \{ background: (#[0-9a-f]{6}); color: (#[0-9a-f]{6}); \}", style)
    assert [int(number) for number, _, _ in shades] == [*range(11), *range(11)]
    assert all(contrast(ground, text) >= 4.5 for _, ground, text in shades)
    assert len(dark_at) == 2


def contrast(one, other):
    """WCAG 2's ratio."""

    def luminance(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
