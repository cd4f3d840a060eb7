"""Run a matrix: train what is missing, benchmark every detector, seed and split; the same call continues."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.benchmark.execution import Execution
from wutdet.benchmark.matrix_check import check_matrix
from wutdet.benchmark.matrix_plan import MatrixCell, MatrixPlan
from wutdet.benchmark.run import Run, benchmark
from wutdet.dataset import Dataset
from wutdet.dataset.claim import claim
from wutdet.dataset.files import write_aside
from wutdet.dataset.load import OnError
from wutdet.errors import ConfigError, WutdetError
from wutdet.plan_text import PlanSettings, differences_text, plan_differences
from wutdet.scoring.measure import Settings
from wutdet.training import TrainingBusyError, train

MATRIX_NAME: Final = "matrix.json"
Stage = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class MatrixRun:
    """A run of a matrix that is done, or that has shards left to other jobs."""

    cell: MatrixCell
    run: Run


def run_matrix(
    plan: MatrixPlan,
    dataset: Dataset,
    out: str | Path,
    *,
    device: str = "cpu",
    threads: int | None = None,
    trust_weights: bool = False,
    on_error: OnError = "stop",
    scoring: Settings | None = None,
    execution: Execution | None = None,
    stage: Stage | None = None,
    failed: Callable[[MatrixCell, WutdetError], None] | None = None,
    **options: Any,
) -> list[MatrixRun]:
    """Train and benchmark everything the plan names.

    `OUT/models/NAME-seedS` holds a training, `OUT/runs/NAME-seedS-SPLIT` a run; what is finished is not done again.
    The plan may be changed between calls: what it names no longer stays in `OUT`, and is in no table. Jobs that share
    the runs (`Execution.part`) wait for a training that one of them makes, and take its weights.

    Args:
        plan: what to run.
        dataset: with the split `train` where something is trained, and the plan's splits.
        out: a new folder, or one of the same data.
        device: of training and inference.
        threads: torch threads on the CPU.
        trust_weights: load a `.pt` file although it names code that no detector needs.
        on_error: `stop` raises at the first bad frame; `skip` leaves it out.
        scoring: of every run.
        execution: of every run.
        stage: opens a progress bar: a title and a total in, what to call with the steps done out.
        failed: called with a run that cannot be done and why, before the others go on; by default that is raised.
        **options: of `wutdet.benchmark`, such as cameras and severities.

    Raises:
        WutdetError: an argument or what the plan names is wrong, `out` is of other data, or a split is missing.
    """
    folder = Path(out)
    splits = {name: dataset.split(name) for name in plan.splits}
    check_matrix(plan, splits.values(), trust_weights=trust_weights, **options)
    _claim(folder, plan, dataset)
    opened = stage or (lambda _title, _total: nullcontext(lambda _steps: None))
    shared = execution is not None and execution.part != (1, 1)
    models = _Models(dataset, folder / "models", device, threads, trust_weights, on_error, opened, shared)
    done = []
    for cell in plan.cells():
        try:
            spec = cell.detector.detector or models.weights(cell)
            with opened(cell.run, len(splits[cell.split])) as advance:
                run = benchmark(
                    spec,
                    splits[cell.split],
                    out=folder / "runs" / cell.run,
                    scenarios=plan.scenarios,
                    protocol=cell.detector.protocol,
                    classes=cell.detector.classes or None,
                    device=device,
                    threads=threads,
                    trust_weights=trust_weights,
                    seed=plan.seed,
                    on_error=on_error,
                    scoring=scoring,
                    execution=execution,
                    advance=advance,
                    **options,
                )
            done.append(MatrixRun(cell, run))
        except WutdetError as error:
            if failed is None:
                raise
            failed(cell, error)
    return done


@dataclass(frozen=True, slots=True)
class _Models:
    """The trainings of a matrix, each made or continued when its weights are first asked for."""

    dataset: Dataset
    folder: Path
    device: str
    threads: int | None
    trust_weights: bool
    on_error: OnError
    stage: Stage
    shared: bool
    """Whether other jobs may be at the same trainings."""
    known: dict[str, str | WutdetError] = field(default_factory=dict)

    def weights(self, cell: MatrixCell) -> str:
        """The weights of a cell's training.

        Raises:
            WutdetError: it failed, now or for an earlier cell.
        """
        if cell.model not in self.known:
            try:
                self.known[cell.model] = self._trained_by_any(cell)
            except WutdetError as error:
                self.known[cell.model] = error
        found = self.known[cell.model]
        if isinstance(found, WutdetError):
            raise found
        return found

    def _trained_by_any(self, cell: MatrixCell) -> str:
        try:
            return self._trained(cell, f"training {cell.model}", wait=False)
        except TrainingBusyError:
            if not self.shared:
                raise
        return self._trained(cell, f"another job is training {cell.model}", wait=True)

    def _trained(self, cell: MatrixCell, title: str, *, wait: bool) -> str:
        one = cell.detector
        with self.stage(title, 0) as advance:
            run = train(
                one.baseline or "",
                self.dataset,
                out=self.folder / cell.model,
                weights=one.weights,
                device=self.device,
                threads=self.threads,
                trust_weights=self.trust_weights,
                on_error=self.on_error,
                wait_if_busy=wait,
                on_epoch=lambda _epoch: advance(1),
                seed=cell.seed,
                **one.settings,
            )
        return str(run.weights)


def _claim(out: Path, plan: MatrixPlan, dataset: Dataset) -> None:
    """Take the folder for these data, and note the plan: each training and each run checks its own part of it.

    Raises:
        ConfigError: it holds a matrix of other data, or something else.
    """
    facts = {"plan": msgspec.to_builtins(plan), "dataset": dataset.name, "sha256": dataset.sha256}
    encoded = msgspec.json.format(msgspec.json.encode(facts, order="deterministic"), indent=2) + b"\n"
    path = out / MATRIX_NAME
    stored = claim(path, encoded, ConfigError("exists and is no matrix", where=out, remedy="choose another --out"))
    if stored is None or stored == encoded:
        return
    if differing := plan_differences(stored, encoded, _all_but_the_data):
        told = differences_text(differing)
        raise ConfigError(f"holds a matrix of other data ({told})", where=out, remedy="choose another --out")
    write_aside(path, encoded)


def _all_but_the_data(there: PlanSettings, here: PlanSettings) -> Collection[str]:
    return (there.keys() | here.keys()) - {"sha256"}
