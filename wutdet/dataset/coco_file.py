"""A COCO detection file as typed structs: what both readers of it start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from wutdet.dataset.collector import collector_paused
from wutdet.dataset.tables import UNSPLIT
from wutdet.errors import DataError

Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What a column of ids can hold."""


class CocoImage(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """One image; the optional fields are this project's extension."""

    id: Id
    file_name: str
    width: int
    height: int
    camera: str | None = None
    sequence: str | None = None
    scene: str | None = None
    condition: str | None = None
    scenario: str | None = None
    horizon_row: float | None = None
    condition_score: float | None = None
    condition_by: str | None = None


class CocoAnnotation(msgspec.Struct, kw_only=True, gc=False):
    """One box; `bbox` is [x, y, width, height], 0-based, in native pixels."""

    id: Id
    image_id: Id
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: int = 0
    transmittance: float | None = None
    contrast: float | None = None


class CocoCategory(msgspec.Struct, kw_only=True, gc=False):
    """A class and its number."""

    id: int
    name: str


class CocoFile(msgspec.Struct, kw_only=True):
    """A COCO detection file; unknown fields are ignored."""

    images: list[CocoImage]
    annotations: list[CocoAnnotation] = []
    categories: list[CocoCategory] = []

    def class_names(self) -> dict[int, str]:
        """The name of every category that an annotation uses or the file lists, by its number."""
        unnamed = {number: f"category {number}" for number in {item.category_id for item in self.annotations}}
        return unnamed | {category.id: category.name for category in self.categories}


def decode_coco(path: Path) -> CocoFile:
    """Decode one COCO file.

    Raises:
        DataError: the file cannot be read or is not COCO JSON.
    """
    try:
        with collector_paused():  # it would walk every bbox made so far, many times over
            return msgspec.json.decode(path.read_bytes(), type=CocoFile)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=path, remedy="check the path") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"not COCO JSON ({error})", where=path, remedy="check the file") from None


def split_of(path: Path) -> tuple[str, ...]:
    """The split that a file name states: `instances_val.json` → ("val",), any other name → ()."""
    name = path.stem.removeprefix("instances_")
    return () if name in (path.stem, UNSPLIT, "all") else (name,)
