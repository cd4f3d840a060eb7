"""One frame under every scenario, as a picture: rows are kinds, columns severities."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.dataset import Frame
from wutdet.errors import DataError
from wutdet.scenarios import Ambient, Camera, Horizon, Scenario, SeverityTable, describe, prepare, scenario_values

_DPI: Final = 100
_GAP_PX: Final = 6  # between pictures
_CAPTION_PX: Final = 24  # over each picture
_HEADING_PX: Final = 30
_FONT_PT: Final = 9.0
_CHARACTER: Final = 0.85  # px wide for each point of the font, at 100 dpi


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
    title: str = "",
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
        panel_width_px: width of each picture, with the gap beside it.
        title: a line over all, which also says when the horizon is a guess; empty: there is none.

    Raises:
        FrameError: the frame's image is bad.
        DataError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    clear = [scenario for scenario in scenarios if not scenario.effects]
    kinds = list(dict.fromkeys(scenario.kind for scenario in scenarios if scenario.effects))
    rows = [clear + [scenario for scenario in scenarios if scenario.kind == kind] for kind in kinds] or [clear]
    scene = prepare(
        frame.image,
        key=frame.name,
        boxes=frame.boxes,
        horizon=horizon if frame.horizon_row is None else frame.horizon_row,
        camera=camera or Camera(),
        ambient=ambient,
        seed=seed,
    )
    inner = panel_width_px - _GAP_PX
    tall = max(1, round(inner * scene.image.shape[0] / scene.image.shape[1]))
    top = _HEADING_PX if title else 0
    width, height = max(map(len, rows)) * panel_width_px, top + len(rows) * (_CAPTION_PX + tall) + _GAP_PX
    # Text and pixels are placed directly: axes with a layout engine take four times as long and resample once more.
    figure: Any = Figure(figsize=((width + 0.5) / _DPI, (height + 0.5) / _DPI), dpi=_DPI)  # a half: it rounds down
    FigureCanvasAgg(figure)
    if title:
        if scene.horizon_source == "fallback":
            title += "   (horizon guessed: ranges, and so fog and rain, are in doubt)"
        figure.text(_GAP_PX / width, 1 - top / 2 / height, title, fontsize=11, va="center", parse_math=False)
    for row, listed in enumerate(rows):
        under_caption = top + row * (_CAPTION_PX + tall) + _CAPTION_PX
        for column, scenario in enumerate(listed):
            image = scene.render_values(scenario_values(scenario, severities)).image
            left = column * panel_width_px + _GAP_PX // 2
            figure.figimage(_resized(image, inner, tall), left, height - under_caption - tall, origin="upper")
            caption = str(scenario)
            if scenario.effects:
                caption += f"  {describe(scenario, severities)}"
            figure.text(
                (left + inner / 2) / width,
                1 - (under_caption - _CAPTION_PX / 2) / height,
                caption,
                fontsize=min(_FONT_PT, inner / (_CHARACTER * len(caption))),
                ha="center",
                va="center",
                parse_math=False,
            )
    _save(figure, path)
    return path


def _resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    shrinks = width < image.shape[1]
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)


def _save(figure: Any, path: Path) -> None:
    """Write the file whole or not at all."""
    aside = path.with_name(f".{path.stem}.part{path.suffix}")
    settings = {"compress_level": 3} if path.suffix.lower() == ".png" else {"quality": 92}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")  # a frame's name may have signs that the font lacks
            figure.savefig(aside, dpi=_DPI, pil_kwargs=settings)
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        remedy = "choose another file, in a folder that is there"
        raise DataError(f"cannot be written ({error.strerror})", where=path, remedy=remedy) from None
