"""Wall time, CPU time and peak memory of COCO evaluators at WUTDet's size, from two JSON files to the twelve numbers.

    python tests/benchmarks/bench_scores.py FOLDER [--images N] [--peers-python PY] [--skip NAME] [--bootstrap N]

FOLDER holds `gt.json` and `dets.json`; scoring_data.py makes them when they are missing. Every evaluator runs in a
process of its own, start-up and imports included. `--peers-python` names an interpreter with the peers installed, so
that they stay out of this one (pip install pycocotools hotcoco ultrafast-pycocotools vernier faster-coco-eval).
The first evaluator that runs, pycocotools unless it is skipped, is what the others are held against. Exits with 1 when
one fails or its numbers differ by more than 1e-12.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

NAMES = (
    *("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large"),
    *("AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large"),
)
TOLERANCE = 1e-12

DROP_IN = """
truth = COCO(gt)
evaluation = COCOeval(truth, {load}(dets), "bbox")
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
numbers = list(evaluation.stats)
"""
VERNIER = """
truth = CocoDataset.from_json(open(gt, "rb").read())
numbers = Evaluator(iou=Bbox(), parity_mode="strict").evaluate(truth, open(dets, "rb").read()).stats
"""
BEFORE = "import json, sys\ngt, dets = sys.argv[1:3]\n"
AFTER = "\nprint()\nprint(json.dumps([float(number) for number in numbers]))\n"

PEERS = {
    "pycocotools": (
        "from pycocotools.coco import COCO\nfrom pycocotools.cocoeval import COCOeval\n",
        DROP_IN.format(load="truth.loadRes"),
    ),
    "faster-coco-eval": (
        "from faster_coco_eval import COCO\nfrom faster_coco_eval import COCOeval_faster as COCOeval\n",
        DROP_IN.format(load="truth.loadRes"),
    ),
    "vernier": ("from vernier.instance import Bbox, CocoDataset, Evaluator\n", VERNIER),
    "hotcoco": ("from hotcoco import COCO, COCOeval\n", DROP_IN.format(load="truth.load_res")),
    "ultrafast-pycocotools": (
        "from ultrafast_pycocotools import COCO, COCOeval\n",
        DROP_IN.format(load="truth.loadRes"),
    ),
}
"""Distribution name to its imports and the lines that turn `gt` and `dets` into `numbers`."""

# Both sides are the same detections: what a replicate costs does not depend on who wins.
HOTCOCO_COMPARE = """
import time
from hotcoco import COCO, COCOeval, compare
truth = COCO(gt)
found = truth.load_res(dets)
sides = [COCOeval(truth, found, "bbox") for _ in range(2)]
for side in sides:
    side.evaluate()
    side.accumulate()
def seconds(count):
    start, cpu = time.perf_counter(), time.process_time()
    compare(*sides, n_bootstrap=count, seed=0)
    return time.perf_counter() - start, time.process_time() - cpu
seconds(1)
plain, resampled = seconds(0), seconds(int(sys.argv[3]))
numbers = [(after - before) / int(sys.argv[3]) for before, after in zip(plain, resampled)]
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Finished:
    """A child process that has ended: what it used and what it printed."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: str
    problem: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `note` stands instead of figures where there are none."""

    name: str
    version: str
    note: str = ""
    run: Finished | None = None
    numbers: tuple[float, ...] = ()


