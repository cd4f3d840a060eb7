"""What natural haze, glare and dusk measure, beside rendered weather on clear frames of the same cameras."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import wutdet
from wutdet.dataset import Frame
from wutdet.scenarios import Camera, prepare
from wutdet.scenarios.condition_features import measure, reduced
from wutdet.scenarios.light import LINEAR, LUMINANCE

REAL = Path(__file__).resolve().parent.parent / "realdata"
CLEAR, NATURAL = "clear", "natural"
SEVERITIES = ("1", "2", "3", "4", "5")
GROUPS = (CLEAR, *SEVERITIES, NATURAL)
KINDS = {"haze": "fog", "glare": "glare", "dusk": "lowlight"}
"""What is compared, and the kind of scenario that it is compared with."""

STATISTICS = {
    "haze": ("horizon contrast", "near contrast", "black level", "high luminance", "dark channel", "colourfulness"),
    "glare": ("burnt-out share", "sun patch", "burnt of bright", "median luminance", "high luminance", "colourfulness"),
    "dusk": ("median luminance", "high luminance", "black level", "burnt-out share", "noise", "colourfulness"),
}
VISIBILITIES_M = (4000.0, 8000.0, 16000.0, 32000.0)
HEIGHTS_M = (15.0, 60.0)
CLEAR_FRAMES = 6  # of each camera, spread over its hours
_HERE_TOO = ("0000300.jpg", "0002460.jpg", "0002480.jpg")  # dusk by the eye, though the exposure was raised
_BRIGHT = 200  # 8-bit value of all channels: bright, not burnt out


@dataclass(frozen=True)
class Value:
    """One statistic of one frame: what is compared, the statistic, `clear`, a severity or `natural`, the number."""

    kind: str
    statistic: str
    group: str
    frame: str
    number: float


def values(realdata: Path) -> Iterator[Value]:
    """Every value of every comparison."""
    dataset = wutdet.load(realdata)
    frames = {frame.name: frame for frame in dataset}
    yield from _haze(frames)
    conditions = _column("conditions.csv", "condition")
    cameras = {
        image["file_name"]: image["camera"] for image in json.loads((realdata / "truth.json").read_text())["images"]
    }
    glare = [name for name, condition in conditions.items() if condition == "glare"]
    dusk = [name for name, condition in conditions.items() if condition == "dark"] + list(_HERE_TOO)
    for kind, natural in (("glare", glare), ("dusk", dusk)):
        chosen = _clear_mates(natural, cameras, conditions)
        yield from _unpaired(kind, frames, natural, chosen)


@dataclass(frozen=True)
class Pair:
    """A hazy and a clear frame of one scene, and the parts that both show; rows are native pixels."""

    hazy: Frame
    clear: Frame
    hazy_part: tuple[slice, slice]
    clear_part: tuple[slice, slice]
    clear_row: float
    part_row: float


def pairs(frames: dict[str, Frame]) -> Iterator[Pair]:
    """The pairs of tests/realdata/haze_pairs.csv, found by matching key points of the frames."""
    with (REAL / "haze_pairs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        hazy, clear = frames[row["haze"]], frames[row["clear"]]
        right, down, horizon = int(row["shift_right_px"]), int(row["shift_down_px"]), float(row["horizon_row_px"])
        top, left = max(0, -down), max(0, -right)
        bottom, end = min(hazy.height, hazy.height - down), min(hazy.width, hazy.width - right)
        yield Pair(
            hazy,
            clear,
            (slice(top, bottom), slice(left, end)),
            (slice(top + down, bottom + down), slice(left + right, end + right)),
            horizon + down,
            horizon - top,
        )


def _haze(frames: dict[str, Frame]) -> Iterator[Value]:
    for pair in pairs(frames):
        yield from _of_haze(NATURAL, pair.hazy.name, pair.hazy.image[pair.hazy_part], pair.part_row)
        scene = prepare(pair.clear.image, key=pair.clear.name, boxes=pair.clear.boxes, horizon=pair.clear_row)
        for group in (CLEAR, *SEVERITIES):
            image = scene.render(CLEAR if group == CLEAR else f"fog:{group}").image[pair.clear_part]
            yield from _of_haze(group, f"{pair.clear.name} for {pair.hazy.name}", image, pair.part_row)


def haze_at(realdata: Path) -> Iterator[Value]:
    """Haze rendered at other visibilities, from another height of the camera."""
    frames = {frame.name: frame for frame in wutdet.load(realdata)}
    for pair in pairs(frames):
        for height_m in HEIGHTS_M:
            camera = Camera(height_m=height_m)
            clear = pair.clear
            scene = prepare(clear.image, key=clear.name, boxes=clear.boxes, horizon=pair.clear_row, camera=camera)
            for mor_m in VISIBILITIES_M:
                image = scene.render_values({"fog": mor_m}).image[pair.clear_part]
                yield from _of_haze(f"{height_m:g} m, MOR {mor_m:g} m", pair.hazy.name, image, pair.part_row)


def _of_haze(group: str, frame: str, image: NDArray[np.uint8], row: float) -> Iterator[Value]:
    features = measure(image, row)
    numbers = (
        features.horizon_contrast,
        near_contrast(image),
        black_level(image),
        features.high_luminance,
        features.dark_channel,
        features.colourfulness,
    )
    yield from (Value("haze", s, group, frame, n) for s, n in zip(STATISTICS["haze"], numbers, strict=True))


def _unpaired(kind: str, frames: dict[str, Frame], natural: list[str], clear: list[str]) -> Iterator[Value]:
    numbers = _of_glare if kind == "glare" else _of_dusk
    for name in natural:
        for statistic, number in zip(STATISTICS[kind], numbers(frames[name].image), strict=True):
            yield Value(kind, statistic, NATURAL, name, number)
    for name in clear:
        frame = frames[name]
        scene = prepare(frame.image, key=frame.name, boxes=frame.boxes)
        for group in (CLEAR, *SEVERITIES):
            image = scene.render(CLEAR if group == CLEAR else f"{KINDS[kind]}:{group}").image
            for statistic, number in zip(STATISTICS[kind], numbers(image), strict=True):
                yield Value(kind, statistic, group, name, number)


def _of_glare(image: NDArray[np.uint8]) -> tuple[float, ...]:
    features = measure(image)
    below = image[int(features.horizon_row) :]
    bright = float((below >= _BRIGHT).all(axis=2).mean())
    burnt = float((below >= 250).all(axis=2).mean())
    of_bright = burnt / bright if bright > 1e-4 else 0.0
    return (
        features.saturated_below,
        features.sun_patch,
        of_bright,
        features.median_luminance,
        features.high_luminance,
        features.colourfulness,
    )


def _of_dusk(image: NDArray[np.uint8]) -> tuple[float, ...]:
    features = measure(image)
    return (
        features.median_luminance,
        features.high_luminance,
        black_level(image),
        features.saturated_below,
        noise(image),
        features.colourfulness,
    )


def black_level(image: NDArray[np.uint8]) -> float:
    """2nd percentile of all pixels and channels, grey levels of the file."""
    return float(np.percentile(image[::4, ::4], 2.0))


def near_contrast(image: NDArray[np.uint8]) -> float:
    """95th percentile of σ/μ, linear luminance in windows of 7 px of a copy 320 px wide, in the lowest third."""
    small = reduced(image)
    luminance = LINEAR[small[small.shape[0] * 2 // 3 :]] @ LUMINANCE.astype(np.float32)
    mean = cv2.blur(luminance, (7, 7))
    spread = np.sqrt(np.maximum(cv2.blur(luminance * luminance, (7, 7)) - mean * mean, 0.0))
    return float(np.percentile(spread / np.maximum(mean, 1e-3), 95.0))


def noise(image: NDArray[np.uint8]) -> float:
    """Standard deviation of the green channel's noise by its median |Laplacian| (0.6745·√20 of it), grey levels."""
    green = image[:, :, 1].astype(np.float32)
    laplacian = 4.0 * green[1:-1, 1:-1] - green[:-2, 1:-1] - green[2:, 1:-1] - green[1:-1, :-2] - green[1:-1, 2:]
    return float(np.median(np.abs(laplacian)) / (0.6745 * np.sqrt(20.0)))


def _clear_mates(natural: list[str], cameras: dict[str, str], conditions: dict[str, str]) -> list[str]:
    """A few clear frames of each camera that has a natural one."""
    chosen = []
    for camera in sorted({cameras[name] for name in natural}):
        clear = [name for name, condition in conditions.items() if condition == "clear" and cameras[name] == camera]
        places = np.linspace(0, len(clear) - 1, min(CLEAR_FRAMES, len(clear))).round().astype(int)
        chosen += [clear[place] for place in places]
    return chosen


def _column(file_name: str, column: str) -> dict[str, str]:
    with (REAL / file_name).open(newline="") as file:
        return {row["image"]: row[column] for row in csv.DictReader(file)}
