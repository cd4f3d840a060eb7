"""What the tests of browse share: a tiny part, detections, a tiny run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from blobs import blobs
from numpy.typing import NDArray

import wutdet
from wutdet.benchmark.run import Run
from wutdet.dataset import Dataset, load
from wutdet.detectors import Detections
from wutdet.scoring.measure import Settings


@dataclass(frozen=True)
class Found:
    xyxy: NDArray[np.float64]
    scores: NDArray[np.float64]


@pytest.fixture
def found() -> Callable[..., Found]:
    """Makes detections of rows `xmin, ymin, xmax, ymax, score`."""

    def make(*rows: tuple[float, float, float, float, float]) -> Found:
        table = np.array(rows, dtype=np.float64).reshape(-1, 5)
        return Found(table[:, :4], table[:, 4])

    return make


@pytest.fixture(scope="session")
def part(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Four frames: 2, 1, 0 and 3 ships, of every size bin, one frame in both splits, few facts known."""
    root = tmp_path_factory.mktemp("part")
    frames: dict[str, tuple[int, int, list[tuple[int, int, int, int]]]] = {
        "0000000": (64, 48, [(5, 9, 12, 20), (1, 1, 64, 40)]),
        "0000020": (120, 90, [(10, 10, 14, 14)]),
        "0000040": (120, 90, []),
        "0000060": (150, 110, [(1, 1, 100, 100), (11, 11, 42, 42), (101, 1, 131, 33)]),
    }
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / "voc" / folder).mkdir(parents=True)
    for stem, (width, height, boxes) in frames.items():
        cv2.imwrite(str(root / f"voc/JPEGImages/{stem}.jpg"), np.full((height, width, 3), 90, np.uint8))
        (root / f"voc/Annotations/{stem}.xml").write_text(_voc_xml(stem, width, height, boxes))
    (root / "voc/ImageSets/Main/train.txt").write_text("0000000\n0000020\n")
    (root / "voc/ImageSets/Main/val.txt").write_text("0000020\n0000040\n")
    (root / "frames.csv").write_text("image,camera,horizon_row\n0000000.jpg,bow,17.5\n0000020.jpg,bow,\n")
    return load(root, voc_origin="1")


def _voc_xml(stem: str, width: int, height: int, boxes: list[tuple[int, int, int, int]]) -> str:
    objects = "".join(
        f"<object><name>ship</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox>"
        "</object>"
        for a, b, c, d in boxes
    )
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation><filename>{stem}.jpg</filename>{size}{objects}</annotation>"


class Lookout:
    """A detector that knows where the ships are, sees them by their contrast, and takes blobs for ships as well."""

    def __init__(self, frames: Dataset) -> None:
        self._boxes = (frame.boxes for frame in frames)

    def __call__(self, views: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        boxes = next(self._boxes)
        return [self._look(view, boxes) for view in views]

    def _look(self, view: NDArray[np.uint8], boxes: NDArray[np.float64]) -> Detections:
        inside = [view[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] for x0, y0, x1, y1 in boxes.tolist()]
        clarity = np.array([piece.std() / 64 for piece in inside]).clip(0, 0.99)
        [other] = blobs([view])
        xyxy = np.concatenate([boxes + 0.25, other.xyxy[:40]])
        scores = np.concatenate([clarity, other.scores[:40] / 2])
        order = np.argsort(-scores, kind="stable")
        return Detections(xyxy[order], scores[order])


@pytest.fixture(scope="session")
def weather_run(tiny_part: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A detector on the train split of the tiny sample, in clear weather, fog, glare and a combination."""
    out = tmp_path_factory.mktemp("browsed") / "run"
    frames = tiny_part.split("train")
    scenarios = "clear,fog:1,fog:3,glare:3,fog:1+rain:2"
    return wutdet.benchmark(Lookout(frames), frames, out=out, scenarios=scenarios, scoring=Settings(level=None))
