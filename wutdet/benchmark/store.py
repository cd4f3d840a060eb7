"""Where a run keeps its detections: one file a shard, written whole or not at all, then one COCO file a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from wutdet.benchmark.plan import read_plan
from wutdet.dataset.files import write_aside
from wutdet.detectors import Detections
from wutdet.errors import DataError
from wutdet.metrics import FoundBoxes

_BOX_DECIMALS = 3  # a thousandth of a pixel
_SCORE_DECIMALS = 6


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


class _Entry(msgspec.Struct, frozen=True):
    """One detection of a COCO results file."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float


def cell_result(
    detections: Detections, transmittance: NDArray[np.float64], contrast: NDArray[np.float64]
) -> CellResult:
    """Round what is stored, so that scores computed now and scores computed from the file agree to the bit."""
    xyxy = detections.xyxy
    xywh = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1).round(_BOX_DECIMALS)
    return CellResult(
        [tuple(row) for row in xywh.tolist()],
        detections.scores.round(_SCORE_DECIMALS).tolist(),
        transmittance.round(_SCORE_DECIMALS).tolist(),
        contrast.round(_SCORE_DECIMALS).tolist(),
    )


class Store:
    """The shards of one run folder."""

    def __init__(self, out: Path) -> None:
        """Open the store of a run folder, making its folders where they lack."""
        self._shards = out / "shards"
        self._detections = out / "detections"
        self._shards.mkdir(exist_ok=True)
        self._detections.mkdir(exist_ok=True)

    def has(self, shard: int) -> bool:
        """Whether the shard is recorded."""
        return self._path(shard).is_file()

    def write(self, shard: int, frames: Sequence[FrameResult]) -> None:
        """Record a shard.

        Raises:
            DataError: the disk is full, or refuses.
        """
        _write(self._path(shard), msgspec.msgpack.encode(frames))

    def read(self, shard: int) -> list[FrameResult]:
        """A recorded shard.

        Raises:
            DataError: the file is damaged.
        """
        path = self._path(shard)
        try:
            return msgspec.msgpack.decode(path.read_bytes(), type=list[FrameResult])
        except (msgspec.DecodeError, OSError):
            raise DataError("damaged shard", where=path, remedy="delete it and run the benchmark again") from None

    def frames(self, shards: int) -> Iterator[FrameResult]:
        """Every frame of the first `shards` shards, in plan order."""
        for shard in range(shards):
            yield from self.read(shard)

    def write_cell(self, scenario: str, frames: Sequence[FrameResult], cell: int) -> Path:
        """Write a cell's detections as a COCO results file, one detection a line.

        Raises:
            DataError: the disk is full, or refuses.
        """
        lines = [
            msgspec.json.encode(_Entry(frame.image_id, 1, box, score))
            for frame in frames
            if not frame.skipped
            for box, score in zip(frame.cells[cell].xywh, frame.cells[cell].scores, strict=True)
        ]
        path = self._detections / f"{cell_file_stem(scenario)}.json"
        _write(path, b"[\n" + b",\n".join(lines) + b"\n]\n")
        return path

    def _path(self, shard: int) -> Path:
        return self._shards / f"{shard:06d}.msgpack"


def _write(path: Path, data: bytes) -> None:
    try:
        write_aside(path, data)
    except OSError as error:
        remedy = "make room; the same command continues"
        raise DataError(f"cannot be written ({error.strerror})", where=path, remedy=remedy) from None


def cell_file_stem(scenario: str) -> str:
    """`fog:2+lowlight:3` → `fog_2+lowlight_3`: a name that every file system takes."""
    return scenario.replace(":", "_")


def read_detections(path: Path) -> FoundBoxes:
    """A COCO results file as columns.

    Raises:
        DataError: the file is not one.
    """
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=list[_Entry])
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
