"""Verbs about detectors: train, benchmark."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wutdet.cli.completion import complete_baselines, complete_scenarios
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
    only_whole_frames,
    open_dataset,
    parse_classes,
)
from wutdet.cli.output import counted, note, print_json, print_run, print_table, progress_of, resuming, warn
from wutdet.cli.places import check_detector, check_out, check_writable
from wutdet.cli.tiles import TileBand, TileImgsz, TileOverlap, TilePx, Tiles, TilesChoice, TileSkipBelow, parse_tiles
from wutdet.cli.weather import (
    AmbientWords,
    CameraFile,
    CameraHeightM,
    HfovDeg,
    SeveritiesFile,
    open_cameras,
    open_severities,
    read_scenarios,
)
from wutdet.errors import ConfigError, DataError


def train(
    baseline: Annotated[
        str,
        typer.Argument(
            metavar="BASELINE",
            help="A name in configs/baselines, or a YAML file.",
            autocompletion=complete_baselines,
        ),
    ],
    data: Data,
    out: Annotated[Path, typer.Option("--out", help="The training's folder; a killed training continues.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="epochs=5 imgsz=960 and ultralytics' own.")
    ] = None,
    weights: Annotated[Path | None, typer.Option("--weights", help="A .pt file to start from.")] = None,
    images: Images = None,
    splits: Splits = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    device: Device = "cpu",
    threads: Threads = None,
    trust_weights: TrustWeights = False,
    as_json: AsJson = False,
) -> None:
    """Train a baseline on the split `train`."""
    from wutdet.cli.training_progress import train_with_progress
    from wutdet.training import load_baseline, parse_overrides
    from wutdet.training.plan import PLAN_NAME
    from wutdet.training.start_weights import with_weights

    refusal = DataError("exists and is not empty", where=out, remedy="choose another --out or delete it")
    check_out(out, PLAN_NAME, refusal)
    config = with_weights(load_baseline(baseline), weights)
    overrides = parse_overrides(settings or [])
    dataset = open_dataset(data, images=images, splits=splits, origin=voc_origin, classes=classes, on_error=on_error)
    dataset = only_whole_frames(dataset, on_error)
    run = train_with_progress(
        config,
        dataset,
        out=out,
        device=device,
        threads=threads,
        trust_weights=trust_weights,
        on_error=on_error.value,
        overrides=overrides,
    )
    if as_json:
        print_json(run)
        return
    print(run.weights)


def benchmark(
    data: Data,
    detector: Annotated[str, typer.Option("--detector", help="Weights, or pkg.module:factory.")],
    out: Annotated[Path, typer.Option("--out", help="The run folder; an unfinished run continues.")],
    scenarios: Annotated[
        str,
        typer.Option(
            "--scenarios",
            help="Such as clear,fog:1-5,rain:3,fog:2+lowlight:3.",
            autocompletion=complete_scenarios,
        ),
    ] = ("clear,fog:1-5,glare:1-5,rain:1-5,lowlight:1-5"),
    split: Annotated[str | None, typer.Option("--split", help="Default: test, else val, else all.")] = None,
    imgsz: Annotated[int | None, typer.Option("--imgsz", min=32, help="Network input, longer side in px.")] = None,
    tiles: Tiles = TilesChoice.none,
    tile_px: TilePx = 640,
    tile_imgsz: TileImgsz = None,
    tile_overlap: TileOverlap = 0.2,
    tile_band: TileBand = "0.05,0.2",
    tile_skip_below: TileSkipBelow = None,
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
    seed: Annotated[int, typer.Option("--seed", help="Of the weather.")] = 0,
    interval: Annotated[float, typer.Option("--interval", min=0, max=0.999, help="Level; 0: no intervals.")] = 0.95,
    replicates: Annotated[int, typer.Option("--replicates", min=1, help="Resamples of the sequences.")] = 1000,
    ignore_below: Annotated[
        float | None,
        typer.Option(
            "--ignore-below", help="Ignore ships with less contrast left, such as 0.005; scored anew at once."
        ),
    ] = None,
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
    """Score a detector under every scenario."""
    import shlex

    from wutdet.benchmark.plan import PLAN_NAME
    from wutdet.benchmark.run import benchmark as measure
    from wutdet.detectors import InferenceProtocol
    from wutdet.report import rich_cost, write_report
    from wutdet.scenarios import CLEAR, parse_ambient
    from wutdet.scoring.measure import Settings

    refusal = ConfigError("exists and is no benchmark run", where=out, remedy="choose another --out")
    check_out(out, PLAN_NAME, refusal)
    check_writable(out)
    check_detector(detector, trust_weights=trust_weights)
    own = open_severities(severities)
    count = len({*read_scenarios(scenarios, own), CLEAR})
    circumstances = parse_ambient(ambient or [])
    execution = parse_execution(engine, shard, render_threads, address, detectors, gpus_per_detector)
    scoring = Settings(level=interval or None, replicates=replicates, ignore_below=ignore_below)
    looked_at = parse_tiles(tiles, tile_px, tile_imgsz, tile_overlap, tile_band, tile_skip_below)
    dataset = open_dataset(
        data,
        images=images,
        splits=splits,
        sidecar=sidecar,
        origin=voc_origin,
        classes=classes,
        on_error=on_error,
    )
    chosen = dataset.test_split() if split is None else dataset.split(split)
    eyes = open_cameras(camera, camera_height_m, hfov_deg, dataset.images["camera"], dataset.name)
    note(f"benchmarking the split '{chosen.split_name}': {counted(len(chosen), 'frame')}")
    with progress_of({"frames": len(chosen), "scoring": count}) as (advance, advance_scoring):
        run = measure(
            detector,
            chosen,
            out=out,
            scenarios=scenarios,
            protocol=InferenceProtocol(imgsz=imgsz, tiles=looked_at),
            classes=parse_classes(classes),
            cameras=eyes,
            ambient=circumstances,
            severities=own,
            device=device,
            threads=threads,
            trust_weights=trust_weights,
            seed=seed,
            on_error=on_error.value,
            command=shlex.join(["wutdet", *sys.argv[1:]]),
            scoring=scoring,
            execution=execution,
            advance=resuming(advance, len(chosen)),
            advance_scoring=advance_scoring,
        )
    if run.found is None:
        note(f"{run.shards_done} of {run.shards} shards are recorded; scores follow when all are")
        print(run.out)
        return
    for reason in run.scores.skipped:
        warn(f"left out: {reason}")
    note(f"report: {write_report(run.out)}")
    if as_json:
        print_json(run.scores)
        return
    print_run(run.scores)
    cost = rich_cost(run.out, run.scores.detector)
    if cost is not None:
        print_table(cost)
