"""One frame under every scenario of a run: a row a kind, clear air before each, in the pixels that the detector saw."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.benchmark.plan import Plan
from wutdet.benchmark.rerender import rerender
from wutdet.dataset import Dataset
from wutdet.errors import DataError
from wutdet.report.figures.style import LABEL_PT, SMALL_PT, new_figure, short
from wutdet.report.figures.weather_axis import WeatherAxis, cell_value
from wutdet.scoring.scores import CellScores

_DPI: Final = 300
_GAP_MM: Final = 0.8
_CAPTION_MM: Final = 3.6
_NAME_MM: Final = 4.2  # of a row, above it
_MM: Final = 1 / 25.4

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Row:
    """Pictures side by side."""

    name: str
    scenarios: tuple[str, ...]
    captions: tuple[str, ...]
    caption_mm: float = _CAPTION_MM

    @property
    def above_mm(self) -> float:
        """What stands above the pictures."""
        return self.caption_mm + (_NAME_MM if self.name else 0.0)


def weather_figure(
    plan: Plan,
    frames: Dataset,
    place: int,
    cells: Sequence[CellScores],
    axes_of: dict[str, WeatherAxis],
    width_mm: float,
) -> Any:
    """The figure of a frame.

    Args:
        plan: of the run.
        frames: those of the run.
        place: of the frame among them.
        cells: of the run; each is a picture.
        axes_of: the axis of each kind, which has its unit.
        width_mm: of the figure.
    """
    rows = _rows(cells, axes_of)
    columns = max(len(row.scenarios) for row in rows)
    names = list(dict.fromkeys(name for row in rows for name in row.scenarios))
    images = dict(zip(names, (item.image for item in rerender(plan, frames, place, names)), strict=True))
    tall, wide = images[names[0]].shape[:2]
    picture_mm = (width_mm - (columns - 1) * _GAP_MM) / columns
    picture_high_mm = picture_mm * tall / wide
    height_mm = sum(row.above_mm + picture_high_mm for row in rows)
    figure = new_figure(width_mm, height_mm)
    figure.set_layout_engine("none")  # every picture has its place
    top_mm = 0.0
    for row in rows:
        figure.text(0, 1 - (top_mm + 0.8) / height_mm, row.name, va="top", fontsize=LABEL_PT)
        for column, (scenario, caption) in enumerate(zip(row.scenarios, row.captions, strict=True)):
            left_mm = column * (picture_mm + _GAP_MM)
            bottom = 1 - (top_mm + row.above_mm + picture_high_mm) / height_mm
            box = [left_mm / width_mm, bottom, picture_mm / width_mm, picture_high_mm / height_mm]
            axes = figure.add_axes(box)
            axes.imshow(_shrunk(images[scenario], picture_mm), aspect="auto", interpolation="none")
            axes.axis("off")
            axes.text(0.5, 1.02, caption, transform=axes.transAxes, ha="center", va="bottom", fontsize=SMALL_PT)
        top_mm += row.above_mm + picture_high_mm
    return figure


def choose_frame(frames: Dataset, name: str | None, guessed: Collection[int] = ()) -> int:
    """The place of the named frame; without a name, of the first of those with the most ships.

    Frames whose horizon was `guessed`, by image id, come last: their weather rests on the guess.

    Raises:
        DataError: no frame has this name.
    """
    names = frames.images["file_name"].to_list()
    if name is not None:
        if name not in names:
            remedy = f"give a --frame that is there, such as {names[0]}"
            raise DataError(f"has no frame '{short(name)}'", where=frames.name, remedy=remedy)
        return names.index(name)
    counts = dict(frames.boxes["image_id"].value_counts().iter_rows())
    ids = frames.images["image_id"].to_list()
    return max(range(len(ids)), key=lambda place: (ids[place] not in guessed, counts.get(ids[place], 0), -place))


def _rows(cells: Sequence[CellScores], axes_of: dict[str, WeatherAxis]) -> list[_Row]:
    clear = tuple(cell.name for cell in cells if cell.severity == 0)
    rows = []
    for kind, axis in axes_of.items():
        of_kind = sorted(
            (cell for cell in cells if cell.severity and cell.scenario == kind), key=lambda cell: cell.severity or 0
        )
        values = (f"{cell_value(cell, axis.rule):g}".replace("-", "−") for cell in of_kind)
        if of_kind:
            captions = (*("clear" for _ in clear), *values)
            rows.append(_Row(axis.label, (*clear, *(cell.name for cell in of_kind)), captions))
    both = [cell.name for cell in cells if cell.severity is None]
    columns = max((len(row.scenarios) for row in rows), default=4)
    for start in range(0, len(both), columns):
        part = tuple(both[start : start + columns])
        high_mm = _CAPTION_MM * max(name.count("+") + 1 for name in part)
        rows.append(_Row("together", part, tuple(name.replace("+", "\n+") for name in part), high_mm))
    return rows or [_Row("", clear, tuple("clear" for _ in clear))]


def _shrunk(image: Image, width_mm: float) -> Image:
    """As many pixels as print can show."""
    width = max(1, round(width_mm * _MM * _DPI))
    if width >= image.shape[1]:
        return image
    height = max(1, round(width * image.shape[0] / image.shape[1]))
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
