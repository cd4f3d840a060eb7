"""What a run warns of, in lines: what holds of its first cell, then what other cells add."""

from __future__ import annotations

from wutdet.scoring.scores import Scores


def warning_lines(scores: Scores) -> list[str]:
    """Those of the first cell, clear weather as a rule; then the others', each with the scenarios that it is of."""
    own = list(dict.fromkeys(scores.cells[0].warnings))
    others: dict[str, list[str]] = {}
    for cell in scores.cells:
        for line in cell.warnings:
            if line not in own:
                others.setdefault(line, []).append(cell.name)
    return own + [f"{', '.join(names)}: {line}" for line, names in others.items()]
