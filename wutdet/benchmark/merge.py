"""Put the parts of a run, computed in folders of their own, into one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wutdet.benchmark.plan import PLAN_NAME, claim_folder, read_plan, shards
from wutdet.benchmark.store import Store
from wutdet.errors import ConfigError, DataError


def merge_runs(runs: Sequence[str | Path], out: str | Path) -> tuple[int, int]:
    """Copy the recorded shards of runs with one plan into a run folder.

    The benchmark command, given with this folder as `--out`, then finds all recorded, and only scores.

    Args:
        runs: run folders, or parts of runs.
        out: a new folder, or one of the same plan.

    Returns:
        How many shards it has now, and how many the run has.

    Raises:
        DataError: a folder is no run, a shard is damaged, or two runs recorded one shard differently.
        ConfigError: no run is given, or their plans differ; the message names in what.
    """
    if not runs:
        raise ConfigError("no run is given", where="merge", remedy="name the folders of the parts")
    folder = Path(out)
    plan = read_plan(Path(runs[0]))
    for run in map(Path, runs):
        read_plan(run)
        if (run / PLAN_NAME).read_bytes() != (Path(runs[0]) / PLAN_NAME).read_bytes():
            claim_folder(run, plan)  # says what differs
    claim_folder(folder, plan)
    target = Store(folder)
    count = len(list(shards(plan.dataset.images, plan.shard_frames)))
    for run in map(Path, runs):
        source = Store(run)
        for number in range(count):
            if source.has(number):
                _take(source, target, number, run)
    return sum(target.has(number) for number in range(count)), count


def _take(source: Store, target: Store, number: int, run: Path) -> None:
    frames = source.read(number)
    if not target.has(number):
        target.write(number, frames)
    elif target.read(number) != frames:
        raise DataError(
            f"shard {number} differs from the same shard of another run",
            where=run,
            remedy="the detector is not deterministic, or a file was changed: leave one of the runs out",
        )
