"""Run a matrix: train what is missing, benchmark every detector, seed and split; the same call continues."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from wutdet.benchmark.execution import Execution
from wutdet.benchmark.matrix_plan import MatrixCell, MatrixPlan
from wutdet.benchmark.run import Run, benchmark
from wutdet.dataset import Dataset
from wutdet.dataset.files import write_aside
from wutdet.dataset.load import OnError
from wutdet.errors import ConfigError
from wutdet.plan_text import differences_text, plan_differences
from wutdet.scoring.measure import Settings
from wutdet.training import train

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
    **options: Any,
) -> list[MatrixRun]:
    """Train and benchmark everything the plan names.

    `OUT/models/NAME-seedS` holds a training, `OUT/runs/NAME-seedS-SPLIT` a run; what is finished is not done again.

    Args:
        plan: what to run.
        dataset: with the split `train` where something is trained, and the plan's splits.
        out: a new folder, or one of the same plan and data.
        device: of training and inference.
        threads: torch threads on the CPU.
        trust_weights: load a `.pt` file although it names code that no detector needs.
        on_error: `stop` raises at the first bad frame; `skip` leaves it out.
        scoring: of every run.
        execution: of every run.
        stage: opens a progress bar: a title and a total in, what to call with the steps done out.
        **options: of `wutdet.benchmark`, such as cameras and severities.

    Raises:
        WutdetError: an argument is wrong, `out` is of another plan, or a split is missing.
    """
    folder = Path(out)
    splits = {name: dataset.split(name) for name in plan.splits}
    _claim(folder, plan, dataset)
    opened = stage or (lambda _title, _total: nullcontext(lambda _steps: None))
    done = []
    for cell in plan.cells():
        spec = cell.detector.detector or _trained(
            cell, dataset, folder, device, threads, trust_weights, on_error, opened
        )
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
    return done


def _trained(
    cell: MatrixCell,
    dataset: Dataset,
    out: Path,
    device: str,
    threads: int | None,
    trust_weights: bool,
    on_error: OnError,
    stage: Stage,
) -> str:
    """The weights of a cell's training, which is made or continued where it has to be."""
    one = cell.detector
    with stage(f"training {cell.model}", 0) as advance:
        run = train(
            one.baseline or "",
            dataset,
            out=out / "models" / cell.model,
            weights=one.weights,
            device=device,
            threads=threads,
            trust_weights=trust_weights,
            on_error=on_error,
            on_epoch=lambda _epoch: advance(1),
            **{**one.settings, "seed": cell.seed},
        )
    return str(run.weights)


def _claim(out: Path, plan: MatrixPlan, dataset: Dataset) -> None:
    """Take the folder for this plan and these data.

    Raises:
        ConfigError: it holds another matrix, or something else.
    """
    facts = {"plan": msgspec.to_builtins(plan), "dataset": dataset.name, "sha256": dataset.sha256}
    encoded = msgspec.json.format(msgspec.json.encode(facts, order="deterministic"), indent=2) + b"\n"
    path = out / MATRIX_NAME
    if path.is_file():
        if differing := plan_differences(path.read_bytes(), encoded):
            told = differences_text(differing)
            raise ConfigError(f"holds a matrix of another plan ({told})", where=out, remedy="choose another --out")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError("exists and is no matrix", where=out, remedy="choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    write_aside(path, encoded)
