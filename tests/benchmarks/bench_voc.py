"""CPU time and peak memory from a folder of Pascal VOC files to COCO JSON, at WUTDet's size.

    python tests/benchmarks/bench_voc.py FOLDER [--images N] [--peers-python PY] [--skip NAME]

FOLDER holds a part as LabelImg writes it (`voc/Annotations` and so on, with empty images); it is made when it is
missing. Every reader runs in a process of its own, start-up and imports included; nothing that wutdet kept of an
earlier load is used. `--peers-python` names an interpreter with the peers (pip install globox==2.9 hotcoco). Ratios
are of CPU time, against the first reader that runs. Exits with 1 when one fails or finds another number of boxes.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench_scores import Finished, measure, version_in

FRAMES = 100_576
SHIPS_PER_FRAME = 381_378 / 100_576
SIZES_PX = ((1920, 1080), (2560, 1440))
MOST_SHIPS = 60

HEAD = """<annotation>
\t<folder>JPEGImages</folder>
\t<filename>{stem}.jpg</filename>
\t<path>/data/WUTDet/voc/JPEGImages/{stem}.jpg</path>
\t<source>
\t\t<database>Unknown</database>
\t</source>
\t<size>
\t\t<width>{width}</width>
\t\t<height>{height}</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
"""
OBJECT = """\t<object>
\t\t<name>ship</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>{0}</xmin>
\t\t\t<ymin>{1}</ymin>
\t\t\t<xmax>{2}</xmax>
\t\t\t<ymax>{3}</ymax>
\t\t</bndbox>
\t</object>
"""
TAIL = "</annotation>\n"

READERS = {
    "globox": """
from globox import AnnotationSet
found = AnnotationSet.from_pascal_voc(Path(part) / "voc/Annotations")
found.save_coco(Path(out) / "globox.json", auto_ids=True)
""",
    "hotcoco": """
from hotcoco import COCO
COCO.from_voc(str(Path(part) / "voc")).save(str(Path(out) / "hotcoco.json"))
""",
    "wutdet": """
from wutdet.dataset import load
load(part, cache=False).to_coco(out)
""",
}
BEFORE = "import sys\nfrom pathlib import Path\npart, out = sys.argv[1:3]\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `note` stands instead of figures where there are none."""

    name: str
    version: str
    note: str = ""
    run: Finished | None = None
    boxes: int = 0


def make_part(folder: Path, frames: int, seed: int = 0) -> None:
    """Write a part of so many frames with about 3.8 ships each; names and numbers are drawn, images are empty."""
    rng = random.Random(seed)
    annotations, images, lists = (folder / "voc" / name for name in ("Annotations", "JPEGImages", "ImageSets/Main"))
    for path in (annotations, images, lists):
        path.mkdir(parents=True)
    members: dict[str, list[str]] = {"train": [], "val": []}
    for frame in range(frames):
        stem = f"{frame * 20:07d}"
        width, height = rng.choice(SIZES_PX)
        ships = [OBJECT.format(*draw_box(rng, width, height)) for _ in range(draw_count(rng))]
        text = "".join((HEAD.format(stem=stem, width=width, height=height), *ships, TAIL))
        (annotations / f"{stem}.xml").write_text(text)
        (images / f"{stem}.jpg").touch()
        members[rng.choices(("train", "val"), (4, 1))[0]].append(stem)
    for split, stems in members.items():
        (lists / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems))


def draw_count(rng: random.Random) -> int:
    """Geometric: many frames with none, some with a harbour."""
    return min(round(rng.expovariate(1 / SHIPS_PER_FRAME)), MOST_SHIPS)


def draw_box(rng: random.Random, width: int, height: int) -> tuple[int, int, int, int]:
    """1-based, inclusive; small, as most ships are."""
    xmin, ymin = rng.randint(1, width - 90), rng.randint(1, height - 60)
    return xmin, ymin, xmin + rng.randint(3, 90), ymin + rng.randint(3, 60)


def count_boxes(folder: Path) -> int:
    return sum(path.read_bytes().count(b'"bbox"') for path in folder.rglob("*.json"))


def run_reader(name: str, python: str, part: Path) -> Row:
    version = version_in(python, name)
    if version is None:
        return Row(name, "", note="not installed")
    with tempfile.TemporaryDirectory() as out:
        run = measure([python, "-c", BEFORE + READERS[name], str(part), out])
        if run.problem is not None:
            return Row(name, version, note=run.problem)
        return Row(name, version, run=run, boxes=count_boxes(Path(out)))


def print_rows(rows: Sequence[Row], frames: int) -> None:
    reference = next(row for row in rows if row.run is not None)
    head = f"{'reader':10s} {'version':>8s} {'wall s':>8s} {'CPU s':>8s} {'CPU µs/file':>12s} {'peak MB':>8s}"
    print(f"{head} {'× faster':>9s} {'boxes':>10s}   against {reference.name}, by CPU time")
    for row in rows:
        if row.run is None or reference.run is None:
            print(f"{row.name:10s} {row.version:>8s} {row.note}")
            continue
        run, ratio = row.run, reference.run.cpu_s / row.run.cpu_s
        costs = f"{run.wall_s:8.2f} {run.cpu_s:8.2f} {1e6 * run.cpu_s / frames:12.1f} {run.peak_mb:8.0f}"
        print(f"{row.name:10s} {row.version:>8s} {costs} {ratio:9.2f} {row.boxes:10,d}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare readers of Pascal VOC, from files to COCO JSON.")
    parser.add_argument("folder", type=Path, help="holds the part, or is made")
    parser.add_argument("--images", type=int, default=FRAMES, help="frames, when the folder is made")
    parser.add_argument("--peers-python", default=sys.executable, help="interpreter with the peers installed")
    parser.add_argument("--skip", action="append", default=[], choices=READERS, help="may be repeated")
    arguments = parser.parse_args()
    annotations = arguments.folder / "voc/Annotations"
    if not annotations.is_dir():
        make_part(arguments.folder, arguments.images)
    # Reading it all also brings the files into the page cache, so that nobody runs first.
    counts = [path.read_bytes().count(b"<object>") for path in annotations.iterdir()]
    load = os.getloadavg()[0]
    print(f"{len(counts):,} files, {sum(counts):,} boxes; {os.cpu_count()} cores, load {load:.1f}\n")
    rows = [
        run_reader(name, sys.executable if name == "wutdet" else arguments.peers_python, arguments.folder)
        for name in READERS
        if name not in arguments.skip
    ]
    if not any(row.run for row in rows):
        sys.exit("\n".join(f"{row.name}: {row.note}" for row in rows) or "nothing to run")
    print_rows(rows, len(counts))
    if any(row.note.startswith("exit") or (row.run is not None and row.boxes != sum(counts)) for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
