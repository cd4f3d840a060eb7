"""Numbers on the heat map can be read on every colour of it."""

import msgspec
import numpy as np
import pytest
from leaderboard_runs import RECORDED
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from wutdet.report.figures.contrast import contrast_ratio, readable_on
from wutdet.report.figures.heat import heat_figure, heat_points
from wutdet.report.figures.style import print_look
from wutdet.report.html.runs import read_runs
from wutdet.scoring.scores import write_scores

replace = msgspec.structs.replace
ENOUGH = 4.5  # WCAG 2.2, AA, for small letters


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("black", "white", 21.0), ("white", "white", 1.0), ("#777777", "white", 4.48), ("#767676", "white", 4.54)],
)
def test_the_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast_ratio(to_rgb(one), to_rgb(other)) == pytest.approx(ratio, abs=0.005)
    assert contrast_ratio(to_rgb(other), to_rgb(one)) == contrast_ratio(to_rgb(one), to_rgb(other))


def test_the_ink_turns_with_the_light():
    assert [readable_on(to_rgb(colour)) for colour in ("white", "yellow", "#F2F2F2", "navy", "black")] == [
        "black",
        "black",
        "black",
        "white",
        "white",
    ]


@pytest.mark.parametrize("name", ["Blues", "Greys", "viridis"])
def test_every_colour_of_a_map_bears_its_ink(name):
    colours = colormaps[name](np.arange(256))[:, :3]
    assert min(contrast_ratio(to_rgb(readable_on(colour)), colour) for colour in colours) >= ENOUGH


def test_every_number_of_a_heat_map_can_be_read(tmp_path):
    """With cells from 0 to 1 and some that are unknown, each against the colour that is drawn under it."""
    bins = RECORDED.cells[0].bins
    values = iter(np.linspace(0, 1, len(RECORDED.cells) * len(bins)).tolist())
    cells = [
        replace(cell, bins={name: replace(item, AP50=next(values)) for name, item in cell.bins.items()})
        for cell in RECORDED.cells
    ]
    unknown = {name: replace(item, AP50=None) for name, item in bins.items()}
    cells[1] = replace(cells[1], bins=unknown)
    write_scores(tmp_path, replace(RECORDED, cells=cells))
    [run] = read_runs([tmp_path])
    with print_look():
        [axes] = heat_figure(run, heat_points(run, "x"), 178).axes
    [image] = axes.images
    under = image.to_rgba(image.get_array())
    behind = np.array(axes.get_facecolor()[:3])
    inks = []
    for text in axes.texts:
        column, row = text.get_position()
        *colour, alpha = under[int(row), int(column)]
        seen = alpha * np.array(colour) + (1 - alpha) * behind
        assert contrast_ratio(to_rgb(text.get_color()), seen) >= ENOUGH, text.get_text()
        inks.append(text.get_color())
    assert len(inks) == len(RECORDED.cells) * len(bins)
    assert set(inks) == {"black", "white"}
    assert inks[len(bins) : 2 * len(bins)] == ["black"] * len(bins)
