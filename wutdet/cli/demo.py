"""The main job on an embedded sample: sample, train, benchmark, report."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Annotated

import typer

from wutdet.cli.output import note, print_run, print_table, progress

_FRAMES = 500
_SIZE = (640, 360)
_SCENARIOS = "clear,fog:1-5,glare:1,glare:3,glare:5,rain:1,rain:3,rain:5,lowlight:1,lowlight:3,lowlight:5"


def demo(
    out: Annotated[Path | None, typer.Option("--out", help="A new folder; default: wutdet-demo, -2, -3, …")] = None,
    frames: Annotated[int, typer.Option("--frames", min=24, help="Frames of the sample.")] = _FRAMES,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Other than the demo baseline's.")] = None,
) -> None:
    """Render a sample, train on it, measure in all weather.

    It takes minutes on two cores.
    """
    from wutdet.benchmark.run import benchmark
    from wutdet.cli.training_progress import train_with_progress
    from wutdet.dataset import load
    from wutdet.dataset.files import new_folder
    from wutdet.detectors.runtime import import_ultralytics
    from wutdet.report import draw_sheet, rich_cost, write_report
    from wutdet.sample import render_part
    from wutdet.scenarios import parse_scenarios
    from wutdet.training import load_baseline

    import_ultralytics()  # a missing extra is said now, not after minutes of work
    started = time.monotonic()
    out = new_folder(out or _unused_folder())
    with progress("rendering the sample", frames) as advance:
        part = render_part(out / "sample", images=frames, size=_SIZE, seed=0, advance=advance)
    dataset = load(part, splits=part / "splits")
    trained = train_with_progress(
        load_baseline("demo"),
        dataset,
        out=out / "demo",  # the detector is called what its folder is
        device="cpu",
        threads=None,
        trust_weights=False,
        on_error="stop",
        overrides={} if epochs is None else {"epochs": epochs},
    )
    test = dataset.split("test")
    with progress("benchmarking", len(test)) as advance:
        run = benchmark(
            trained.weights,
            test,
            out=out / "benchmark",
            scenarios=_SCENARIOS,
            command="wutdet demo",
            advance=advance,
        )
    print_run(run.scores)
    cost = rich_cost(run.out, run.scores.detector)
    if cost is not None:
        print_table(cost)
    busiest = max(test, key=lambda frame: len(frame.boxes))
    sheet = draw_sheet(busiest, parse_scenarios("clear,fog:1-5,glare:1-5,rain:1-5,lowlight:1-5"), out / "weather.png")
    note(f"one frame under every scenario: {sheet}")
    note(f"report: {write_report(run.out)}")
    note(f"done in {time.monotonic() - started:.0f} s")


def _unused_folder() -> Path:
    """`wutdet-demo` where that is free, else the first free `wutdet-demo-N`."""
    names = (Path("wutdet-demo" if number == 1 else f"wutdet-demo-{number}") for number in itertools.count(1))
    return next(path for path in names if not path.exists())
