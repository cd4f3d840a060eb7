"""The leaderboard: recorded baselines read from their scores, several runs of one summarised, ranked by any number.

A baseline is a folder with `scores.json`, or with one in each of its folders `seed-…`, which are its runs. Only what
was measured on the same frames in the same weather stands in one table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.benchmark.cost import Cost
from wutdet.benchmark.record import read_cost, read_manifest
from wutdet.detectors import InferenceProtocol
from wutdet.errors import DataError
from wutdet.report.leaderboard_numbers import OF_ALL_WEATHER, Spot, Spread, known_spots, parse_spot, spread
from wutdet.report.leaderboard_published import Published, read_published
from wutdet.scoring.pairing import left_out_names
from wutdet.scoring.same_weather import weather_differences
from wutdet.scoring.scores import SCORES_NAME, DatasetInfo, Scores, Ships, read_scores

DEFAULT_SORT: Final = "AP_small"
_SEEDS: Final = "seed-*"
_NUMBERS: Final = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")
_KEPT: Final = ("AP", "AP_small")  # whose means over all weather are told


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One baseline."""

    baseline: str
    runs: list[str]
    """Folders of its runs, relative to its own: `.` or `seed-1`, …; their number is the n of every spread."""
    parameters: int | None
    gflops: float | None
    protocol: InferenceProtocol | None
    weights_sha256: list[str | None]
    numbers: dict[str, Spread]
    """By name, such as `AP_small@fog:3`."""
    cost: Cost | None
    """Of the first run that has measured it."""
    measured_on: str | None
    """The machine of that run: its processor or accelerator and the threads."""


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """The baselines that were measured on the same frames, best first."""

    dataset: DatasetInfo
    ships: Ships
    ignore_below: float | None
    rows: list[Row]


class Leaderboard(msgspec.Struct, frozen=True, kw_only=True):
    """All recorded baselines, and what others published."""

    schema: str = "wutdet-leaderboard-1"
    sort: str
    rankings: list[Ranking]
    published: list[Published]
    """Never ranked with the others: other data, other settings."""


def read_leaderboard(folder: Path, sort: str = DEFAULT_SORT) -> Leaderboard:
    """Read and rank the baselines of a folder.

    Args:
        folder: holds a folder a baseline, and `published.yaml` where there are published numbers.
        sort: such as `AP_small@fog:3`, `rPC.AP_small`; a higher one is better, but for errors and false alarms.

    Raises:
        ConfigError: no baseline has such a number.
        DataError: there is no baseline, its files do not fit each other, or runs of one differ in their frames.
    """
    baselines = {path.name: _read_runs(path) for path in _folders(folder)}
    everything = [scores for runs in baselines.values() for scores in runs.values()]
    spot = parse_spot(sort, everything)
    groups: dict[tuple[Any, ...], dict[str, dict[str, Scores]]] = {}
    for name, runs in baselines.items():
        frames = {_frames(scores) for scores in runs.values()}
        if len(frames) > 1:
            remedy = "give each its own baseline folder"
            raise DataError("its runs were measured on different frames", where=folder / name, remedy=remedy)
        if len({msgspec.json.encode(_network(scores)) for scores in runs.values()}) > 1:
            remedy = "give each its own baseline folder"
            raise DataError("its runs are of different networks or input sizes", where=folder / name, remedy=remedy)
        groups.setdefault(frames.pop(), {})[name] = runs
    return Leaderboard(
        sort=str(spot),
        rankings=[_ranking(folder, group, spot) for _, group in sorted(groups.items(), key=lambda item: str(item[0]))],
        published=read_published(folder),
    )


