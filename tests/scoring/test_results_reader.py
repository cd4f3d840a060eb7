from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet.errors import DataError
from wutdet.scoring import results_stream
from wutdet.scoring.results import KnownImages, Results, read_results

BOX = [1.5, 2, 3.25, 4]
NUMBERED = KnownImages(np.arange(5), [f"{number:07d}.jpg" for number in range(5)])
FROM_ONE = KnownImages(np.arange(1, 6), [f"{number:07d}.jpg" for number in range(5)])
"""Ids 1..5 for the frames 0..4: an id is never the number in its file name."""


def known(**ids: int) -> KnownImages:
    """Images by stem: `known(a=3)` is image 3, `a.jpg`."""
    return KnownImages(np.array(list(ids.values()), np.int64), [f"{stem}.jpg" for stem in ids])


def entry(image_id: Any = None, **fields: Any) -> dict[str, Any]:
    named = {} if image_id is None else {"image_id": image_id}
    return {**named, "category_id": 1, "bbox": BOX, "score": 0.5, **fields}


def read(folder: Path, entries: list[Any], images: KnownImages = NUMBERED, **options: Any) -> Results:
    path = folder / "results.json"
    path.write_text(json.dumps(entries))
    return read_results(path, images, **options)


def image_ids(folder: Path, entries: list[Any], images: KnownImages = NUMBERED, **options: Any) -> list[int]:
    return read(folder, entries, images, **options).found.image_ids.tolist()


