"""How well conditions are guessed: python tests/benchmarks/condition_numbers.py, for the tables of docs/conditions.md.

On rendered weather (the sample, and real frames that an eye calls clear) and on the real frames that
WUTDET_REALDATA names, against tests/realdata/conditions.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import wutdet
from wutdet.dataset import Frame
from wutdet.report.condition_audit import wilson_interval
from wutdet.scenarios import prepare
from wutdet.scenarios.condition_features import ConditionFeatures, measure
from wutdet.scenarios.condition_rules import condition_rules
from wutdet.scenarios.conditions import classify

REAL = Path(__file__).resolve().parent.parent / "realdata"
COLUMNS = ("clear", "fog", "glare", "rain", "dark", "unknown")
HELD_OUT = ("dlwkigk3", "f1q161no", "w4gnqsqx")
KINDS = ("fog", "rain", "glare", "lowlight")
EVERY = 4  # of the clear frames are rendered

Table = dict[str, Counter[str]]
Measured = dict[str, list[ConditionFeatures]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    named = os.environ.get("WUTDET_REALDATA", "")
    if not named or not (Path(named) / "truth.json").is_file():
        sys.exit("condition_numbers: WUTDET_REALDATA names no folder with truth.json; set it to the real frames")
    with tempfile.TemporaryDirectory() as folder:
        part = wutdet.render_part(Path(folder) / "part", images=40, size=(1280, 720), seed=5)
        print_table("the rendered sample, 40 frames", rendered(wutdet.load(part)))
    frames = {frame.name: frame for frame in wutdet.load(Path(named))}
    images = json.loads((Path(named) / "truth.json").read_text())["images"]
    held = {image["file_name"] for image in images if any(camera in image["camera"] for camera in HELD_OUT)}
    labels = column("conditions.csv", "condition")
    rows = hand_rows()
    for title, names in (("tuning cameras", labels.keys() - held), ("held-out cameras", labels.keys() & held)):
        chosen = {name: labels[name] for name in sorted(names)}
        clear = [frames[name] for name, condition in chosen.items() if condition == "clear"]
        measured: Measured = {}
        print_table(f"{title}: clear frames under rendered weather", rendered(clear[::EVERY], measured))
        if title == "tuning cameras":
            measured["every clear frame"] = [measure(frame.image) for frame in clear]
            print_features("tuning cameras: features, 5 % | median | 95 %", measured)
        report(f"{title}: as they are, horizon searched", frames, chosen, {})
        marked = {name: condition for name, condition in chosen.items() if name in rows}
        report(f"{title}: frames whose horizon is marked by hand, searched", frames, marked, {})
        report(f"{title}: the same, the row given", frames, marked, rows)


def rendered(frames: Iterable[Frame], measured: Measured | None = None) -> Table:
    """What each scenario is taken for; the features are added to `measured`."""
    table: Table = {}
    for frame in frames:
        scene = prepare(frame.image, key=frame.name, boxes=frame.boxes, horizon=frame.horizon_row)
        for scenario in ("clear", *(f"{kind}:{severity}" for kind in KINDS for severity in range(1, 6))):
            found = classify(scene.render(scenario).image)
            table.setdefault(scenario, Counter())[found.name] += 1
            if measured is not None:
                measured.setdefault(scenario, []).append(found.features)
    return table


def report(title: str, frames: dict[str, Frame], labels: dict[str, str], rows: dict[str, float]) -> None:
    """Confusion, precision and recall on real frames; frames that the eye left unknown count for neither."""
    table: Table = {}
    for name, label in labels.items():
        table.setdefault(label, Counter())[classify(frames[name].image, rows.get(name)).name] += 1
    print_table(title, table)
    sure = {label: counts for label, counts in table.items() if label != "unknown"}
    frames_of = sum(sum(counts.values()) for counts in sure.values())
    print(f"unknown: {sum(counts['unknown'] for counts in sure.values())} of {frames_of}")
    for name in COLUMNS[:-1]:
        right = table.get(name, Counter())[name]
        guessed = sum(counts[name] for counts in sure.values())
        there = sum(table.get(name, Counter()).values())
        print(f"{name}: precision {share(right, guessed)}, recall {share(right, there)}")
    print()


def share(part: int, whole: int) -> str:
    """`9 of 12 (0.75; 0.47 to 0.91)`, with Wilson's interval."""
    interval = wilson_interval(part, whole)
    return f"{part} of {whole}" + (f" ({part / whole:.2f}; {interval[0]:.2f} to {interval[1]:.2f})" if interval else "")


def print_table(title: str, table: Table) -> None:
    """The confusion as Markdown."""
    print(f"\n{title}\n\n| | " + " | ".join(COLUMNS) + " |\n|---|" + "---:|" * len(COLUMNS))
    for row, counts in table.items():
        print(f"| {row} | " + " | ".join(str(counts[name]) for name in COLUMNS) + " |")


def print_features(title: str, measured: Measured) -> None:
    """Where the numbers of configs/conditions.yaml come from, as Markdown."""
    names = [sign.feature for rule in condition_rules().conditions.values() for sign in rule.signs]
    print(f"\n{title}\n\n| | frames | " + " | ".join(names) + " |\n|---|---:|" + "---:|" * len(names))
    for row, features in measured.items():
        cells = (np.percentile([getattr(f, name) for f in features], (5, 50, 95)) for name in names)
        print(f"| {row} | {len(features)} | " + " | ".join(" ".join(f"{q:.3g}" for q in cell) for cell in cells) + " |")


def hand_rows() -> dict[str, float]:
    """The row in the middle of the frame, where a hand marked a horizon (tests/realdata/horizons.csv)."""
    with (REAL / "horizons.csv").open(newline="") as file:
        return {
            row["image"]: (float(row["row_left"]) + float(row["row_right"])) / 2.0
            for row in csv.DictReader(file)
            if row["row_left"]
        }


def column(file_name: str, name: str) -> dict[str, str]:
    """A column of a table of tests/realdata, by image."""
    with (REAL / file_name).open(newline="") as file:
        return {row["image"]: row[name] for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
