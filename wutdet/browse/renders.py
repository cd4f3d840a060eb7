"""Frames as they look under a scenario, rendered for FiftyOne to show in place of the frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from wutdet.benchmark.plan import Plan, read_plan
from wutdet.benchmark.rerender import frames_of_run, weather_of
from wutdet.dataset import Dataset
from wutdet.dataset.frame_source import DatasetFrames
from wutdet.errors import ConfigError
from wutdet.rendering import render
from wutdet.rendering.names import scenario_folder
from wutdet.rendering.render import IMAGES
from wutdet.scenarios import SeverityTable, all_severities, parse_scenarios


def render_for_browsing(
    dataset: Dataset,
    scenarios: str,
    out: Path,
    *,
    run: str | Path | None = None,
    workers: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> dict[str, Path]:
    """Render frames under scenarios, each into a folder of its own under `out`, where those that are there are kept.

    Args:
        dataset: the frames, or those of the run are a split of it.
        scenarios: in the scenario grammar; `clear` is the frame itself and is left out.
        out: the folder.
        run: a benchmark: its frames are rendered as its plan has it, to the pixels that its detector saw. Without one
            the weather is that of `wutdet render` without options.
        workers: processes; None is one a core, up to 8.
        advance: called with the number of copies done.

    Returns:
        By scenario the folder of the images, for `to_fiftyone(renders=…)`.

    Raises:
        ConfigError: the run has no such scenario, or a folder holds other copies.
        WutdetError: a scenario is unknown, or a copy cannot be written.
    """
    plan = None if run is None else read_plan(Path(run))
    table = _table(plan)
    listed = [one for one in parse_scenarios(scenarios, table) if one.effects]
    frames = dataset if plan is None else frames_of_run(plan, dataset)
    folders = {}
    for scenario in listed:
        name = str(scenario)
        if plan is not None and name not in plan.scenarios:
            known = ", ".join(one for one in plan.scenarios if one != "clear") or "none"
            raise ConfigError(f"the run has no {name}", where="--renders", remedy=f"choose from: {known}")
        weather = None if plan is None else weather_of(plan, [name])
        copies = render(
            DatasetFrames(frames),
            (scenario,),
            out / scenario_folder(name),
            cameras=None if weather is None else weather.cameras,
            ambient=None if weather is None else weather.ambient,
            severities=table,
            seed=0 if weather is None else weather.seed,
            on_error="skip",
            workers=workers,
            advance=advance,
        )
        folders[name] = copies.scenarios[0].folder / IMAGES
    return folders


def count_renders(dataset: Dataset, scenarios: str, run: str | Path | None) -> int:
    """How many copies `render_for_browsing` makes."""
    plan = None if run is None else read_plan(Path(run))
    frames = dataset if plan is None else frames_of_run(plan, dataset)
    return len(frames) * sum(bool(one.effects) for one in parse_scenarios(scenarios, _table(plan)))


def _table(plan: Plan | None) -> SeverityTable | None:
    """The severities as the plan has them, in place of those that are known now."""
    if plan is None:
        return None
    kinds = dict(all_severities().kinds)
    for kind, info in plan.severities.items():
        values = dict(enumerate(kinds[kind].severities, 1)) | {int(key): value for key, value in info.values.items()}
        last = max(values)
        severities = tuple(values.get(number, values[last]) for number in range(1, last + 1))
        kinds[kind] = msgspec.structs.replace(kinds[kind], severities=severities)
    return SeverityTable(kinds)
