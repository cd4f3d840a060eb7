"""Cameras as data: which camera took a frame, by the name that the dataset gives it, and where its horizon lies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from wutdet.errors import ConfigError
from wutdet.scenarios.camera import Camera
from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.typed_file import read_typed_file

_SHAPE_TOLERANCE: Final = 0.01  # of width/height: 1366 x 768 is the shape of 1920 x 1080, 1920 x 1200 is not

_MOST_PX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class MountedHorizon:
    """The visible sea horizon of a camera that does not move, read on a frame of a stated size.

    Args:
        row_left_px, row_right_px: rows at the left and right edge of that frame.
        width_px, height_px: its size.

    Raises:
        ConfigError: a row is not finite, or a size is not from 1 to a million.
    """

    row_left_px: float
    row_right_px: float
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not (math.isfinite(self.row_left_px) and math.isfinite(self.row_right_px)):
            rows = f"{self.row_left_px} and {self.row_right_px}"
            raise ConfigError(f"the rows are {rows}", where="horizon.rows_px", remedy="give finite pixel rows")
        if not (1 <= self.width_px <= _MOST_PX and 1 <= self.height_px <= _MOST_PX):
            size = f"{self.width_px} x {self.height_px} px"
            raise ConfigError(f"read on {size}", where="horizon", remedy="give the width_px and height_px of the frame")

    def on(self, width: int, height: int) -> Horizon | None:
        """The line in a frame of another size but the same shape; None where the shape differs by more than 1 %."""
        if abs(width * self.height_px / (height * self.width_px) - 1.0) > _SHAPE_TOLERANCE:
            return None
        scale = height / self.height_px
        return Horizon(self.row_left_px * scale, self.row_right_px * scale)


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """A camera, and its horizon where it is fixed and known."""

    camera: Camera = field(default_factory=Camera)
    horizon: MountedHorizon | None = None


@dataclass(frozen=True, slots=True)
class Cameras:
    """The cameras of a dataset: one for every frame whose camera has no entry, and entries by name.

    Args:
        default: 15 m and 60 degrees, no horizon, unless it is given.
        entries: by the name in the column `camera` of the frames.
    """

    default: CameraEntry = field(default_factory=CameraEntry)
    entries: Mapping[str, CameraEntry] = field(default_factory=dict)

    def of(self, frame_camera: str | None, width: int, height: int) -> tuple[Camera, Horizon | None]:
        """The camera of a frame, and its horizon in the pixels of a frame of this size.

        Args:
            frame_camera: the frame's camera by name; None or a name without an entry gets the default.
            width, height: of the frame in pixels.

        Raises:
            ConfigError: the horizon was read on a frame of another shape.
        """
        entry = self.entries.get(frame_camera, self.default) if frame_camera is not None else self.default
        if entry.horizon is None:
            return entry.camera, None
        line = entry.horizon.on(width, height)
        if line is None:
            known = frame_camera if frame_camera in self.entries else "default"
            read_on = f"{entry.horizon.width_px}x{entry.horizon.height_px}"
            raise ConfigError(
                f"its horizon was read on {read_on} px, and a frame is {width}x{height} px",
                where=f"camera '{known}'",
                remedy="give the horizon of frames of that shape, or leave it out",
            )
        return entry.camera, line

    def without_frames(self, frame_cameras: Iterable[str | None]) -> list[str]:
        """The entries that none of these cameras of frames is called."""
        present = set(frame_cameras)
        return [name for name in self.entries if name not in present]


class _HorizonFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rows_px: float | tuple[float, float]
    width_px: int
    height_px: int


class _EntryFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    height_m: float | None = None
    hfov_deg: float | None = None
    horizon: _HorizonFields | None = None


class _CameraFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    default: _EntryFields = _EntryFields()
    cameras: dict[str, _EntryFields] = {}


_KEYS: Final = tuple(
    dict.fromkeys(name for kind in (_CameraFile, _EntryFields, _HorizonFields) for name in kind.__struct_fields__)
)


def read_cameras(path: Path | None, *, height_m: float | None = None, hfov_deg: float | None = None) -> Cameras:
    """Read a camera file: `default` and entries by camera name under `cameras` (see configs/cameras/nominal.yaml).

    Args:
        path: of the YAML file; None: there is none.
        height_m, hfov_deg: of the default, in place of what the file says of it. What an entry leaves out is the
            default's; a horizon is not.

    Raises:
        ConfigError: the file cannot be read, has a key that is unknown, or a value that cannot be.
    """
    listed = _CameraFile() if path is None else read_typed_file(path, _CameraFile, _KEYS)
    plain = Camera()
    default = _entry(
        listed.default,
        height_m if height_m is not None else _or(listed.default.height_m, plain.height_m),
        hfov_deg if hfov_deg is not None else _or(listed.default.hfov_deg, plain.hfov_deg),
        where="the default camera" if path is None else f"{path}: default",
    )
    camera = default.camera
    entries = {
        name: _entry(
            fields,
            _or(fields.height_m, camera.height_m),
            _or(fields.hfov_deg, camera.hfov_deg),
            where=f"{path}: cameras.{name}",
        )
        for name, fields in listed.cameras.items()
    }
    return Cameras(default, entries)


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _entry(fields: _EntryFields, height_m: float, hfov_deg: float, *, where: str) -> CameraEntry:
    try:
        horizon = None if fields.horizon is None else _horizon(fields.horizon)
        return CameraEntry(Camera(float(height_m), float(hfov_deg)), horizon)
    except ConfigError as error:  # they know the field, not the file
        raise ConfigError(error.what, where=f"{where}: {error.where}", remedy=error.remedy) from None


def _horizon(fields: _HorizonFields) -> MountedHorizon:
    left, right = fields.rows_px if isinstance(fields.rows_px, tuple) else (fields.rows_px, fields.rows_px)
    return MountedHorizon(float(left), float(right), fields.width_px, fields.height_px)
