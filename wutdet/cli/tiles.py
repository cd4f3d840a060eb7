"""Options about inference on tiles, and how they become a tiling."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from wutdet.detectors import Tiling


class TilesChoice(enum.StrEnum):
    """Where tiles lie."""

    none = "none"
    full = "full"
    horizon = "horizon"


Tiles = Annotated[
    TilesChoice, typer.Option("--tiles", help="Look closer too: at tiles of the full frame, or around the horizon.")
]
TilePx = Annotated[int, typer.Option("--tile-px", min=32, help="Longest side of a tile in the frame.")]
TileImgsz = Annotated[
    int | None, typer.Option("--tile-imgsz", min=32, help="Network input of a tile; more enlarges it. Else --tile-px.")
]
TileOverlap = Annotated[float, typer.Option("--tile-overlap", min=0, max=0.9, help="Of neighbours, a share.")]
TileBand = Annotated[
    str, typer.Option("--tile-band", metavar="ABOVE,BELOW", help="The band at the horizon, shares of the height.")
]

TileSkipBelow = Annotated[
    float | None,
    typer.Option(
        "--tile-skip-below", min=0, max=1, help="Skip tiles without a candidate of this score in the full frame."
    ),
]


def parse_tiles(
    choice: TilesChoice, tile_px: int, imgsz: int | None, overlap: float, band: str, skip_below: float | None = None
) -> Tiling | msgspec.UnsetType:
    """The options as the library takes them; unset where there are no tiles.

    Raises:
        ConfigError: a value is impossible.
    """
    if choice is TilesChoice.none:
        return msgspec.UNSET
    from wutdet.detectors import Tiling

    try:
        above, below = (float(word) for word in band.split(","))
    except ValueError:
        what = f"'{band}' is no band"
        raise ConfigError(what, where="--tile-band", remedy="write ABOVE,BELOW, such as 0.05,0.2") from None
    plan: Literal["full", "horizon"] = "full" if choice is TilesChoice.full else "horizon"
    return Tiling(plan=plan, tile_px=tile_px, imgsz=imgsz, overlap=overlap, band=(above, below), skip_below=skip_below)
