from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import coco_box, coco_file, coco_image

from wutdet import Detections, evaluate, load
from wutdet.resources import share_dir
from wutdet.scoring.schema import schema_text

SCHEMA = share_dir("annotations") / "scores.schema.json"

TYPES: dict[str, Any] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}


KEYWORDS = {
    *("$schema", "$id", "$ref", "$defs", "title", "description", "default", "type", "anyOf"),
    *("properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems"),
}
"""What `faults` understands; another keyword in the schema would go unchecked."""


def faults(value: Any, schema: Any, root: dict[str, Any], where: str = "$") -> Iterator[str]:
    """Where a value breaks a schema, for the keywords that msgspec writes."""
    assert set(schema) <= KEYWORDS, set(schema) - KEYWORDS
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, where)
    if "anyOf" in schema and all(any(faults(value, option, root, where)) for option in schema["anyOf"]):
        yield f"{where}: none of {len(schema['anyOf'])}"
    if "type" in schema and not TYPES[schema["type"]](value):
        yield f"{where}: no {schema['type']}"
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{where}: lacks {name}" for name in schema.get("required", []) if name not in value)
        for name, item in value.items():
            rule = known.get(name, schema.get("additionalProperties", {}))
            if rule is False:
                yield f"{where}: has {name}"
            elif rule is not True:
                yield from faults(item, rule, root, f"{where}.{name}")
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where}: {len(value)} items"
        first = schema.get("prefixItems", [])
        for place, item in enumerate(value):
            rule = first[place] if place < len(first) else schema.get("items", {})
            yield from faults(item, rule, root, f"{where}[{place}]") if rule is not False else [f"{where}[{place}]"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scores.json with a slice, intervals, network bins, horizon bins and nulls."""
    folder = tmp_path_factory.mktemp("schema")
    images = [
        coco_image(number, f"{number}.jpg", sequence=f"s{number}", scene=scene, horizon_row=20.0)
        for number, scene in enumerate(["port", "port", "anchorage"], start=1)
    ]
    boxes = [coco_box(number, number, [5, 15, 10, 10]) for number in (1, 2, 3)]
    dataset = load(coco_file(folder / "labels.json", images, boxes))
    found = {f"{number}.jpg": Detections(np.array([[5.0, 15, 15, 25]]), np.array([0.9])) for number in (1, 2)}
    evaluate(dataset, found, slices=["scene"], replicates=50, imgsz=64, out=folder / "run")
    return folder / "run" / "scores.json"


def test_the_schema_is_up_to_date() -> None:
    command = "python -m wutdet.scoring.schema > annotations/scores.schema.json"
    assert SCHEMA.read_text() == schema_text(), f"scores.json has changed: write its schema anew with\n{command}"


def test_a_real_file_is_valid(written: Path) -> None:
    schema, document = json.loads(SCHEMA.read_text()), json.loads(written.read_text())
    assert list(faults(document, schema, schema)) == []
    [cell] = document["cells"]
    assert cell["intervals"]
    assert cell["network_bins"]
    assert cell["recall_by"]["rows_below_horizon"]
    assert cell["AP_large"] is None
    assert set(cell["slices"]["scene"]) == {"port", "anchorage"}
    assert list(faults(cell, schema["$defs"]["CellScores"], schema)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda scores: scores.pop("cells"), ["$: lacks cells"]),
        (lambda scores: scores["cells"][0].pop("AP"), ["$.cells[0]: lacks AP"]),
        (lambda scores: scores["cells"][0].update(AP="high"), ["$.cells[0].AP: none of 2"]),
        (lambda scores: scores["cells"][0]["ships"].update(small=1.5), ["$.cells[0].ships.small: no integer"]),
        (lambda scores: scores["cells"][0]["intervals"].update(AP=[0.1]), ["$.cells[0].intervals.AP: 1 items"]),
        (lambda scores: scores["cells"][0]["bins"].update(huge=None), ["$.cells[0].bins.huge: no object"]),
        (lambda scores: scores["scoring"].update(seed=None), ["$.scoring.seed: no integer"]),
        (lambda scores: scores.update(skipped="none"), ["$.skipped: no array"]),
    ],
)
def test_the_schema_notices_what_is_wrong(written: Path, change: Any, said: list[str]) -> None:
    schema, document = json.loads(SCHEMA.read_text()), json.loads(written.read_text())
    change(document)
    assert list(faults(document, schema, schema)) == said


def test_the_schema_says_what_it_is() -> None:
    schema = json.loads(SCHEMA.read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:wutdet:wutdet-scores-2"
    assert schema["title"]
    assert schema["description"]
