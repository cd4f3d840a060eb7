"""The horizon finder against lines marked by hand on real frames, and against the rendered sample.

Error: mean row difference at the two ends of the visible horizon, in px at 1080 rows. A line is right when that is
at most 5 px; a line on a frame without a sea horizon is never right. The finder's settings were chosen on the
cameras in TUNED; the others were only measured. Times are thread time of one OpenCV thread.

Usage: python tests/benchmarks/bench_horizon.py REALDATA [--frames] [--sample FOLDER]
    REALDATA: folder with voc/JPEGImages and truth.json; FOLDER: what `wutdet sample --out` wrote.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from wutdet.scenarios import Horizon, find_horizon

LABELS = Path(__file__).parents[1] / "realdata" / "horizons.csv"
TUNED = ("2ux5cw8z", "f1q161no", "w4gnqsqx")
RIGHT_PX = 5.0
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Label:
    """One frame as a person saw it: the straight line that fits its horizon best, None where none is visible."""

    image: str
    width: int
    height: int
    kind: str
    line: Horizon | None
    visible_px: tuple[float, float]

    def error_px(self, found: Horizon) -> float:
        """Mean row difference at the ends of the visible part, at 1080 rows; infinite where there is no horizon."""
        if self.line is None:
            return math.inf
        ends = np.array(self.visible_px)
        difference = np.abs(self.line.row_at(ends, self.width) - found.row_at(ends, self.width))
        return float(difference.mean() * 1080.0 / self.height)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the finder made of one labelled frame."""

    camera: str
    label: Label
    found: Horizon | None
    ms: float

    @property
    def error_px(self) -> float | None:
        return None if self.found is None else self.label.error_px(self.found)


def read_labels(path: Path = LABELS) -> list[Label]:
    with path.open(newline="") as lines:
        return [_label(row) for row in csv.DictReader(lines)]


def _label(row: dict[str, str]) -> Label:
    width, height = int(row["width"]), int(row["height"])
    if row["kind"] == "none":
        return Label(row["image"], width, height, "none", None, (0.0, float(width)))
    line = Horizon(float(row["row_left"]), float(row["row_right"]))
    visible = (float(row["visible_from_px"]), float(row["visible_to_px"]))
    return Label(row["image"], width, height, row["kind"], line, visible)


def measure(root: Path, labels: Sequence[Label]) -> list[Outcome]:
    cv2.setNumThreads(1)
    cameras = {
        i["file_name"]: i["camera"].split(":")[-1] for i in json.loads((root / "truth.json").read_text())["images"]
    }
    outcomes = []
    for label in labels:
        frame = cv2.cvtColor(cv2.imread(str(root / "voc" / "JPEGImages" / label.image)), cv2.COLOR_BGR2RGB)
        found = find_horizon(frame)
        start = time.thread_time()
        find_horizon(frame)
        ms = 1e3 * (time.thread_time() - start)
        outcomes.append(Outcome(cameras[label.image], label, found, ms))
    return outcomes


def summary(outcomes: Sequence[Outcome], at_least: float = 0.0) -> dict[str, float]:
    """Counts and medians of a group; `at_least` drops lines of lower confidence."""
    shown = [o for o in outcomes if o.label.line is not None]
    lines = [o for o in outcomes if o.found is not None and o.found.confidence >= at_least]
    errors = [o.error_px for o in lines if o.label.line is not None and o.error_px is not None]
    right = [error for error in errors if error <= RIGHT_PX]
    return {
        "frames": len(outcomes),
        "with": len(shown),
        "found": len(errors),
        "abstained": 1.0 - len(errors) / len(shown) if shown else math.nan,
        "median_px": statistics.median(errors) if errors else math.nan,
        "right": len(right),
        "false": len(lines) - len(errors),
        "precision": len(right) / len(lines) if lines else math.nan,
        "ms": statistics.median(o.ms for o in outcomes) if outcomes else math.nan,
    }


def print_row(name: str, group: Sequence[Outcome], at_least: float = 0.0) -> None:
    s = summary(group, at_least)
    counts = f"{s['frames']:4.0f} {s['with']:5.0f} {s['found']:6.0f} {s['right']:6.0f} {100 * s['abstained']:6.0f} %"
    errors = f"{s['median_px']:7.2f} {s['false']:6.0f} {s['frames'] - s['with']:5.0f}"
    print(f"{name:22s} {counts} {errors} {100 * s['precision']:7.0f} % {s['ms']:6.1f}")


def print_tables(outcomes: Sequence[Outcome]) -> None:
    cameras = defaultdict(list)
    for outcome in outcomes:
        cameras[outcome.camera].append(outcome)
    print(" " * 22, "   n  with  lines  right  abstain  med px  false    of precision     ms")
    halves = (("tuned", [c for c in cameras if c in TUNED]), ("held out", [c for c in cameras if c not in TUNED]))
    for half, names in halves:
        for camera in names:
            print_row(camera, cameras[camera])
        print_row(half, [o for c in names for o in cameras[c]])
    print_row("all", outcomes)
    print("\nlines of at least a confidence")
    for half, names in halves:
        for threshold in THRESHOLDS:
            print_row(f"{half} >= {threshold}", [o for c in names for o in cameras[c]], threshold)


def print_frames(outcomes: Sequence[Outcome]) -> None:
    for o in outcomes:
        line = "" if o.found is None else f"{o.found.row_left:7.1f} {o.found.row_right:7.1f} {o.found.confidence:.2f}"
        truth = "" if o.label.line is None else f"{o.label.line.row_left:7.1f} {o.label.line.row_right:7.1f}"
        error = "" if o.error_px is None else f"{o.error_px:6.2f}"
        print(f"{o.camera:12s} {o.label.image} {o.label.kind:9s} [{truth:15s}] found [{line:20s}] {error}")


def measure_sample(folder: Path) -> None:
    cv2.setNumThreads(1)
    errors, closed, false, ms = [], 0, 0, []
    with (folder / "frames.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        frame = cv2.cvtColor(cv2.imread(str(folder / "voc" / "JPEGImages" / row["image"])), cv2.COLOR_BGR2RGB)
        height, width = frame.shape[:2]
        start = time.thread_time()
        found = find_horizon(frame)
        ms.append(1e3 * (time.thread_time() - start))
        if not row["horizon_row"]:
            closed += 1
            false += found is not None
        elif found is not None:
            ends = found.row_at(np.array([0.0, width]), width) - float(row["horizon_row"])
            errors.append(float(np.abs(ends).mean() * 1080.0 / height))
    shown, right = len(rows) - closed, sum(error <= RIGHT_PX for error in errors)
    print(f"sample: {shown} frames with a horizon, {len(errors)} lines, {right} right, "
          f"median error {statistics.median(errors):.2f} px, {false} lines on {closed} closed frames, "
          f"precision {100 * right / (len(errors) + false):.0f} %, {statistics.median(ms):.1f} ms")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("realdata", type=Path)
    parser.add_argument("--frames", action="store_true", help="one line per frame")
    parser.add_argument("--sample", type=Path)
    options = parser.parse_args()
    outcomes = measure(options.realdata, read_labels())
    if options.frames:
        print_frames(outcomes)
    print_tables(outcomes)
    if options.sample is not None:
        measure_sample(options.sample)


if __name__ == "__main__":
    main()
