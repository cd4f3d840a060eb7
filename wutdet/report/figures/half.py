"""Where half of a number is lost: as a point of a curve along severity, and its mark on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wutdet.report.figures.numbers import PlottedPoint, value_of
from wutdet.report.figures.style import QUIET
from wutdet.report.figures.weather_axis import WeatherAxis
from wutdet.report.html.runs import ReportRun

_MILDER: Final = "milder than "
_BEYOND: Final = "beyond "


def half_points(run: ReportRun, axis: WeatherAxis, metric: str, figure: str) -> list[PlottedPoint]:
    """Where a run has lost half of a number in a kind of weather; nothing where that is unknown."""
    found = next((item for item in run.scores.robustness if item.metric == metric), None)
    cell = run.cell("clear")
    if found is None or cell is None or not found.half_value.get(axis.kind):
        return []
    clear = value_of(cell, metric)
    words = found.half_value[axis.kind]
    words_low, words_high = found.half_interval.get(axis.kind, ("", ""))
    low, high = found.intervals.get(f"half.{axis.kind}", (None, None))
    return [
        PlottedPoint(
            figure=figure,
            panel=axis.kind,
            line=run.name,
            mark="half",
            x_name=axis.label,
            x=_value(axis, found.half.get(axis.kind), words),
            x_low=_value(axis, low, words_low),
            x_high=_value(axis, high, words_high),
            y_name=metric,
            y=None if clear is None else clear / 2,
            words=words,
            words_low=words_low,
            words_high=words_high,
        )
    ]


def draw_half(axes: Any, point: PlottedPoint, ends: tuple[float, float], colour: str) -> None:
    """A cross, or a hollow triangle where half is bounded only, with its interval.

    Args:
        axes: of the panel.
        point: of `half_points`.
        ends: the mildest and the worst weather of this run. A triangle stands at that end which its bound tells of;
            so does an end of the interval that is a bound, and has no cap.
        colour: of the run.
    """
    low, high = _place(point.x_low, point.words_low, ends), _place(point.x_high, point.words_high, ends)
    if low is not None and high is not None:
        if low != high:  # as where both are the same bound
            axes.plot([low, high], [point.y, point.y], color=colour, linewidth=0.7, zorder=4)
        known = [end for end in (point.x_low, point.x_high) if end is not None]
        axes.plot(known, [point.y] * len(known), color=colour, linestyle="none", marker="|", zorder=4)
    look = {"marker": "x", "markeredgewidth": 1.2}
    if point.x is None:
        look = {"marker": "<" if point.words.startswith(_MILDER) else ">", "markerfacecolor": "white"}
    at = _place(point.x, point.words, ends)
    if at is not None:
        axes.plot([at], [point.y], color=colour, markersize=5, linestyle="none", clip_on=False, zorder=5, **look)


def half_handles(points: Sequence[PlottedPoint]) -> list[Any]:
    """What the legend says of the marks that some points have."""
    from matplotlib.lines import Line2D

    marked = [point for point in points if point.mark == "half" and point.y is not None]
    handles = []
    if any(point.x is not None for point in marked):
        handles.append(Line2D([], [], marker="x", linestyle="none", color=QUIET, label="half is lost"))
    hollow: dict[str, Any] = {"linestyle": "none", "color": QUIET, "markerfacecolor": "white"}
    for marker, word, label in (
        ("<", _MILDER, "half is lost in milder weather"),
        (">", _BEYOND, "half is not lost"),
    ):
        if any(point.words.startswith(word) for point in marked):
            handles.append(Line2D([], [], marker=marker, label=label, **hollow))
    return handles


def _value(axis: WeatherAxis, dose: float | None, words: str) -> float | None:
    """The value of a dose; None of a bound, whatever number stands beside it, and of what has no words."""
    if dose is None or not words or words.startswith((_MILDER, _BEYOND)):
        return None
    return axis.of_dose(dose)


def _place(value: float | None, words: str, ends: tuple[float, float]) -> float | None:
    """Where a value stands; a bound at that end of the weather that was run which it tells of, the unknown nowhere."""
    if words.startswith(_MILDER):
        return ends[0]
    return ends[1] if words.startswith(_BEYOND) else value