def refused(folder: Path, entries: list[Any], images: KnownImages = NUMBERED, **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read(folder, entries, images, **options)
    assert "\n" not in str(caught.value)
    assert caught.value.where.endswith("results.json")
    return caught.value


def test_columns_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    entries = [
        entry(3, bbox=[0.1, -2, 3, 0], score=0.1),
        entry(0, bbox=[1, 2, 0.30000000000000004, 4e2], score=1),
        entry(3, bbox=[5, 6, 7, 8], score=-3.5),
    ]
    results = read(tmp_path, entries)
    assert results.found.image_ids.tolist() == [3, 0, 3]
    assert results.found.xywh.tolist() == [[0.1, -2, 3, 0], [1, 2, 0.30000000000000004, 400], [5, 6, 7, 8]]
    assert results.found.scores.tolist() == [0.1, 1.0, -3.5]
    assert results.found.image_ids.dtype == np.int64
    assert results.found.xywh.dtype == results.found.scores.dtype == np.float64
    assert results.notes == ()


def test_no_detections_are_empty_columns(tmp_path: Path) -> None:
    for category in (None, 9):
        results = read(tmp_path, [], elsewhere=known(x=77), category=category)
        assert results.found.image_ids.shape == results.found.scores.shape == (0,)
        assert results.found.xywh.shape == (0, 4)
        assert results.notes == ()


# Which image


@pytest.mark.parametrize(
    "says",
    [
        {"image_id": 20},
        {"image_id": "20"},
        {"image_id": "0000020"},
        {"image_id": "0000020.jpg"},
        {"image_id": "images/val/0000020.jpg"},
        {"image_id": "images\\val\\0000020.jpg"},
        {"image_id": "./0000020.jpg"},
        {"image_id": "images/val/0000020"},
        {"image_id": "0000020.PNG"},
        {"file_name": "0000020.jpg"},
        {"file_name": "images/0000020.jpg", "image_id": None},
        {"file_name": "0000020.jpg", "image_id": 20},
        {"file_name": "0000020.jpg", "image_id": "0000020"},
    ],
)
def test_an_image_may_be_named_in_many_ways(tmp_path: Path, says: dict[str, Any]) -> None:
    images = KnownImages(np.array([3, 20]), ["0000003.jpg", "0000020.jpg"])
    results = read(tmp_path, [entry(**says)], images)
    assert results.found.image_ids.tolist() == [20]
    assert results.notes == ()


def test_a_stem_may_hold_dots(tmp_path: Path) -> None:
    images = KnownImages(np.array([1, 2]), ["cam.1.jpg", "cam.2.jpg"])
    assert image_ids(tmp_path, [entry("cam.2"), entry("cam.1.jpg")], images) == [2, 1]


def test_ultralytics_where_all_stems_are_numbers(tmp_path: Path) -> None:
    """It writes int(stem), and newer versions file_name beside it; so are DATA's ids."""
    entries = [entry(4, file_name="0000004.jpg"), entry(0, file_name="0000000.jpg")]
    assert read(tmp_path, entries).notes == ()
    assert image_ids(tmp_path, entries) == [4, 0]
    assert image_ids(tmp_path, [entry(4), entry(0)]) == [4, 0]


@pytest.mark.parametrize("with_name", [True, False])
def test_ultralytics_where_only_some_stems_are_numbers(tmp_path: Path, with_name: bool) -> None:
    """DATA then numbers its images 1..n by name: 2.jpg is image 1, so int(stem) = 2 must not be read as image 2."""
    images = KnownImages(np.array([1, 2, 3]), ["2.jpg", "3.jpg", "pier.jpg"])
    stems: list[Any] = [2, "pier", 3]
    names = [{"file_name": f"{stem}.jpg"} if with_name else {} for stem in stems]
    results = read(tmp_path, [entry(stem, **name) for stem, name in zip(stems, names, strict=True)], images)
    assert results.found.image_ids.tolist() == [1, 3, 2]
    [note] = results.notes
    assert ("file_name decides: image_id 2 is not DATA's id of '2.jpg'" if with_name else "2 is '2.jpg'") in note


def test_ultralytics_where_ids_are_off_by_one(tmp_path: Path) -> None:
    """The numbers 1..4 are ids as well; file_name says that they are not meant as such."""
    results = read(tmp_path, [entry(n, file_name=f"{n:07d}.jpg") for n in (1, 2, 4)], FROM_ONE)
    assert results.found.image_ids.tolist() == [2, 3, 5]
    assert results.notes == ("file_name decides: image_id 1 is not DATA's id of '0000001.jpg'",)


def test_numbers_none_of_which_is_an_id_are_those_in_the_file_names(tmp_path: Path) -> None:
    images = KnownImages(np.array([101, 102, 103]), ["a/7.jpg", "a/8.jpg", "a/9.jpg"])
    results = read(tmp_path, [entry(8), entry("9"), entry(7)], images)
    assert results.found.image_ids.tolist() == [102, 103, 101]
    assert results.notes == ("image_id is read as the number in the file name, not as DATA's id (8 is 'a/8.jpg')",)


def test_one_number_that_is_an_id_makes_all_ids(tmp_path: Path) -> None:
    images = KnownImages(np.array([101, 102, 8]), ["7.jpg", "8.jpg", "9.jpg"])
    assert "1 of 2 detections" in refused(tmp_path, [entry(8), entry(7)], images).what
    assert image_ids(tmp_path, [entry(8), entry(101)], images) == [8, 101]


def test_numbers_beside_a_path_are_ids(tmp_path: Path) -> None:
    """Only stems beside them show that the numbers were stems as well."""
    images = KnownImages(np.array([1, 2, 3]), ["2.jpg", "3.jpg", "pier.jpg"])
    assert image_ids(tmp_path, [entry(3), entry("pier.jpg"), entry(2)], images) == [3, 3, 2]
    assert image_ids(tmp_path, [entry(3), entry("pier"), entry(2)], images) == [2, 3, 1]


def test_a_number_of_two_files_is_none(tmp_path: Path) -> None:
    images = KnownImages(np.array([101, 102]), ["7.jpg", "07.jpg"])
    assert "1 of 1 detections belong to images that DATA lacks (first: 7)" in refused(tmp_path, [entry(7)], images).what


def test_ids_that_could_be_numbers_are_ids_and_it_is_said(tmp_path: Path) -> None:
    results = read(tmp_path, [entry(2), entry(1)], FROM_ONE)
    assert results.found.image_ids.tolist() == [2, 1]
    assert results.notes == (
        "image_id is read as DATA's id, not as the number in the file name (2 is '0000002.jpg' there)",
    )


def test_a_number_in_a_string_that_is_stem_and_id_of_different_images_is_refused(tmp_path: Path) -> None:
    images = KnownImages(np.array([1, 2, 3]), ["0.jpg", "1.jpg", "2.jpg"])
    error = refused(tmp_path, [entry("2")], images)
    assert error.what == "image '2' may be '1.jpg' or '2.jpg'"
    assert image_ids(tmp_path, [entry("0000002")], FROM_ONE) == [3]  # with its zeros it is no id


def test_folders_decide_between_equal_names(tmp_path: Path) -> None:
    images = KnownImages(np.array([1, 2, 3]), ["east/1.jpg", "west/1.jpg", "1.jpg"])
    says = ["west/1.jpg", "/data/images/east/1.jpg", "1.jpg", "images/1.jpg", "west/1"]
    results = read(tmp_path, [entry(text) for text in says], images)
    assert results.found.image_ids.tolist() == [2, 1, 3, 3, 2]
    assert results.notes == ()


@pytest.mark.parametrize("says", [{"image_id": "1.jpg"}, {"image_id": "x/1.jpg"}, {"file_name": "1.jpg"}])
def test_what_two_images_are_called_is_refused(tmp_path: Path, says: dict[str, Any]) -> None:
    images = KnownImages(np.array([5, 6]), ["east/1.jpg", "west/1.jpg"])
    error = refused(tmp_path, [entry(**says)], images)
    assert error.what == f"image {next(iter(says.values()))!r} may be 'east/1.jpg' or 'west/1.jpg'"
    assert "with the folders they have in DATA" in error.remedy


def test_a_stem_of_two_images_is_refused_only_where_it_matters(tmp_path: Path) -> None:
    images = KnownImages(np.array([5, 6]), ["1.jpg", "1.png"])
    assert image_ids(tmp_path, [entry("1.png")], images) == [6]
    assert refused(tmp_path, [entry("x/1")], images).what == "image 'x/1' may be '1.jpg' or '1.png'"
    assert image_ids(tmp_path, [entry("x/1")], known(a=1), elsewhere=images) == []


def test_an_id_decides_between_images_with_the_same_file_name(tmp_path: Path) -> None:
    images = KnownImages(np.array([5, 6]), ["east/1.jpg", "west/1.jpg"])
    assert image_ids(tmp_path, [entry(6, file_name="1.jpg"), entry(5, file_name="1.jpg")], images) == [6, 5]


def test_a_name_in_another_folder_is_taken_and_said(tmp_path: Path) -> None:
    images = KnownImages(np.array([5, 6]), ["east/1.jpg", "east/2.jpg"])
    results = read(tmp_path, [entry("west/2.jpg"), entry("a/east/1.jpg")], images)
    assert results.found.image_ids.tolist() == [6, 5]
    assert results.notes == ("folders differ for 1 images matched by name (first: 'west/2.jpg' is 'east/2.jpg')",)


def test_file_name_and_id_of_different_images_are_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, [entry(5, file_name="a.jpg"), entry(5, file_name="b.jpg")], known(a=5, b=6))
    assert error.what == "image_id 5 is 'a.jpg' in DATA, but file_name beside it says 'b.jpg'"


