from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.errors import DataError
from wutdet.scoring import results_stream
from wutdet.scoring.results import KnownImages, read_results

IMAGES = KnownImages(np.arange(3), ["a.jpg", "b.jpg", "c.jpg"])
GOOD = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
DEEP = "[" * 300_000 + "]" * 300_000


def refused(folder: Path, content: str | bytes, images: KnownImages = IMAGES) -> DataError:
    path = folder / "results.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        read_results(path, images)
    assert caught.value.where.endswith("results.json")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    return caught.value


def without(field: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != field}


BAD_ENTRIES = [
    (1, "expected `object`, got `int`"),
    (None, "expected `object`, got `null`"),
    ([GOOD], "expected `object`, got `array`"),
    ("entry", "expected `object`, got `str`"),
    ({}, "object missing required field `bbox`"),
    (without("bbox"), "object missing required field `bbox`"),
    (without("score"), "object missing required field `score`"),
    (without("image_id"), "has neither image_id nor file_name"),
    ({**GOOD, "image_id": None}, "has neither image_id nor file_name"),
    ({**GOOD, "image_id": 1.5}, "image_id: expected `int | str | null`, got `float`"),
    ({**GOOD, "image_id": True}, "image_id: expected `int | str | null`, got `bool`"),
    ({**GOOD, "image_id": [1]}, "image_id: expected `int | str | null`, got `array`"),
    ({**GOOD, "image_id": 2**63}, "image_id: expected `int` <= 9223372036854775807"),
    ({**GOOD, "image_id": -(2**63) - 1}, "image_id: expected `int` >= -9223372036854775808"),
    ({**GOOD, "image_id": 10**4000}, "image_id: "),
    ({**GOOD, "file_name": 3}, "file_name: expected `str | null`, got `int`"),
    ({**GOOD, "category_id": "ship"}, "category_id: expected `int | null`, got `str`"),
    ({**GOOD, "category_id": 1.5}, "category_id: expected `int | null`, got `float`"),
    ({**GOOD, "category_id": 2**64}, "category_id: expected `int` <= "),
    ({**GOOD, "score": "0.5"}, "score: expected `float`, got `str`"),
    ({**GOOD, "score": None}, "score: expected `float`, got `null`"),
    ({**GOOD, "score": False}, "score: expected `float`, got `bool`"),
    ({**GOOD, "score": 10**400}, "score: number out of range"),
    ({**GOOD, "score": float("nan")}, "NaN is no number in JSON"),
    ({**GOOD, "score": float("inf")}, "Infinity is no number in JSON"),
    ({**GOOD, "score": float("-inf")}, "-Infinity is no number in JSON"),
    ({**GOOD, "bbox": None}, "bbox: expected `array`, got `null`"),
    ({**GOOD, "bbox": {"x": 1}}, "bbox: expected `array`, got `object`"),
    ({**GOOD, "bbox": [1, 2, 3]}, "bbox: expected `array` of length 4"),
    ({**GOOD, "bbox": [1, 2, 3, 4, 5]}, "bbox: expected `array` of length 4"),
    ({**GOOD, "bbox": [1, 2, "3", 4]}, "bbox[2]: expected `float`, got `str`"),
    ({**GOOD, "bbox": [1, [2], 3, 4]}, "bbox[1]: expected `float`, got `array`"),
    ({**GOOD, "bbox": [True, 2, 3, 4]}, "bbox[0]: expected `float`, got `bool`"),
    ({**GOOD, "bbox": [float("nan"), 2, 3, 4]}, "NaN is no number in JSON"),
    ({**GOOD, "bbox": [1, 2, 3, -0.001]}, "bbox [1.0, 2.0, 3.0, -0.001] has a negative width or height"),
    ({**GOOD, "bbox": [1, 2, -3, 4]}, "bbox [1.0, 2.0, -3.0, 4.0] has a negative width or height"),
    ({**GOOD, "bbox": [1, 2, 1e200, 1e200]}, "bbox [1.0, 2.0, 1e+200, 1e+200] is larger than any image"),
    ({**GOOD, "bbox": [1.7e308, 2, 1.7e308, 0]}, "is larger than any image"),
    ({**GOOD, "bbox": [1, 1.7e308, 0, 1.7e308]}, "is larger than any image"),
    ({**GOOD, "x": float("nan")}, "NaN is no number in JSON"),
]


