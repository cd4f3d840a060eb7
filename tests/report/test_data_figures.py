from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from wutdet import Dataset, load
from wutdet.dataset.stats import compute_stats
from wutdet.dataset.tables import BoxRecord, FrameRecord, build_tables
from wutdet.errors import DataError
from wutdet.report.data_figures import (
    draw_data_figures,
    frame_figure,
    position_figure,
    size_figure,
    split_figure,
    split_stats,
)


def ship(x: float, y: float, w: float, h: float) -> BoxRecord:
    return BoxRecord(x, y, x + w, y + h, area_px2=w * h)


def frame(name: str, *ships: BoxRecord, split: str | None = None, **facts: Any) -> FrameRecord:
    return FrameRecord(name, 1280, 640, ships, () if split is None else (split,), **facts)


def dataset_of(*frames: FrameRecord, name: str = "hand-made") -> Dataset:
    return Dataset(*build_tables(frames), Path("nowhere"), name)


@pytest.fixture(scope="module")
def hand() -> Dataset:
    """Four frames of 1280x640, four ships of √area 8, 8, 40 and 400 px; train, val, and one in no split."""
    return dataset_of(
        frame("1.jpg", ship(0, 320, 8, 8), ship(640, 320, 8, 8), ship(1240, 0, 40, 40), split="train", horizon_row=320),
        frame("2.jpg", split="train", horizon_row=192),
        frame("3.jpg", ship(440, 120, 400, 400), split="val", horizon_row=256),
        frame("4.jpg"),
    )


def steps(axes: Any, which: int = 0) -> dict[tuple[float, float], float]:
    """The borders and the height of every step that is not empty."""
    [values, edges, _] = [patch for patch in axes.patches if hasattr(patch, "get_data")][which].get_data()
    return {(edges[n], edges[n + 1]): value for n, value in enumerate(values) if value}