def measure(command: Sequence[str]) -> Finished:
    """Run a command to its end.

    On Linux a child's peak memory is at least this process's, so this file imports nothing large.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output, errors = text_of(out), text_of(err)
    rss_per_mb = 1e6 if sys.platform == "darwin" else 1e6 / 1024  # ru_maxrss is in bytes on macOS, in KiB on Linux
    problem = None if process.returncode == 0 else f"exit {process.returncode}: {last_line(errors)}"
    return Finished(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / rss_per_mb, output, problem)


def text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def last_line(output: str) -> str:
    return output.rstrip().rpartition("\n")[2]


def version_in(python: str, distribution: str) -> str | None:
    """The installed version of a distribution, None where it is not installed."""
    command = [python, "-c", "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"]
    answer = subprocess.run([*command, distribution], capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else None


def peer(name: str, python: str, gt: Path, dets: Path) -> Row:
    version = version_in(python, name)
    if version is None:
        return Row(name, "", note="not installed")
    imports, lines = PEERS[name]
    run = measure([python, "-c", BEFORE + imports + lines + AFTER, str(gt), str(dets)])
    if run.problem is not None:
        return Row(name, version, note=run.problem)
    return Row(name, version, run=run, numbers=tuple(json.loads(last_line(run.output))))


def ours(gt: Path, dets: Path) -> Row:
    """`wutdet score`, in this interpreter."""
    wutdet = [sys.executable, "-c", "from wutdet.cli import main; main()"]
    if subprocess.run([*wutdet, "score", "--help"], capture_output=True, check=False).returncode:
        return Row("wutdet", "", note="not there yet")
    version = version_in(sys.executable, "wutdet") or ""
    run = measure([*wutdet, "score", str(gt), str(dets), "--interval", "0", "--json"])
    if run.problem is not None:
        return Row("wutdet", version, note=run.problem)
    scores = json.loads(run.output)
    return Row("wutdet", version, run=run, numbers=tuple(missing_as_minus_one(scores[name]) for name in NAMES))


def missing_as_minus_one(value: float | None) -> float:
    return -1.0 if value is None else value


def difference(row: Row, reference: Row) -> float:
    """The largest absolute difference of the twelve numbers, inf where one is no number."""
    gaps = [abs(a - b) for a, b in zip(row.numbers, reference.numbers, strict=True)]
    return math.inf if any(math.isnan(gap) for gap in gaps) else max(gaps)


def print_costs(rows: Sequence[Row], reference: Row) -> None:
    head = f"{'evaluator':22s} {'version':>8s} {'wall s':>8s} {'CPU s':>8s} {'peak MB':>8s}"
    print(f"{head} {'× faster':>9s} {'largest difference':>19s}   against {reference.name}")
    for row in rows:
        if row.run is None or reference.run is None:
            print(f"{row.name:22s} {row.version:>8s} {row.note}")
            continue
        costs = f"{row.run.wall_s:8.2f} {row.run.cpu_s:8.2f} {row.run.peak_mb:8.0f}"
        gap = difference(row, reference)
        verdict = "agrees" if gap <= TOLERANCE else "DIFFERS"
        ratio = reference.run.wall_s / row.run.wall_s
        print(f"{row.name:22s} {row.version:>8s} {costs} {ratio:9.2f} {gap:19.1e}   {verdict}")


def print_numbers(rows: Sequence[Row]) -> None:
    scored = [row for row in rows if row.numbers]
    print(f"{'':10s}" + "".join(f" {row.name:>22s}" for row in scored))
    for index, name in enumerate(NAMES):
        print(f"{name:10s}" + "".join(f" {row.numbers[index]:22.15f}" for row in scored))


def print_bootstrap(python: str, gt: Path, dets: Path, replicates: int) -> None:
    version = version_in(python, "hotcoco")
    if version is None:
        print("bootstrap: hotcoco not installed")
        return
    run = measure([python, "-c", BEFORE + HOTCOCO_COMPARE + AFTER, str(gt), str(dets), str(replicates)])
    if run.problem is not None:
        print(f"bootstrap: hotcoco {run.problem}")
        return
    wall_s, cpu_s = json.loads(last_line(run.output))
    print(f"bootstrap of a paired comparison, {replicates} replicates, loading and matching left out")
    print(f"{'':22s} {'version':>8s} {'wall ms a replicate':>20s} {'CPU ms a replicate':>20s} {'peak MB':>8s}")
    print(f"{'hotcoco compare':22s} {version:>8s} {1e3 * wall_s:20.1f} {1e3 * cpu_s:20.1f} {run.peak_mb:8.0f}")


def count(path: Path, word: bytes) -> int:
    """How many lines hold a word; it also brings the file into the page cache, so that nobody runs first."""
    with path.open("rb") as file:
        return sum(word in line for line in file)


def make(folder: Path, images: int | None) -> None:
    size = [] if images is None else ["--images", str(images)]
    # In a process of its own, which keeps this one small (see measure).
    subprocess.run([sys.executable, str(Path(__file__).with_name("scoring_data.py")), str(folder), *size], check=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare COCO evaluators from files to numbers.")
    parser.add_argument("folder", type=Path, help="holds gt.json and dets.json, or is made")
    parser.add_argument("--images", type=int, help="frames, when the folder is made (default: WUTDet's 100,576)")
    parser.add_argument("--peers-python", default=sys.executable, help="interpreter with the peers installed")
    parser.add_argument("--skip", action="append", default=[], choices=[*PEERS, "wutdet"], help="may be repeated")
    parser.add_argument("--bootstrap", type=int, default=0, metavar="N", help="time N bootstrap replicates too")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    gt, dets = arguments.folder / "gt.json", arguments.folder / "dets.json"
    if not (gt.is_file() and dets.is_file()):
        make(arguments.folder, arguments.images)
    images, ships, found = count(gt, b'"file_name"'), count(gt, b'"bbox"'), count(dets, b'"bbox"')
    if arguments.images not in (None, images):
        sys.exit(f"{gt} has {images} images, not {arguments.images}: give another folder")
    load = os.getloadavg()[0]
    print(f"{images:,} images, {ships:,} ships, {found:,} detections; {os.cpu_count()} cores, load {load:.1f}\n")

    rows = [peer(name, arguments.peers_python, gt, dets) for name in PEERS if name not in arguments.skip]
    if "wutdet" not in arguments.skip:
        rows.append(ours(gt, dets))
    scored = [row for row in rows if row.numbers]
    if not scored:
        sys.exit("\n".join(f"{row.name}: {row.note}" for row in rows) or "nothing to run")
    print_costs(rows, scored[0])
    print()
    print_numbers(rows)
    if arguments.bootstrap:
        print()
        print_bootstrap(arguments.peers_python, gt, dets, arguments.bootstrap)
    failed = any(row.note.startswith("exit") for row in rows)
    if failed or any(difference(row, scored[0]) > TOLERANCE for row in scored):
        sys.exit(1)


if __name__ == "__main__":
    main()
