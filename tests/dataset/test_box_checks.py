from __future__ import annotations

import math

import pytest

from wutdet.dataset.checks import check_box, check_file_name, check_size, is_ship
from wutdet.errors import FrameError

Box = tuple[float, float, float, float]


def check(box: Box) -> None:
    check_box(*box, width=64, height=48, where="a.jpg")


@pytest.mark.parametrize("box", [(0, 0, 64, 48), (0, 0, 1e-3, 1e-3), (63, 47, 64, 48), (-1e-7, 0, 64.0000001, 48)])
def test_a_ship_inside_the_frame_is_accepted(box: Box) -> None:
    check(box)


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (5, 5, 9, 5), (5, 5, 4, 9), (5, 9, 9, 5), (64, 0, 64, 48)])
def test_an_empty_box_is_degenerate(box: Box) -> None:
    with pytest.raises(FrameError, match=r"^a\.jpg: degenerate box .*--on-error skip$"):
        check(box)


@pytest.mark.parametrize("box", [(-1, 0, 9, 9), (0, -0.01, 9, 9), (0, 0, 65, 9), (0, 0, 9, 48.01)])
def test_a_box_beyond_the_frame_is_refused(box: Box) -> None:
    with pytest.raises(FrameError, match="reaches out of the 64x48 frame"):
        check(box)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_box_that_is_no_number_is_refused(place: int, value: float) -> None:
    box = [1.0, 1.0, 9.0, 9.0]
    box[place] = value
    with pytest.raises(FrameError, match="is not finite"):
        check((box[0], box[1], box[2], box[3]))


@pytest.mark.parametrize("size", [(0, 48), (64, 0), (-1, 48), (65_501, 48), (64, 10**400)])
def test_an_impossible_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(FrameError, match="impossible image size"):
        check_size(*size, where="a.jpg")


def test_possible_sizes_are_accepted() -> None:
    check_size(1, 1, where="")
    check_size(65_500, 65_500, where="")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a.jpg",
        "day/../../a.jpg",
        "/etc/passwd",
        "//host/a.jpg",
        "C:a.jpg",
        "C:/a.jpg",
        "C:\\a.jpg",
        "..\\a.jpg",
        "day\\a.jpg",
        "a.jpg\0.png",
        "a\nb.jpg",
        "\x1b[2Ja.jpg",
        "a\x7f.jpg",
        "file:///a.jpg",
    ],
)
def test_a_name_that_leads_elsewhere_is_unsafe(name: str) -> None:
    with pytest.raises(FrameError, match="unsafe file name") as caught:
        check_file_name(name, where="")
    assert caught.value.what == f"unsafe file name {name!r}"


@pytest.mark.parametrize(
    "name", ["a.jpg", "day 1/a.jpg", "..a.jpg", "a..jpg", "été\u00a0.jpg", ".hidden.jpg", "./a.jpg"]
)
def test_a_plain_name_is_safe(name: str) -> None:
    check_file_name(name, where="")


def test_classes() -> None:
    classes = {"boat": "ship", "buoy": ""}
    assert is_ship("ship", {}, where="")
    assert is_ship("boat", classes, where="")
    assert not is_ship("buoy", classes, where="")
    with pytest.raises(FrameError, match="unknown class 'Ship'"):
        is_ship("Ship", classes, where="")
