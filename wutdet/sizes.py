"""Named sizes of ships: what the tables call small, and the bins of √area."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from wutdet.errors import ConfigError
from wutdet.resources import config_path
from wutdet.yaml_text import decode_yaml

MOST_BINS: Final = 12


@dataclass(frozen=True, slots=True)
class SizeRange:
    """A named closed interval of box areas, as COCO has them: a box on a border lies in both neighbours."""

    name: str
    low_px2: float
    high_px2: float
    at_network_scale: bool = False
    """Whether areas are taken after scaling the frame to the network's input, not in native pixels."""


COCO_RANGES: Final = (
    SizeRange("all", 0.0, 1e10),
    SizeRange("small", 0.0, 32.0**2),
    SizeRange("medium", 32.0**2, 96.0**2),
    SizeRange("large", 96.0**2, 1e10),
)


class _SizesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What configs/sizes.yaml holds."""

    edges_px: tuple[float, ...]


@cache
def default_edges_px() -> tuple[float, ...]:
    """The borders of the size bins in configs/sizes.yaml, in √px²."""
    return read_edges_px(config_path("sizes.yaml"))


def read_edges_px(path: Path) -> tuple[float, ...]:
    """The borders of the size bins in a YAML file of the form `edges_px: [8, 16, 32, 96]`.

    Raises:
        ConfigError: the file cannot be read, or the borders do not rise.
    """
    try:
        edges_px = decode_yaml(path.read_bytes(), _SizesFile).edges_px
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(f"no sizes file ({error})", where=path, remedy="write edges_px: [8, 16, 32, 96]") from None
    check_edges_px(edges_px, where=path)
    return edges_px


def check_edges_px(edges_px: tuple[float, ...], *, where: object) -> None:
    """Refuse borders that make no bins.

    Raises:
        ConfigError: there are none or too many, or they do not rise.
    """
    rising = all(low < high for low, high in itertools.pairwise((0.0, *edges_px)))
    if not edges_px or len(edges_px) >= MOST_BINS or not rising or not math.isfinite(edges_px[-1]):
        remedy = f"give 1 to {MOST_BINS - 1} finite numbers that rise from above 0"
        raise ConfigError("edges_px does not rise", where=where, remedy=remedy)


def bin_names(edges_px: tuple[float, ...]) -> tuple[str, ...]:
    """`(8, 16)` → `("<8", "8-16", ">16")`."""
    between = (f"{low:g}-{high:g}" for low, high in itertools.pairwise(edges_px))
    return (f"<{edges_px[0]:g}", *between, f">{edges_px[-1]:g}")


def bin_ranges(edges_px: tuple[float, ...], *, at_network_scale: bool = False) -> tuple[SizeRange, ...]:
    """The bins as ranges of area, each without its upper border, so that every box lies in exactly one."""
    borders_px2 = [0.0, *(edge**2 for edge in edges_px), math.inf]
    return tuple(
        SizeRange(name, low, float(_below(high)), at_network_scale)
        for name, (low, high) in zip(bin_names(edges_px), itertools.pairwise(borders_px2), strict=True)
    )


def _below(border_px2: float) -> float:
    return math.nextafter(border_px2, 0.0) if math.isfinite(border_px2) else border_px2
