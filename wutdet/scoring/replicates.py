"""Keep the resampled numbers of a run, so that two runs can be compared replicate by replicate."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.files import write_aside
from wutdet.errors import DataError
from wutdet.scoring.assemble import sequences_behind
from wutdet.scoring.cells import Cell

REPLICATES_NAME: Final = "replicates.npz"
_REMEDY: Final = "score the run again, with intervals"


@dataclass(frozen=True, slots=True)
class Replicates:
    """The numbers of every cell in every resample."""

    cells: tuple[str, ...]
    """Scenarios, as the grammar writes them."""
    names: tuple[str, ...]
    """Of the numbers."""
    sequences: NDArray[np.float64]
    """(N,) the sequences of equal size that carry as much as those behind each number."""
    values: NDArray[np.float32]
    """(C, N, R); NaN where a resample held nothing to measure."""

    def of(self, cell: str, name: str) -> NDArray[np.float64]:
        """(R,) a number of a cell.

        Raises:
            KeyError: there is none.
        """
        if cell not in self.cells or name not in self.names:
            raise KeyError(f"{name}@{cell}")
        values: NDArray[np.float64] = self.values[self.cells.index(cell), self.names.index(name)].astype(np.float64)
        return values


def write_replicates(folder: Path, cells: Sequence[Cell]) -> None:
    """Write `replicates.npz`; nothing where no intervals were asked for. Equal runs write equal bytes."""
    shared = [name for name in cells[0].measured.replicates if all(name in cell.measured.replicates for cell in cells)]
    if not shared:
        (folder / REPLICATES_NAME).unlink(missing_ok=True)
        return
    values = [[cell.measured.replicates[name] for name in shared] for cell in cells]
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        cells=np.array([str(cell.scenario) for cell in cells]),
        names=np.array(shared),
        sequences=np.array([sequences_behind(cells[0].measured, name) for name in shared]),
        values=np.array(values, np.float32),
    )
    write_aside(folder / REPLICATES_NAME, buffer.getvalue())


def read_replicates(folder: Path) -> Replicates:
    """The replicates of a run folder.

    Raises:
        DataError: there are none, or they do not fit together.
    """
    path = folder / REPLICATES_NAME
    try:
        with np.load(path, allow_pickle=False) as file:
            cells, names = (tuple(str(item) for item in file[key].tolist()) for key in ("cells", "names"))
            found = Replicates(cells, names, file["sequences"], file["values"])
    except FileNotFoundError:
        raise DataError("no replicates here", where=folder, remedy=_REMEDY) from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"unreadable replicates ({error})", where=path, remedy=_REMEDY) from None
    fits = found.values.ndim == 3 and found.values.shape[:2] == (len(cells), len(names))
    if not fits or found.sequences.shape != (len(names),) or found.values.dtype != np.float32:
        raise DataError("replicates that do not fit their names", where=path, remedy=_REMEDY)
    return found
