"""Options about where a run is worked off, and the verb merge."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wutdet.cli.options import AsJson
from wutdet.cli.output import note, print_json
from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from wutdet.benchmark.execution import Execution


class EngineChoice(enum.StrEnum):
    """What works a run off."""

    local = "local"
    ray = "ray"


Engine = Annotated[EngineChoice, typer.Option("--engine", help="ray: on the workers of a Ray cluster.")]
Shard = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Only every N-th shard, from the I-th on: a batch job.")
]
RenderThreads = Annotated[
    int | None, typer.Option("--render-threads", min=0, help="Frames rendered at a time; 0: between detections.")
]
Address = Annotated[str | None, typer.Option("--address", help="Of a Ray cluster; else one starts here.")]
DetectorCount = Annotated[int, typer.Option("--detectors", min=1, help="Processes that detect, with --engine ray.")]
GpusPerDetector = Annotated[float, typer.Option("--gpus-per-detector", min=0, help="Share of a GPU of each of them.")]


def parse_execution(
    engine: EngineChoice,
    shard: str | None,
    render_threads: int | None,
    address: str | None,
    detectors: int,
    gpus_per_detector: float,
) -> Execution:
    """The options as the library takes them.

    Raises:
        ConfigError: a part is no part, or an option of one engine is given to the other.
    """
    from wutdet.benchmark.execution import Execution

    if engine is EngineChoice.local and (address is not None or detectors > 1 or gpus_per_detector):
        what = "--address, --detectors and --gpus-per-detector are of the Ray engine"
        raise ConfigError(what, remedy="add --engine ray")
    return Execution(
        engine=engine.value,
        part=(1, 1) if shard is None else parse_part(shard),
        render_threads=render_threads,
        address=address,
        detectors=detectors,
        gpus_per_detector=gpus_per_detector,
    )


def parse_part(text: str) -> tuple[int, int]:
    """`2/8` as (2, 8).

    Raises:
        ConfigError: it is not of that form.
    """
    place, slash, of = text.partition("/")
    if not (slash and place.isdecimal() and of.isdecimal()):
        raise ConfigError(f"'{text}' is no part", where="--shard", remedy="write one such as 2/8")
    return int(place), int(of)


def merge(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders of one plan, each with some shards.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The run folder to make or to complete.")],
    as_json: AsJson = False,
) -> None:
    """Put parts of a run that were computed apart into one.

    Parts are those of `benchmark --shard`.
    """
    from wutdet.benchmark.merge import merge_runs

    done, of = merge_runs(runs, out)
    note(f"{done} of {of} shards")
    if done == of:
        note(f"complete: the benchmark command with --out {out} now scores it")
    if as_json:
        print_json({"out": out, "shards_done": done, "shards": of})
        return
    print(out)