def test_two_names_of_different_images_are_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, [entry("b", file_name="a.jpg")], known(a=5, b=6))
    assert error.what == "image_id 'b' is 'b.jpg' in DATA, but file_name beside it says 'a.jpg'"
    assert image_ids(tmp_path, [entry("b", file_name="a.jpg")], known(c=7), elsewhere=known(a=5, b=6)) == []


def test_file_names_that_are_all_unknown_say_nothing(tmp_path: Path) -> None:
    assert image_ids(tmp_path, [entry(6, file_name="video.mp4"), entry(5, file_name="x")], known(a=5, b=6)) == [6, 5]


def test_an_unknown_file_name_without_an_id_is_shown(tmp_path: Path) -> None:
    assert "(first: 'x.jpg')" in refused(tmp_path, [entry(file_name="x.jpg")]).what


def test_a_known_id_with_an_unknown_name_among_known_names_is_unknown(tmp_path: Path) -> None:
    """The id is then the number of a frame that DATA lacks."""
    error = refused(tmp_path, [entry(5, file_name="a.jpg"), entry(6, file_name="6.jpg")], known(a=5, b=6))
    assert "1 of 2 detections belong to images that DATA lacks (first: '6.jpg')" in error.what


def test_detections_of_unknown_images_show_both_sides(tmp_path: Path) -> None:
    entries = [*[entry(1)] * 1500, entry(99), entry("b.jpg"), entry(99), entry("c.jpg")]
    error = refused(tmp_path, entries, elsewhere=known(x=77, y=78))
    assert error.what == (
        "4 of 1,504 detections belong to images that DATA lacks (first: 99, 'b.jpg'); "
        "DATA has 5 images (first: 0, '0000000.jpg') and 2 outside the split"
    )
    assert "score the split the detections were made on" in error.remedy
    assert refused(tmp_path, entries, known()).what.endswith("DATA has 0 images")