def bars(axes: Any) -> dict[float, float]:
    """The middle and the height of every bar that is not empty."""
    shown = [patch for container in axes.containers for patch in container if patch.get_height()]
    return {bar.get_x() + bar.get_width() / 2: bar.get_height() for bar in shown}


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def legend(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def near(edges: dict[tuple[float, float], float]) -> dict[tuple[float, float], float]:
    return {(round(low, 3), round(high, 3)): value for (low, high), value in edges.items()}


def test_sizes_are_drawn_native_and_at_network_scale(hand: Dataset) -> None:
    """Half of the ships begin the quarter octave from 8 px; 40 px lies in 2^5.25 to 2^5.5, 400 in 2^8.5 to 2^8.75.

    At 640 px every √area is halved.
    """
    figure = size_figure(compute_stats(hand, imgsz=640), "hand-made")
    native, network = figure.axes
    assert near(steps(native)) == {(8.0, 9.514): 50.0, (38.055, 45.255): 25.0, (362.039, 430.539): 25.0}
    assert near(steps(network)) == {(4.0, 4.757): 50.0, (19.027, 22.627): 25.0, (181.019, 215.269): 25.0}
    assert figure.get_suptitle() == "Sizes of ships in hand-made (n = 4; dashed: COCO's small | medium | large)"
    assert native.get_title(loc="left") == "native: median 24.0 px, 50 % under 32² px"
    assert network.get_title(loc="left") == "at 640 px: median 12.0 px, 75 % under 32² px"
    assert native.get_xscale() == "log"
    assert native.get_ylim() == network.get_ylim()


def test_bins_are_shaded_and_named_and_cocos_borders_dashed(hand: Dataset) -> None:
    native = size_figure(compute_stats(hand), "hand-made").axes[0]
    low, high = native.get_xlim()
    assert (low, high) == pytest.approx((4 / 1.2, 480.0))  # a fifth beyond 4 px at 640 px, and 400 px
    bands = [patch for patch in native.patches if not hasattr(patch, "get_data")]
    assert [(band.get_x(), band.get_x() + band.get_width()) for band in bands] == [
        (low, 8), (8, 16), (16, 32), (32, 96), (96, high)
    ]  # fmt: skip
    colours = [band.get_facecolor() for band in bands]
    assert colours[0] == colours[2] == colours[4] != colours[1] == colours[3]
    assert texts(native) == [
        "<8 px\n0.0 %", "8-16 px\n50.0 %", "16-32 px\n0.0 %", "32-96 px\n25.0 %", ">96 px\n25.0 %"
    ]  # fmt: skip
    assert [line.get_xdata()[0] for line in native.lines] == [32, 96]
    assert [tick.get_text() for tick in native.get_xticklabels()] == ["4", "8", "16", "32", "96", "256"]


def test_every_ship_is_in_view() -> None:
    """Also those of half a pixel and of 3,000 px, which the outermost steps hold."""
    tiny, huge = FrameRecord("1.jpg", 9000, 9000, (ship(0, 0, 0.5, 0.5),)), FrameRecord(
        "2.jpg", 9000, 9000, (ship(0, 0, 3000, 3000), ship(0, 0, 16, 16), ship(0, 0, 16, 16))
    )  # fmt: skip
    native = size_figure(compute_stats(dataset_of(tiny, huge)), "x").axes[0]
    drawn = steps(native)
    assert sum(drawn.values()) == 100.0
    assert sorted(drawn.values()) == [25.0, 25.0, 50.0]
    low, high = native.get_xlim()
    assert low <= min(drawn)[0]
    assert high >= max(drawn)[1]


def test_frames_are_drawn_by_their_ships(hand: Dataset) -> None:
    """Of 3, 0, 1 and 0 ships."""
    figure = frame_figure(compute_stats(hand), "hand-made")
    [axes] = figure.axes
    assert bars(axes) == {0.0: 50.0, 1.0: 25.0, 3.0: 25.0}
    assert axes.lines[0].get_xdata()[0] == 1.0
    assert legend(axes) == ["mean 1.0", "no ship: 50.0 %"]
    none, one = axes.containers[0][:2]
    assert none.get_facecolor() != one.get_facecolor()
    assert figure.get_suptitle() == "Ships in a frame of hand-made (n = 4 frames, 2 without ships)"


def test_many_ships_share_bars() -> None:
    """199 ships need 200 places, more than 80 bars: three places to a bar, so 1 and 2 share that of 0 to 2."""
    crowds = [frame(f"{name}.jpg", *(ship(x, 0, 4, 4) for x in range(n))) for name, n in enumerate((1, 2, 2, 199))]
    [axes] = frame_figure(compute_stats(dataset_of(*crowds)), "x").axes
    assert bars(axes) == {1.0: 75.0, 199.0: 25.0}
    assert legend(axes) == ["mean 51.0"]


def test_positions_are_drawn_on_the_frame(hand: Dataset) -> None:
    """Centres (4, 324), (644, 324), (1260, 20) and (640, 320) of 1280x640, in cells of 40 by 35.6 px."""
    figure = position_figure(compute_stats(hand), "hand-made")
    axes = figure.axes[0]
    [image] = axes.images
    shares = image.get_array()
    assert shares.shape == (18, 32)
    held = {(row, column): shares[row, column] for row, column in zip(*np.nonzero(shares.filled(0)), strict=True)}
    assert held == {(9, 0): 25.0, (9, 16): 50.0, (0, 31): 25.0}
    assert shares.mask.sum() == 18 * 32 - 3  # no ship, no colour
    assert image.get_extent() == [0, 100, 100, 0]
    assert axes.get_ylim() == (100, 0)
    assert axes.get_aspect() == 0.5
    assert figure.get_suptitle() == "Where ships stand in hand-made (centres of boxes, n = 4)"


def test_the_sums_stand_beside_the_frame(hand: Dataset) -> None:
    axes = position_figure(compute_stats(hand), "hand-made").axes[0]
    above, beside = (item for item in axes.child_axes if item.patches)
    assert steps(above) == {(0.0, 3.125): 25.0, (50.0, 53.125): 50.0, (96.875, 100.0): 25.0}
    assert near(steps(beside)) == {(0.0, 5.556): 25.0, (50.0, 55.556): 75.0}


def test_the_horizon_is_drawn_where_it_is_known(hand: Dataset) -> None:
    """Rows 320, 192 and 256 of 640: 50, 30 and 40 %; the median 40, the 5 % quantile 31, the 95 % one 49."""
    axes = position_figure(compute_stats(hand), "hand-made").axes[0]
    assert [line.get_ydata()[0] for line in axes.lines] == pytest.approx([40, 31, 49])
    assert legend(axes) == ["horizon of n = 3 frames: median; dotted: 5 % and 95 %"]
    bare = hand.filter(pl.col("image_id") == 3)
    unknown = Dataset(bare.images.with_columns(horizon_row=pl.lit(None, pl.Float64)), bare.boxes, Path(), "bare")
    axes = position_figure(compute_stats(unknown), "bare").axes[0]
    assert len(axes.lines) == 0
    assert axes.get_legend() is None


def test_splits_stand_side_by_side_before_the_whole(hand: Dataset) -> None:
    parts = split_stats(hand)
    assert list(parts) == ["train", "val", "unsplit"]
    assert [part.images for part in parts.values()] == [2, 1, 1]
    figure = split_figure(compute_stats(hand), parts, "hand-made")
    sizes, frames = figure.axes[:3], figure.axes[3:]
    assert [axes.get_title() for axes in sizes] == [
        "train\n2 frames, 3 ships", "val\n1 frames, 1 ships", "unsplit\n1 frames, 0 ships"
    ]  # fmt: skip
    assert sorted(steps(sizes[0]).values()) == pytest.approx([100 / 3, 200 / 3])
    assert list(steps(sizes[1]).values()) == [100.0]
    assert steps(sizes[2]) == {}
    whole = steps(size_figure(compute_stats(hand), "x").axes[0])
    assert all(steps(axes, which=1) == whole for axes in sizes)
    assert [bars(axes) for axes in frames] == [{0.0: 50.0, 3.0: 50.0}, {1.0: 100.0}, {0.0: 100.0}]
    outline = {(-0.5, 0.5): 50.0, (0.5, 1.5): 25.0, (2.5, 3.5): 25.0}
    assert all(steps(axes) == outline for axes in frames)
    assert len({axes.get_xlim() for axes in sizes}) == len({axes.get_ylim() for axes in sizes}) == 1
    assert len({axes.get_xlim() for axes in frames}) == len({axes.get_ylim() for axes in frames}) == 1
    title = "Splits of hand-made (n = 4 frames, 4 ships; black: all of them)"
    assert figure.get_suptitle() == title


def test_splits_come_in_the_order_of_their_use() -> None:
    names = ["zeta", "test", "alpha", "val", "train"]
    dataset = dataset_of(*(frame(f"{name}.jpg", split=name) for name in names))
    assert list(split_stats(dataset)) == ["train", "val", "test", "alpha", "zeta"]
    many = dataset_of(*(frame(f"{number}.jpg", ship(0, 0, 4, 4), split=f"s{number}") for number in range(9)))
    figure = split_figure(compute_stats(many), split_stats(many), "many")
    assert len(figure.axes) == 12
    assert figure.get_suptitle().startswith("Splits of many, 6 of 9 (")


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_equal_data_give_equal_files(hand: Dataset, tmp_path: Path, suffix: Any) -> None:
    """And files of the same names are replaced."""
    first = draw_data_figures(hand, tmp_path / "new" / "a", suffix=suffix)
    names = [f"{stem}.{suffix}" for stem in ("sizes", "positions", "ships_per_frame", "splits")]
    assert [path.name for path in first] == names
    data = [path.read_bytes() for path in first]
    for path in first:
        path.write_bytes(b"old")
    assert draw_data_figures(hand, tmp_path / "new" / "a", suffix=suffix) == first
    assert [path.read_bytes() for path in first] == data
    assert sorted(path.name for path in (tmp_path / "new" / "a").iterdir()) == sorted(names)
    assert not any(b"<dc:date>" in picture or b"Software" in picture for picture in data)
    if suffix == "png":
        for path in first:
            with Image.open(path) as picture:
                assert picture.size[0] >= 900
                assert len(picture.convert("L").getcolors()) > 20


def test_only_what_the_data_have_is_drawn(hand: Dataset, tmp_path: Path) -> None:
    bare = draw_data_figures(hand.filter(pl.col("image_id") == 4), tmp_path)
    assert [path.name for path in bare] == ["ships_per_frame.png"]
    unsplit = dataset_of(frame("1.jpg", ship(0, 0, 4, 4)))
    assert len(draw_data_figures(unsplit, tmp_path)) == 3
    with pytest.raises(DataError, match="hand-made: has no frame to draw"):
        draw_data_figures(hand.filter(pl.col("image_id") < 0), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_made_is_one_line(hand: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        draw_data_figures(hand, tmp_path / "file")


def test_odd_names_and_numbers_are_drawn(tmp_path: Path) -> None:
    """Names are text, not formulae; a horizon may lie out of the frame, and a frame may be a strip."""
    strip = FrameRecord("1.jpg", 9000, 3, (ship(0, 0, 1, 1),), ("$x_$\n",), horizon_row=-500)
    dataset = dataset_of(strip, name="$\\frac{1}{$ 船\x1b " + "x" * 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(draw_data_figures(dataset, tmp_path)) == 4
    stats = compute_stats(dataset)
    figure = size_figure(stats, dataset.name)
    assert figure.get_suptitle().startswith("Sizes of ships in $\\frac{1}{$ 船� xxx")
    assert "x… (n = 1; " in figure.get_suptitle()
    axes = position_figure(stats, dataset.name).axes[0]
    assert axes.get_ylim() == (100, 0)
    assert axes.get_aspect() == 0.3


@pytest.mark.realdata
def test_the_real_frames_are_drawn(realdata: Path, tmp_path: Path) -> None:
    dataset = load(realdata / "truth.json")
    assert len(draw_data_figures(dataset, tmp_path)) == 3
    native = size_figure(compute_stats(dataset), "realdata").axes[0]
    assert sum(steps(native).values()) == pytest.approx(100)
