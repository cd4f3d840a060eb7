"""The JSON Schema of `scores.json`; `python -m wutdet.scoring.schema` prints it."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from wutdet.scoring.scores import SCHEMA, Scores


def scores_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of what `write_scores` writes. One cell is its `$defs/CellScores`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:wutdet:{SCHEMA}",
        "title": "scores.json of wutdet",
        "description": "Every number of a run, a cell for each scenario; null is unknown, such as AP without ships.",
        **msgspec.json.schema(Scores),
    }


def schema_text() -> str:
    """As `annotations/scores.schema.json` holds it."""
    return msgspec.json.format(msgspec.json.encode(scores_schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
