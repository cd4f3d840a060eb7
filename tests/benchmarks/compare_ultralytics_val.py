"""Our clear-frame scores beside ultralytics' own validation of the same weights, in one run.

    python tests/benchmarks/compare_ultralytics_val.py DATA WEIGHTS [--splits DIR] [--imgsz 960]

Ultralytics validates the same split at the same thresholds; its predictions.json is scored by pycocotools as COCO
results, and its own mAP (another formula) is shown beside that.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

import wutdet
from wutdet.benchmark.scoring import true_boxes
from wutdet.dataset.yolo import write_yolo
from wutdet.detectors.runtime import import_ultralytics
from wutdet.metrics import FoundBoxes, coco_scores

NAMES = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("weights")
    parser.add_argument("--splits")
    parser.add_argument("--imgsz", type=int, default=640)
    arguments = parser.parse_args()
    test = wutdet.load(arguments.data, splits=arguments.splits).test_split()
    with tempfile.TemporaryDirectory() as folder:
        protocol = wutdet.InferenceProtocol(imgsz=arguments.imgsz)
        run = wutdet.benchmark(arguments.weights, test, out=Path(folder) / "run", scenarios="clear", protocol=protocol)
        data = write_yolo(test, Path(folder) / "yolo", placement="link")
        model = import_ultralytics().YOLO(arguments.weights)
        theirs = model.val(
            data=str(data),
            split=test.split_name,
            imgsz=arguments.imgsz,
            conf=protocol.confidence,
            iou=protocol.nms_iou,
            max_det=protocol.max_det,
            save_json=True,
            plots=False,
            verbose=False,
            workers=0,
            device="cpu",
            project=folder,
            name="val",
        )
        entries = json.loads((Path(folder) / "val" / "predictions.json").read_text())
    found = FoundBoxes(
        np.array([entry["image_id"] for entry in entries], np.int64),
        np.array([entry["bbox"] for entry in entries], np.float64).reshape(-1, 4),
        np.array([entry["score"] for entry in entries], np.float64),
    )
    scored = coco_scores(true_boxes(test, test.images["image_id"].to_list()), found)
    ours = run.scores.cells[0]
    print(f"{'':10} {'ours':>8} {'theirs, COCO':>13} {'difference':>11}")
    for name in NAMES:
        a, b = getattr(ours, name), getattr(scored, name)
        row = f"{a:8.4f} {b:13.4f} {a - b:+11.4f}" if a is not None and b is not None else f"{'—':>8} {'—':>13}"
        print(f"{name:10} {row}")
    print(f"ultralytics' own formula: mAP50-95 {theirs.box.map:.4f}, mAP50 {theirs.box.map50:.4f}")


if __name__ == "__main__":
    main()
