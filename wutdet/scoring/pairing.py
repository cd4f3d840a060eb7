"""Two runs side by side: whether they may be paired, and their numbers under the same resamples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from wutdet.errors import DataError
from wutdet.metrics.intervals import expanded_interval, p_value
from wutdet.metrics.robustness import or_none
from wutdet.scoring.replicates import REPLICATES_NAME, Replicates, read_replicates
from wutdet.scoring.same_weather import weather_differences
from wutdet.scoring.scores import CellScores, DatasetInfo, Scores, read_scores

_FRAMES_REMEDY: Final = "score both on the same split"
_LEFT_OUT_REMEDY: Final = "repair the frames, or leave them out of both"
_IGNORE_REMEDY: Final = "score both with the same --ignore-below"
_SEQUENCES_REMEDY: Final = "score both with the same sequences of the frames"
_RESAMPLES_REMEDY: Final = "score both with the same --seed and --replicates"
_WEATHER_REMEDY: Final = (
    "render both with the same wutdet, cameras, ambient and severities, or compare runs of --scenarios clear"
)
_SHIPS_REMEDY: Final = "render both in the same weather and with the same seed, or score both without --ignore-below"
_HASH_DIGITS: Final = 12

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its scores, and their replicates where there are any."""

    run: Path
    scores: Scores
    replicates: Replicates | None

    def values(self, number: str, scenarios: Sequence[str]) -> dict[str, Floats]:
        """() by scenario; NaN where unknown."""
        found = {name: self.scores.cell(name).number(number) for name in scenarios}
        return {name: np.array(value, np.float64) for name, value in found.items()}

    def resampled(self, number: str, scenarios: Sequence[str]) -> dict[str, Floats] | None:
        """(R,) by scenario; None where one of them has no replicates."""
        has = self.replicates
        if has is None or number not in has.names or not set(scenarios) <= set(has.cells):
            return None
        return {name: has.of(name, number) for name in scenarios}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides, on the same frames and under the same resamples."""

    a: Side
    b: Side

    @property
    def level(self) -> float | None:
        """Of intervals: the higher of the two sides'; None where one of them has no replicates."""
        levels = [side.scores.scoring.level for side in (self.a, self.b) if side.replicates is not None]
        known = [level for level in levels if level is not None]
        return max(known) if len(known) == 2 else None

    @property
    def alpha(self) -> float | None:
        """p-values from here down show a difference."""
        return None if self.level is None else round(1 - self.level, 9)

    @property
    def scenarios(self) -> list[str]:
        """Those that both have, in A's order."""
        return _shared(self.a.scores, self.b.scores)

    @property
    def weather_seeds(self) -> list[int]:
        """Of either side; empty where one of them tells none, or clear is all they have in common."""
        infos = [side.scores.weather for side in (self.a, self.b)]
        known = [info.seed for info in infos if info is not None and set(info.sha256) & set(self.scenarios)]
        return known if len(known) == 2 else []

    def sequences(self, number: str) -> float:
        """How many of equal size would carry as much as those that a number rests on."""
        has = self.a.replicates
        return 0.0 if has is None or number not in has.names else float(has.sequences[has.names.index(number)])

    def judge(self, number: str, a: Floats, b: Floats, resampled: tuple[Floats, Floats] | None) -> dict[str, Any]:
        """The fields of a `Difference` from both values and, (R,) each, both resampled."""
        fields = {"number": number, "a": or_none(a), "b": or_none(b), "difference": or_none(b - a)}
        if self.level is None or resampled is None or fields["difference"] is None:
            return fields | {"interval": None, "p": None}
        differences, sequences = resampled[1] - resampled[0], self.sequences(number)
        interval = expanded_interval(differences, sequences, self.level)
        return fields | {"interval": interval, "p": p_value(differences, sequences)}


def read_pair(run_a: Path, run_b: Path) -> Pair:
    """Read two run folders.

    Raises:
        DataError: one holds no sound scores; the frames, the weather of a scenario or the resamples differ; no
            scenario is in both.
    """
    pair = Pair(_read(run_a), _read(run_b))
    where = f"{run_a} and {run_b}"
    for what, of_a, of_b, remedy in _must_agree(pair.a.scores, pair.b.scores):
        if of_a != of_b:
            raise DataError(f"cannot be paired, as {what} differ: {of_a} and {of_b}", where=where, remedy=remedy)
    _demand_equal_weather(pair, where)
    if not pair.scenarios:
        raise DataError("have no scenario in common", where=where, remedy="benchmark both under the same --scenarios")
    return pair


def _read(run: Path) -> Side:
    scores = read_scores(run)
    path = run / REPLICATES_NAME
    if not scores.scoring.replicates or not path.exists():
        return Side(run, scores, None)
    replicates = read_replicates(run)
    count = replicates.values.shape[2]
    if count != scores.scoring.replicates:
        what = f"holds {count} replicates, but scores.json tells of {scores.scoring.replicates}"
        raise DataError(what, where=path, remedy="score the run again")
    return Side(run, scores, replicates)


def _must_agree(a: Scores, b: Scores) -> Iterator[tuple[str, object, object, str]]:
    """What must be equal: its name, what it is on either side, and how to make it equal."""
    if a.dataset.sha256 != b.dataset.sha256:
        yield "frames", _frames(a.dataset), _frames(b.dataset), _FRAMES_REMEDY
    yield "frames left out", left_out_names(a), left_out_names(b), _LEFT_OUT_REMEDY
    for name in _shared(a, b):
        yield f"the frames of {name}", a.cell(name).images, b.cell(name).images, _FRAMES_REMEDY
    yield "the contrasts below which ships are ignored", a.scoring.ignore_below, b.scoring.ignore_below, _IGNORE_REMEDY
    yield "sequences", a.scoring.sequences, b.scoring.sequences, _SEQUENCES_REMEDY
    if a.scoring.replicates and b.scoring.replicates:
        yield "seeds", a.scoring.seed, b.scoring.seed, _RESAMPLES_REMEDY
        yield "replicates", a.scoring.replicates, b.scoring.replicates, _RESAMPLES_REMEDY


def _demand_equal_weather(pair: Pair, where: str) -> None:
    """Refuse a scenario that is other weather, or in which other ships are ignored."""
    for _, what in weather_differences(pair.a.scores, pair.b.scores):
        raise DataError(f"cannot be paired, as {what}", where=where, remedy=_WEATHER_REMEDY)
    for name in pair.scenarios:
        ships = [_ships(side.scores.cell(name)) for side in (pair.a, pair.b)]
        if ships[0] != ships[1]:
            what = f"cannot be paired, as the ships of {name} differ: {ships[0]} and {ships[1]}"
            raise DataError(what, where=where, remedy=_SHIPS_REMEDY)


def _ships(cell: CellScores) -> str:
    counts = cell.ships
    by_size = f"{counts.small} small, {counts.medium} medium, {counts.large} large"
    return f"{counts.all} ({by_size}; {cell.ships_ignored} ignored)"


def _frames(dataset: DatasetInfo) -> str:
    sha256 = dataset.sha256[:_HASH_DIGITS]
    return f"'{dataset.name}' ({dataset.split}, {dataset.images} frames, sha256 {sha256}…)"


def left_out_names(scores: Scores) -> str:
    """The names of frames that were skipped; their folders may differ from machine to machine."""
    return ", ".join(sorted(PurePath(reason.partition(": ")[0]).name for reason in scores.skipped)) or "none"


def _shared(a: Scores, b: Scores) -> list[str]:
    of_b = {cell.name for cell in b.cells}
    return [cell.name for cell in a.cells if cell.name in of_b]
