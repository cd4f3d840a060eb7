from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from builders import coco_box, coco_file, coco_image
from rich.console import Console, RenderableType

from wutdet import Dataset, load
from wutdet.dataset.stats import Stats, compute_stats
from wutdet.dataset.stats_groups import Group
from wutdet.dataset.stats_values import Quantiles
from wutdet.report.info_table import info_tables


def shown(item: RenderableType, width: int = 100) -> list[str]:
    """The lines of a terminal of this width that shows no colour."""
    console = Console(width=width, file=io.StringIO(), record=True, color_system=None, markup=False, emoji=False)
    console.print(item)
    return [line.rstrip() for line in console.export_text().splitlines()]


def words(stats: Stats, name: str = "hand-made") -> list[str]:
    return [" ".join(line.split()) for line in shown(info_tables(name, stats))]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three frames: of 4, 1 and 0 ships; √area 4 (three times), 40 and 100 px, a quarter of it at 320 px."""
    document = coco_file(
        tmp_path_factory.mktemp("info") / "instances_val.json",
        [
            coco_image(1, "1.jpg", (1280, 640), sequence="s1", camera="bow", scene="port", horizon_row=100.0),
            coco_image(2, "2.jpg", (1280, 640), sequence="s1", camera="bow"),
            coco_image(3, "3.jpg", (640, 480), sequence="s2", camera="stern", scene="port"),
        ],
        [
            *(coco_box(number, 1, [100 * number, 100, 4, 4]) for number in range(3)),
            coco_box(3, 1, [100, 200, 40, 40], iscrowd=1),
            coco_box(4, 2, [100, 200, 100, 100]),
        ],
    )
    return load(document)


@pytest.fixture(scope="module")
def stats(dataset: Dataset) -> Stats:
    return compute_stats(dataset, imgsz=320)


def with_fields(stats: Stats, **fields: Any) -> Stats:
    changed: Stats = msgspec.structs.replace(stats, **fields)
    return changed


def test_the_head(stats: Stats) -> None:
    assert words(stats)[:7] == [
        "hand-made",
        "frames 3 (1280x640 px: 2, 640x480 px: 1)",
        "ships 5 (60 % under 32² px; 1 frame without; 1 are crowds)",
        "sequences 2 (1 to 2 frames, median 1.5)",
        "cameras 2",
        "splits val 3",
        "",
    ]


def test_the_head_of_a_part_names_its_origin(stats: Stats) -> None:
    lines = words(with_fields(stats, voc_origin="1", voc_evidence="2 zero minima", image_sizes={"64x48": 3}))
    assert "VOC origin 1 (2 zero minima)" in lines
    assert "frames 3 (64x48 px)" in lines
    assert not any(line.startswith("VOC") for line in words(stats))


def test_many_image_sizes_are_cut_short(stats: Stats) -> None:
    sizes = {f"{number}x48": 10 - number for number in range(1, 7)}
    line = words(with_fields(stats, image_sizes=sizes))[1]
    assert line == "frames 3 (1x48 px: 9, 2x48 px: 8, 3x48 px: 7, 4x48 px: 6, 2 sizes more)"


def test_sizes_stand_native_and_at_network_scale(stats: Stats) -> None:
    """Three ships of five are 60 %: 14.4 of 24 columns, so 14 whole ones and 3 eighths. At 320 px 100 px is 25."""
    lines = words(stats)
    assert "√area, px ships native ships at 320 px" in lines
    assert f"<8 3 60 % {'█' * 14}▍ 3 60 % {'█' * 14}▍" in lines
    assert f"8-16 0 0 % 1 20 % {'█' * 4}▊" in lines
    assert f"16-32 0 0 % 1 20 % {'█' * 4}▊" in lines
    assert f"32-96 1 20 % {'█' * 4}▊ 0 0 %" in lines
    assert f">96 1 20 % {'█' * 4}▊ 0 0 %" in lines


def test_what_is_not_nothing_shows(stats: Stats) -> None:
    """One ship in a million is a sliver; ten in a hundred are `10 %`."""
    bins = {"<8": 1, "8-16": 999_999, "16-32": 0, "32-96": 0, ">96": 0}
    lines = words(with_fields(stats, boxes=1_000_000, size_bins=bins, network_size_bins=bins))
    assert "<8 1 0.0 % ▏ 1 0.0 % ▏" in lines
    assert f"8-16 999,999 100 % {'█' * 24} 999,999 100 % {'█' * 24}" in lines


def test_ships_in_a_frame_are_binned(stats: Stats) -> None:
    lines = words(stats)
    place = lines.index("ships in a frame frames")
    third = "33 % ████████"
    assert lines[place + 2 : place + 7] == [f"0 1 {third}", f"1 1 {third}", "2 0 0 %", f"3-4 1 {third}", ""]
    crowded = words(with_fields(stats, frames_by_ships={64: 1, 65: 1, 700: 1}))
    assert [line.split(" 33")[0] for line in crowded if "33 %" in line] == ["33-64 1"]
    assert "65 or more 2 67 % ████████████████" in crowded


def test_spreads(stats: Stats) -> None:
    """√area 4, 4, 4, 40, 100; lower edges 4, 4, 4 and 140 rows under the horizon at 100."""
    lines = words(stats)
    assert "spread n mean least 5 % 25 % median 75 % 95 % most" in lines
    assert "√area, native px 5 30.4 4.0 4.0 4.0 4.0 40.0 88.0 100.0" in lines
    assert "width by height 5 1.00 1.00 1.00 1.00 1.00 1.00 1.00 1.00" in lines
    assert "px below horizon 4 38.0 4.0 4.0 4.0 4.0 38.0 119.6 140.0" in lines
    above = Quantiles(n=1, mean=-3, min=-3, p5=-3, p25=-3, median=-3, p75=-3, p95=-3, max=-3)
    assert "px below horizon 1" + " −3.0" * 8 in words(with_fields(stats, rows_below_horizon=above))
    assert not any(line.startswith("px below") for line in words(with_fields(stats, rows_below_horizon=None)))


def test_groups_stand_below_each_other(stats: Stats) -> None:
    lines = words(stats)
    place = lines.index("by frames ships no ship per frame small median √area")
    assert lines[place + 2 :] == [
        "split val 3 5 1 1.7 60 % 4.0",
        "",
        "scene port 2 4 1 2.0 75 % 4.0",
        "unknown 1 1 0 1.0 0 % 100.0",
        "",
        "camera bow 2 5 0 2.5 60 % 4.0",
        "stern 1 0 1 0.0 — —",
    ]


def test_only_the_largest_of_many_groups_are_shown(stats: Stats) -> None:
    def cameras(number: int) -> Stats:
        group = stats.groups["camera"]["bow"]
        many = {f"c{place:03d}": msgspec.structs.replace(group, frames=place) for place in range(1, number + 1)}
        return with_fields(stats, groups={"camera": many})

    lines = words(cameras(1000))
    assert lines[-9].startswith("camera c1000 1,000 5 0 0.0 ")
    assert lines[-2].startswith("c993 993 ")
    assert lines[-1] == "and 992 more"
    assert not any("more" in line for line in words(cameras(9)))  # a note is no shorter than a row
    assert words(cameras(9))[-1].startswith("c001 1 5 ")


def test_it_fits_100_columns(stats: Stats) -> None:
    """Also with the counts of a hundred thousand frames, every fact, and long names."""
    group = Group(frames=100_576, ships=381_378, frames_without_ships=10_576, small_share=0.5, median_side_px=1234.5)
    named = {"the starboard camera of a long, long ship " * 2: group, "b" * 200: group}
    spread = Quantiles(n=381_378, mean=1e4, min=-1e4, p5=-1e4, p25=-1e4, median=1e4, p75=1e4, p95=1e4, max=1e4)
    bins = dict.fromkeys(stats.size_bins, 381_378)
    wide = with_fields(
        stats, images=100_576, boxes=381_378, size_bins=bins, network_size_bins=bins, imgsz=10_000,
        frames_by_ships=dict.fromkeys(range(100), 100_576), rows_below_horizon=spread, ships_per_frame=spread,
        groups=dict.fromkeys(("split", "scene", "condition", "scenario", "camera"), named), voc_origin="1",
        voc_evidence="0 zero minima, 100000 maxima at the frame's side, 100000 sides of one pixel, and so on and on",
        splits={f"split{number}": 100_576 for number in range(9)}, problems=["x" * 300],
    )  # fmt: skip
    lines = shown(info_tables("n" * 150, wide))
    assert max(map(len, lines)) <= 100
    assert not any("…" in line for line in lines)
    text = " ".join(" ".join(lines).split())
    assert "100,576 381,378 10,576" in text
    assert "split8 100,576" in text


def test_a_narrow_terminal_loses_no_digit(stats: Stats) -> None:
    wide, narrow = (shown(info_tables("hand-made", stats), width=width) for width in (100, 60))
    assert max(map(len, narrow)) <= 60
    assert not any("…" in line for line in narrow)
    for digit in "0123456789—":
        assert "".join(narrow).count(digit) == "".join(wide).count(digit)


def test_an_empty_dataset_is_said_in_a_few_lines(dataset: Dataset) -> None:
    assert words(compute_stats(dataset.filter(pl.col("image_id") < 0))) == [
        "hand-made", "frames 0", "ships 0", "splits none"
    ]  # fmt: skip
    lines = words(compute_stats(dataset.filter(pl.col("image_id") == 3)))
    assert lines[2] == "ships 0"
    assert "camera stern 1 0 1 0.0 — —" in lines


def test_frames_left_out_are_counted(stats: Stats) -> None:
    assert "left out 1,200 frames" in words(with_fields(stats, problems=["frame 0: bad"] * 1200))
    assert "left out 1 frame" in words(with_fields(stats, problems=["frame 0: bad"]))


def test_sequences_of_one_length(stats: Stats, dataset: Dataset) -> None:
    assert "sequences 1 (2 frames each)" in words(compute_stats(dataset.filter(pl.col("sequence") == "s1")))


def test_names_from_outside_are_shown_as_they_are(stats: Stats) -> None:
    groups = {"camera": {"[red]\x1b[2J": stats.groups["camera"]["bow"]}}
    hostile = with_fields(stats, groups=groups, splits={"[/b]\a": 3})
    lines = words(hostile, name="[bold]\x1bx")
    assert lines[0] == "[bold]�x"
    assert "splits [/b]� 3" in lines
    assert any(line.startswith("camera [red]�[2J 2 5 ") for line in lines)


@pytest.mark.realdata
def test_the_real_frames_fit(realdata: Path) -> None:
    lines = shown(info_tables("realdata", compute_stats(load(realdata / "truth.json"))))
    assert max(map(len, lines)) <= 100
    assert "ships      1,787  (72 % under 32² px; 26 frames without)" in lines
