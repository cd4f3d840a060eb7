"""The verb run: a matrix of detectors, seeds and splits in all weather."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wutdet.cli.completion import complete_plans
from wutdet.cli.execution import (
    Address,
    DetectorCount,
    Engine,
    EngineChoice,
    GpusPerDetector,
    RenderThreads,
    Shard,
    parse_execution,
)
from wutdet.cli.options import (
    AsJson,
    Classes,
    Data,
    Device,
    Images,
    OnError,
    OnErrorChoice,
    Origin,
    OriginChoice,
    Sidecar,
    Splits,
    Threads,
    TrustWeights,
    open_dataset,
)
from wutdet.cli.output import note, print_json, print_table, progress, warn
from wutdet.cli.weather import (
    AmbientWords,
    CameraFile,
    CameraHeightM,
    HfovDeg,
    SeveritiesFile,
    open_cameras,
    open_severities,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wutdet.benchmark.matrix import MatrixRun
    from wutdet.benchmark.matrix_plan import MatrixCell
    from wutdet.errors import WutdetError


def run(
    plan: Annotated[
        str,
        typer.Argument(
            metavar="PLAN",
            help="quick, full, or a YAML file like configs/benchmarks/*.",
            autocompletion=complete_plans,
        ),
    ],
    data: Data,
    out: Annotated[Path, typer.Option("--out", help="A folder for all of it; an unfinished one continues.")],
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    camera: CameraFile = None,
    camera_height_m: CameraHeightM = None,
    hfov_deg: HfovDeg = None,
    ambient: AmbientWords = None,
    severities: SeveritiesFile = None,
    interval: Annotated[float, typer.Option("--interval", min=0, max=0.999, help="Level; 0: no intervals.")] = 0.95,
    replicates: Annotated[int, typer.Option("--replicates", min=1, help="Resamples of the sequences.")] = 1000,
    device: Device = "cpu",
    threads: Threads = None,
    trust_weights: TrustWeights = False,
    engine: Engine = EngineChoice.local,
    shard: Shard = None,
    render_threads: RenderThreads = None,
    address: Address = None,
    detectors: DetectorCount = 1,
    gpus_per_detector: GpusPerDetector = 0.0,
    as_json: AsJson = False,
) -> None:
    """Train what is missing, benchmark all, write one table.

    As text, CSV and LaTeX; detectors and seeds are those of a plan.
    """
    from wutdet.benchmark.matrix import run_matrix
    from wutdet.benchmark.matrix_plan import load_matrix
    from wutdet.scenarios import parse_ambient
    from wutdet.scoring.measure import Settings

    matrix = load_matrix(plan)
    dataset = open_dataset(
        data, images=images, splits=splits, sidecar=sidecar, origin=voc_origin, classes=classes, on_error=on_error
    )
    failures: list[tuple[MatrixCell, WutdetError]] = []
    done = run_matrix(
        matrix,
        dataset,
        out,
        device=device,
        threads=threads,
        trust_weights=trust_weights,
        on_error=on_error.value,
        scoring=Settings(level=interval or None, replicates=replicates),
        execution=parse_execution(engine, shard, render_threads, address, detectors, gpus_per_detector),
        stage=_stage,
        failed=lambda cell, error: failures.append((cell, error)),
        cameras=open_cameras(camera, camera_height_m, hfov_deg, dataset.images["camera"], dataset.name),
        ambient=parse_ambient(ambient or []),
        severities=open_severities(severities),
    )
    _tell(done, out, as_json)
    for cell, error in failures:
        warn(f"wutdet: {cell.run}: {error}")
    if failures:
        raise typer.Exit(2)


def _tell(done: Sequence[MatrixRun], out: Path, as_json: bool) -> None:
    """Write the table of the runs that are finished, and say what the others lack."""
    from wutdet.benchmark.record import read_cost
    from wutdet.dataset.files import write_aside
    from wutdet.report.matrix_table import ScoredRun, csv_text, latex_text, matrix_rows, rich_matrix, rich_matrix_costs

    open_ones = [item for item in done if item.run.found is None]
    for item in open_ones:
        note(f"{item.cell.run}: {item.run.shards_done} of {item.run.shards} shards")
    scored = [
        ScoredRun(item.cell.detector.label, item.cell.seed, item.cell.split, item.run.found, read_cost(item.run.out))
        for item in done
        if item.run.found is not None
    ]
    if not scored:
        print(out)
        return
    rows = matrix_rows(scored)
    for name, text in (("table.csv", csv_text(scored)), ("table.tex", latex_text(rows))):
        write_aside(out / name, text.encode())
        note(f"wrote {out / name}")
    if as_json:
        print_json(rows)
        return
    print_table(rich_matrix(rows))
    costs = rich_matrix_costs(scored)
    if costs is not None:
        print_table(costs)


def _stage(title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
    return progress(title, total)
