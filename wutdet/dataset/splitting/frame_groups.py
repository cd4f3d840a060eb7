"""Groups of frames that no split may tear apart, and what each group holds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from wutdet.dataset.splitting.frame_order import FrameOrder, order_frames
from wutdet.dataset.splitting.groups import join_linked, link_equal
from wutdet.dataset.splitting.hashes import FrameHashes
from wutdet.dataset.splitting.leakage import aligned
from wutdet.dataset.splitting.neighbours import near_groups
from wutdet.dataset.splitting.sequences import CUT_BITS, cut_blocks
from wutdet.errors import DataError
from wutdet.sizes import default_edges_px

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset

By = Literal["sequence", "camera"]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which frames belong together; all arrays are in the order of the images table."""

    order: FrameOrder
    blocks: Places
    """(N,) the block of every frame: a run of frames taken one after another, or a camera."""
    groups: Places
    """(N,) the group of every frame: blocks that hold near-duplicates of each other, and what is named alike."""

    @property
    def names(self) -> list[str]:
        """(G,) the name of every group: the stem of its first frame in the order of series and number."""
        rows = self.order.rows
        found, first = np.unique(self.groups[rows], return_index=True)
        names = [self.order.stems[row] for row in rows[first].tolist()]
        return [names[place] for place in np.argsort(found).tolist()]


def group_frames(
    dataset: Dataset, by: By, hashes: FrameHashes | None, *, radius: int, cut_bits: int = CUT_BITS
) -> Grouping:
    """Groups of frames such that no two groups hold near-duplicates of each other.

    Blocks are runs of frames (see `cut_blocks`; a named `sequence` is kept whole), or cameras. Blocks are joined where
    frames of theirs differ in at most `radius` bits, directly or through other frames; where they are one named
    sequence; and where frames have one series and number, because lists and rules cannot tell these apart.

    Args:
        dataset: the frames.
        by: what a block is.
        hashes: of the frames; None joins and cuts nothing by looks.
        radius: in bits.
        cut_bits: of a change of scene.

    Raises:
        DataError: `by` is camera and frames have none.
    """
    order = order_frames(dataset.images["file_name"].to_list())
    bits, known = aligned(dataset, hashes)
    sequences = dataset.images["sequence"].to_list()
    if by == "camera":
        check_cameras(dataset)
        blocks = _codes(dataset.images["camera"].to_list())
    else:
        blocks = cut_blocks(order, sequences, bits, known, cut_bits=cut_bits)
    alike = np.full(len(dataset), -1, np.int64)
    alike[known] = near_groups(bits[known], radius)
    places = _codes(list(zip(order.series.tolist(), order.numbers.tolist(), strict=True)))
    same = (blocks, alike, _codes(sequences), places)
    return Grouping(order, blocks, join_linked(len(dataset), map(link_equal, same)))


def count_groups(dataset: Dataset, groups: Places) -> NDArray[np.int64]:
    """(G, 2 + bins) frames, frames without ships, and ships of each size bin, of every group."""
    images, boxes = dataset.images["image_id"].to_numpy(), dataset.boxes["image_id"].to_numpy()
    by_id = np.argsort(images)
    own = by_id[np.searchsorted(images, boxes, sorter=by_id)] if len(boxes) else np.empty(0, np.int64)
    area_px2 = dataset.boxes["area_px2"].to_numpy()
    edges_px2 = np.array(default_edges_px()) ** 2
    ships = np.zeros((len(images), len(edges_px2) + 1), np.int64)
    np.add.at(ships, (own, np.searchsorted(edges_px2, area_px2, side="right")), 1)
    frames = np.concatenate([np.ones((len(images), 1), np.int64), ships.sum(axis=1, keepdims=True) == 0, ships], axis=1)
    counts = np.zeros((int(groups.max(initial=-1)) + 1, frames.shape[1]), np.int64)
    np.add.at(counts, groups, frames)
    return counts


def check_cameras(dataset: Dataset) -> None:
    """Refuse a split by camera where frames name none.

    Raises:
        DataError: a frame has no camera.
    """
    unnamed = dataset.images["camera"].null_count()
    if unnamed:
        what = f"{unnamed} of {len(dataset)} frames name no camera"
        raise DataError(
            what, where=dataset.name, remedy="add a table frames.csv with the column camera, or split by id"
        )


def _codes(names: Sequence[Hashable | None]) -> Places:
    """A number for every different name; -1 for none."""
    place = {name: index for index, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
    return np.array([-1 if name is None else place[name] for name in names], np.int64)