def test_detections_elsewhere_are_left_out_and_counted(tmp_path: Path) -> None:
    outside = KnownImages(np.array([7, 8]), ["0000007.jpg", "0000008.jpg"])
    entries = [entry(8, score=0.1), entry(2, score=0.2), entry(7, score=0.3), entry("0000008.jpg", score=0.4), entry(0)]
    results = read(tmp_path, entries, elsewhere=outside)
    assert results.found.image_ids.tolist() == [2, 0]
    assert results.found.scores.tolist() == [0.2, 0.5]
    assert results.found.xywh.tolist() == [BOX, BOX]
    assert results.notes == ("left out 3 of 5 detections, which are outside the split",)
    assert "2 of 5" not in refused(tmp_path, entries).what  # without them they are unknown
    assert "3 of 5 detections" in refused(tmp_path, entries).what


def test_ids_elsewhere_count_as_known_when_numbers_are_read(tmp_path: Path) -> None:
    """7 is an id elsewhere, so 8 is no number in a file name but an unknown id."""
    images = KnownImages(np.array([101, 102]), ["7.jpg", "8.jpg"])
    assert image_ids(tmp_path, [entry(7), entry(8)], images, elsewhere=known(x=9)) == [101, 102]
    assert "(first: 8)" in refused(tmp_path, [entry(7), entry(8)], images, elsewhere=known(x=7)).what


# Which category


def test_one_category_is_ship_whatever_its_number(tmp_path: Path) -> None:
    for fields in ({"category_id": 1}, {"category_id": 9}, {"category_id": 0}, {"category_id": None}):
        assert read(tmp_path, [entry(1, **fields), entry(2, **fields)]).notes == ()
    bare = entry(1)
    del bare["category_id"]
    assert image_ids(tmp_path, [bare]) == [1]


def test_several_categories_are_refused_with_their_counts(tmp_path: Path) -> None:
    entries = [entry(1, category_id=3)] * 1200 + [entry(1, category_id=9)] * 7 + [entry(1, category_id=None)] * 2
    error = refused(tmp_path, entries)
    assert error.what == "has detections of several categories: 3 (1,200), 9 (7), none (2)"
    assert error.remedy == "say which one is ship, such as --category 9"
    assert refused(tmp_path, entries[:1] + entries[-2:]).remedy.endswith("--category 3")
    assert refused(tmp_path, [entry(1, category_id=n) for n in range(90)]).what.endswith(" and 80 more")


def test_a_chosen_category_leaves_the_others_out_wherever_they_are(tmp_path: Path) -> None:
    entries = [
        entry(4321, category_id=3),
        entry(1, category_id=9, score=0.25, bbox=[9, 8, 7, 6]),
        entry(2, category_id=None),
        entry("nowhere.jpg", category_id=3),
    ]
    results = read(tmp_path, entries, category=9)
    assert results.found.image_ids.tolist() == [1]
    assert results.found.scores.tolist() == [0.25]
    assert results.found.xywh.tolist() == [[9, 8, 7, 6]]
    assert results.notes == ("left out 3 of 4 detections, of category 3 (2), none (1)",)
    assert read(tmp_path, entries[1:2], category=9).notes == ()


def test_a_category_that_no_detection_has_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, [entry(1), entry(1, category_id=2), entry(1)], category=9)
    assert error.what == "has no detection of category 9, but of 1 (2), 2 (1)"
    assert error.remedy == "choose another, such as 1"
    assert refused(tmp_path, [entry(1)], category=9).remedy == "leave --category out"


# Blocks


def write(folder: Path, text: str) -> Path:
    path = folder / "results.json"
    path.write_bytes(text.encode())
    return path


