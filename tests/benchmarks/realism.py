"""Rendered weather beside natural haze, glare and dusk: python tests/benchmarks/realism.py --figure docs/realism.svg.

Needs the real frames that WUTDET_REALDATA names. Prints the medians as a table for docs/realism.md; the figure
shows numbers only, no pixel of a frame.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from realism_data import CLEAR, GROUPS, KINDS, NATURAL, STATISTICS, Value, haze_at, values

GREY, BLUE, ORANGE = "#777777", "#0072B2", "#D55E00"  # of Okabe and Ito
LOGARITHMIC = (("glare", "burnt-out share"), ("dusk", "median luminance"), ("dusk", "high luminance"))
COLUMNS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="an SVG to write")
    options = parser.parse_args()
    named = os.environ.get("WUTDET_REALDATA", "")
    if not named or not (Path(named) / "truth.json").is_file():
        sys.exit("realism: WUTDET_REALDATA names no folder with truth.json; set it to the real frames")
    found = list(values(Path(named)))
    print("\n".join(table_lines(found, GROUPS)), end="\n\n")
    other = list(haze_at(Path(named)))
    print("\n".join(table_lines(other, tuple(dict.fromkeys(value.group for value in other)))))
    if options.figure:
        draw(found, options.figure)


def by_panel(found: list[Value]) -> dict[tuple[str, str], dict[str, list[float]]]:
    """The numbers of each (kind, statistic), by group."""
    panels: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for value in found:
        panels[value.kind, value.statistic][value.group].append(value.number)
    return panels


def table_lines(found: list[Value], of: tuple[str, ...]) -> list[str]:
    """Medians of every statistic, as Markdown."""
    lines = ["| | statistic | " + " | ".join(of) + " |", "|---|---|" + "---:|" * len(of)]
    for (kind, statistic), groups in by_panel(found).items():
        cells = (f"{np.median(groups[group]):.3g} (n {len(groups[group])})" for group in of)
        lines.append(f"| {kind} | {statistic} | " + " | ".join(cells) + " |")
    return lines


def draw(found: list[Value], path: Path) -> None:
    """One panel a statistic: every frame a dot, medians as bars; clear, the severities, natural."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    panels = by_panel(found)
    with rc_context({"path.simplify": False, "svg.hashsalt": "wutdet", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(15, 7), layout="constrained", facecolor="white")
        FigureCanvasSVG(figure)
        grid = figure.subplots(len(KINDS), COLUMNS)
        for row, (kind, scenario) in zip(grid, KINDS.items(), strict=True):
            for axes, statistic in zip(row, STATISTICS[kind], strict=True):
                draw_panel(axes, panels[kind, statistic], logarithmic=(kind, statistic) in LOGARITHMIC)
                axes.set_title(statistic, fontsize=9, loc="left")
            frames = {
                group: {v.frame.split()[0] for v in found if (v.kind, v.group) == (kind, group)} for group in GROUPS
            }
            row[0].set_ylabel(
                f"{kind} against {scenario}:1-5\n{len(frames[NATURAL])} natural, {len(frames[CLEAR])} clear frames",
                fontsize=9,
            )
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def draw_panel(axes: object, groups: dict[str, list[float]], *, logarithmic: bool) -> None:
    """Dots, medians, and the reach of the natural frames as a band across."""
    spread = np.random.default_rng(0)
    for place, group in enumerate(GROUPS):
        colour = ORANGE if group == NATURAL else GREY if group == CLEAR else BLUE
        numbers = np.array(groups[group])
        if logarithmic:
            numbers = np.maximum(numbers, 1e-5)
        x = place + spread.uniform(-0.2, 0.2, numbers.size)
        gap = np.full(x.size, np.nan)  # one path for all dots, in which each is a short stroke
        dots = np.stack([x - 0.02, x + 0.02, gap], axis=1).ravel(), np.stack([numbers, numbers, gap], axis=1).ravel()
        axes.plot(*dots, lw=2.6, alpha=0.5, color=colour, solid_capstyle="round")
        axes.plot([place - 0.35, place + 0.35], [np.median(numbers)] * 2, color=colour, lw=2)
        if group == NATURAL:
            axes.axhspan(numbers.min(), numbers.max(), color=ORANGE, alpha=0.10, lw=0)
    axes.set_xticks(range(len(GROUPS)), GROUPS)
    if logarithmic:
        axes.set_yscale("log")
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
