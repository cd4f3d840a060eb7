"""What hashing frames costs beside decoding them, and what finding near hashes costs.

    python tests/benchmarks/bench_hashes.py FOLDER [--frames 120] [--rounds 5] [--count 100000] [--radius 8]
                                            [--peers-python PYTHON]

FOLDER holds JPEG frames. Exit 1 when hashing costs more than 1.15 times the reduced decode, or finding all pairs of
random hashes more than 10 s of CPU time (of all cores together; the wall time of idle ones is less). The peers'
interpreter has imagehash and faiss-cpu.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.neighbours import near_between, near_groups, near_pairs
from wutdet.dataset.splitting.perceptual import hash_image
from wutdet.errors import DataError

MOST_RATIO = 1.15
MOST_SECONDS = 10.0

IMAGEHASH = """
import sys, time, imagehash
from PIL import Image
best = 9e9
for _ in range(int(sys.argv[1])):
    start = time.process_time()
    for path in sys.argv[2:]:
        with Image.open(path) as image:
            imagehash.phash(image)
    best = min(best, time.process_time() - start)
print(best / len(sys.argv[2:]) * 1e3)
"""
FAISS = """
import sys, time, faiss, numpy
bits = numpy.load(sys.argv[1]).view(numpy.uint8).reshape(-1, 8)
start = time.perf_counter()
index = faiss.IndexBinaryFlat(64)
index.add(bits)
limits, _, _ = index.range_search(bits, int(sys.argv[2]) + 1)
print((int(limits[-1]) - len(bits)) // 2, time.perf_counter() - start)
"""


def reduced(path: Path) -> None:
    cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)


def hash_against_decode(paths: list[Path], rounds: int) -> float:
    """The ratio of CPU times; both in turn, the best round of each."""
    best = {reduced: float("inf"), hash_image: float("inf")}
    for _ in range(rounds):
        for work in best:
            start = time.process_time()
            for path in paths:
                work(path)
            best[work] = min(best[work], time.process_time() - start)
    for work, name in ((reduced, "read and decode at an eighth"), (hash_image, "read, decode and hash")):
        print(f"{name:40s} {1e3 * best[work] / len(paths):8.3f} ms a frame (CPU)")
    ratio = best[hash_image] / best[reduced]
    print(f"{'ratio':40s} {ratio:8.3f} (at most {MOST_RATIO})")
    return ratio


def clustered(rng: np.random.Generator, count: int, flips: float) -> NDArray[np.uint64]:
    """Hashes around 500 scenes."""
    turned = np.packbits(rng.random((count, 64)) < flips, axis=1).view(">u8").astype(np.uint64).ravel()
    return rng.integers(0, 2**64, 500, dtype=np.uint64)[rng.integers(0, 500, count)] ^ turned


def timed(title: str, work: Callable[[], str]) -> float:
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        found = work()
    except DataError as error:
        found = str(error)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{title:40s} {wall:8.2f} s, {cpu:.2f} s of CPU: {found}")
    return cpu


def neighbours(bits: NDArray[np.uint64], radius: int, title: str) -> float:
    half = len(bits) // 2
    cpu = timed(f"{title}: pairs", lambda: f"{len(near_pairs(bits, radius)):,}")
    timed(f"{title}: groups", lambda: f"{near_groups(bits, radius).max() + 1:,}")
    timed(f"{title}: between halves", lambda: f"{near_between(bits[:half], bits[half:], radius)[0].sum():,} frames")
    return cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--radius", type=int, default=8)
    parser.add_argument("--peers-python", type=Path)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, numpy {np.__version__}")
    paths = sorted(arguments.folder.glob("*.jpg"))
    paths = paths[:: max(1, len(paths) // arguments.frames)]
    ratio = hash_against_decode(paths, arguments.rounds)
    rng = np.random.default_rng(0)
    random = rng.integers(0, 2**64, arguments.count, dtype=np.uint64)
    seconds = neighbours(random, arguments.radius, "random")
    neighbours(clustered(rng, arguments.count, 0.08), arguments.radius, "500 scenes, 5 bits of noise")
    fixed = random.copy()
    fixed[: len(fixed) // 2] = fixed[0]
    neighbours(fixed, arguments.radius, "half of them equal")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if arguments.peers_python:
        peers(arguments.peers_python, paths, arguments.rounds, random, arguments.radius)
    sys.exit(ratio > MOST_RATIO or seconds > MOST_SECONDS)


def peers(python: Path, paths: list[Path], rounds: int, bits: NDArray[np.uint64], radius: int) -> None:
    """Others on the same frames and hashes, in processes of their own."""
    command = [python, "-c", IMAGEHASH, f"{rounds}", *paths]
    answer = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout
    print(f"{'imagehash.phash':40s} {float(answer):8.3f} ms a frame (CPU)")
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "bits.npy", bits)
        command = [python, "-c", FAISS, Path(folder) / "bits.npy", f"{radius}"]
        answer = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout
    pairs, seconds = answer.split()
    print(f"{'faiss IndexBinaryFlat: pairs':40s} {float(seconds):8.2f} s: {int(pairs):,}")


if __name__ == "__main__":
    main()
