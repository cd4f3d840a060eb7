"""CPU milliseconds per scenario at 1080p on one OpenCV thread, beside decoding the frame and albumentations' weather.

Thread time in one run, so that ratios hold where other work slows the machine; the rounds of all candidates are
interleaved, for the same reason. `first` is the first severity of its kind on a frame, which lays out what the others
share (glints, drops); a benchmark pays it once a frame and kind.

Usage: python tests/benchmarks/bench_scenarios.py [FRAME.jpg] [--repeats 21]
    without a FRAME, a synthetic one is encoded at quality 90.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from wutdet.scenarios import Scene, parse_scenarios, prepare

SCENARIOS = "fog:1-5,rain:1-5,glare:1-5,lowlight:1-5,fog:2+lowlight:3"
PEERS = {  # albumentations' own defaults; AtmosphericFog is in its successor alone
    "RandomFog": "fog",
    "AtmosphericFog": "fog",
    "RandomRain": "rain",
    "RandomSunFlare": "glare",
    "ISONoise": "lowlight",
}


def thread_ms(action: Callable[[], object]) -> float:
    start = time.thread_time()
    action()
    return 1e3 * (time.thread_time() - start)


def median_ms(action: Callable[[], object], repeats: int) -> float:
    """The median of one action alone; for quick looks."""
    action()
    return statistics.median(thread_ms(action) for _ in range(repeats))


def synthetic_frame() -> np.ndarray:
    rng = np.random.default_rng(0)
    frame = np.empty((1080, 1920, 3), np.float32)
    frame[:430] = (150, 165, 180)
    frame[430:] = (80, 95, 100)
    frame += cv2.GaussianBlur(rng.normal(0, 40, frame.shape).astype(np.float32), (0, 0), 1.5)
    return np.clip(frame, 0, 255).astype(np.uint8)


def peers(image: np.ndarray) -> dict[str, Callable[[], object]]:
    import albumentations

    made = {name: getattr(albumentations, name)(p=1.0) for name in PEERS if hasattr(albumentations, name)}
    return {f"albumentations {name}": lambda t=transform: t(image=image) for name, transform in made.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("frame", nargs="?", type=Path)
    parser.add_argument("--repeats", type=int, default=21)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    if chosen.frame:
        jpeg = np.frombuffer(chosen.frame.read_bytes(), np.uint8)
    else:
        jpeg = cv2.imencode(".jpg", synthetic_frame(), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    image = cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    height, width = image.shape[:2]
    rng = np.random.default_rng(1)
    corner = np.stack([rng.uniform(0, 0.95 * width, 10), rng.uniform(0.4 * height, 0.65 * height, 10)], axis=1)
    boxes = np.hstack([corner, corner + rng.uniform(8, 60, (10, 2))])

    def prepared() -> Scene:
        return prepare(image, key="bench", boxes=boxes, horizon=0.4 * height)

    scene = prepared()
    actions: dict[str, Callable[[], object]] = {
        "decode": lambda: cv2.imdecode(jpeg, cv2.IMREAD_COLOR),
        "prepare, horizon known": prepared,
        "prepare, horizon found": lambda: prepare(image, key="bench", boxes=boxes),
    }
    for scenario in parse_scenarios(SCENARIOS):
        actions[str(scenario)] = lambda s=scenario: scene.render(s)
    for kind in ("fog", "rain", "glare", "lowlight"):
        actions[f"{kind}:3, first on a frame"] = lambda s=f"{kind}:3": prepared().render(s)
    actions |= peers(image)
    times: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    for _ in range(chosen.repeats):
        for name, action in actions.items():
            times[name].append(thread_ms(action))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for kind in ("fog", "rain", "glare", "lowlight"):
        medians[f"{kind}:3, first on a frame"] -= medians["prepare, horizon known"]
    decode = medians["decode"]
    print(f"{width}x{height}, {chosen.repeats} rounds, medians of thread time")
    for name, found in medians.items():
        print(f"{name:28s} {found:7.1f} ms   {found / decode:6.2f} x decode   least {min(times[name]):7.1f} ms")
    for name, kind in PEERS.items():
        peer = medians.get(f"albumentations {name}")
        if peer is not None:
            own = [medians[f"{kind}:{severity}"] for severity in range(1, 6)]
            print(f"{kind:8s} is {peer / max(own):5.1f} to {peer / min(own):5.1f} times as fast as {name}")


if __name__ == "__main__":
    main()
