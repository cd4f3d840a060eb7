"""Whether a scenario is the same weather in two runs: equal names may hide other units, cameras or pixels."""

from __future__ import annotations

from collections.abc import Iterator

from wutdet.scoring.scores import Scores


def weather_differences(a: Scores, b: Scores) -> Iterator[tuple[str, str]]:
    """The scenarios of both that are not one weather, each with what differs, in words.

    How frames were rendered is compared where both tell it: scores of wutdet 0.1 do not. Seeds may differ: they are
    drawn frame by frame whatever the detector, so that a difference stays unbiased.
    """
    hashes = [{} if scores.weather is None else scores.weather.sha256 for scores in (a, b)]
    values = {cell.name: cell.value for cell in b.cells}
    for cell in a.cells:
        name = cell.name
        if name not in values:
            continue
        if cell.value != values[name]:
            yield name, f"the units of {name} differ: {cell.value} and {values[name]}"
        elif name in hashes[0] and name in hashes[1] and hashes[0][name] != hashes[1][name]:
            yield name, f"{name} was rendered in two ways"
