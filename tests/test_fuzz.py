"""Mutated XML, archives and JSON: whatever comes in, there is an answer or one line, soon, and no file outside OUT."""

import io
import json
import shutil
import time
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from builders import write_voc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wutdet
from wutdet.dataset.audit import audit
from wutdet.errors import WutdetError
from wutdet.parts import import_archive
from wutdet.scoring import KnownImages, read_results

LONGEST_S = 10.0
"""A few milliseconds are usual; a machine may be busy."""
FRAMES = {"0000000": [(1, 1, 9, 9)], "0000020": [(2, 2, 30, 30), (5, 5, 6, 6)]}
XML = (b"<", b">", b"</object>", b"<object>", b"</annotation>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"<![CDATA[")
ZIP = (
    b"../",
    b"/",
    b"\\",
    b"C:",
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\xff\xff\xff\xff",
    b"0000020",
    b"ship",
)
VALUES = (
    b"-1",
    b"1e999",
    b"NaN",
    b"1_0",
    b"0x1",
    b"9" * 20,
    b"null",
    b"{",
    b"[",
    b'"',
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
)
TOKENS = (*XML, *ZIP, *VALUES)

changes = st.lists(
    st.tuples(
        st.sampled_from(["put", "cut", "repeat", "flip", "end"]),
        st.floats(0, 1),
        st.integers(1, 40),
        st.sampled_from(TOKENS),
    ),
    min_size=1,
    max_size=6,
)
how_often = pytest.mark.parametrize(
    "times", [pytest.param(1, id="few"), pytest.param(20, id="many", marks=pytest.mark.nightly)]
)


def mutate(data, changes):
    for kind, where, length, token in changes:
        at = int(where * len(data))
        if kind == "put":
            data = data[:at] + token + data[at:]
        elif kind == "cut":
            data = data[:at] + data[at + length :]
        elif kind == "repeat":
            data = data[:at] + data[at : at + length] * 3 + data[at + length :]
        elif kind == "flip" and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ (1 << length % 8)]) + data[at + 1 :]
        elif kind == "end":
            data = data[:at]
    return data


def fuzz(examples, check):
    """Run `check` on so many lists of changes, each within the time."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(changes)
    def attempt(these):
        start = time.monotonic()
        check(these)
        assert time.monotonic() - start < LONGEST_S

    attempt()


def refused(error):
    assert "\n" not in str(error)
    return "refused"


def tree(folder):
    return {path.relative_to(folder): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def coco_bytes():
    images = [{"id": n, "file_name": f"{n:07d}.jpg", "width": 64, "height": 48, "camera": "bow"} for n in (1, 2)]
    boxes = [
        {"id": n, "image_id": n, "category_id": 1, "bbox": [1, 2, 10.5, 8], "area": 84, "iscrowd": 0} for n in (1, 2)
    ]
    return json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "ship"}]}).encode()


@how_often
def test_mutated_xml(times, tmp_path):
    part = write_voc(tmp_path / "part", FRAMES)
    xml = part / "voc/Annotations/0000020.xml"
    sound = b'<?xml version="1.0" encoding="utf-8"?>\n' + xml.read_bytes()
    outcomes = set()

    def check(these):
        xml.write_bytes(mutate(sound, these))
        for on_error in ("stop", "skip"):
            try:
                outcomes.add(len(wutdet.load(part, on_error=on_error, cache=False)))
            except WutdetError as error:
                outcomes.add(refused(error))
        for finding in audit(part, look_at_images=False).errors:
            assert "\n" not in finding.message

    check(())
    check([("end", 0.5, 1, b"")])
    fuzz(200 * times, check)
    assert outcomes == {1, 2, "refused"}  # mutants were read, left out and refused


@how_often
def test_mutated_coco_json(times, tmp_path):
    labels, sound = tmp_path / "labels.json", coco_bytes()
    outcomes = set()

    def check(these):
        labels.write_bytes(mutate(sound, these))
        try:
            outcomes.add(len(wutdet.load(labels, on_error="skip", cache=False)))
        except WutdetError as error:
            outcomes.add(refused(error))
        for finding in audit(labels, look_at_images=False).errors if labels.stat().st_size else ():
            assert "\n" not in finding.message

    def check_or_refused(these):
        with suppress(WutdetError):
            check(these)

    check(())
    check_or_refused([("end", 0.5, 1, b"")])
    fuzz(100 * times, check_or_refused)
    assert {2, "refused"} <= outcomes


@how_often
def test_mutated_detections(times, tmp_path):
    found, known = tmp_path / "found.json", KnownImages(np.array([1, 2]), ["0000001.jpg", "0000002.jpg"])
    entries = [{"image_id": n, "category_id": 1, "bbox": [1, 2, 10.5, 8], "score": 0.5} for n in (1, 2, 2)]
    outcomes = set()

    def check(these):
        found.write_bytes(mutate(json.dumps(entries).encode(), these))
        try:
            outcomes.add(len(read_results(found, known).found.scores))
        except WutdetError as error:
            outcomes.add(refused(error))

    check(())
    check([("end", 0.5, 1, b"")])
    fuzz(100 * times, check)
    assert {3, "refused"} <= outcomes


@how_often
def test_mutated_archives(times, tmp_path):
    part = write_voc(tmp_path / "source/part", FRAMES)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(part.rglob("*")):
            archive.write(path, path.relative_to(part.parent))
    place = tmp_path / "place"
    place.mkdir()
    file = tmp_path / "part.zip"
    outside = tree(place)
    outcomes = set()

    def check(these):
        file.write_bytes(mutate(packed.getvalue(), these))
        out = place / "out"
        try:
            import_archive(file, out)
            outcomes.add("imported")
            shutil.rmtree(out)
        except WutdetError as error:
            outcomes.add(refused(error))
            assert not (out / "voc").exists()
            if out.exists():
                shutil.rmtree(out)
        assert tree(place) == outside

    check(())
    check([("end", 0.5, 1, b"")])
    fuzz(100 * times, check)
    assert outcomes == {"imported", "refused"}
