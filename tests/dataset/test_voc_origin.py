from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from builders import SIZE, Edges, write_voc
from hypothesis import given, settings
from hypothesis import strategies as st

from wutdet import load
from wutdet.dataset.voc import OriginChoice
from wutdet.dataset.voc_origin import VocOrigin, decide_origin
from wutdet.errors import DataError

WIDTH, HEIGHT = SIZE
HERE = Path("voc")

Columns = tuple[int, int, int, int]
"""First column, first row, last column, last row that a ship covers, 0-based."""


def read_boxes(part: Path, origin: OriginChoice = "auto") -> list[tuple[float, ...]]:
    return load(part, voc_origin=origin).boxes.select("xmin", "ymin", "xmax", "ymax").rows()


def decide(*edges: tuple[float, float, float], choice: str = "auto") -> VocOrigin:
    return decide_origin(edges, choice=choice, where=HERE).origin


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("1", (2.0, 4.0, 11.0, 7.0)),  # columns 3..11 and rows 5..7, counted from 1
        ("0", (3.0, 5.0, 12.0, 8.0)),  # columns 3..11 and rows 5..7, counted from 0
        ("0x", (3.0, 5.0, 11.0, 7.0)),  # columns 3..10 and rows 5..6, counted from 0
        ("auto", (2.0, 4.0, 11.0, 7.0)),  # nothing speaks against Pascal's own rule
    ],
)
def test_each_origin_reads_a_box_by_its_rule(tmp_path: Path, origin: OriginChoice, expected: tuple[float, ...]) -> None:
    part = write_voc(tmp_path / "part", {"0": [(3, 5, 11, 7)]})
    assert read_boxes(part, origin) == [expected]


@pytest.mark.parametrize("edges", [(0, 5, 64), (0, 63, 64)])
def test_a_zero_coordinate_rules_out_one(edges: tuple[float, float, float]) -> None:
    assert decide((10, 20, 48), edges) is VocOrigin.ZERO


def test_a_maximum_at_the_side_rules_out_zero() -> None:
    assert decide((10, 64, 64)) is VocOrigin.ONE
    with pytest.raises(DataError, match=r"VOC origin 0 is impossible here \(0 zero minima, 1 maxima"):
        decide((10, 64, 64), choice="0")


def test_zero_and_side_together_leave_the_exclusive_end() -> None:
    assert decide((0, 5, 64), (10, 48, 48)) is VocOrigin.ZERO_EXCLUSIVE


def test_zero_side_and_a_single_pixel_conflict() -> None:
    with pytest.raises(DataError, match=r"conflicting evidence about the VOC origin .*give --voc-origin"):
        decide((0, 5, 64), (10, 48, 48), (7, 7, 48))


def test_a_zero_stops_an_explicit_one() -> None:
    with pytest.raises(DataError, match=r"VOC origin 1 is impossible here \(1 zero minima"):
        decide((0, 5, 64), choice="1")


def test_without_boxes_pascals_rule_holds() -> None:
    assert decide() is VocOrigin.ONE


def test_an_origin_that_was_given_is_not_overruled_by_what_is_only_possible() -> None:
    assert decide((10, 20, 64), choice="0x") is VocOrigin.ZERO_EXCLUSIVE
    assert decide((10, 20, 64), choice="0") is VocOrigin.ZERO


def test_the_dataset_says_which_origin_and_why(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"0": [(0, 5, 11, 7)], "1": [(3, 9, 3, 12)]})
    dataset = load(part)
    assert dataset.voc_origin == "0"
    assert dataset.voc_evidence == "1 zero minima, 0 maxima at the frame's side, 1 sides of one pixel"
    assert load(part, voc_origin="0").voc_evidence.startswith("given (1 zero minima")


def test_conflict_and_impossible_origin_stop_a_load(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"0": [(0, 5, 64, 7), (9, 9, 9, 9)]})
    for origin, said in (("auto", "conflicting evidence"), ("1", "impossible"), ("0", "impossible")):
        with pytest.raises(DataError, match=said):
            load(part, voc_origin=origin)  # type: ignore[arg-type]


def covered(width: int, height: int) -> st.SearchStrategy[Columns]:
    columns = st.tuples(st.integers(0, width - 1), st.integers(0, width - 1)).map(sorted)
    rows = st.tuples(st.integers(0, height - 1), st.integers(0, height - 1)).map(sorted)
    return st.tuples(columns, rows).map(lambda pair: (pair[0][0], pair[1][0], pair[0][1], pair[1][1]))


def as_voc(box: Columns, origin: str) -> Edges:
    """How a tool with this origin writes the box that covers these columns and rows."""
    a, b, c, d = box
    return {"1": (a + 1, b + 1, c + 1, d + 1), "0": (a, b, c, d), "0x": (a, b, c + 1, d + 1)}[origin]


@settings(max_examples=30, deadline=None)
@given(boxes=st.lists(covered(WIDTH, HEIGHT), min_size=1, max_size=6))
def test_the_same_ship_reads_the_same_from_every_origin(boxes: list[Columns]) -> None:
    expected = [(float(a), float(b), float(c + 1), float(d + 1)) for a, b, c, d in boxes]
    origins: tuple[OriginChoice, ...] = ("1", "0", "0x")
    with TemporaryDirectory() as folder:
        for origin in origins:
            part = write_voc(Path(folder) / origin, {"frame": [as_voc(box, origin) for box in boxes]})
            assert read_boxes(part, origin) == expected


@settings(max_examples=60, deadline=None)
@given(boxes=st.lists(covered(WIDTH, HEIGHT), max_size=6), origin=st.sampled_from(["1", "0", "0x"]))
def test_auto_finds_the_origin_whenever_both_edges_are_touched(boxes: list[Columns], origin: str) -> None:
    """A ship in the first column and one in the last leave a single reading."""
    touching = [*boxes, (0, 3, 4, 9), (5, 3, WIDTH - 1, 9)]
    written = [as_voc(box, origin) for box in touching]
    edges = [edge for a, b, c, d in written for edge in ((a, c, WIDTH), (b, d, HEIGHT))]
    assert decide(*edges).value == origin
