"""Names from outside are text on the page, whatever they hold."""

import dataclasses
import json
import shutil

import cv2
import msgspec
import numpy as np
import pytest
from blobs import make_nothing
from html_browser import chromium, find_chromium
from html_reading import read_numbers, read_page, read_table

import wutdet
from wutdet.report.html import page_text, read_runs, write_html
from wutdet.report.html.markup import joined, tag

EVIL = "<script>alert(1)</script>\"'&amp;<img src=x onerror=alert(2)>"
EVIL_FILE = "</figcaption><script>alert(3)<!-- \"'& onload=alert(4) x.png"
EVIL_CAMERA = "</td></table><svg onload=alert(5)>\x1b[2J\u202e"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A dataset whose file, camera and sequence names attack, and a run of a detector whose name does."""
    folder = tmp_path_factory.mktemp("hostile")
    images, annotations = [], []
    (folder / "images").mkdir()
    (folder / "annotations").mkdir()
    for number, name in enumerate((EVIL_FILE, "plain.png", f"b{EVIL_FILE}"), start=1):
        frame = np.full((120, 160, 3), (140, 150, 160), np.uint8)
        frame[60:] = (90, 70, 60)
        frame[55:63, 70:90] = 20
        flat = name.replace("/", "\u2215")  # no file system takes a slash
        cv2.imwrite(str(folder / "images" / "x.png"), frame)
        (folder / "images" / "x.png").rename(folder / "images" / flat)
        extra = {"camera": EVIL_CAMERA if number < 3 else "c", "sequence": f"{EVIL} {number}", "scene": EVIL_FILE}
        images.append({"id": number, "file_name": flat, "width": 160, "height": 120, **extra})
        box = {"bbox": [70, 55, 20, 8], "area": 160, "iscrowd": 0}
        annotations.append({"id": number, "image_id": number, "category_id": 1, **box})
    coco = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "ship"}]}
    path = folder / "annotations" / "instances_test.json"
    path.write_text(json.dumps(coco))
    dataset = wutdet.load(folder, images=folder / "images")
    run = wutdet.benchmark(make_nothing(), dataset, out=folder / "run", scenarios="clear,fog:1", command=f"x {EVIL}")
    scores = json.loads((run.out / "scores.json").read_text())
    scores["detector"]["name"] = EVIL
    scores["dataset"]["name"] = EVIL_FILE
    scores["cells"][0]["warnings"] = [f"{EVIL_FILE}: {EVIL}"]
    (run.out / "scores.json").write_text(json.dumps(scores))
    return dataset, run.out


@pytest.fixture(scope="module")
def page(hostile):
    dataset, run = hostile
    return read_page(page_text(read_runs([run]), data=dataset))


def shown(name):
    return "".join(letter if letter.isprintable() else "�" for letter in name)


def test_nothing_of_the_names_becomes_an_element_or_an_attribute(page):
    assert len(page.find("script")) == 2
    assert all(image.attributes["src"].startswith("data:image/jpeg;base64,") for image in page.find("img"))
    assert all(set(image.attributes) == {"src", "alt"} for image in page.find("img"))
    handlers = [name for element in everything(page) for name in element.attributes if name.startswith("on")]
    assert handlers == []


def everything(element):
    for child in element.children:
        yield child
        yield from everything(child)


def test_the_names_stand_there_as_text(page, hostile):
    dataset, _ = hostile
    assert EVIL in page.find("header")[0].text
    assert EVIL in page.find("title")[0].text
    table = read_table(page, "By camera")
    assert {row[0] for row in table.shown} == {shown(EVIL_CAMERA), "c"}
    assert {row[0] for row in read_table(page, "By sequence").shown} == {f"{EVIL} {number}" for number in (1, 2, 3)}
    alts = [image.attributes["alt"] for image in page.find("img")]
    assert sorted(alt.partition(", clear")[0] for alt in alts) == sorted(dataset.images["file_name"])
    assert any(EVIL in item.text and EVIL_FILE in item.text for item in page.find("li"))
    assert f"x {EVIL}" in page.find("code")[-1].text


def test_the_numbers_survive_names_that_close_a_script(page):
    [numbers] = read_numbers(page)
    assert numbers["name"] == EVIL
    assert EVIL_CAMERA in numbers["cells"][0]["slices"]["camera"]


def test_runs_side_by_side_are_escaped_too(hostile, tmp_path):
    _, run = hostile
    evil_folder = tmp_path / EVIL_FILE.replace("/", "\u2215")
    shutil.copytree(run, evil_folder)
    text = page_text(read_runs([run, evil_folder]))
    assert len(read_page(text).find("script")) == 2
    assert "<script>alert" not in text


def test_names_of_kinds_from_packages_are_escaped(hostile):
    """A scores file may have been written by anyone."""
    [run] = read_runs([hostile[1]])
    cells = [run.scores.cells[0], msgspec.structs.replace(run.scores.cells[1], scenario=EVIL, name=EVIL, value=EVIL)]
    scores = msgspec.structs.replace(run.scores, cells=cells, skipped=[EVIL_FILE])
    page = read_page(page_text([dataclasses.replace(run, scores=scores)]))
    assert len(page.find("script")) == 2
    assert read_table(page, "AP_small by scenario").shown[1][:2] == [EVIL, EVIL]
    assert EVIL_FILE in [item.text for item in page.find("li")]


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", "a < b & 'c'", title='"') == '<p title="&quot;">a &lt; b &amp; &#x27;c&#x27;</p>'
    assert tag("p", tag("b", "<"), "<") == "<p><b>&lt;</b>&lt;</p>"
    assert joined("<", tag("br"), by="&") == "&lt;&amp;<br>"
    assert tag("td", "x\x00\x1b\ud800\u202ey\nz") == "<td>x����y\nz</td>"
    assert tag("a", data_value=None, class_="c") == '<a class="c"></a>'


def test_chromium_runs_and_asks_nothing_of_the_names(hostile, tmp_path):
    executable = find_chromium()
    if executable is None:
        pytest.skip("THE REPORT WAS NOT OPENED: no chromium is installed")
    dataset, run = hostile
    path = write_html([run], tmp_path / "r.html", data=dataset)
    with chromium(executable, tmp_path / "profile") as browser:
        browser.open(path)
        assert browser.complaints() == []
        assert browser.requests() == [path.resolve().as_uri()]
        assert browser.run("document.scripts.length") == 2
        assert not any(event.get("method") == "Page.javascriptDialogOpening" for event in browser.events)
        assert browser.run("[...document.images].every((image) => image.naturalWidth > 0)")


def test_an_injected_script_would_not_run(hostile, tmp_path):
    """The content policy is the second wall: it is tried with the first one torn down."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("THE REPORT WAS NOT OPENED: no chromium is installed")
    path = tmp_path / "torn.html"
    hole = "<script>window.evil = 1</script><img src=x onerror='window.evil = 2'><link rel=stylesheet href=x.css>"
    path.write_text(page_text(read_runs([hostile[1]])).replace("</header>", f"</header>{hole}"))
    with chromium(executable, tmp_path / "profile") as browser:
        browser.open(path)
        assert browser.run("typeof window.evil") == "undefined"
        assert any("Content Security Policy" in line for line in browser.complaints())  # complaints are heard
