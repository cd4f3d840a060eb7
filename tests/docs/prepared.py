"""A folder in which the commands of the documents can run: a small real thing for every placeholder in them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import blobs
from pages import ROOT, run_wutdet

import wutdet
from wutdet.dataset import Dataset
from wutdet.dataset.coco import write_coco

DETECTOR = "blobs:make"
RUNS_A = ("RUN", "RUN_A", "run", "runs/a", "runs/before", "runs/y11n-weather")
RUNS_B = ("RUN_B", "runs/b", "runs/after")


def prepare(home: Path) -> dict[str, str]:
    """Make them under `home`; what each placeholder stands for."""
    part = wutdet.render_part(home / "part", images=24, size=(320, 180), seed=3)
    shutil.copytree(part / "splits", part / "voc" / "ImageSets" / "Main", dirs_exist_ok=True)  # so that there is a test
    chosen = wutdet.load(part).test_split()
    detections = _results(home / "detections.json", chosen)
    a, b = home / "runs" / "a", home / "runs" / "b"
    _must("benchmark", part, "--detector", DETECTOR, "--scenarios", "fog:1-3", "--replicates", 20, "--out", a)
    _must(
        "benchmark", part, "--detector", "blobs:make_nothing", "--scenarios", "fog:1-3", "--replicates", 20, "--out", b
    )
    pieces = [home / f"part-{number}" / "run" for number in (1, 2)]
    for number, piece in enumerate(pieces, 1):
        words = ("--split", "all", "--scenarios", "fog:1", "--shard", f"{number}/2", "--out", piece)
        _must("benchmark", part, "--detector", DETECTOR, *words)
    _must("split", part, "--no-images", "--by", "id", "--block-frames", 3, "--guard", 0, "--out", home / "lists")
    _must("conditions", part, "--out", home / "conditions.csv")
    _must("render", part, "--split", "test", "--scenarios", "clear,fog:1", "--out", home / "foggy")
    found = home / "found"
    found.mkdir()
    for name in ("clear", "fog_1"):
        _results(found / f"{name}.json", wutdet.load(home / "foggy" / name))
    archive = shutil.make_archive(str(home / "WUTDet Part A"), "zip", part, "voc")
    cameras = home / "cameras.yaml"
    cameras.write_text("default: {height_m: 12}\ncameras:\n  sample: {hfov_deg: 55}\n")
    fixed = write_coco(chosen.images, chosen.boxes, home / "fixed")["test"]
    other, smd = (_as_classes(home / name, chosen, names) for name, names in (("other", "ferry"), ("smd", "Ferry")))
    stand_ins = {
        "DATA": part,
        "FRAMES": part,
        "part": part,
        "OTHER": other,
        "SMD": smd,
        "fixed.json": fixed,
        "DATA/voc/JPEGImages": part / "voc" / "JPEGImages",
        "DATA/splits": part / "splits",
        "part/splits": part / "splits",
        "tests/realdata/split_by_camera": part / "splits",
        "lists": home / "lists",
        "rule.yaml": home / "lists" / "rule.yaml",
        "detections.json": detections,
        "conditions.csv": home / "conditions.csv",
        "cameras.yaml": cameras,
        "part-*/run": "\n".join(map(str, pieces)),
        "foggy": home / "foggy",
        "foggy/fog_3": home / "foggy" / "fog_1",
        "found": found,
        "PREDICTIONS": found,
        "WUTDet Part A.zip": archive,
        "configs/classes/smd.yaml": ROOT / "configs" / "classes" / "smd.yaml",
        "0000020.jpg": chosen[0].name,
        "FOLDER": ROOT / "baselines",
        "$SLURM_ARRAY_TASK_ID/3": "1/3",
        **dict.fromkeys(RUNS_A, a),
        **dict.fromkeys(RUNS_B, b),
    }
    return {name: str(thing) for name, thing in stand_ins.items()}


def _must(*words: object) -> None:
    ran = run_wutdet([str(word) for word in words])
    assert ran.code == 0, f"{words}\n{ran.stderr}"


def _results(path: Path, dataset: Dataset) -> Path:
    """What a detector of the user's would have written: COCO results."""
    rows = [
        {"image_id": frame.image_id, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0], "score": score}
        for frame in dataset
        for found in blobs.blobs([frame.image])
        for (x0, y0, x1, y1), score in zip(found.xyxy.tolist(), found.scores.tolist(), strict=True)
    ]
    path.write_text(json.dumps(rows))
    return path


def _as_classes(folder: Path, dataset: Dataset, name: str) -> Path:
    """The frames as a COCO set whose one class has another name."""
    for path in write_coco(dataset.images, dataset.boxes, folder).values():
        coco = json.loads(path.read_text())
        coco["categories"] = [{"id": 1, "name": name}]
        path.write_text(json.dumps(coco))
    return folder
