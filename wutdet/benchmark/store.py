"""Where a run keeps its detections: one file a shard, written whole or not at all, then one COCO file a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from wutdet.benchmark.plan import read_plan
from wutdet.dataset.files import make_folder, sweep_asides, write_aside
from wutdet.detectors import Detections
from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes

_BOX_DECIMALS = 3  # a thousandth of a pixel
_SCORE_DECIMALS = 6
_Decoded = TypeVar("_Decoded")


class CellResult(msgspec.Struct, frozen=True, array_like=True):
    """What one cell gave for one frame."""

    xywh: list[tuple[float, float, float, float]]
    """0-based, native pixels, best score first, as they are stored: rounded to a thousandth of a pixel."""
    scores: list[float]
    transmittance: list[float]
    """What the weather left of each true ship, in the order of the dataset's boxes."""
    contrast: list[float]


class FrameResult(msgspec.Struct, frozen=True, array_like=True):
    """What a run found in one frame; `cells` follow the plan's scenarios and are empty for a skipped frame."""

    image_id: int
    horizon_source: str
    horizon_px: tuple[float, float]
    """Its rows at the left and right edge of the frame."""
    skipped: str
    """Why the frame was left out; empty when it was not."""
    cells: list[CellResult]


class SkimmedFrame(msgspec.Struct, frozen=True, array_like=True):
    """A `FrameResult` whose cells are not decoded, which takes a twentieth of the time."""

    image_id: int
    horizon_source: str
    horizon_px: tuple[float, float]
    skipped: str
    cells: list[msgspec.Raw]


class DetectionEntry(msgspec.Struct, frozen=True):
    """One detection of a COCO results file."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float


def cell_result(
    detections: Detections, transmittance: NDArray[np.float64], contrast: NDArray[np.float64]
) -> CellResult:
    """Round what is stored, so that scores computed now and scores computed from the file agree to the bit."""
    xywh, scores = rounded(detections)
    return CellResult(
        [tuple(row) for row in xywh.tolist()],
        scores.tolist(),
        transmittance.round(_SCORE_DECIMALS).tolist(),
        contrast.round(_SCORE_DECIMALS).tolist(),
    )


def rounded(detections: Detections) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, 4) the boxes as xywh and (N,) the scores, as they are stored."""
    xyxy = detections.xyxy
    xywh = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1).round(_BOX_DECIMALS)
    return xywh, detections.scores.round(_SCORE_DECIMALS)


class Store:
    """The shards of one run folder."""

    def __init__(self, out: Path) -> None:
        """Open the store of a run folder; its folders are made when something is written."""
        self._out = out
        self._shards = out / "shards"
        self._ready = False

    def has(self, shard: int) -> bool:
        """Whether the shard is recorded."""
        return self._path(shard).is_file()

    def write(self, shard: int, frames: Sequence[FrameResult]) -> None:
        """Record a shard.

        Raises:
            DataError: the disk is full, or refuses.
        """
        if not self._ready:
            for folder in (make_folder(self._shards), self._out):
                sweep_asides(folder)
            self._ready = True
        write_aside(self._path(shard), msgspec.msgpack.encode(frames), durable=True)

    def read(self, shard: int) -> list[FrameResult]:
        """A recorded shard.

        Raises:
            DataError: the file is damaged.
        """
        return self._decoded(self._content(shard), list[FrameResult], shard)

    def skim(self, shard: int) -> list[SkimmedFrame]:
        """A recorded shard without its cells, which `cell_of` decodes.

        Raises:
            DataError: the file is damaged.
        """
        return self._decoded(self._content(shard), list[SkimmedFrame], shard)

    def cell_of(self, frame: SkimmedFrame, place: int, shard: int) -> CellResult:
        """A cell of a frame of this shard.

        Raises:
            DataError: the file is damaged.
        """
        if place >= len(frame.cells):
            raise self._damaged(shard)
        return self._decoded(frame.cells[place], CellResult, shard)

    def bytes_of(self, shard: int) -> int:
        """The size of a recorded shard's file."""
        return self._path(shard).stat().st_size

    def frames(self, shards: int) -> Iterator[FrameResult]:
        """Every frame of the first `shards` shards, in plan order."""
        for shard in range(shards):
            yield from self.read(shard)

    def _path(self, shard: int) -> Path:
        return self._shards / f"{shard:06d}.msgpack"

    def _content(self, shard: int) -> bytes:
        try:
            return self._path(shard).read_bytes()
        except OSError:
            raise self._damaged(shard) from None

    def _decoded(self, data: bytes | msgspec.Raw, kind: type[_Decoded], shard: int) -> _Decoded:
        try:
            return msgspec.msgpack.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._damaged(shard) from None

    def _damaged(self, shard: int) -> DataError:
        return DataError("damaged shard", where=self._path(shard), remedy="delete it and run the benchmark again")


def cell_file_stem(scenario: str) -> str:
    """`fog:2+lowlight:3` → `fog_2+lowlight_3`: a name that every file system takes."""
    return scenario.replace(":", "_")


def read_detections(path: Path) -> FoundBoxes:
    """A COCO results file as columns.

    Raises:
        DataError: the file is not one.
    """
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=list[DetectionEntry])
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"not a COCO results file ({error})", where=path, remedy="check the file") from None
    return FoundBoxes(
        np.array([entry.image_id for entry in entries], np.int64),
        np.array([entry.bbox for entry in entries], np.float64).reshape(-1, 4),
        np.array([entry.score for entry in entries], np.float64),
    )


def read_run_detections(run: Path) -> dict[str, dict[int, Detections]]:
    """Every cell's detections of a finished run: scenario → image id → detections, best score first.

    Raises:
        DataError: the folder is no finished run.
    """
    found: dict[str, dict[int, Detections]] = {}
    for scenario in read_plan(run).scenarios:
        path = run / "detections" / f"{cell_file_stem(scenario)}.json"
        columns = read_detections(path)
        xyxy = columns.xywh.copy()
        xyxy[:, 2:] += xyxy[:, :2]
        cuts = np.flatnonzero(np.diff(columns.image_ids)) + 1  # the file holds a frame's detections together
        pieces = zip(
            np.split(columns.image_ids, cuts), np.split(xyxy, cuts), np.split(columns.scores, cuts), strict=True
        )
        found[scenario] = {int(ids[0]): Detections(boxes, scores) for ids, boxes, scores in pieces if len(ids)}
    return found
