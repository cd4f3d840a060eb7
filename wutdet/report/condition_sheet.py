"""A sheet for a hand audit of guessed conditions: thumbnails of a sample, and a table to fill in beside it."""

from __future__ import annotations

import base64
import hashlib
import html
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from wutdet.dataset.files import write_aside
from wutdet.dataset.sidecar_csv import encode_cells
from wutdet.dataset.sidecar_rules import CONDITIONS
from wutdet.errors import ConfigError, DataError, FrameError
from wutdet.report.number_text import plain

BY_HAND: Final = "condition_by_hand"
"""The column that a person fills in; a blank cell is a frame that nobody judged."""

SHEET_SUFFIXES: Final = (".png", ".html")
_WIDTH: Final = 320  # of a thumbnail, px
_HEIGHT: Final = 240  # at most
_COLUMNS: Final = 4
_LINE: Final = 18  # px of a line of text
_MARGIN: Final = 8
_LONGEST: Final = 44  # letters of a name under its thumbnail
_STYLE: Final = (
    "body{font:14px sans-serif;margin:16px}ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:12px}"
    "li{width:320px}img{max-width:320px;display:block}code{overflow-wrap:anywhere}"
)

Thumbnail = NDArray[np.uint8]


class Pictured(Protocol):
    """A frame: its name and its pixels."""

    @property
    def name(self) -> str:
        """The file name."""
        ...

    @property
    def image(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB."""
        ...


def choose_sample(table: pl.DataFrame, size: int, seed: int = 0) -> pl.DataFrame:
    """Frames to judge: as many of each condition as of any other, as far as there are so many.

    Which ones is decided by a hash of the name and the seed: the same table gives the same sample.

    Args:
        table: `image, condition, score`.
        size: rows of the sample, fewer where there are fewer frames.
        seed: another one gives another sample.

    Raises:
        ConfigError: `size` is below 1.
    """
    if size < 1:
        raise ConfigError(f"a sample of {size} frames", where="--sample", remedy="give 1 or more")
    ranks = [hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8).hexdigest() for name in table["image"]]
    order = {name: place for place, name in enumerate(CONDITIONS)}
    drawn = (
        table.with_columns(pl.Series("rank", ranks, dtype=pl.String))
        .sort("rank")
        .with_columns(pl.int_range(pl.len()).over("condition").alias("turn"))
        .with_columns(pl.col("condition").replace_strict(order, return_dtype=pl.Int64).alias("place"))
        .sort("turn", "place")
        .head(size)
    )
    return drawn.sort("place", "image").drop("rank", "turn", "place")


def thumbnails(frames: Iterable[Pictured], wanted: Iterable[str]) -> dict[str, Thumbnail]:
    """Small pictures, (h, w, 3) uint8 RGB, of the named frames; a frame that cannot be decoded has none."""
    names = set(wanted)
    found: dict[str, Thumbnail] = {}
    for frame in frames:
        if frame.name not in names or frame.name in found:
            continue
        try:
            found[frame.name] = _small(frame.image)
        except FrameError:
            continue
        if len(found) == len(names):
            break
    return found


def table_beside(sheet: Path) -> Path:
    """The CSV file of a sheet: `sheet.png` has `sheet.csv`."""
    return sheet.with_suffix(".csv")


def write_sheet(sample: pl.DataFrame, pictures: Mapping[str, Thumbnail], sheet: Path, title: str) -> tuple[Path, Path]:
    """Write the sheet, PNG or HTML by its suffix, and the table to fill in; returns both paths.

    Args:
        sample: `image, condition, score`, as `choose_sample` gives it.
        pictures: thumbnails by name; a frame without one stands there by its name.
        sheet: a .png or .html file.
        title: of an HTML page.

    Raises:
        DataError: a file cannot be written.
    """
    draw = _html if sheet.suffix.lower() == ".html" else _png
    cells = sample.select("image", "condition", "score").with_columns(pl.lit(None, pl.String).alias(BY_HAND))
    beside = table_beside(sheet)
    try:
        write_aside(beside, encode_cells(cells))
        write_aside(sheet, draw(sample, pictures, title))
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", where=sheet, remedy="choose another path") from None
    return sheet, beside


def _small(image: NDArray[np.uint8]) -> Thumbnail:
    height, width = image.shape[:2]
    scale = min(_WIDTH / width, _HEIGHT / height, 1.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _html(sample: pl.DataFrame, pictures: Mapping[str, Thumbnail], title: str) -> bytes:
    items = []
    for name, condition, score in sample.select("image", "condition", "score").iter_rows():
        shown = html.escape(plain(name))
        picture = (
            "" if name not in pictures else f'<img alt="{shown}" src="data:image/jpeg;base64,{_jpeg(pictures[name])}">'
        )
        items.append(f"<li>{picture}<code>{shown}</code><br>{html.escape(condition)} {score:.2f}</li>")
    head = html.escape(plain(title))
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{head}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{head}</h1><p>Guessed from pixels. Fill in the column {BY_HAND} of the table beside.</p>"
        f"<ul>\n{chr(10).join(items)}\n</ul></body></html>\n"
    )
    return page.encode()


def _jpeg(picture: Thumbnail) -> str:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return base64.b64encode(data.tobytes()).decode()


def _png(sample: pl.DataFrame, pictures: Mapping[str, Thumbnail], _title: str) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    cell_height = max((picture.shape[0] for picture in pictures.values()), default=0) + 2 * _LINE + _MARGIN
    rows = -(-sample.height // _COLUMNS)
    size = (_COLUMNS * (_WIDTH + _MARGIN) + _MARGIN, max(1, rows) * cell_height + _MARGIN)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for place, (name, condition, score) in enumerate(sample.select("image", "condition", "score").iter_rows()):
        row, column = divmod(place, _COLUMNS)
        left, top = _MARGIN + column * (_WIDTH + _MARGIN), _MARGIN + row * cell_height
        pen.text((left, top), _short(name), fill="black", font=font)
        pen.text((left, top + _LINE), f"{condition} {score:.2f}", fill="black", font=font)
        if name in pictures:
            sheet.paste(Image.fromarray(pictures[name]), (left, top + 2 * _LINE))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG")
    return buffer.getvalue()


def _short(name: str) -> str:
    shown = plain(name)
    return shown if len(shown) <= _LONGEST else "…" + shown[-_LONGEST:]
