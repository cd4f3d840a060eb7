"""How a dataset looks in the App: colours, groups of the sidebar, what is on at first."""

from __future__ import annotations

from typing import Any, Final

from wutdet.browse.audit_facts import AuditFacts
from wutdet.browse.evidence import Evidence
from wutdet.browse.names import GROUND_TRUTH, evaluation_key, kind_of, media_field, prediction_field
from wutdet.browse.schema import frame_count_names
from wutdet.dataset.tables import CATEGORY, IMAGE_FACTS

SHIP, FOUND, ALARM, MISSED, IGNORED = "#4cc9f0", "#3ddc5b", "#ff3b30", "#ff9500", "#c9b1ff"
"""Ground truth, right, wrong, missed, ignored."""

_NEUTRAL: Final = ["#8d99ae", "#94a3b8", "#7b8794", "#a0aec0"]
"""For whatever has no colour of its own, detections below the threshold above all: FiftyOne draws one by the value."""

_RIGHT: Final = [
    {"value": "tp", "color": FOUND},
    {"value": "fp", "color": ALARM},
    {"value": "ignored", "color": IGNORED},
]
_TRUE: Final = [
    {"value": "tp", "color": SHIP},
    {"value": "fn", "color": MISSED},
    {"value": "ignored", "color": IGNORED},
]


def dress(fo: Any, made: Any, evidence: Evidence, found: AuditFacts | None, renders: list[str]) -> None:
    """Set the App's configuration of the dataset.

    Detections are green where right and red where wrong. Ground truth has one verdict a scenario and can have one
    colour: that of clear weather, where it is among the scenarios, else of the first.
    """
    config = made.app_config
    config.color_scheme = _colours(fo, evidence)
    config.sidebar_groups = _groups(fo, made, evidence, found)
    config.active_fields = fo.ActiveFields(paths=_active(evidence))
    config.media_fields = ["filepath", *map(media_field, renders)]
    config.media_fallback = True
    made.save()


def _active(evidence: Evidence) -> list[str]:
    """All at once, twenty scenarios of detections hide the picture."""
    clear = [prediction_field(cell.scenario) for cell in evidence.cells if cell.scenario == "clear"]
    return [GROUND_TRUTH, *clear]


def _colours(fo: Any, evidence: Evidence) -> Any:
    judged = [cell for cell in evidence.cells if cell.judged is not None]
    first = next((cell for cell in judged if cell.scenario == "clear"), judged[0] if judged else None)
    fields: list[dict[str, Any]] = [{"path": GROUND_TRUTH, "fieldColor": SHIP}]
    if first is None:
        fields[0] |= {"colorByAttribute": "label", "valueColors": [{"value": CATEGORY, "color": SHIP}]}
    else:
        fields[0] |= {"colorByAttribute": evaluation_key(first.scenario), "valueColors": _TRUE}
    for cell in evidence.cells:
        path: dict[str, Any] = {"path": prediction_field(cell.scenario), "fieldColor": FOUND}
        if cell.judged is not None:
            path |= {"colorByAttribute": evaluation_key(cell.scenario), "valueColors": _RIGHT}
        fields.append(path)
    tags = {"wrong": ALARM, "missing": MISSED}
    return fo.ColorScheme(
        color_by="value",
        color_pool=_NEUTRAL,
        fields=fields,
        label_tags={"fieldColor": MISSED, "valueColors": [{"value": k, "color": v} for k, v in tags.items()]},
    )


def _groups(fo: Any, made: Any, evidence: Evidence, found: AuditFacts | None) -> list[Any]:
    schema = made.get_field_schema()
    group = fo.SidebarGroupDocument
    facts = [name for name in ("image_id", *IMAGE_FACTS) if name in schema]
    groups = [
        group(name="tags", paths=["tags", "_label_tags"], expanded=True),
        group(name="ground truth", paths=[GROUND_TRUTH], expanded=True),
    ]
    by_kind: dict[str, list[str]] = {}
    for cell in evidence.cells:
        paths = by_kind.setdefault(kind_of(cell.scenario), [])
        paths.append(prediction_field(cell.scenario))
    for cell in evidence.cells:
        if cell.judged is not None:
            by_kind[kind_of(cell.scenario)] += frame_count_names(cell)
    groups += [group(name=kind, paths=paths, expanded=kind == "clear") for kind, paths in by_kind.items()]
    if found is not None:
        groups.append(group(name="audit", paths=list(found.frame_fields), expanded=True))
    groups.append(group(name="facts", paths=facts, expanded=not evidence.cells))
    metadata = [f"metadata.{name}" for name in ("size_bytes", "mime_type", "width", "height", "num_channels")]
    rest = ["id", "filepath", *(name for name in schema if name.endswith("_path")), *metadata]
    groups.append(group(name="metadata", paths=[*rest, "created_at", "last_modified_at"], expanded=False))
    return groups
