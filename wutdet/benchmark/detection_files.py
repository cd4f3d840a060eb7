"""Write what a run found as COCO results files, one a cell: all in one pass, with no more than a frame in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

import msgspec

from wutdet.benchmark.store import CellResult, DetectionEntry, FrameResult, cell_file_stem
from wutdet.dataset.files import UnwritableError, make_folder, open_aside, sweep_asides

_FOLDER: Final = "detections"
_SHIP: Final = 1  # the category


def write_cells(run: Path, scenarios: Sequence[str], frames: Iterable[FrameResult]) -> list[Path]:
    """Write the detections of each cell, one a line; skipped frames have none.

    Args:
        run: the run folder.
        scenarios: of the frames' cells, in their order.
        frames: in the order of the plan.

    Raises:
        DataError: the disk is full, or refuses.
    """
    folder = make_folder(run / _FOLDER)
    sweep_asides(folder)
    paths = [folder / f"{cell_file_stem(scenario)}.json" for scenario in scenarios]
    with ExitStack() as stack:
        files = [_Results(stack.enter_context(open_aside(path)), path) for path in paths]
        for frame in frames:
            if not frame.skipped:
                for file, cell in zip(files, frame.cells, strict=True):
                    file.add(frame.image_id, cell)
        for file in files:
            file.end()
    return paths


class _Results:
    """A results file that is being written."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path, self._between = file, path, b"[\n"

    def add(self, image_id: int, cell: CellResult) -> None:
        """Write what was found in a frame."""
        lines = [
            msgspec.json.encode(DetectionEntry(image_id, _SHIP, box, score))
            for box, score in zip(cell.xywh, cell.scores, strict=True)
        ]
        if lines:
            self._write(self._between + b",\n".join(lines))
            self._between = b",\n"

    def end(self) -> None:
        """Write what closes the file."""
        self._write(b"[\n\n]\n" if self._between == b"[\n" else b"\n]\n")
        try:
            self._file.flush()
        except OSError as error:
            raise UnwritableError(error, self._path) from None

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise UnwritableError(error, self._path) from None
