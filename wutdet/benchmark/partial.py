"""Scores of what a run has recorded so far: no detector, no image, nothing written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from wutdet.benchmark.columns import RecordedShards
from wutdet.benchmark.plan import Plan, read_plan, shards
from wutdet.benchmark.scoring import score_frames
from wutdet.benchmark.store import Store
from wutdet.dataset import Dataset
from wutdet.errors import ConfigError, DataError
from wutdet.scenarios import all_severities
from wutdet.scoring.measure import Settings
from wutdet.scoring.scores import Scores


@dataclass(frozen=True, slots=True)
class Partial:
    """The scores of the recorded shards, and how many of all these are."""

    scores: Scores
    shards_done: int
    shards: int


def score_recorded(run: str | Path, dataset: Dataset, settings: Settings | None = None) -> Partial:
    """Score the frames that a run has recorded, also while it goes on.

    Of a run that is not finished these are the scores of its first frames, by name: not a sample of all.

    Args:
        run: the folder of a benchmark.
        dataset: what is benchmarked; the plan's split of it is taken.
        settings: bins, intervals, ignored ships; its severities are the known ones.

    Raises:
        DataError: the folder is no run, has no shard, or is of other frames.
        ConfigError: the run was made with severities of its own.
    """
    folder = Path(run)
    plan = read_plan(folder)
    chosen = dataset.split(plan.dataset.split)
    if chosen.sha256 != plan.dataset.sha256:
        raise DataError("is a run of other frames or labels", where=folder, remedy="give the data of the benchmark")
    _check_severities(folder, plan)
    store, count = Store(folder), len(list(shards(len(chosen), plan.shard_frames)))
    there = [number for number in range(count) if store.has(number)]
    if not there:
        raise DataError("has no shard yet", where=folder, remedy="wait for the first")
    recorded = RecordedShards(store, there, len(plan.scenarios))
    scored = score_frames(plan, chosen, recorded, replace(settings or Settings(), severities=all_severities()))
    return Partial(scored.scores, len(there), count)


def _check_severities(run: Path, plan: Plan) -> None:
    known = all_severities().kinds
    for kind, info in plan.severities.items():
        row = known.get(kind)
        for severity, value in info.values.items():
            if (
                row is None
                or not 1 <= int(severity) <= len(row.severities)
                or row.severities[int(severity) - 1] != value
            ):
                remedy = "give the benchmark command again: it scores when all is recorded"
                raise ConfigError(f"has severities of its own ({kind}:{severity})", where=run, remedy=remedy)
