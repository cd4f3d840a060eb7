"""A metric against severity, one curve a kind of weather."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

from wutdet.report.number_text import plain
from wutdet.scoring.scores import CellScores, Scores

# Okabe and Ito's palette (2008): told apart with every common colour vision; markers tell kinds apart in grey.
_STYLES: Final = {
    "fog": ("#0072B2", "o"),
    "glare": ("#E69F00", "s"),
    "rain": ("#009E73", "^"),
    "lowlight": ("#CC79A7", "D"),
}
_OTHER: Final = ("#555555", "v")
_TITLE_PT: Final = 10
_LONGEST: Final = (30, 22, 14)  # letters of detector, dataset and split in the title
_NAMES_AS_THEY_ARE: Final = {"text.parse_math": False, "text.usetex": False}
"""Settings under which a `$` or a backslash in a name is itself, and no formula."""


def curve_points(scores: Scores, metric: str) -> dict[str, list[tuple[int, float]]]:
    """(severity, value) of every kind, the clear value first at severity 0; unknown values are left out."""
    clear = [(0, value) for cell in scores.cells if cell.severity == 0 and (value := _value(cell, metric)) is not None]
    points: dict[str, list[tuple[int, float]]] = {}
    for cell in scores.cells:
        value = _value(cell, metric)
        if cell.severity and value is not None:
            points.setdefault(cell.scenario, list(clear)).append((cell.severity, value))
    return {kind: sorted(values) for kind, values in points.items()}


def interval_band(scores: Scores, metric: str, kind: str) -> list[tuple[int, float, float]]:
    """(severity, low, high) of the intervals along a kind's curve, clear first; those that are unknown are left out."""
    ends = [
        (cell.severity or 0, *cell.intervals[metric])
        for cell in scores.cells
        if cell.scenario in ("clear", kind) and metric in cell.intervals
    ]
    return sorted(ends)


def draw_curves(scores: Scores, path: Path, *, metric: str = "AP_small") -> Path:
    """Draw the curves to a PNG or SVG file; returns its path."""
    from matplotlib import rc_context

    aside = path.with_name(f".{path.stem}.part{path.suffix}")
    with rc_context(_NAMES_AS_THEY_ARE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in letters that the font lacks
        figure = _figure(scores, metric)
        figure.savefig(aside, metadata={"Software": None} if path.suffix == ".png" else None)
    aside.replace(path)
    return path


def _figure(scores: Scores, metric: str) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(7, 4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    curves = curve_points(scores, metric)
    for kind, points in curves.items():
        colour, marker = _STYLES.get(kind, _OTHER)
        xs, ys = zip(*points, strict=True)
        axes.plot(xs, ys, color=colour, marker=marker, label=plain(kind))
        band = interval_band(scores, metric, kind)
        if band:
            along, lows, highs = zip(*band, strict=True)
            axes.fill_between(along, lows, highs, color=colour, alpha=0.12, linewidth=0)
    severities = sorted({cell.severity for cell in scores.cells if cell.severity is not None})
    axes.set_xticks(severities, ["clear" if severity == 0 else str(severity) for severity in severities])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("severity")
    axes.set_ylabel(f"{metric}  (n = {_ships(scores.cells[0], metric)} ships)")
    axes.set_title(_title(scores), fontsize=_TITLE_PT)
    axes.grid(alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if curves:  # none when clear alone was run
        axes.legend(frameon=False)
    return figure


def _title(scores: Scores) -> str:
    """What was measured on what; long names are cut, as the title would leave the figure."""
    names = (plain(scores.detector.name), plain(scores.dataset.name), plain(scores.dataset.split))
    detector, dataset, split = (
        name if len(name) <= most else f"{name[: most - 1]}…" for name, most in zip(names, _LONGEST, strict=True)
    )
    return f"{detector} on {dataset} ({split})"


def _value(cell: CellScores, metric: str) -> float | None:
    value: float | None = getattr(cell, metric)
    return value


def _ships(cell: CellScores, metric: str) -> int:
    size = metric.partition("_")[2]
    return int(getattr(cell.ships, size if size in ("small", "medium", "large") else "all"))
