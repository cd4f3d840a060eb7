"""The verb import-labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import wutdet


def test_labels_come_back(fo: Any, run: Any, voc_part: Path, tmp_path: Path) -> None:
    part = wutdet.load(voc_part, voc_origin="1")
    made = part.to_fiftyone("verb labels", persistent=False)
    sample = made.first()
    sample.ground_truth.detections.pop()
    sample.save()
    answer = run("import-labels", "verb labels", "--out", tmp_path / "new" / "fixed.json")
    assert answer.code == 0
    assert answer.out.splitlines() == [str(tmp_path / "new/fixed.json"), str(tmp_path / "new/fixed.changes.json")]
    assert answer.err == "5 boxes in 5 frames, 5 as they were; 1 deleted\n"
    back = wutdet.load(tmp_path / "new/fixed.json", images=part.image_dir)
    assert back.boxes.equals(part.boxes.filter(part.boxes["box_id"] != 2))
    assert [frame.path.is_file() for frame in back] == [True] * 5
    refused = run("import-labels", "verb labels", "--out", tmp_path / "new" / "fixed.json")
    assert "fixed.json: exists; choose another --out" in refused.complaint
    told = json.loads(run("import-labels", "verb labels", "--out", tmp_path / "b.json", "--json").out)
    assert (told["dataset"], told["counts"], told["boxes"]) == ("verb labels", {"deleted": 1}, 5)


def test_an_unknown_name_is_one_line(fo: Any, run: Any, tmp_path: Path) -> None:
    answer = run("import-labels", "nothing", "--out", tmp_path / "x.json")
    assert "FiftyOne has no dataset 'nothing'" in answer.complaint
    assert not list(tmp_path.iterdir())
