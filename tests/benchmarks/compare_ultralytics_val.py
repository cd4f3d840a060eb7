"""Our clear-frame scores beside ultralytics' own validation of the same weights, in one run.

    python tests/benchmarks/compare_ultralytics_val.py DATA WEIGHTS [--splits DIR] [--imgsz 960]

Ultralytics validates the same split at the same thresholds; its predictions.json is scored by pycocotools as COCO
results. Twice: as each pads by itself (its validator adds half a stride to a rectangular input, its predictor does
not, so the network's grid lies elsewhere on the picture), and with both on the same square input.
"""

from __future__ import annotations

import argparse
import functools
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import wutdet
from wutdet.dataset.yolo import write_yolo
from wutdet.detectors.runtime import import_ultralytics
from wutdet.detectors.ultralytics import UltralyticsDetector
from wutdet.metrics import FoundBoxes
from wutdet.scoring import CellScores, evaluate

NAMES = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")


def ours(weights: str, test: Any, protocol: Any, out: Path, *, rect: bool) -> CellScores:
    detector = UltralyticsDetector(weights, protocol=protocol)
    detector._model.predict = functools.partial(detector._model.predict, rect=rect)
    return wutdet.benchmark(detector, test, out=out, scenarios="clear").scores.cells[0]


def theirs(weights: str, test: Any, protocol: Any, data: Path, out: Path, *, rect: bool) -> tuple[CellScores, Any]:
    metrics = (
        import_ultralytics()
        .YOLO(weights)
        .val(
            data=str(data),
            split=test.split_name,
            imgsz=protocol.imgsz,
            conf=protocol.confidence,
            iou=protocol.nms_iou,
            max_det=protocol.max_det,
            rect=rect,
            save_json=True,
            plots=False,
            verbose=False,
            workers=0,
            device="cpu",
            project=str(out.parent),
            name=out.name,
        )
    )
    entries = json.loads((out / "predictions.json").read_text())
    found = FoundBoxes(
        np.array([entry["image_id"] for entry in entries], np.int64),
        np.array([entry["bbox"] for entry in entries], np.float64).reshape(-1, 4),
        np.array([entry["score"] for entry in entries], np.float64),
    )
    return evaluate(test, found, interval=None, evaluator="pycocotools").cells[0], metrics


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("weights")
    parser.add_argument("--splits")
    parser.add_argument("--imgsz", type=int, default=640)
    arguments = parser.parse_args()
    test = wutdet.load(arguments.data, splits=arguments.splits).test_split()
    protocol = wutdet.InferenceProtocol(imgsz=arguments.imgsz)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = write_yolo(test, folder / "yolo", placement="link")
        for rect, title in ((True, "each pads by itself"), (False, "both on the same square input")):
            a = ours(arguments.weights, test, protocol, folder / f"run-{rect}", rect=rect)
            b, metrics = theirs(arguments.weights, test, protocol, data, folder / f"val-{rect}", rect=rect)
            print(f"\n{title}\n{'':10} {'ours':>8} {'theirs, COCO':>13} {'difference':>11}")
            for metric in NAMES:
                x, y = getattr(a, metric), getattr(b, metric)
                if x is not None and y is not None:
                    print(f"{metric:10} {x:8.4f} {y:13.4f} {x - y:+11.4f}")
            print(f"ultralytics' own formula: mAP50-95 {metrics.box.map:.4f}, mAP50 {metrics.box.map50:.4f}")


if __name__ == "__main__":
    main()
