"""The sheet for a hand audit: which frames, what stands on it, and what names from outside may do."""

from __future__ import annotations

import base64
import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from wutdet.dataset.condition_table import condition_table
from wutdet.errors import ConfigError, DataError, FrameError
from wutdet.report.condition_sheet import choose_sample, thumbnails, write_sheet
from wutdet.report.condition_summary import summarise_conditions


def table(**frames: int) -> pl.DataFrame:
    return condition_table([(f"{name}{k:03d}.jpg", name, 0.5) for name, count in frames.items() for k in range(count)])


@dataclass(frozen=True)
class Shown:
    name: str
    image: np.ndarray


@dataclass(frozen=True)
class Torn:
    name: str = "torn.jpg"

    @property
    def image(self) -> np.ndarray:
        raise FrameError("truncated image", where=self.name, remedy="restore it")


def test_every_condition_has_an_equal_share_as_far_as_it_reaches():
    """12 of 102: 2 of fog are all there are, so clear and glare have 5 each."""
    chosen = choose_sample(table(clear=80, fog=2, glare=20), 12)
    assert Counter(chosen["condition"]) == {"clear": 5, "fog": 2, "glare": 5}


def test_a_sample_is_the_same_each_time_and_another_with_another_seed():
    frames = table(clear=50, fog=50)
    first = choose_sample(frames, 10)
    assert first.equals(choose_sample(frames.reverse(), 10))
    assert not first.equals(choose_sample(frames, 10, seed=1))
    assert first["image"].to_list()[:5] != frames["image"].to_list()[:5]


def test_a_sample_has_no_more_frames_than_there_are():
    assert choose_sample(table(clear=3), 60).height == 3
    with pytest.raises(ConfigError, match="sample of 0"):
        choose_sample(table(clear=3), 0)


def test_thumbnails_are_small_and_of_the_named_frames_alone():
    frames = [
        Shown("a.jpg", np.zeros((720, 1280, 3), np.uint8)),
        Shown("b.jpg", np.zeros((30, 40, 3), np.uint8)),
        Torn(),
    ]
    found = thumbnails(frames, ["a.jpg", "torn.jpg", "b.jpg"])
    assert {name: picture.shape for name, picture in found.items()} == {"a.jpg": (180, 320, 3), "b.jpg": (30, 40, 3)}
    assert thumbnails(frames, []) == {}


def test_a_tall_frame_stays_within_the_height():
    assert thumbnails([Shown("a", np.zeros((2000, 1000, 3), np.uint8))], ["a"])["a"].shape == (240, 120, 3)


def test_the_table_beside_has_an_empty_column_to_fill_in(tmp_path: Path):
    sheet, beside = write_sheet(table(clear=1, fog=1), {}, tmp_path / "sheet.png", "t")
    with beside.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["image", "condition", "score", "condition_by_hand"],
        ["clear000.jpg", "clear", "0.5", ""],
        ["fog000.jpg", "fog", "0.5", ""],
    ]
    assert (sheet, beside) == (tmp_path / "sheet.png", tmp_path / "sheet.csv")


def test_a_png_sheet_shows_the_thumbnail_as_it_is(tmp_path: Path):
    """Four columns of 320 px with margins of 8; the first picture begins 8 px in and two lines of 18 px down."""
    red = np.zeros((180, 320, 3), np.uint8)
    red[:, :, 0] = 255
    write_sheet(table(clear=5), {"clear000.jpg": red}, tmp_path / "sheet.png", "t")
    drawn = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert drawn.shape == (2 * (180 + 36 + 8) + 8, 4 * 328 + 8, 3)
    assert (drawn[44 : 44 + 180, 8 : 8 + 320] == [255, 0, 0]).all()
    assert (drawn[44 : 44 + 180, 336:] == 255).all()


def test_names_do_no_harm_in_html(tmp_path: Path):
    name = '"><script>alert(1)</script>&\x1b[31m.jpg'
    frames = condition_table([(name, "fog", 0.5)])
    picture = {name: np.zeros((2, 2, 3), np.uint8)}
    sheet, _ = write_sheet(frames, picture, tmp_path / "sheet.html", "<b>title</b>")
    page = sheet.read_text()
    assert "<script" not in page
    assert "<b>" not in page
    assert "\x1b" not in page
    assert "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in page
    assert 'src="data:image/jpeg;base64,/9j/' in page


def test_an_html_sheet_keeps_red_red(tmp_path: Path):
    red = np.zeros((16, 16, 3), np.uint8)
    red[:, :, 0] = 255
    sheet, _ = write_sheet(table(fog=1), {"fog000.jpg": red}, tmp_path / "sheet.html", "t")
    data = base64.b64decode(sheet.read_text().partition("base64,")[2].partition('"')[0])
    shown = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    assert (shown[..., 0] > 240).all()
    assert (shown[..., 1:] < 15).all()


def test_a_sheet_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path):
    with pytest.raises(DataError, match="cannot be written"):
        write_sheet(table(clear=1), {}, tmp_path / "absent" / "sheet.png", "t")


def test_a_summary_counts_all_conditions():
    """Scores 0.5 for each; 3 of 5 frames are clear, 1 of 5 is unknown."""
    summary = summarise_conditions(table(clear=3, fog=1, unknown=1), "wutdet 1")
    assert {name: count.frames for name, count in summary.conditions.items()} == {
        "clear": 3,
        "fog": 1,
        "glare": 0,
        "rain": 0,
        "dark": 0,
        "unknown": 1,
    }
    assert summary.conditions["clear"].share == 0.6
    assert summary.conditions["clear"].mean_score == 0.5
    assert summary.conditions["rain"].mean_score is None
    assert (summary.frames, summary.unknown_share, summary.by) == (5, 0.2, "wutdet 1")
