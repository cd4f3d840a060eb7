"""Put the matches of several parts of a dataset together: what shards or machines matched apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from wutdet.errors import DataError
from wutdet.metrics.greedy import Ints
from wutdet.metrics.matching import Matches


def merge(parts: Sequence[Matches]) -> Matches:
    """The matches of all parts, equal to matching them together.

    Rows (`true_row`, `found_row`) count on from part to part, as if the parts' boxes had been concatenated.

    Raises:
        DataError: the parts differ in thresholds or ranges, or share an image.
    """
    first = parts[0]
    if any((part.thresholds, part.ranges) != (first.thresholds, first.ranges) for part in parts):
        raise DataError("parts matched at other thresholds or sizes", where="merge", remedy="match them alike")
    image_ids = np.unique(np.concatenate([part.image_ids for part in parts]))
    if len(image_ids) < sum(len(part.image_ids) for part in parts):
        raise DataError("two parts have an image in common", where="merge", remedy="give parts without overlap")
    places = [np.searchsorted(image_ids, part.image_ids).astype(np.int32) for part in parts]
    true_image = _join(place[part.true_image] for place, part in zip(places, parts, strict=True))
    found_image = _join(place[part.found_image] for place, part in zip(places, parts, strict=True))
    score = np.concatenate([part.found_score for part in parts])
    rank = _join(part.found_rank for part in parts)
    by_image = np.argsort(true_image, kind="stable")
    by_score = np.lexsort((rank, found_image, -score))
    new_true, new_found = _inverse(by_image), _inverse(by_score)
    ships = _starts(len(part.true_image) for part in parts)
    finds = _starts(len(part.found_image) for part in parts)
    candidates = _starts(len(part.candidate) for part in parts)
    candidate = new_found[_join(part.candidate + start for start, part in zip(finds, parts, strict=True))]
    order = np.argsort(candidate)
    choosers = _inverse(order)[_join(part.choosers + start for start, part in zip(candidates, parts, strict=True))]
    chooser_order = np.argsort(choosers)
    true_starts = _starts(part.true_rows for part in parts)
    found_starts = _starts(part.found_rows for part in parts)

    def renumber(ships_of: Sequence[Ints]) -> Ints:
        shifted = [np.where(item >= 0, item + start, -1) for start, item in zip(ships, ships_of, strict=True)]
        new_places: Ints = np.append(new_true, -1).astype(np.int32)[np.concatenate(shifted, axis=-1)]
        return new_places

    return Matches(
        thresholds=first.thresholds,
        ranges=first.ranges,
        image_ids=image_ids,
        true_row=_join(part.true_row + start for start, part in zip(true_starts, parts, strict=True))[by_image],
        true_image=true_image[by_image],
        true_category=_join(part.true_category for part in parts)[by_image],
        true_crowd=np.concatenate([part.true_crowd for part in parts])[by_image],
        true_in=np.concatenate([part.true_in for part in parts], axis=1)[:, by_image],
        found_row=_join(part.found_row + start for start, part in zip(found_starts, parts, strict=True))[by_score],
        found_image=found_image[by_score],
        found_category=_join(part.found_category for part in parts)[by_score],
        found_rank=rank[by_score],
        found_score=score[by_score],
        found_in=np.concatenate([part.found_in for part in parts], axis=1)[:, by_score],
        candidate=candidate[order],
        candidate_iou=np.concatenate([part.candidate_iou for part in parts])[order],
        candidate_true=renumber([part.candidate_true for part in parts])[order],
        settled=renumber([part.settled for part in parts])[:, order],
        choosers=choosers[chooser_order],
        chosen=renumber([part.chosen for part in parts])[:, :, chooser_order],
        true_rows=sum(part.true_rows for part in parts),
        found_rows=sum(part.found_rows for part in parts),
    )


def _join(columns: Iterable[Ints]) -> Ints:
    return np.concatenate(list(columns)).astype(np.int32)


def _inverse(order: NDArray[np.int64]) -> Ints:
    inverse = np.empty(len(order), np.int32)
    inverse[order] = np.arange(len(order), dtype=np.int32)
    return inverse


def _starts(lengths: Iterable[int]) -> list[int]:
    return [0, *itertools.accumulate(lengths)][:-1]
