"""One frame under every scenario, as a picture: rows are kinds, columns severities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wutdet.dataset import Frame
from wutdet.scenarios import Ambient, Camera, Horizon, Scenario, SeverityTable, describe, prepare, scenario_values


def draw_sheet(
    frame: Frame,
    scenarios: Sequence[Scenario],
    path: Path,
    *,
    camera: Camera | None = None,
    horizon: Horizon | None = None,
    ambient: Ambient | None = None,
    severities: SeverityTable | None = None,
    seed: int = 0,
    panel_width_px: int = 420,
) -> Path:
    """Render a frame under the scenarios and lay the pictures out, a row a kind, `clear` before each; returns the path.

    Args:
        frame: what to show.
        scenarios: a kind's severities stand in one row, in the order given.
        path: a PNG or JPEG file.
        camera: the nominal camera; 15 m and 60° by default.
        horizon: of the camera, for a frame without one of its own.
        ambient: the sun, the wind, the shutter, the sensor.
        severities: in place of the known ones.
        seed: of everything that is drawn at random.
        panel_width_px: width of each picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    clear = [scenario for scenario in scenarios if not scenario.effects]
    kinds = list(dict.fromkeys(scenario.kind for scenario in scenarios if scenario.effects))
    rows = [clear + [scenario for scenario in scenarios if scenario.kind == kind] for kind in kinds] or [clear]
    columns = max(len(row) for row in rows)
    scene = prepare(
        frame.image,
        key=frame.name,
        boxes=frame.boxes,
        horizon=horizon if frame.horizon_row is None else frame.horizon_row,
        camera=camera or Camera(),
        ambient=ambient,
        seed=seed,
    )
    aspect = frame.height / frame.width
    inches = panel_width_px / 100
    figure: Any = Figure(
        figsize=(columns * inches, len(rows) * (inches * aspect + 0.28)), dpi=100, layout="constrained"
    )
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for row, listed in zip(grid, rows, strict=True):
        for axes, scenario in zip(row, [*listed, *[None] * (columns - len(listed))], strict=True):
            axes.axis("off")
            if scenario is None:
                continue
            axes.imshow(scene.render_values(scenario_values(scenario, severities)).image, interpolation="antialiased")
            name = str(scenario)
            axes.set_title(name if name == "clear" else f"{name}  {describe(scenario, severities)}", fontsize=9, pad=3)
    aside = path.with_name(f".{path.stem}.part{path.suffix}")
    figure.savefig(aside)
    aside.replace(path)
    return path
