"""What a run warns of, in lines."""

from __future__ import annotations

from wutdet.scoring.scores import Scores


def warning_lines(scores: Scores) -> list[str]:
    """Each warning once, with the scenarios that it is of where it is not of all."""
    found: dict[str, list[str]] = {}
    for cell in scores.cells:
        for line in dict.fromkeys(cell.warnings):
            found.setdefault(line, []).append(cell.name)
    everywhere = [line for line, names in found.items() if len(names) == len(scores.cells)]
    return everywhere + [f"{', '.join(names)}: {line}" for line, names in found.items() if line not in everywhere]
