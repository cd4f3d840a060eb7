"""Match detections to ships once, for every IoU threshold and size range; all scores are read off the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics.boxes import FoundBoxes, TrueBoxes
from wutdet.metrics.greedy import Bools, Ints, first_come, in_turn
from wutdet.metrics.pairs import Pairs, overlapping_pairs
from wutdet.sizes import COCO_RANGES, SizeRange

COCO_THRESHOLDS: Final = tuple(np.linspace(0.5, 0.95, 10).tolist())
BACKGROUND_IOU: Final = 0.1
"""A detection that overlaps no ship by this much is a false alarm on the background (Bolya et al. 2020, TIDE)."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Who matched whom. Detections stand in COCO's order: best score first, ties by image, then as they were given.

    I images, G ships by image, D detections, A size ranges, T IoU thresholds; C ≤ D candidates: the detections that
    overlap a ship by `BACKGROUND_IOU` or by the lowest threshold.
    """

    thresholds: tuple[float, ...]
    ranges: tuple[SizeRange, ...]
    image_ids: NDArray[np.int64]
    """(I,) rising."""
    true_row: Ints
    """(G,) the row of each ship in the `TrueBoxes` it came from."""
    true_image: Ints
    """(G,) place in `image_ids`."""
    true_category: Ints
    """(G,) 0, 1, … by rising category number; all 0 where there is one class."""
    true_crowd: Bools
    """(G,)."""
    true_in: Bools
    """(A, G) whether the ship counts in the range: it lies in it, is no crowd and not ignored."""
    found_row: Ints
    """(D,) the row of each detection in the `FoundBoxes` it came from."""
    found_image: Ints
    """(D,) place in `image_ids`."""
    found_category: Ints
    """(D,)."""
    found_rank: Ints
    """(D,) how many detections of the same image and class score better."""
    found_score: NDArray[np.float64]
    """(D,) falling."""
    found_in: Bools
    """(A, D) whether the box lies in the range."""
    candidate: Ints
    """(C,) places of the candidates among the detections, rising."""
    candidate_iou: NDArray[np.float64]
    """(C,) the largest overlap with any ship, free or not; with a crowd only where it overlaps no ship."""
    candidate_true: Ints
    """(C,) the ship of that overlap."""
    settled: Ints
    """(T, C) the ship each candidate matched, −1 for none; `choosers` aside the same in every range."""
    choosers: Ints
    """(M,) places among the candidates of those whose match depends on the range."""
    chosen: Ints
    """(A, T, M) the ship that each chooser matched in each range, −1 for none."""
    true_rows: int
    """How many rows the `TrueBoxes` had; not all need be in a listed image."""
    found_rows: int
    """How many rows the `FoundBoxes` had."""

    def range_index(self, name: str, *, at_network_scale: bool = False) -> int:
        """The place of a size range.

        Raises:
            KeyError: it was not matched for.
        """
        keys = [(item.name, item.at_network_scale) for item in self.ranges]
        if (name, at_network_scale) not in keys:
            raise KeyError(name)
        return keys.index((name, at_network_scale))

    def threshold_index(self, iou: float) -> int:
        """The place of an IoU threshold.

        Raises:
            KeyError: it was not matched for.
        """
        near = np.flatnonzero(np.isclose(self.thresholds, iou))
        if not len(near):
            raise KeyError(iou)
        return int(near[0])

    def matched(self, size_range: int, threshold: int) -> Ints:
        """(C,) the ship that each candidate matched, −1 for none; it may be one that the range ignores."""
        ships: Ints = self.settled[threshold].copy()
        ships[self.choosers] = self.chosen[size_range, threshold]
        return ships

    def hits_and_alarms(self, size_range: int, threshold: int) -> tuple[Bools, Bools]:
        """(C,) which candidates found a ship of the range, (C,) which count as false; ignored ones are neither."""
        ships = self.matched(size_range, threshold)
        hits = (ships >= 0) & self.true_in[size_range, ships]
        return hits, (ships < 0) & self.found_in[size_range, self.candidate]

    def only(self, images: Bools) -> Matches:
        """The matches in some of the images, as if nothing else had been matched.

        Args:
            images: (I,) which to keep.
        """
        new_place = (np.cumsum(images) - 1).astype(np.int32)
        true, found = np.flatnonzero(images[self.true_image]), np.flatnonzero(images[self.found_image])
        kept = np.flatnonzero(images[self.found_image[self.candidate]])
        choosers = np.flatnonzero(np.isin(self.choosers, kept, assume_unique=True))
        new_true = np.full(len(self.true_image) + 1, -1, np.int32)  # −1 (none), the last, stays −1
        new_true[true] = np.arange(len(true), dtype=np.int32)
        return replace(
            self,
            image_ids=self.image_ids[images],
            true_row=self.true_row[true],
            true_image=new_place[self.true_image[true]],
            true_category=self.true_category[true],
            true_crowd=self.true_crowd[true],
            true_in=self.true_in[:, true],
            found_row=self.found_row[found],
            found_image=new_place[self.found_image[found]],
            found_category=self.found_category[found],
            found_rank=self.found_rank[found],
            found_score=self.found_score[found],
            found_in=self.found_in[:, found],
            candidate=np.searchsorted(found, self.candidate[kept]).astype(np.int32),
            candidate_iou=self.candidate_iou[kept],
            candidate_true=new_true[self.candidate_true[kept]],
            settled=new_true[self.settled[:, kept]],
            choosers=np.searchsorted(kept, self.choosers[choosers]).astype(np.int32),
            chosen=new_true[self.chosen[:, :, choosers]],
        )


def match(
    true: TrueBoxes,
    found: FoundBoxes,
    *,
    thresholds: Sequence[float] = (0.3, *COCO_THRESHOLDS),
    ranges: Sequence[SizeRange] = COCO_RANGES,
    network_scale: NDArray[np.float64] | None = None,
) -> Matches:
    """Match as COCO does: greedily, best score first, inside each image and class.

    Nothing is capped: `Matches.found_rank` says which detections a maxDets keeps, and those that it drops come last.
    Detections in images that `true` does not list are left out.

    Args:
        true: the ships.
        found: the detections.
        thresholds: of IoU.
        ranges: of size; areas of detections are width times height.
        network_scale: (I,) by which each image of `true.all_image_ids` is scaled for the network, for ranges that
            are at its scale.
    """
    image_ids, place = np.unique(true.all_image_ids, return_index=True)
    scale_px2 = np.ones(len(image_ids)) if network_scale is None else network_scale[place] ** 2
    names = np.unique(np.concatenate([_categories(true), _categories(found)]))
    true_row, true_image, true_group = _by_image(true, image_ids, names)
    found_row, found_image, found_group = _by_image(found, image_ids, names)
    by_score = np.argsort(-found.scores[found_row], kind="stable")
    found_row, found_image, found_group = found_row[by_score], found_image[by_score], found_group[by_score]
    true_row, true_image, true_group = (
        column[np.argsort(true_group, kind="stable")] for column in (true_row, true_image, true_group)
    )
    crowd = true.iscrowd[true_row]
    pairs = overlapping_pairs(
        found_group,
        found.xywh[found_row],
        true_group,
        true.xywh[true_row],
        crowd,
        least_iou=min([BACKGROUND_IOU, *thresholds]),
    )
    true_in = _inside(true.area_px2[true_row], scale_px2[true_image], ranges) & ~crowd
    if true.ignored is not None:
        true_in &= ~true.ignored[true_row]
    size_px2 = found.xywh[found_row, 2] * found.xywh[found_row, 3]
    candidate, best_iou, best_true = _best_overlaps(pairs, crowd)
    settled, choosers, chosen = _assign(pairs, candidate, found_group, np.array(thresholds), true_in, crowd)
    return Matches(
        thresholds=tuple(thresholds),
        ranges=tuple(ranges),
        image_ids=image_ids,
        true_row=true_row,
        true_image=true_image,
        true_category=true_group % np.int32(max(len(names), 1)),
        true_crowd=crowd,
        true_in=true_in,
        found_row=found_row,
        found_image=found_image,
        found_category=found_group % np.int32(max(len(names), 1)),
        found_rank=_ranks(found_group),
        found_score=found.scores[found_row],
        found_in=_inside(size_px2, scale_px2[found_image], ranges),
        candidate=candidate,
        candidate_iou=best_iou,
        candidate_true=best_true,
        settled=settled,
        choosers=choosers,
        chosen=chosen,
        true_rows=len(true.image_ids),
        found_rows=len(found.image_ids),
    )


def _categories(boxes: TrueBoxes | FoundBoxes) -> NDArray[np.int64]:
    return np.zeros(len(boxes.image_ids), np.int64) if boxes.categories is None else boxes.categories


def _by_image(
    boxes: TrueBoxes | FoundBoxes, image_ids: NDArray[np.int64], names: NDArray[np.int64]
) -> tuple[Ints, Ints, Ints]:
    """Rows, images and groups (image and class) of the boxes in known images, by image."""
    image = np.searchsorted(image_ids, boxes.image_ids)
    known = np.flatnonzero(np.append(image_ids, 0)[image] == boxes.image_ids) if len(image_ids) else image[:0]
    known = known[image[known] < len(image_ids)]
    row = known[np.argsort(image[known], kind="stable")]
    group = image[row] * max(len(names), 1) + np.searchsorted(names, _categories(boxes)[row])
    return row.astype(np.int32), image[row].astype(np.int32), group.astype(np.int32)


def _inside(area_px2: NDArray[np.float64], scale_px2: NDArray[np.float64], ranges: Sequence[SizeRange]) -> Bools:
    inside = np.empty((len(ranges), len(area_px2)), bool)
    for row, item in enumerate(ranges):
        size_px2 = area_px2 * scale_px2 if item.at_network_scale else area_px2
        np.logical_and(size_px2 >= item.low_px2, size_px2 <= item.high_px2, out=inside[row])
    return inside


def _ranks(group: Ints) -> Ints:
    """How many of the same group stand before each."""
    order = np.argsort(group, kind="stable")
    counts = np.bincount(group) if len(group) else np.zeros(0, np.int64)
    rank = np.empty(len(group), np.int32)
    rank[order] = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rank


def _best_overlaps(pairs: Pairs, crowd: Bools) -> tuple[Ints, NDArray[np.float64], Ints]:
    """The candidates, their largest overlap and its ship (the later of two equal ones, a crowd last of all)."""
    order = np.lexsort((pairs.true, pairs.iou, ~crowd[pairs.true], pairs.found))
    last = np.flatnonzero(np.diff(pairs.found[order], append=-1))
    best = order[last]
    return pairs.found[best], pairs.iou[best], pairs.true[best]


def _assign(
    pairs: Pairs, candidate: Ints, found_group: Ints, thresholds: NDArray[np.float64], true_in: Bools, crowd: Bools
) -> tuple[Ints, Ints, Ints]:
    """`settled`, `choosers` and `chosen` of the matches.

    Where every detection around a ship overlaps that ship alone, size ranges change nothing. Only around ships that
    share a detection does a detection choose, and prefer ships of the range.
    """
    close = pairs.iou >= thresholds.min(initial=1.0) - 1e-9  # a little generous; the thresholds decide
    found = np.searchsorted(candidate, pairs.found[close]).astype(np.int32)
    near = Pairs(found, pairs.true[close], pairs.iou[close])
    options = np.bincount(found, minlength=len(candidate))
    shared = np.zeros(len(crowd), bool)
    shared[near.true[options[found] > 1]] = True
    choosing = shared[near.true]
    settled = first_come(_take(near, ~choosing), thresholds, crowd, len(candidate))
    choosers, row = np.unique(near.found[choosing], return_inverse=True)
    ships, ship = np.unique(near.true[choosing], return_inverse=True)
    ranges = len(true_in)
    taken = in_turn(
        Pairs(row.astype(np.int32), ship.astype(np.int32), near.iou[choosing]),
        found_group[candidate[choosers]],
        np.tile(thresholds, ranges),
        np.repeat(~true_in[:, ships], len(thresholds), axis=0),
        crowd[ships],
        len(choosers),
    )
    chosen = np.append(ships, -1).astype(np.int32)[taken].reshape(ranges, len(thresholds), len(choosers))
    return settled, choosers.astype(np.int32), chosen


def _take(pairs: Pairs, rows: Bools) -> Pairs:
    return Pairs(pairs.found[rows], pairs.true[rows], pairs.iou[rows])