def sizes(path: Path, block: int, window: int = 4096) -> list[int]:
    """How many entries each block of the file has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results_stream, "_BLOCK_BYTES", block)
        patch.setattr(results_stream, "_WINDOW_BYTES", window)
        numbers, lists = zip(*results_stream.read_entries(path), strict=True)
    counts = [len(entries) for entries in lists]
    assert list(numbers) == [sum(counts[:place]) for place in range(len(counts))]
    return counts


def test_a_long_file_is_read_in_many_blocks(tmp_path: Path) -> None:
    """200 entries of some 80 bytes: 16 kB, in blocks of 1,000 bytes about 16 lists of about 12."""
    path = write(tmp_path, json.dumps([entry(number % 5) for number in range(200)]))
    counts = sizes(path, block=1000)
    assert sum(counts) == 200
    assert len(counts) > 12
    assert max(counts) < 30  # the first has two reads in it


TRAPS = [
    entry(0, caption="},{"),
    entry(1, caption='"}, {"\\'),
    entry(2, parts=[{"a": 1}, {"image_id": 4, "bbox": BOX, "score": 1}, {}]),
    entry(3, deep=[[{}, {}], {"b": [{"c": "},{"}, {"c": "]"}]}]),
    {"parts": [entry(4), entry(4)], "caption": "}]", **entry(4)},
    entry("},{", file_name="},{.jpg"),
    entry(2, caption="é},{é" * 20),
]


@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}])
def test_a_cut_inside_a_string_or_a_nested_list_changes_nothing(tmp_path: Path, style: dict[str, Any]) -> None:
    """Every block size from one byte to more than the file has."""
    path = write(tmp_path, json.dumps(TRAPS * 2, **style))
    whole = [(trap["image_id"], trap.get("file_name")) for trap in TRAPS * 2]
    several = 0
    for block in range(1, path.stat().st_size + 2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(results_stream, "_BLOCK_BYTES", block)
            patch.setattr(results_stream, "_WINDOW_BYTES", 16)
            lists = [entries for _, entries in results_stream.read_entries(path)]
        assert [(item.image_id, item.file_name) for entries in lists for item in entries] == whole
        several += len(lists) > 2
    assert several > 20


numbers = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6))
sides = st.one_of(st.integers(0, 10**6), st.floats(0, 1e6))
texts = st.one_of(st.text(max_size=8), st.sampled_from(["},{", '"}, {"', "}]", "[{", "\\", "},\n {", "]"]))
extras = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**64), st.floats(allow_nan=False, allow_infinity=False), texts
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def written_entries(draw: st.DrawFn) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "image_id": draw(st.integers(0, 4)),
        "category_id": 1,
        "bbox": [draw(numbers), draw(numbers), draw(sides), draw(sides)],
        "score": draw(st.one_of(st.integers(-(10**25), 10**25), st.floats(allow_nan=False, allow_infinity=False))),
        **{f"x{key}": value for key, value in draw(st.dictionaries(texts, extras, max_size=2)).items()},
    }
    return {key: fields[key] for key in draw(st.permutations(list(fields)))}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(written_entries(), max_size=12),
    st.integers(1, 300),
    st.integers(1, 64),
    st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 2}, {"ensure_ascii": False}]),
)
def test_equal_to_pythons_own_json_whatever_the_blocks(
    tmp_path_factory: pytest.TempPathFactory, entries: list[dict[str, Any]], block: int, window: int, style: Any
) -> None:
    text = json.dumps(entries, **style)
    path = write(tmp_path_factory.mktemp("blocks"), text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results_stream, "_BLOCK_BYTES", block)
        patch.setattr(results_stream, "_WINDOW_BYTES", window)
        found = read_results(path, NUMBERED).found
    theirs = json.loads(text)
    assert found.image_ids.tolist() == [item["image_id"] for item in theirs]
    assert found.xywh.tolist() == [[float(number) for number in item["bbox"]] for item in theirs]
    assert found.scores.tolist() == [float(item["score"]) for item in theirs]


@pytest.mark.parametrize("around", ["{}", " \n{}\r\n\t ", "\ufeff{}", " " * 700 + "{}" + " " * 700])
def test_white_space_and_a_byte_order_mark_around_the_list_are_passed(tmp_path: Path, around: str) -> None:
    text = around.format("[ " + json.dumps(entry(1)) + " \n,\t" + json.dumps(entry(2)) + " ]")
    assert sizes(write(tmp_path, text), block=100)[-1] == 1
    assert read_results(write(tmp_path, text), NUMBERED).found.image_ids.tolist() == [1, 2]
