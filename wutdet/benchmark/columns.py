"""What was recorded, as columns: a few bytes a frame, and of the cells no more at a time than the memory is to hold."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from wutdet.benchmark.store import CellResult, SkimmedFrame, Store
from wutdet.metrics import FoundBoxes

Floats = NDArray[np.float64]

DETECTION_BYTES: Final = 48
"""Of a detection in columns: its box, its score and its image."""
_AT_ONCE_BYTES: Final = 5e8  # of the columns of cells that are scored together; a larger cell is scored alone


@dataclass(frozen=True, slots=True)
class FrameColumns:
    """The F frames that were not skipped, by rising image id, and what is known of them besides their cells."""

    image_ids: NDArray[np.int64]
    horizon_sources: tuple[str, ...]
    horizon_px: Floats
    """(F, 2) its rows at the left and right edge."""
    skipped: tuple[str, ...] = ()
    """Why each of the others was, in the order of the plan."""


@dataclass(frozen=True, slots=True)
class CellColumns:
    """What one cell gave, frame after frame by rising image id."""

    found: FoundBoxes
    transmittance: Floats
    """Of each ship of each frame, in the order of the dataset's boxes."""
    contrast: Floats


class Recorded(Protocol):
    """The results of frames under C scenarios."""

    @property
    def frames(self) -> FrameColumns:
        """All but the cells."""

    @property
    def at_once(self) -> int:
        """How many cells the memory is to hold at a time."""

    def cells(self, places: Sequence[int]) -> list[CellColumns]:
        """The cells at these places in the plan's order."""


@dataclass(frozen=True, slots=True)
class GivenCells:
    """Results that are in memory already."""

    frames: FrameColumns
    given: tuple[CellColumns, ...]

    @property
    def at_once(self) -> int:
        """All: they are there."""
        return len(self.given)

    def cells(self, places: Sequence[int]) -> list[CellColumns]:
        """The cells at these places."""
        return [self.given[place] for place in places]


class RecordedShards:
    """The results in some shards of a run, read anew for every few cells that are asked for together."""

    def __init__(self, store: Store, shards: Sequence[int], cells: int) -> None:
        """Read what is known of the frames.

        Args:
            store: of the run.
            shards: those that are read, all of them recorded.
            cells: of each frame.

        Raises:
            DataError: a shard is damaged.
        """
        self._store, self._shards = store, shards
        self.frames = _frame_columns(frame for shard in shards for frame in store.skim(shard))
        cell_bytes = sum(map(store.bytes_of, shards)) / max(cells, 1)  # on disk, where a detection takes as much
        self.at_once = max(1, min(cells, int(_AT_ONCE_BYTES / max(cell_bytes, 1.0))))

    def cells(self, places: Sequence[int]) -> list[CellColumns]:
        """The cells at these places in the plan's order; reads every shard once.

        Raises:
            DataError: a shard is damaged.
        """
        growing = [_GrowingCell() for _ in places]
        for shard in self._shards:
            for frame in self._store.skim(shard):
                if not frame.skipped:
                    for place, cell in zip(places, growing, strict=True):
                        cell.add(frame.image_id, self._store.cell_of(frame, place, shard))
        return [growing.pop(0).columns() for _ in places]


def _frame_columns(frames: Iterable[SkimmedFrame]) -> FrameColumns:
    image_ids, horizon_px = array("q"), array("d")
    sources, skipped = list[str](), list[str]()
    for frame in frames:
        if frame.skipped:
            skipped.append(frame.skipped)
            continue
        image_ids.append(frame.image_id)
        sources.append(sys.intern(frame.horizon_source))
        horizon_px.extend(frame.horizon_px)
    order = np.argsort(np.asarray(image_ids), kind="stable")
    return FrameColumns(
        np.asarray(image_ids)[order],
        tuple(sources[place] for place in order),
        np.asarray(horizon_px).reshape(-1, 2)[order],
        tuple(skipped),
    )


class _GrowingCell:
    """The columns of a cell while shards are read."""

    def __init__(self) -> None:
        self._image_ids, self._found, self._ships = array("q"), array("q"), array("q")
        self._xywh, self._scores = array("d"), array("d")
        self._transmittance, self._contrast = array("d"), array("d")

    def add(self, image_id: int, cell: CellResult) -> None:
        """Append a frame."""
        self._image_ids.append(image_id)
        self._found.append(len(cell.scores))
        self._ships.append(len(cell.contrast))
        self._xywh.frombytes(np.array(cell.xywh, np.float64).tobytes())
        self._scores.extend(cell.scores)
        self._transmittance.extend(cell.transmittance)
        self._contrast.extend(cell.contrast)

    def columns(self) -> CellColumns:
        """The frames so far, by rising image id."""
        of_found = np.repeat(np.asarray(self._image_ids), np.asarray(self._found))
        of_ships = np.repeat(np.asarray(self._image_ids), np.asarray(self._ships))
        xywh, scores = np.asarray(self._xywh).reshape(-1, 4), np.asarray(self._scores)
        transmittance, contrast = np.asarray(self._transmittance), np.asarray(self._contrast)
        if (np.diff(np.asarray(self._image_ids)) < 0).any():  # of a table that was not sorted
            found, ships = np.argsort(of_found, kind="stable"), np.argsort(of_ships, kind="stable")
            of_found, xywh, scores = of_found[found], xywh[found], scores[found]
            transmittance, contrast = transmittance[ships], contrast[ships]
        return CellColumns(FoundBoxes(of_found, xywh, scores), transmittance, contrast)


def cell_groups(order: Sequence[int], at_once: int) -> Iterator[Sequence[int]]:
    """The places of cells in groups of no more than `at_once`."""
    return (order[start : start + at_once] for start in range(0, len(order), at_once))
