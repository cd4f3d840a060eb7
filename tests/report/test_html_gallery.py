import base64
import dataclasses
import itertools
import shutil

import cv2
import msgspec
import numpy as np
import pytest
from blobs import blobs, make_nothing
from html_reading import read_page, read_table

import wutdet
from wutdet.benchmark.plan import read_plan
from wutdet.benchmark.rerender import frames_of_run, rerender
from wutdet.benchmark.store import read_run_detections
from wutdet.detectors import Detections
from wutdet.errors import DataError
from wutdet.report.html import page_text, read_runs, write_html
from wutdet.report.html.failures import ALARM, LOST, MISSED, choose_failures
from wutdet.report.html.gallery import MOST_BYTES, MOST_PICTURES
from wutdet.report.html.pictures import picture
from wutdet.scenarios import Ambient

USED = "train"
SCENARIOS = "clear,fog:1,fog:3,glare:3,rain:2,fog:1+lowlight:1"


@pytest.fixture(scope="module")
def scripted(tiny_part, tmp_path_factory):
    """A detector that finds what the frame's script says: all ships in clear air but the largest, and so on."""
    test = tiny_part.split(USED)
    frames = iter(list(test))

    def detect(views):
        frame = next(frames)
        assert len(views) == 4
        order = np.argsort(-(frame.boxes[:, 2:] - frame.boxes[:, :2]).prod(axis=1), kind="stable")
        all_but_largest = frame.boxes[order[1:]]
        alarm = np.array([[10.0, frame.height - 20.0, 30.0, frame.height - 8.0]])
        answers = [all_but_largest, frame.boxes[:0], frame.boxes[:0], np.concatenate([all_but_largest, alarm])]
        return [Detections(boxes, np.linspace(0.9, 0.8, len(boxes))) for boxes in answers]

    out = tmp_path_factory.mktemp("scripted") / "run"
    return wutdet.benchmark(detect, test, out=out, scenarios="clear,fog:1,fog:3,glare:3")


@pytest.fixture(scope="module")
def camera_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("cameras") / "cameras.yaml"
    horizon = "horizon: {rows_px: [80, 84], width_px: 320, height_px: 180}"
    path.write_text(f"default: {{height_m: 9}}\ncameras:\n  sample: {{height_m: 22, hfov_deg: 50, {horizon}}}\n")
    return path


def test_frames_are_rendered_again_to_the_pixels_of_the_run(tiny_part, camera_file, tmp_path):
    """A detector that is a function of the pixels finds again, to the bit, what the run has stored."""
    severities = tmp_path / "own.yaml"
    severities.write_text("kinds:\n  fog: {severities: [3000, 1500, 700, 300, 150, 90]}\n")
    run = wutdet.benchmark(
        blobs,
        tiny_part.split(USED),
        out=tmp_path / "run",
        scenarios=f"{SCENARIOS},fog:6",
        cameras=camera_file,
        ambient=Ambient(fog_banks=0.4, wind_m_s=9.0, sun_azimuth_deg=12.0),
        severities=severities,
        seed=7,
    )
    plan, stored = read_plan(run.out), read_run_detections(run.out)
    frames = frames_of_run(plan, tiny_part)
    compared = 0
    for place, names in itertools.product((0, 3), (["fog:3", "glare:3"], ["rain:2"], ["fog:1+lowlight:1", "fog:6"])):
        for name, view in zip(names, rerender(plan, frames, place, names), strict=True):
            [again] = blobs([view.image])
            kept = stored[name].get(frames[place].image_id, Detections(np.empty((0, 4)), np.empty(0)))
            np.testing.assert_allclose(again.xyxy, kept.xyxy, atol=1e-3)
            np.testing.assert_allclose(again.scores, kept.scores, atol=1e-6)
            compared += len(kept)
    assert compared > 50  # empty against empty would prove nothing


def test_other_data_are_refused(scripted, tiny_part):
    plan = read_plan(scripted.out)
    assert len(frames_of_run(plan, tiny_part)) == len(frames_of_run(plan, tiny_part.split(USED)))
    with pytest.raises(DataError, match="has not the frames of the run, which are the split 'train'"):
        frames_of_run(plan, tiny_part.split("test"))
    with pytest.raises(DataError, match="with its --splits"):
        write_html([scripted.out], scripted.out / "r.html", data=tiny_part.split("test"))


def test_failures_are_what_the_detector_did(scripted, tiny_part):
    [run] = read_runs([scripted.out])
    test = tiny_part.split(USED)
    failures = choose_failures(run, test, 100)
    largest = {
        place: max((frame.boxes[:, 2:] - frame.boxes[:, :2]).prod(axis=1), default=None)
        for place, frame in enumerate(test)
    }
    missed = {one.place: one.worth for one in failures[MISSED]}
    assert missed == pytest.approx({place: area**0.5 for place, area in largest.items() if area is not None})
    worths = [one.worth for one in failures[MISSED]]
    assert failures[ALARM]
    assert {one.xyxy for one in failures[ALARM]} == {(10.0, 160.0, 30.0, 172.0)}
    assert {one.scenario for one in failures[ALARM]} == {"glare:3"}
    assert failures[LOST]
    for one in failures[LOST]:
        assert one.scenario == "fog:1"  # the mildest that hides it
        assert one.worth >= 0.02
        frame = test[one.place]
        assert any(np.allclose(one.xyxy, box) for box in frame.boxes)
    assert len({one.place for one in failures[LOST]}) == len(failures[LOST])
    assert len(choose_failures(run, test, 2)[MISSED]) == 2
    sequences = test.images["sequence"].to_list()
    first = [sequences[one.place] for one in failures[MISSED]][: len({sequences[place] for place in missed})]
    assert len(set(first)) == len(first)  # sequences take turns
    assert worths[0] == max(worths)


