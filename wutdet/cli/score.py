"""Verbs about scores: score, compare."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wutdet.cli.no_effect import refuse_options
from wutdet.cli.options import (
    AsJson,
    Classes,
    Data,
    Images,
    OnError,
    OnErrorChoice,
    Origin,
    OriginChoice,
    Sidecar,
    Splits,
    open_dataset,
)
from wutdet.cli.output import note, print_json, print_table, warn, working
from wutdet.cli.score_copies import score_all_copies
from wutdet.cli.score_run import score_run
from wutdet.cli.weather import SeveritiesFile, open_severities

if TYPE_CHECKING:
    from wutdet.dataset import Dataset
    from wutdet.scoring import KnownImages

SCHEMA_NOTE = "annotations/scores.schema.json is the JSON Schema of scores.json; --json prints its CellScores."
"""At the end of `score --help`."""


class EvaluatorChoice(enum.StrEnum):
    """Who computes the twelve COCO numbers."""

    columnar = "columnar"
    pycocotools = "pycocotools"


def score(
    data: Data,
    detections: Annotated[
        Path,
        typer.Argument(
            metavar="DETECTIONS",
            help="A COCO results file; a run that goes on; of copies of wutdet render a folder with a file a scenario.",
        ),
    ],
    split: Annotated[str | None, typer.Option("--split", help="test, else val, else everything.")] = None,
    slices: Annotated[
        str | None,
        typer.Option("--slices", help="Columns such as scene,camera; default: scene, condition, camera that differ."),
    ] = None,
    interval: Annotated[float, typer.Option("--interval", help="Level of the intervals; 0: none, quick.")] = 0.95,
    replicates: Annotated[int, typer.Option("--replicates", min=1, help="Resamples of the sequences.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resamples; the same for runs to compare.")] = 0,
    sizes: Annotated[Path | None, typer.Option("--sizes", help="YAML of size bins: edges_px: [8, 16, 32, 96].")] = None,
    imgsz: Annotated[
        int | None, typer.Option("--imgsz", min=1, help="Network input, longer side in px: adds sizes at its scale.")
    ] = None,
    evaluator: Annotated[
        EvaluatorChoice, typer.Option("--evaluator", help="Who computes COCO's twelve numbers.")
    ] = EvaluatorChoice.columnar,
    category: Annotated[int | None, typer.Option("--category", help="category_id of ships in DETECTIONS.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The detector's; default: DETECTIONS' stem.")] = None,
    ignore_below: Annotated[
        float | None, typer.Option("--ignore-below", help="Ignore ships with less contrast left, such as 0.005.")
    ] = None,
    severities: SeveritiesFile = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A new folder for scores.json and replicates.npz, for compare.")
    ] = None,
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    as_json: AsJson = False,
) -> None:
    """Score the detections of any detector.

    Labels are enough, no image is read.
    """
    from wutdet.benchmark.scoring import slice_columns
    from wutdet.report.score_tables import score_tables
    from wutdet.scoring import evaluate, read_results
    from wutdet.scoring.measure import Settings
    from wutdet.sizes import default_edges_px, read_edges_px

    edges_px = default_edges_px() if sizes is None else read_edges_px(sizes)
    settings = Settings(
        level=interval or None,
        replicates=replicates,
        seed=seed,
        edges_px=edges_px,
        imgsz=imgsz,
        evaluator=evaluator.value,
        ignore_below=ignore_below,
        severities=open_severities(severities),
    )
    if _holds_copies(data):
        refuse_options(
            "rendered copies, whose labels say it all",
            {
                "--slices": slices,
                "--images": images,
                "--splits": splits,
                "--sidecar": sidecar,
                "--voc-origin": None if voc_origin is OriginChoice.auto else voc_origin,
                "--classes": classes,
                "--on-error": None if on_error is OnErrorChoice.stop else on_error,
            },
        )
        score_all_copies(
            data, detections, settings, split=split, name=name, category=category, out=out, as_json=as_json
        )
        return
    if detections.is_dir():
        of_plan = {"--split": split, "--slices": slices, "--category": category, "--name": name, "--out": out}
        refuse_options("a run, whose plan says it; nothing is written", {**of_plan, "--severities": severities})
    else:
        refuse_options("one results file, without weather", {"--severities": severities})
    dataset = open_dataset(
        data,
        images=images,
        splits=splits,
        sidecar=sidecar,
        origin=voc_origin,
        classes=classes,
        on_error=on_error,
    )
    if detections.is_dir():
        score_run(detections, dataset, settings, as_json=as_json)
        return
    chosen = dataset.test_split() if split is None else dataset.split(split)
    note(f"scoring the split '{chosen.split_name}': {len(chosen)} frames")
    with working("reading detections"):
        results = read_results(
            detections, _known(chosen), elsewhere=_known(_others(dataset, chosen)), category=category
        )
    for line in results.notes:
        warn(line)
    with working("scoring"):
        scores = evaluate(
            chosen,
            results.found,
            slices=slice_columns(chosen) if slices is None else _words(slices),
            interval=interval or None,
            replicates=replicates,
            seed=seed,
            edges_px=edges_px,
            imgsz=imgsz,
            evaluator=evaluator.value,
            ignore_below=ignore_below,
            detector=detections.stem if name is None else name,
            out=out,
        )
    if as_json:
        print_json(scores.cells[0])
    else:
        print_table(score_tables(scores))


def _holds_copies(data: Path) -> bool:
    from wutdet.benchmark.copies import is_copies

    return is_copies(data)


def compare(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="A folder of benchmark, or of score --out.")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="Another, on the same frames.")],
    numbers: Annotated[
        str | None, typer.Option("--numbers", help="Such as AP,bins.<8.AP50,recall@fppi=0.1,iou=0.3.")
    ] = None,
    max_drop: Annotated[
        list[str] | None,
        typer.Option(
            "--max-drop",
            metavar="NUMBER@SCENARIO=DROP",
            help="Exit 1 if B is worse than A by more, such as AP_small@fog:3=0.02; without @SCENARIO: clear.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two runs on the same frames.

    With paired intervals and p-values.
    """
    from wutdet.report.compare_table import compare_table
    from wutdet.scoring.compare import DEFAULT_NUMBERS, compare_runs
    from wutdet.scoring.drops import parse_max_drops
    from wutdet.scoring.number_names import parse_numbers

    comparison = compare_runs(
        run_a,
        run_b,
        numbers=DEFAULT_NUMBERS if numbers is None else parse_numbers(numbers),
        max_drops=parse_max_drops(max_drop or []),
    )
    for line in comparison.notes:
        warn(line)
    if as_json:
        print_json(comparison)
    else:
        print_table(compare_table(comparison))
    if not comparison.kept:
        raise typer.Exit(1)


def _known(dataset: Dataset) -> KnownImages:
    from wutdet.scoring import KnownImages

    return KnownImages(dataset.images["image_id"].to_numpy(), dataset.images["file_name"].to_list())


def _others(dataset: Dataset, chosen: Dataset) -> Dataset:
    """The frames that are not chosen."""
    import polars as pl

    return dataset.filter(~pl.col("image_id").is_in(chosen.images["image_id"].to_list()))


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]
