"""Findings of an audit as fields and views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wutdet
from wutdet.browse import to_fiftyone
from wutdet.browse.audit_facts import audit_facts
from wutdet.dataset import Dataset
from wutdet.dataset.audit import Audit
from wutdet.dataset.audit.findings import finding


def _audit(**known: Any) -> Audit:
    blank = {name: [] for name in ("errors", "warnings", "infos", "near_duplicates")}
    counts = {name: {} for name in ("counts", "classes", "leakage")}
    numbers = dict.fromkeys(("voc_origin", "hash_radius", "near_duplicate_pairs", "near_duplicate_frames"))
    facts = {"name": "x", "images": 4, "boxes": 6, "voc_evidence": "", "images_checked": True}
    return Audit(**(blank | counts | numbers | facts | known))


def test_findings_are_fields_and_views(fo: Any, part: Dataset) -> None:
    found = _audit(
        warnings=[
            finding("huge-box", "0000060.jpg", "large", (0, 0, 100, 100)),
            finding("huge-box", "0000060.jpg", "larger"),
            finding("split-leakage", "val.txt", "leaks"),
        ],
        infos=[finding("frame-without-ships", "0000040", "no ship is labelled")],
        near_duplicates=[("0000000.jpg", "0000040.jpg", 2), ("0000060.jpg", "0000000.jpg", 3), ("x.jpg", "y.jpg", 1)],
    )
    made = to_fiftyone(part, "audited", audit=found, persistent=False)
    assert made.values("audit") == [None, None, ["frame-without-ships"], ["huge-box"]]
    assert made.values("audit_notes")[3] == ["large", "larger"]
    assert made.values("ground_truth.detections.audit") == [[None, None], [None], [], [["huge-box"], None, None]]
    near = [["0000040.jpg", "0000060.jpg"], None, ["0000000.jpg"], ["0000000.jpg"]]
    assert made.values("near_duplicates") == near
    assert made.values("near_group") == [1, None, 1, 1]
    # frame 0 is in train, 20 in both, 40 in val, 60 in none
    assert made.values("leaks_into") == [["val"], None, ["train"], None]
    assert made.load_saved_view("audit findings").values("image_id") == [40, 60]
    assert made.load_saved_view("near-duplicates").values("image_id") == [0, 40, 60]
    assert made.load_saved_view("leaking pairs").values("image_id") == [0, 40]
    assert "audit" in [group.name for group in made.app_config.sidebar_groups]
    assert audit_facts(found, part).elsewhere == made.info["findings_elsewhere"] == 1


def test_an_audit_that_found_nothing(fo: Any, part: Dataset) -> None:
    made = to_fiftyone(part, "sound", audit=_audit(), persistent=False)
    assert {"audit", "audit_notes", "near_duplicates", "near_group", "leaks_into"} <= set(made.get_field_schema())
    for view in ("audit findings", "near-duplicates", "leaking pairs"):
        assert len(made.load_saved_view(view)) == 0


def test_groups_of_look_alikes_stand_together(fo: Any, part: Dataset) -> None:
    found = _audit(near_duplicates=[("0000000.jpg", "0000060.jpg", 0), ("0000020.jpg", "0000040.jpg", 1)])
    made = to_fiftyone(part, "grouped", audit=found, persistent=False)
    assert made.load_saved_view("near-duplicates").values("image_id") == [0, 60, 20, 40]


def test_a_real_audit(fo: Any, tiny_voc: Path, tiny_part: Dataset) -> None:
    found = wutdet.audit(tiny_voc, splits=tiny_voc / "splits")
    made = to_fiftyone(tiny_part, "really audited", audit=found, persistent=False)
    assert len(made.load_saved_view("near-duplicates")) == found.near_duplicate_frames > 0
    frames = {item.image for item in (*found.errors, *found.warnings, *found.infos)}
    names = set(tiny_part.images["file_name"])
    stems = {name.rpartition(".")[0]: name for name in names}
    about = {stems.get(one, one) for one in frames} & names
    assert {Path(path).name for path in made.load_saved_view("audit findings").values("filepath")} == about
    assert about