def test_the_gallery_shows_them_and_says_what_is_seen(scripted, tiny_part, tmp_path):
    path = write_html([scripted.out], tmp_path / "r.html", data=tiny_part)
    page = read_page(path.read_text())
    figures = page.find("div", class_="gallery")
    assert len(figures) == 3
    pictures = [image for gallery in figures for image in gallery.find("img")]
    assert 3 <= len(pictures) <= MOST_PICTURES
    assert sum(len(image.attributes["src"]) for image in pictures) < MOST_BYTES
    for image in pictures:
        start, _, data = image.attributes["src"].partition(",")
        assert start == "data:image/jpeg;base64"
        decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
        assert decoded.shape[0] == 220
        assert decoded.std() > 2
        assert ".jpg" in image.attributes["alt"]
    words = " ".join(image.attributes["alt"] for image in pictures)
    assert "which was not found." in words
    assert "A false alarm of 20 × 12 px on the water with a score of 0.8" in words
    assert "right fog:1, where it was not, though a contrast of 0." in words
    assert path.stat().st_size < 5_000_000


def test_without_data_the_gallery_says_how_to_get_it(scripted):
    text = read_page(page_text(read_runs([scripted.out]))).text
    assert "wutdet report RUN --data DATA --out report.html" in text


def test_with_data_sequences_are_listed_too(scripted, tiny_part):
    page = read_page(page_text(read_runs([scripted.out]), data=tiny_part))
    table = read_table(page, "By sequence")
    test = tiny_part.split(USED)
    assert {row[0] for row in table.shown} == set(test.images["sequence"].unique())
    assert sum(row[1] for row in table.held) == len(test)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"skipped": ["a.png: cut short"]}, "sequences are not listed, as bad frames were left out."),
        ({"scoring": {"ignore_below": 0.01}}, "sequences are not listed, as ships are ignored."),
    ],
)
def test_why_sequences_are_not_listed_is_said(scripted, tiny_part, changes, why):
    [run] = read_runs([scripted.out])
    if "scoring" in changes:
        changes = {"scoring": msgspec.structs.replace(run.scores.scoring, **changes["scoring"])}
    other = dataclasses.replace(run, scores=msgspec.structs.replace(run.scores, **changes))
    text = read_page(page_text([other], data=tiny_part)).text
    assert f"{run.name}: {why}" in text
    assert "Sequences are listed with --data" not in text


def test_ships_that_the_scores_ignore_are_not_shown_as_lost(scripted, tiny_part):
    [run] = read_runs([scripted.out])
    frames = tiny_part.split(USED)
    lost = choose_failures(run, frames, 9)[LOST]
    contrasts = sorted(one.worth for one in lost)
    between = (contrasts[0] + contrasts[-1]) / 2
    assert contrasts[0] < between
    scoring = msgspec.structs.replace(run.scores.scoring, ignore_below=between)
    stricter = dataclasses.replace(run, scores=msgspec.structs.replace(run.scores, scoring=scoring))
    kept = choose_failures(stricter, frames, 9)[LOST]
    assert kept
    assert all(one.worth >= between for one in kept)


def test_a_run_that_keeps_no_detections_says_so(scripted, tiny_part, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(scripted.out, copy)
    shutil.rmtree(copy / "shards")
    assert "no detections are kept in its folder" in page_text(read_runs([copy]), data=tiny_part)
    assert not (copy / "shards").exists()


def test_a_detector_that_finds_nothing_misses_the_largest(tiny_part, tmp_path):
    run = wutdet.benchmark(make_nothing(), tiny_part.split(USED), out=tmp_path / "run", scenarios="clear,fog:1")
    failures = choose_failures(read_runs([run.out])[0], tiny_part.split(USED), 3)
    assert [len(failures[kind]) for kind in (MISSED, ALARM, LOST)] == [3, 0, 0]
    text = page_text(read_runs([run.out]), data=tiny_part)
    assert "No ship that was found in clear weather was lost" in text
    assert "No score keeps to one false alarm in ten frames in clear weather: nothing counts as found." in text


def test_many_runs_share_the_room(scripted, tiny_part):
    [run] = read_runs([scripted.out])
    runs = [dataclasses.replace(run, name=f"run {place}") for place in range(8)]
    page = read_page(page_text(runs, data=tiny_part))
    assert 0 < len(page.find("img")) <= MOST_PICTURES
    assert "run 7: not shown, for room." in page.text


def test_damaged_shards_are_one_line(scripted, tiny_part, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(scripted.out, copy)
    next((copy / "shards").iterdir()).write_bytes(b"x")
    with pytest.raises(DataError, match="damaged shard"):
        page_text(read_runs([copy]), data=tiny_part)


@pytest.mark.parametrize(
    "box", [(0, 0, 3, 2), (300, 170, 320, 180), (100, 60, 110, 64), (0, 0, 320, 180), (50, 0, 60, 180)]
)
def test_a_picture_holds_its_box_wherever_it_is(box):
    frame = np.full((180, 320, 3), 90, np.uint8)
    x0, y0, x1, y1 = box
    frame[y0:y1, x0:x1] = (0, 0, 255)
    shown = cv2.imdecode(np.frombuffer(picture([frame], box), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (220, 320, 3)
    assert (shown[..., 0] > 200).any()  # its pixels are there (BGR), not covered by the mark
