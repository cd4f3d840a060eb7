"""Verbs that open something to look at, and bring back what was mended there: browse, import-labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    parse_classes,
)
from wutdet.cli.output import counted, note, print_json, progress, warn
from wutdet.cli.weather import require_scenarios
from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from wutdet.dataset import Dataset


def browse(
    data: Data,
    run: Annotated[Path | None, typer.Option("--run", help="A benchmark run whose detections to show.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The FiftyOne dataset's; default: DATA's.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a FiftyOne dataset of that name.")] = False,
    min_score: Annotated[
        float | None,
        typer.Option(
            "--min-score",
            min=0.0,
            max=1.0,
            help="Judge detections from it on; default: the run's at 0.1 false alarms per image in clear weather.",
        ),
    ] = None,
    audit: Annotated[bool, typer.Option("--audit", help="Show what wutdet audit finds, near-duplicates too.")] = False,
    renders: Annotated[
        str | None, typer.Option("--renders", metavar="SCENARIOS", help="Frames under these too, such as fog:3,rain:2.")
    ] = None,
    renders_out: Annotated[
        Path | None, typer.Option("--renders-out", help="A folder for them; default: renders/ in the run.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="On 127.0.0.1.")] = 5151,
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
) -> None:
    """Open a dataset in FiftyOne.

    With --run, what its detector found, missed and made up.
    """
    from wutdet.browse import open_app, to_fiftyone
    from wutdet.browse.app import require_free_port
    from wutdet.dataset.audit import audit as look

    require_free_port(port)
    if renders is not None:
        require_scenarios(renders, "--renders")
    dataset = open_dataset(
        data,
        images=images,
        splits=splits,
        sidecar=sidecar,
        origin=voc_origin,
        classes=classes,
        on_error=on_error,
    )
    found = None
    if audit:
        found = look(
            data,
            images=images,
            splits=splits,
            voc_origin=voc_origin.value,
            classes=parse_classes(classes),
            stage=progress,
        )
    rendered = None if renders is None else _render(dataset, renders, run, renders_out)
    opened = to_fiftyone(
        dataset, name, run=run, min_score=min_score, audit=found, renders=rendered, overwrite=overwrite
    )
    for reason in opened.info.get("left_out", ()):
        note(f"left out: {reason}")
    if opened.info.get("findings_elsewhere"):
        note(f"findings about what is not shown: {opened.info['findings_elsewhere']}; wutdet audit lists them")
    if "verdicts" in opened.info:
        note(f"verdicts {opened.info['verdicts']}")
    open_app(opened, port=port, wait=True, on_ready=lambda url: note(f"FiftyOne at {url}; Ctrl-C ends it"))


def _render(dataset: Dataset, scenarios: str, run: Path | None, out: Path | None) -> dict[str, Path]:
    from wutdet.browse.renders import count_renders, render_for_browsing

    if out is None and run is None:
        raise ConfigError("have no folder", where="--renders", remedy="name one with --renders-out")
    folder = out or (run or Path()) / "renders"
    with progress("rendering", count_renders(dataset, scenarios, run)) as advance:
        return render_for_browsing(dataset, scenarios, folder, run=run, advance=advance)


def import_labels(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The FiftyOne dataset's, as wutdet browse made it.")],
    out: Annotated[Path, typer.Option("--out", help="A new COCO file; the log of changes is put beside it.")],
    classes: Classes = None,
    as_json: AsJson = False,
) -> None:
    """Bring labels that were mended in FiftyOne back.

    As COCO, with a log of every change; what was there stays as it is.
    """
    from wutdet.browse import import_labels as bring_back

    result = bring_back(name, out, classes=parse_classes(classes))
    if result.frames_not_shown:
        lost = f"{result.labels} lacks {result.frames_not_shown} of the {result.frames_of_data} frames of the data"
        warn(f"{lost}: '{name}' was made with --run, of the run's frames alone; browse without --run shows all")
    if as_json:
        print_json(result)
        return
    told = ", ".join(f"{count} {what}" for what, count in result.counts.items()) or "nothing changed"
    boxes = f"{counted(result.boxes, 'box', 'boxes')} in {counted(result.frames, 'frame')}"
    note(f"{boxes}, {result.unchanged} as they were; {told}")
    print(result.labels)
    print(result.log)
