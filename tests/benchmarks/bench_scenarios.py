"""CPU milliseconds per scenario at 1080p on one OpenCV thread, beside decoding the same frame.

Thread time, so that other work on the machine counts little.

Usage: python tests/benchmarks/bench_scenarios.py [FRAME.jpg] [repeats]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np

from wutdet.scenarios import parse_scenarios, prepare


def median_ms(action: Callable[[], object], repeats: int) -> float:
    action()
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        action()
        times.append(1e3 * (time.thread_time() - start))
    return statistics.median(times)


def synthetic_frame() -> np.ndarray:
    rng = np.random.default_rng(0)
    frame = np.empty((1080, 1920, 3), np.float32)
    frame[:430] = (150, 165, 180)
    frame[430:] = (80, 95, 100)
    frame += cv2.GaussianBlur(rng.normal(0, 40, frame.shape).astype(np.float32), (0, 0), 1.5)
    return np.clip(frame, 0, 255).astype(np.uint8)


def main() -> None:
    cv2.setNumThreads(1)
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    frame = cv2.imread(sys.argv[1]) if len(sys.argv) > 1 else synthetic_frame()
    jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    image = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    rng = np.random.default_rng(1)
    corner = np.stack([rng.uniform(0, 1850, 10), rng.uniform(420, 700, 10)], axis=1)
    boxes = np.hstack([corner, corner + rng.uniform(8, 60, (10, 2))])
    print(f"{'decode (cv2)':24s} {median_ms(lambda: cv2.imdecode(jpeg, 1), repeats):6.1f} ms")

    def prepared() -> object:
        return prepare(image, key="bench", boxes=boxes)

    print(f"{'prepare':24s} {median_ms(prepared, repeats):6.1f} ms")
    for scenario in parse_scenarios("clear,fog:1-5,rain:1-5,glare:1-5,lowlight:1-5,fog:2+lowlight:3"):
        scene = prepare(image, key="bench", boxes=boxes)
        start = time.thread_time()
        scene.render(scenario)
        first = 1e3 * (time.thread_time() - start)
        again = median_ms(lambda s=scenario, p=scene: p.render(s), repeats)
        print(f"{scenario!s:24s} {again:6.1f} ms   first on a frame {first:6.1f} ms")


if __name__ == "__main__":
    main()