@pytest.mark.parametrize(("bad", "said"), BAD_ENTRIES)
@pytest.mark.parametrize("block", [1, 400, 2**20])
def test_a_bad_entry_is_named_by_its_number(tmp_path: Path, bad: Any, said: str, block: int) -> None:
    """Whether it stands in the first block, in a later one, or the file is one block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results_stream, "_BLOCK_BYTES", block)
        for before in (0, 1, 1203):
            error = refused(tmp_path, json.dumps([GOOD] * before + [bad] + [GOOD] * 40))
            assert error.what.startswith(f"entry {before:,} (counted from 0): ")
            assert said in error.what


@pytest.mark.parametrize("block", [1, 400, 2**20])
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('{"image_id": "b\xff.jpg", "bbox": [1,2,3,4], "score": 1}', "is not UTF-8"),
        ('{"x": ' + DEEP + ', "bbox": [1,2,3,4], "score": 1}', "is nested too deeply"),
        ('{"bbox": ' + DEEP + "}", "bbox[0]: expected `float`, got `array`"),
        ('{"image_id": 1, "bbox": [1,2,3,4], "score": 1e999}', "score: number out of range"),
        ('{"image_id": 1, "bbox": [1,2,3,4], "score": 01}', "invalid number"),
        ('{"image_id": 1, "bbox": [1,2,3,4], "score": 1,}', "trailing comma in object"),
        ('{"image_id": 1, "bbox": [1,2,3,4] "score": 1}', "expected ',' or '}'"),
        ("{'image_id': 1}", "object keys must be strings"),
        ('{"image_id": 1, "bbox": [1,2,3,4], "score": 1, "x": "\x01"}', "invalid character"),
        ('{"image_id": 1, "bbox": [1,2,3,4], "score": 1, "x": "\\q"}', "invalid escaped character"),
        ("nan", "invalid character"),
    ],
)
def test_an_entry_that_is_no_json_is_named_by_its_number(tmp_path: Path, bad: str, said: str, block: int) -> None:
    good = json.dumps(GOOD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results_stream, "_BLOCK_BYTES", block)
        for before in (0, 301):
            text = "[" + ", ".join([good] * before + [bad] + [good] * 250) + "]"
            error = refused(tmp_path, text.encode("latin-1"))
            assert error.what.startswith(f"entry {before} (counted from 0): ")
            assert said in error.what


def test_an_entry_that_names_no_image_is_found_among_named_ones(tmp_path: Path) -> None:
    named = {**without("image_id"), "file_name": "a.jpg"}
    error = refused(tmp_path, json.dumps([named, GOOD, without("image_id"), named]))
    assert error.what == "entry 2 (counted from 0): has neither image_id nor file_name"


def test_what_cannot_be_told_is_not_told(tmp_path: Path) -> None:
    """Past 150 borders of a nested list the number would be a guess."""
    parts = ",".join(["{}"] * 150)
    error = refused(tmp_path, f'[{json.dumps(GOOD)}, {{"x": [{parts}], "score": NaN}}]')
    assert error.what == "an entry: NaN is no number in JSON"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        (" \n\t ", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("null", "is not a JSON list in UTF-8"),
        ("image,x,y,w,h\n", "is not a JSON list in UTF-8"),
        (json.dumps([GOOD]).encode("utf-16"), "is not a JSON list in UTF-8"),
        (json.dumps([GOOD]).encode("utf-32-le"), "invalid character"),
        (b"\x1f\x8b\x08\x00", "is not a JSON list in UTF-8"),
        ("{}", "holds an object (with nothing in it), not a list"),
        (json.dumps({"images": [], "annotations": [], "categories": []}), "is a COCO dataset, not results"),
        (
            json.dumps({"predictions": [GOOD], "model": "m"}),
            "holds an object (with 'predictions', 'model'), not a list",
        ),
        (json.dumps({"k" * 1000: [GOOD]}), f"holds an object (with '{'k' * 40}'), not a list"),
        ('{"images": [', "holds an object, not a list"),
        ('{"images": ' + DEEP + "}", "holds an object, not a list"),
        (json.dumps(GOOD) + "\n" + json.dumps(GOOD), "holds an object, not a list"),
        ("[", "the file ends before the list does"),
        ("[" * 300_000, "expected `object`, got `array`"),
        (DEEP, "expected `object`, got `array`"),
        (json.dumps([GOOD]) + "x", "trailing characters"),
        (json.dumps([GOOD]) * 2, "trailing characters"),
        (json.dumps([GOOD])[:-1] + ",]", "trailing comma in array"),
    ],
)
def test_what_is_no_list_of_detections_is_refused(tmp_path: Path, content: str | bytes, said: str) -> None:
    error = refused(tmp_path, content)
    assert said in error.what
    assert "give a list of {image_id" in error.remedy


def test_a_file_cut_short_names_the_entry_it_ends_in(tmp_path: Path) -> None:
    """Wherever it is cut: after an entry and its comma it is the next one that lacks."""
    good = json.dumps(GOOD) + ", "
    text = "[" + good * 9
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results_stream, "_BLOCK_BYTES", 200)
        for end in range(1, len(text)):
            error = refused(tmp_path, text[:end])
            begun = end // len(good)  # the bracket before all makes up for the space behind the comma
            assert error.what.startswith(f"entry {begun} (counted from 0): ")
            in_a_number = text[end - 1] == "."
            assert error.what.endswith("invalid number" if in_a_number else "the file ends before the list does")


def test_a_long_name_is_shortened(tmp_path: Path) -> None:
    error = refused(tmp_path, json.dumps([{**GOOD, "image_id": "x" * 10**6 + "\n"}]))
    assert f"(first: '{'x' * 59}…)" in error.what


def test_an_empty_name_is_an_unknown_image(tmp_path: Path) -> None:
    error = refused(tmp_path, json.dumps([{**without("image_id"), "file_name": ""}, GOOD]))
    assert "1 of 2 detections belong to images that DATA lacks (first: '')" in error.what
    assert "(first: '')" in refused(tmp_path, json.dumps([{**GOOD, "image_id": ""}])).what


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "cannot be read"), (tmp_path / "none.json", "cannot be read (No such file")):
        with pytest.raises(DataError, match="check the path") as caught:
            read_results(path, IMAGES)
        assert said in caught.value.what


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_as_python_reads_it(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """One byte of a good file is another: what Python's json takes as good entries is read, all else is refused."""
    text = bytearray(json.dumps([{**GOOD, "x": [{}, {"y": "},{"}]}] * 4).encode())
    for _ in range(data.draw(st.integers(1, 2))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(b'{}[],:"\\ 01e-n\xff'))
    path = tmp_path_factory.mktemp("damaged") / "results.json"
    path.write_bytes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results_stream, "_BLOCK_BYTES", data.draw(st.integers(1, 400)))
        try:
            found = read_results(path, IMAGES).found
        except DataError:
            return
    theirs = json.loads(text.decode("utf-8", "replace"))
    assert found.scores.tolist() == [float(item["score"]) for item in theirs]
    assert found.xywh.tolist() == [[float(number) for number in item["bbox"]] for item in theirs]


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs the peak of a process from Linux")
def test_memory_is_that_of_the_columns_not_of_the_objects(tmp_path: Path) -> None:
    """300,000 detections: the columns take 300,000 · (8 + 32 + 8) bytes = 14 MB, with its objects it takes over 100.

    Allowed are the columns twice, as pieces and joined, and 12 MB for a block and what the allocator keeps.
    """
    line = json.dumps({**GOOD, "bbox": [1.5, 2.5, 3.5, 4.5]})
    path = tmp_path / "results.json"
    path.write_text("[" + ",\n".join([line] * 300_000) + "]")
    code = (
        "import re, sys, numpy\n"
        "from wutdet.scoring.results import KnownImages, read_results\n"
        "peak_kib = lambda: int(re.search('VmHWM:\\\\s+([0-9]+)', open('/proc/self/status').read())[1])\n"
        "before = peak_kib()\n"
        "found = read_results(sys.argv[1], KnownImages(numpy.array([1]), ['a.jpg'])).found\n"
        "print(len(found.scores), peak_kib() - before)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    detections, rise_kib = map(int, answer.stdout.split())
    assert detections == 300_000
    assert rise_kib < (2 * 14 + 12) * 1000