def _folders(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    found = [path for path in found if not path.name.startswith((".", "_"))]
    if not found:
        raise DataError("no baselines here", where=folder, remedy="give a folder with one folder a baseline")
    return found


def _read_runs(folder: Path) -> dict[str, Scores]:
    """The scores of every run of a baseline, by its folder.

    Raises:
        DataError: there are none, or scores and manifest are of different weights.
    """
    places = [folder, *sorted(folder.glob(_SEEDS), key=_number)]
    runs = {str(path.relative_to(folder)): path for path in places if (path / SCORES_NAME).is_file()}
    if not runs:
        raise DataError(f"no {SCORES_NAME} here", where=folder, remedy="copy that of a benchmark, or of one a seed-N")
    return {name: _checked(path, read_scores(path)) for name, path in runs.items()}


def _number(path: Path) -> tuple[int, str]:
    digits = path.name.rpartition("-")[2]
    return (int(digits) if digits.isdecimal() else -1, path.name)


def _checked(folder: Path, scores: Scores) -> Scores:
    """The scores, when the manifest beside them, a benchmark's or a training's, is of the same weights."""
    manifest = read_manifest(folder) or {}
    named = _at(manifest, "plan", "detector", "weights_sha256") or manifest.get("weights_sha256")
    if named and scores.detector.weights_sha256 and named != scores.detector.weights_sha256:
        raise DataError("manifest and scores are of different weights", where=folder, remedy="copy both from one run")
    return scores


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _frames(scores: Scores) -> tuple[Any, ...]:
    """What must be equal for numbers to be comparable: the frames, those left out, and which ships count."""
    data = scores.dataset
    return data.name, data.split, data.sha256, left_out_names(scores), scores.scoring.ignore_below


def _network(scores: Scores) -> tuple[Any, ...]:
    """What runs of one baseline share, whatever their seeds."""
    detector = scores.detector
    return detector.parameters, detector.gflops, detector.protocol


def _ranking(folder: Path, group: Mapping[str, Mapping[str, Scores]], sort: Spot) -> Ranking:
    everything = {folder / name / run: scores for name, runs in group.items() for run, scores in runs.items()}
    _demand_same_weather(everything)
    first = next(iter(everything.values()))
    over_all = [Spot(f"{kind}.{metric}", "weather") for kind in OF_ALL_WEATHER for metric in _KEPT]
    spots = dict.fromkeys([sort, *known_spots(everything.values(), _NUMBERS), *over_all])
    rows = [_row(folder / name, runs, spots) for name, runs in group.items()]
    return Ranking(
        dataset=first.dataset,
        ships=first.cells[0].ships,
        ignore_below=first.scoring.ignore_below,
        rows=sorted(rows, key=lambda row: _rank(row, sort)),
    )


def _demand_same_weather(everything: Mapping[Path, Scores]) -> None:
    """Refuse scenarios of one name that are of different strength, or were rendered with another camera or wutdet.

    Raises:
        DataError: there is such a pair.
    """
    for (other, of_other), (place, scores) in combinations(everything.items(), 2):
        for _, what in weather_differences(scores, of_other):
            raise DataError(f"{what} (here and in {other})", where=place, remedy="measure both in the same weather")


def _row(folder: Path, runs: Mapping[str, Scores], spots: Iterable[Spot]) -> Row:
    scores: Sequence[Scores] = list(runs.values())
    detector = scores[0].detector
    costs = {run: cost for run in runs if (cost := read_cost(folder / run)) is not None}
    first = next(iter(costs), None)
    return Row(
        baseline=folder.name,
        runs=list(runs),
        parameters=detector.parameters,
        gflops=detector.gflops,
        protocol=detector.protocol,
        weights_sha256=[item.detector.weights_sha256 for item in scores],
        numbers={str(spot): spread(scores, spot) for spot in spots},
        cost=None if first is None else costs[first],
        measured_on=None if first is None else _machine(read_manifest(folder / first) or {}, runs[first]),
    )


def _machine(manifest: dict[str, Any], scores: Scores) -> str:
    """`Intel(R) Xeon(R) Processor, 2 threads`, as far as the run says it."""
    detector, machine = scores.detector, manifest.get("machine", {})
    if detector.device not in (None, "cpu"):
        return str(detector.device)
    cpu = machine.get("cpu") or machine.get("processor")
    threads = None if detector.threads is None else f"{detector.threads} threads"
    return ", ".join(str(part) for part in (cpu, threads) if part)


def _rank(row: Row, sort: Spot) -> tuple[bool, float, str]:
    """Best first, unknown last, equals by name."""
    mean = row.numbers[str(sort)].mean
    value = 0.0 if mean is None else mean
    return (mean is None, value if sort.less_is_better else -value, row.baseline)
