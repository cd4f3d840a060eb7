"""Wall time of loading again what has not changed, at WUTDet's size: a COCO file and a VOC part.

    python tests/benchmarks/bench_index.py FOLDER [--images N] [--rounds N]

FOLDER is made by bench_voc.py, or here when it is missing. The part is written as one COCO file too, and
`pycocotools.COCO` reads that in the same run. Each load runs in a process of its own; the time is that of the call,
without imports, the least of some rounds. Exits with 1 when a load again gives another dataset, or misses 0.2 s or
a twentieth of pycocotools' time.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench_scores import last_line, measure
from bench_voc import FRAMES, make_part

BAR_S = 0.2
BAR_RATIO = 20
SETTLE_S = 3  # what has just been written is not kept

TIMED = """
import json, sys, time
{imports}
start, cpu = time.perf_counter(), time.process_time()
found = {call}
seconds = [time.perf_counter() - start, time.process_time() - cpu]
print()
print(json.dumps(seconds + [{count}, {digest}]))
"""
OURS = {
    "imports": "from wutdet.dataset import load",
    "call": "load(sys.argv[1], cache={cache})",
    "count": "found.boxes.height",
    "digest": "found.sha256",
}
THEIRS = {
    "imports": "from pycocotools.coco import COCO",
    "call": "COCO(sys.argv[1])",
    "count": "len(found.anns)",
    "digest": "''",
}


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Timed:
    """One load: the time of the call, the peak memory of its process, and what it found."""

    wall_s: float
    cpu_s: float
    boxes: int
    sha256: str
    peak_mb: float


def timed(words: dict[str, str], data: Path, cache: bool = True) -> Timed:
    filled = {name: text.format(cache=cache) for name, text in words.items()}
    run = measure([sys.executable, "-c", TIMED.format(**filled), str(data)])
    if run.problem is not None:
        sys.exit(f"{data}: {run.problem}")
    return Timed(*json.loads(last_line(run.output)), run.peak_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time a load of data that have not changed.")
    parser.add_argument("folder", type=Path, help="holds the part, or is made")
    parser.add_argument("--images", type=int, default=FRAMES, help="frames, when the folder is made")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if not (arguments.folder / "voc/Annotations").is_dir():
        make_part(arguments.folder, arguments.images)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["WUTDET_CACHE"] = f"{scratch}/cache"
        coco = write_coco(arguments.folder, Path(scratch))
        time.sleep(SETTLE_S)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        head = f"{'':40s} {'wall s':>8s} {'CPU s':>8s} {'peak MB':>8s} {'× faster':>9s}"
        print(f"{head}   against pycocotools, by wall time")
        theirs = min(timed(THEIRS, coco) for _ in range(arguments.rounds))
        missed = False
        show("pycocotools.COCO, COCO file", theirs, theirs)
        for name, data in (("COCO file", coco), ("VOC part", arguments.folder)):
            parsed = timed(OURS, data, cache=False)
            show(f"wutdet.load, {name}, parsed", parsed, theirs)
            show(f"wutdet.load, {name}, parsed and kept", timed(OURS, data), theirs)
            again = min(timed(OURS, data) for _ in range(arguments.rounds))
            show(f"wutdet.load, {name}, again", again, theirs)
            if (again.boxes, again.sha256) != (parsed.boxes, parsed.sha256):
                sys.exit(f"{name}: another dataset the second time")
            missed |= again.wall_s > BAR_S or theirs.wall_s < BAR_RATIO * again.wall_s
    sys.exit(1 if missed else 0)


def write_coco(part: Path, out: Path) -> Path:
    """The part as one COCO file, in a process of its own: this one stays small (see measure)."""
    whole = "import sys\nfrom pathlib import Path\n"
    whole += "from wutdet.dataset import load\nfrom wutdet.dataset.coco import encode_coco\n"
    whole += "found = load(sys.argv[1], cache=False)\n"
    whole += "Path(sys.argv[2]).write_bytes(encode_coco(found.images, found.boxes))\n"
    run = measure([sys.executable, "-c", whole, str(part), str(out / "whole.json")])
    if run.problem is not None:
        sys.exit(f"{part}: {run.problem}")
    return out / "whole.json"


def show(name: str, run: Timed, reference: Timed) -> None:
    ratio = reference.wall_s / run.wall_s
    print(f"{name:40s} {run.wall_s:8.3f} {run.cpu_s:8.3f} {run.peak_mb:8.0f} {ratio:9.1f}", flush=True)


if __name__ == "__main__":
    main()
