"""The gallery: pictures of the failures that teach most, with what is seen in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wutdet.benchmark.plan import Plan, read_plan
from wutdet.benchmark.rerender import frames_of_run, rerender
from wutdet.dataset import Dataset
from wutdet.errors import FrameError
from wutdet.report.html.evidence import THRESHOLD, has_detections
from wutdet.report.html.failures import ALARM, LOST, MISSED, VISIBLE, Failure, choose_failures
from wutdet.report.html.markup import Markup, paragraph, section, tag
from wutdet.report.html.pictures import data_uri, picture
from wutdet.report.html.runs import ReportRun

MOST_PICTURES: Final = 18
MOST_BYTES: Final = 1_500_000
"""Of all pictures together, as the page holds them."""
_TITLES: Final = {
    MISSED: "The largest ships missed in clear weather",
    ALARM: "The surest false alarms that glare raised",
    LOST: "Lost in fog, though still visible",
}
_NONE: Final = {
    MISSED: "No ship was missed in clear weather.",
    ALARM: "Glare, where it was run, raised no false alarm on the water that clear weather had not.",
    LOST: "No ship that was found in clear weather was lost in a fog that left it visible.",
}


def gallery_section(runs: Sequence[ReportRun], data: Dataset | None) -> Markup:
    """Pictures, where the data are given; else how to get them.

    Raises:
        DataError: the data are not those of a run.
    """
    if data is None:
        told = paragraph(
            "Pictures of what was missed, of false alarms and of ships lost in fog need the frames: give the data that "
            "were benchmarked, as in ",
            tag("code", "wutdet report RUN --data DATA --out report.html"),
            ".",
        )
        return section("gallery", "Failures to look at", told)
    told = paragraph(
        "At the threshold that gives one false alarm in ten frames in clear weather, and IoU 0.3. The frames are "
        "rendered again just as the detector saw them, and enlarged; orange marks the ship, or the alarm.",
        class_="note",
    )
    return section("gallery", "Failures to look at", told, *_of_runs(runs, data))


def _of_runs(runs: Sequence[ReportRun], data: Dataset) -> Iterator[Markup]:
    kept = [run for run in runs if has_detections(run)]
    most = max(1, MOST_PICTURES // (len(_TITLES) * max(1, len(kept))))
    shown = kept[: MOST_PICTURES // (len(_TITLES) * most)]
    left = MOST_BYTES
    for run in runs:
        if run not in shown:
            why = "not shown, for room" if run in kept else "no detections are kept in its folder"
            yield paragraph(f"{run.name}: {why}.", class_="note")
            continue
        if len(runs) > 1:
            yield tag("h3", run.name)
        if run.clear.operating.get(THRESHOLD) is None:
            why = "No score keeps to one false alarm in ten frames in clear weather"
            yield paragraph(f"{why}: nothing counts as found.")
        plan = read_plan(run.folder)
        frames = frames_of_run(plan, data)
        for kind, failures in choose_failures(run, frames, most).items():
            yield tag("h4" if len(runs) > 1 else "h3", _TITLES[kind])
            figures = []
            for one in failures:
                figure, size = _figure(plan, frames, one)
                left -= size
                if figure is not None and left >= 0:
                    figures.append(figure)
            css = "gallery" if kind == MISSED else "gallery pairs"
            yield tag("div", *figures, class_=css) if figures else paragraph(_NONE[kind])


def _figure(plan: Plan, frames: Dataset, failure: Failure) -> tuple[Markup | None, int]:
    """A picture with its words, and how many bytes it takes; none of a frame that can no longer be read."""
    scenarios = ["clear"] if failure.scenario == "clear" else ["clear", failure.scenario]
    try:
        views = rerender(plan, frames, failure.place, scenarios)
    except FrameError:
        return None, 0
    address = data_uri(picture([view.image for view in views], failure.xyxy))
    words = _words(failure, frames.images["file_name"][failure.place])
    figure = tag(
        "figure",
        tag("img", src=address, alt=words),
        tag("figcaption", words),
    )
    return figure, len(address)


def _words(failure: Failure, name: str) -> str:
    """What is seen, in one or two sentences."""
    x0, y0, x1, y1 = failure.xyxy
    size = f"{x1 - x0:.0f} × {y1 - y0:.0f} px"
    if failure.kind == MISSED:
        return f"{name}, clear: a ship of {size}, which was not found."
    if failure.kind == ALARM:
        return (
            f"{name}: left clear, right {failure.scenario}. A false alarm of {size} on the water with a score of "
            f"{failure.worth:.2f}; in clear weather there was none."
        )
    return (
        f"{name}: left clear, where the ship of {size} was found; right {failure.scenario}, where it was not, though a "
        f"contrast of {failure.worth:.3f} is left (visible from {VISIBLE:g})."
    )
