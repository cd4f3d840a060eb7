"""A first report: `report.md` beside the scores, with the table and a curve."""

from __future__ import annotations

from pathlib import Path

from wutdet.dataset.files import write_aside
from wutdet.report.curves import draw_curves
from wutdet.report.decline import markdown_decline
from wutdet.report.markdown_text import escaped
from wutdet.report.table import RECALL_NOTE, caption, interval_note, markdown_table
from wutdet.report.warning_lines import warning_lines
from wutdet.scoring.scores import Scores, read_scores


def write_report(run: Path) -> Path:
    """Write `report.md` and `ap_small.png` into a run folder from its scores; returns the report's path.

    Raises:
        DataError: the run has no scores.
    """
    scores = read_scores(run)
    draw_curves(scores, run / "ap_small.png")
    path = run / "report.md"
    write_aside(path, report_text(scores).encode())
    return path


def report_text(scores: Scores) -> str:
    """The report in short, as Markdown; text from outside is escaped."""
    camera_note = "Visibilities are nominal: they hold for the camera that the manifest states."
    note = interval_note(scores)
    intervals = f"{note}. " if note else ""
    skipped = "".join(f"- {escaped(reason)}\n" for reason in scores.skipped)
    return "\n".join(
        [
            "# Small ships in bad weather",
            "",
            escaped(caption(scores)) + ".",
            "",
            markdown_table(scores),
            "AP is COCO's (IoU 0.50:0.95, 100 detections an image), box areas in native pixels; "
            f"Δ is against clear; {RECALL_NOTE}. {intervals}{camera_note}",
            "",
            "![AP_small against severity](ap_small.png)",
            "",
            "## Robustness",
            "",
            *robustness_lines(scores),
            markdown_decline(scores),
            *(f"- {escaped(line)}" for line in warning_lines(scores)),
            "",
            *(["## Frames left out", "", skipped] if skipped else []),
        ]
    )


def robustness_lines(scores: Scores) -> list[str]:
    """A line a metric, as a list: its mean under weather, what that is of clear weather, and by kind."""
    lines = []
    for item in scores.robustness:
        if item.mPC is None:
            continue
        kinds = ", ".join(f"{kind} {value:.3f}" for kind, value in item.per_kind.items() if value is not None)
        ends = _interval(*item.intervals.get("rPC", (None, None)))
        relative = "" if item.rPC is None else f", {item.rPC:.0%} of clear (rPC){ends}"
        lines.append(f"- {item.metric}: mean under weather (mPC) {item.mPC:.3f}{relative}; {kinds}")
    return [*lines, ""]


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{low:.0%}, {high:.0%}]"
