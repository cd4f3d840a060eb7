"""The views that a dataset comes with in FiftyOne: each holds what its name says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from wutdet.browse.audit_facts import CODES, LEAKS, NEAR, NEAR_GROUP, AuditFacts
from wutdet.browse.evidence import CellEvidence, Evidence
from wutdet.browse.names import GLINT, GROUND_TRUTH, contrast_field, evaluation_key, kind_of, prediction_field
from wutdet.dataset import Dataset
from wutdet.dataset.tables import BOX_EXTRAS

SMALL_SHIPS: Final = "small ships"
LOWEST_CONTRAST: Final = "lowest contrast"
_SMALL_BELOW_PX2: Final = 32.0**2  # COCO's bound for small objects
_FAINTEST_SHARE: Final = 0.1

_View = tuple[str, Any, str]
"""Name, view, description."""


def save_views(fo: Any, made: Any, dataset: Dataset, evidence: Evidence, found: AuditFacts | None) -> None:
    """Save the views; one that would be empty is saved too: it says that there is none.

    `small ships`, `lowest contrast` (the tenth of the ships with the least), `missed in SCENARIO`, `lost in SCENARIO,
    found in clear` of every fog, `false alarms on glint in SCENARIO` of every glare, `audit findings`,
    `near-duplicates`, `leaking pairs`, and one view a split.
    """
    for name, view, description in (
        *_of_ships(fo, made, dataset, evidence),
        *_of_run(fo, made, evidence),
        *([] if found is None else _of_audit(fo, made)),
        *((f"split {name}", made.match_tags(name), f"Frames of the split '{name}'") for name in dataset.splits),
    ):
        made.save_view(name, view, description=description)


def _of_ships(fo: Any, made: Any, dataset: Dataset, evidence: Evidence) -> Iterator[_View]:
    small = made.filter_labels(GROUND_TRUTH, fo.ViewField("area_px2") < _SMALL_BELOW_PX2)
    yield SMALL_SHIPS, small, "Ground truth under 32² px"
    known = _contrast(dataset, evidence)
    if known is not None:
        attribute, values = known
        bound = float(np.nanquantile(values, _FAINTEST_SHARE))
        faint = made.filter_labels(GROUND_TRUTH, fo.ViewField(attribute) <= bound)
        faintest = fo.ViewField(f"{GROUND_TRUTH}.detections").map(fo.ViewField(attribute)).min()
        told = f"The tenth of the ships that stand out least, {attribute} up to {bound:.3g}, faintest first"
        yield LOWEST_CONTRAST, faint.sort_by(faintest), told


def _contrast(dataset: Dataset, evidence: Evidence) -> tuple[str, Any] | None:
    """The contrast of ships in clear weather, or as the labels state it: attribute and values."""
    clear = _clear(evidence)
    if clear is not None and clear.contrast is not None and np.isfinite(clear.contrast).any():
        return contrast_field("clear"), clear.contrast
    name = BOX_EXTRAS[1]
    if dataset.boxes[name].null_count() < dataset.boxes.height:
        return name, dataset.boxes[name].cast(float).to_numpy()
    return None


def _of_run(fo: Any, made: Any, evidence: Evidence) -> Iterator[_View]:
    verdict = fo.ViewField
    clear = _clear(evidence)
    for cell in evidence.cells:
        if cell.judged is None:
            continue
        name, key = cell.scenario, evaluation_key(cell.scenario)
        missed = made.filter_labels(GROUND_TRUTH, verdict(key) == "fn")
        yield f"missed in {name}", missed, f"Ships that were not found in {name}"
        if "fog" in name and clear is not None and clear.judged is not None:
            both = (verdict(evaluation_key("clear")) == "tp") & (verdict(key) == "fn")
            lost = made.filter_labels(GROUND_TRUTH, both)
            yield f"lost in {name}, found in clear", lost, f"Ships that {name} hides from the detector"
        if cell.glint is not None:
            alarms = made.filter_labels(prediction_field(name), verdict(GLINT) == True)  # noqa: E712  # an expression
            told = "False alarms on the water, away from ships, where clear weather raised none"
            yield f"false alarms on glint in {name}", alarms, told


def _of_audit(fo: Any, made: Any) -> Iterator[_View]:
    some = fo.ViewField
    yield "audit findings", made.match(some(CODES).length() > 0), "Frames that the audit found something about"
    near = made.match(some(NEAR).length() > 0).sort_by(NEAR_GROUP)
    yield "near-duplicates", near, "Frames that look like another one, side by side"
    leaking = made.match(some(LEAKS).length() > 0).sort_by(NEAR_GROUP)
    yield "leaking pairs", leaking, "Frames that look like one of another split, side by side"


def _clear(evidence: Evidence) -> CellEvidence | None:
    return next((cell for cell in evidence.cells if kind_of(cell.scenario) == "clear"), None)
