"""The report in a real browser: what it complains about, asks for, sorts, shows and prints."""

import json

import pytest
from blobs import blobs
from html_browser import chromium, find_chromium

import wutdet
from wutdet.report.html import write_html
from wutdet.scoring.measure import Settings

TABLE = "table.headline"


@pytest.fixture(scope="module")
def browser(tiny_part, tmp_path_factory):
    executable = find_chromium()
    if executable is None:
        pytest.skip("THE REPORT WAS NOT OPENED: no chromium is installed (apt-get install chromium)")
    folder = tmp_path_factory.mktemp("browser")
    run = wutdet.benchmark(
        blobs,
        tiny_part.split("train"),
        out=folder / "run",
        scenarios="clear,fog:1,fog:3,rain:2,lowlight:2",
        scoring=Settings(replicates=20),
    )
    stored = json.loads((run.out / "scores.json").read_text())
    for place, cell in enumerate(stored["cells"]):
        cell["AP_small"] = [0.61, 0.372, None, 0.105, 0.4409][place]
    (run.out / "scores.json").write_text(json.dumps(stored))
    path = write_html([run.out], folder / "r.html", data=tiny_part)
    with chromium(executable, folder / "profile") as page:
        page.open(path)
        page.path, page.stored = path, stored
        yield page


def column(browser, place):
    script = f"[...document.querySelectorAll('{TABLE} tbody tr')].map((row) => row.cells[{place}].textContent)"
    return browser.run(script)


def sorts(browser):
    return browser.run(
        f"[...document.querySelectorAll('{TABLE} thead th')].map((head) => head.getAttribute('aria-sort'))"
    )


def test_no_complaint_and_no_request_leaves_the_file(browser):
    assert browser.complaints() == []
    assert browser.requests() == [browser.path.resolve().as_uri()]


def test_a_click_sorts_up_then_down_then_as_it_was(browser):
    as_it_was = ["clear", "fog:1", "fog:3", "rain:2", "lowlight:2"]
    assert column(browser, 0) == as_it_was
    button = f"{TABLE} thead th:nth-child(3) button"
    browser.click(button)
    assert column(browser, 0) == ["rain:2", "fog:1", "lowlight:2", "clear", "fog:3"]  # unknown is last
    assert sorts(browser) == [None, None, "ascending", None]
    browser.click(button)
    assert column(browser, 0) == ["clear", "lowlight:2", "fog:1", "rain:2", "fog:3"]
    assert sorts(browser) == [None, None, "descending", None]
    browser.click(button)
    assert column(browser, 0) == as_it_was
    assert sorts(browser) == [None] * 4


def test_words_sort_as_words_and_numbers_in_them_as_numbers(browser):
    browser.click(f"{TABLE} thead th:nth-child(2) button")
    assert column(browser, 1) == ["-2 EV", "10 mm/h", "MOR 1000 m", "MOR 4000 m", ""]
    browser.click(f"{TABLE} thead th:nth-child(1) button")
    assert column(browser, 0) == ["clear", "fog:1", "fog:3", "lowlight:2", "rain:2"]
    assert sorts(browser) == ["ascending", None, None, None]


@pytest.mark.parametrize(("key", "code", "text"), [("Enter", 13, "\r"), (" ", 32, " ")])
def test_the_keyboard_sorts(browser, key, code, text):
    browser.run(f"document.querySelector('{TABLE} thead th:nth-child(1) button').focus()")
    browser.press("Tab", 9)
    browser.press("Tab", 9)  # over the second heading to the third
    assert browser.run("document.activeElement.textContent") == "AP_small"
    before = column(browser, 0)
    browser.press(key, code, text)
    assert sorts(browser)[2] == "ascending"
    assert column(browser, 0) == ["rain:2", "fog:1", "lowlight:2", "clear", "fog:3"] != before
    browser.press(key, code, text)
    browser.press(key, code, text)
    assert sorts(browser) == [None] * 4


def test_curves_and_numbers_read_back_are_those_of_the_file(browser):
    points = browser.run(
        "[...document.querySelectorAll('[data-metric=AP_small]')].map((point) => "
        "[point.dataset.kind, point.dataset.scenario, Number(point.dataset.value)])"
    )
    stored = {cell["name"]: cell for cell in browser.stored["cells"]}
    assert {scenario for _, scenario, _ in points} == {"clear", "fog:1", "rain:2", "lowlight:2"}  # fog:3 is unknown
    assert all(value == stored[scenario]["AP_small"] for _, scenario, value in points)
    inside = browser.run("JSON.parse(document.getElementById('numbers').textContent)[0].cells")
    assert [cell["AP_small"] for cell in inside] == [cell["AP_small"] for cell in stored.values()]


def test_points_stand_where_their_values_are(browser):
    """Heights on the screen are in the order and proportion of the values."""
    centres = browser.run(
        "[...document.querySelectorAll('[data-metric=AP_small]')].map((point) => {"
        "const box = point.getBoundingClientRect(), plot = point.ownerSVGElement.getBoundingClientRect();"
        "return [Number(point.dataset.value), (plot.bottom - (box.top + box.bottom) / 2) / plot.height]; })"
    )
    (low, low_at), (high, high_at) = min(centres), max(centres)
    for value, at in centres:
        assert at == pytest.approx(low_at + (value - low) / (high - low) * (high_at - low_at), abs=0.01)
    assert high_at > low_at


def test_resting_on_a_point_says_its_value(browser):
    says = browser.run(
        "(() => { const point = document.querySelector('[data-scenario=\"fog:1\"]');"
        "point.scrollIntoView({block: 'center', behavior: 'instant'}); const r = point.getBoundingClientRect();"
        "const hit = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);"
        "return hit.querySelector('title').textContent; })()"
    )
    assert says == "blobs, fog:1 (MOR 4000 m): AP_small 0.372"


def test_pictures_are_decoded_and_have_words(browser):
    images = browser.run("[...document.images].map((image) => [image.naturalWidth, image.alt])")
    assert images
    assert all(width in (320, 646) and words for width, words in images)


def test_light_dark_and_paper_differ_as_they_should(browser):
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.emulate({"prefers-color-scheme": "light"})
    assert browser.run(ground) == "rgb(255, 255, 255)"
    browser.emulate({"prefers-color-scheme": "dark"})
    assert browser.run(ground) == "rgb(18, 24, 31)"
    browser.emulate({"prefers-color-scheme": "dark"}, "print")
    assert browser.run(ground) == "rgb(255, 255, 255)"  # no ink is wasted on a dark page
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    browser.emulate({})


def test_it_prints_with_what_was_folded(browser, tmp_path):
    browser.pdf(tmp_path / "r.pdf")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert browser.run("[...document.querySelectorAll('details:not(.long)')].every((part) => part.open)")
    assert not browser.run("document.querySelector('details.long').open")


@pytest.mark.parametrize("width", [1400, 420])
def test_nothing_is_wider_than_the_window(browser, width):
    browser.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    assert browser.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [1400, 1153, 1000, 420])
def test_links_lead_to_headings_that_the_navigation_does_not_cover(browser, width):
    browser.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.run("document.querySelector('nav a[href=\"#errors\"]').click()")
    top, nav = browser.run(
        "[document.getElementById('errors').getBoundingClientRect().top,"
        "document.querySelector('nav').getBoundingClientRect().bottom]"
    )
    assert top >= nav - 1
