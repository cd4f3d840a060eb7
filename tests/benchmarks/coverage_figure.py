"""The figure of coverage.py: how often each method's intervals hold the true value, by the number of sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Okabe and Ito's palette (2008), told apart with every common colour vision; the purple is darkened, so that it shows
# on white too. The background is transparent, and the grey of the text is as far from white as from a dark page.
STYLES = {
    "ours": ("#0072B2", "o", "ours: sequences, expanded"),
    "plain": ("#009E73", "^", "plain percentile"),
    "dropped": ("#B8608F", "D", "duplicates dropped"),
    "frames": ("#D55E00", "s", "frames resampled"),
}
GREY = "#777777"
NOMINAL = 0.95
BAND = (0.93, 0.97)
PANELS = {
    "AP50: sequences of equal length": ("equal", "AP50"),
    "AP50: very unequal lengths": ("unequal", "AP50"),
    "AP_small: fog, equal lengths": ("fog", "AP_small"),
}
"""Title to case and metric."""


def draw_figure(shares: Mapping[tuple[str, int], Mapping[str, float]], path: Path) -> None:
    """Draw shares, by (case, sequences) and by `metric.method`, to an SVG or PNG file; equal shares, equal files."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(12, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (title, (case, metric)) in zip(panels, PANELS.items(), strict=True):
        found = {sequences: values for (of_case, sequences), values in shares.items() if of_case == case}
        curves = {method: [values[f"{metric}.{method}"] for values in found.values()] for method in STYLES}
        _draw_panel(axes, list(found), curves)
        axes.set_title(title, color=GREY, fontsize=11)
    panels[0].set_ylabel("95 % intervals that hold the true value", color=GREY)
    _label_ends(panels[-1], list(found)[-1], {method: values[-1] for method, values in curves.items()})
    with matplotlib.rc_context({"svg.hashsalt": "coverage"}):
        metadata = {"Date": None, "Creator": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, transparent=True, metadata=metadata)


def _draw_panel(axes: Any, sequences: Sequence[int], curves: Mapping[str, Sequence[float]]) -> None:
    axes.axhspan(*BAND, color=GREY, alpha=0.18, linewidth=0)
    axes.axhline(NOMINAL, color=GREY, linestyle="--", linewidth=1)
    for method, values in curves.items():
        colour, marker, _ = STYLES[method]
        axes.plot(sequences, values, color=colour, marker=marker, markersize=5, linewidth=1.8)
    axes.set_xscale("log")
    axes.set_xticks(sequences, [str(count) for count in sequences])
    axes.minorticks_off()
    axes.set_ylim(0.3, 1.0)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.set_xlabel("sequences", color=GREY)
    axes.tick_params(colors=GREY)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)


def _label_ends(axes: Any, sequences: int, ends: Mapping[str, float]) -> None:
    for method, height in _apart(ends, least=0.04).items():
        colour, _, label = STYLES[method]
        axes.annotate(label, (sequences * 1.15, height), color=colour, fontsize=9, va="center", annotation_clip=False)


def _apart(heights: Mapping[str, float], least: float) -> dict[str, float]:
    """Where labels stand: at their heights, moved down as far as they would overlap."""
    placed: dict[str, float] = {}
    ceiling = float("inf")
    for name, height in sorted(heights.items(), key=lambda item: -item[1]):
        ceiling = placed[name] = min(height, ceiling - least)
    return placed
