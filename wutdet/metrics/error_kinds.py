"""What kinds of errors a detector makes, and what each costs in AP50, in the manner of TIDE.

Bolya et al. 2020, *TIDE: A General Toolbox for Identifying Object Detection Errors* (ECCV, arXiv 2008.08115), for
one class: errors are those of AP50, so at IoU 0.5, among the 100 best detections of an image, with ships of all
sizes. A false alarm whose largest overlap with any ship, taken or not, is

- below 0.1 is of the kind `background`,
- from 0.1 to below 0.5 is of the kind `localisation` and points to that ship,
- 0.5 or more is of the kind `duplicate`: a better detection took the ship.

A ship that no detection matched is *mislocated* if a localisation error points to it, else it is `missed`.

The cost of a kind is AP50 after it alone has been fixed, minus AP50. The fixes are TIDE's oracles:

- localisation: of the errors that point to an unmatched ship the best one becomes a hit, with the score it has; the
  others, and those that point to a matched ship, are removed.
- duplicate, background: they are removed.
- missed: the missed ships are no longer counted.
- false_positive: every false alarm is removed (TIDE ranks them behind all hits, which gives the same curve).
- false_negative: every unmatched ship, missed or mislocated, is no longer counted.

Costs do not add up: each is measured with the other errors in place. None is negative: no fix takes a hit away, adds
a ship or adds a false alarm, so every point of the curve keeps or gains recall and precision, and COCO's AP takes the
best precision from each recall on. (TIDE's own code sets negative costs to 0.) A cost is unknown (NaN) where no
ship has any weight, and where its fix leaves no ship to count, as when nothing was found; TIDE's code says 0 there.

Detections matched to a crowd or to an ignored ship are ignored. No error points to either: a false alarm whose largest
overlap, as `Matches` give it, is with one counts as background, or as a duplicate where another detection took the
ignored ship. (Since version 1.0.1 TIDE's code gives ignored detections a kind as well, and lets them point to ships.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wutdet.metrics.bands import BAND_NAMES
from wutdet.metrics.curves import interpolated, narrow, needed_hits, running_sums
from wutdet.metrics.greedy import Ints
from wutdet.metrics.matching import BACKGROUND_IOU, Matches
from wutdet.metrics.numbers import MAX_DETS, Table

FOREGROUND_IOU: Final = 0.5
"""The overlap from which a detection can find a ship."""
HIT, LOCALISATION, DUPLICATE, BACKGROUND, IGNORED = range(5)
FOUND_KINDS: Final = ("hit", "localisation", "duplicate", "background", "ignored")
"""What a detection can be, by number."""
FOUND, MISLOCATED, MISSED, UNCOUNTED = range(4)
TRUE_KINDS: Final = ("found", "mislocated", "missed", "ignored")
"""What a ship can be, by number."""


@dataclass(frozen=True, slots=True)
class Group:
    """Detections that a fix treats alike, best score first."""

    unit: Ints
    """(n,) the unit of each, as far as precision is read."""
    upto: NDArray[np.intp]
    """(K,) how many of them stand up to each place where precision is read."""


@dataclass(frozen=True, slots=True)
class Errors:
    """What the kinds of errors and their costs are read off."""

    groups: dict[str, Group]
    """The detections that AP50 counts, each in one group; `promoted` and `misplaced` are the localisation errors that
    become hits and those that are removed."""
    background: tuple[str, ...]
    """Which groups are background errors: one, or one a band."""
    tallied: tuple[str, ...]
    """The names of the rows of `tally`: `ships`, `missed` and the groups."""
    tally: NDArray[np.float64]
    """(N, U) how many of them each unit has."""


@dataclass(frozen=True, slots=True)
class _Kinds:
    found: NDArray[np.int8]
    """(D,) by `FOUND_KINDS`, in the order of the matches."""
    true: NDArray[np.int8]
    """(G,) by `TRUE_KINDS`."""
    promoted: NDArray[np.int64]
    """Places of the localisation errors that become hits, rising."""


def prepare_errors(matches: Matches, *, unit: Ints | None = None, bands: NDArray[np.int8] | None = None) -> Errors:
    """Sort out the errors behind AP50.

    Args:
        matches: from `match`, with the range "all" and the threshold 0.5. Several classes are pooled, each matched
            apart: a wrong class is not told from a missing ship.
        unit: (I,) what each image is weighted with, such as its sequence; the image itself by default.
        bands: the band of every row of the `FoundBoxes`, from `foot_band`; None: background is not divided.

    Raises:
        KeyError: the matches lack that range or threshold.
    """
    unit = np.arange(len(matches.image_ids), dtype=np.int32) if unit is None else unit
    kinds = _sort_out(matches)
    background = _background(matches, np.flatnonzero(kinds.found == BACKGROUND), bands)
    places = {
        "hit": np.flatnonzero(kinds.found == HIT),
        "promoted": kinds.promoted,
        "misplaced": np.setdiff1d(np.flatnonzero(kinds.found == LOCALISATION), kinds.promoted, assume_unique=True),
        "duplicate": np.flatnonzero(kinds.found == DUPLICATE),
        **background,
    }
    read_at = _reading_places(kinds)
    found_unit, true_unit = unit[matches.found_image], unit[matches.true_image]
    units = {
        "ships": true_unit[kinds.true != UNCOUNTED],
        "missed": true_unit[kinds.true == MISSED],
        **{name: found_unit[place] for name, place in places.items()},
    }
    length = int(unit.max(initial=-1)) + 1
    groups = {}
    for name, place in places.items():
        upto = np.searchsorted(place, read_at, side="right")
        groups[name] = Group(units[name][: upto.max(initial=0)], upto)
    tally = np.array([np.bincount(item, minlength=length) for item in units.values()], np.float64)
    return Errors(groups, tuple(background), tuple(units), tally)


def read_errors(errors: Errors, weights: Ints) -> Table:
    """The errors of every kind under B weightings at once.

    Args:
        errors: from `prepare_errors`.
        weights: (B, U) int32, not negative: the weight of each unit.

    Returns:
        (B,) each: `errors.KIND.count`, the sum of the weights of the errors, and `errors.KIND.cost`, for the kinds
        localisation, duplicate, background, missed, false_positive (all false alarms) and false_negative (all
        unmatched ships). Where bands were given, also background.water, .land, .sky and .unknown: the background
        errors of that band alone.
    """
    count = _counts(errors, weights)
    light = narrow(weights)
    upto = {name: np.take(running_sums(light, group.unit), group.upto, axis=1) for name, group in errors.groups.items()}
    removed = {name: upto[name] for name in ("duplicate", *errors.background)}
    removed["background"] = _sum([upto[name] for name in errors.background])
    hits, counted, ships = upto["hit"], _sum(list(upto.values())), count["ships"]
    fixed = {
        "localisation": _ap50(hits + upto["promoted"], counted - upto["misplaced"], ships),
        **{kind: _ap50(hits, counted - fewer, ships) for kind, fewer in removed.items()},
        "missed": _ap50(hits, counted, ships - count["missed"]),
        "false_positive": _ap50(hits, hits, ships),
        "false_negative": _ap50(hits, counted, count["hit"]),
    }
    now = _ap50(hits, counted, ships)
    numbers: Table = {}
    for kind, value in fixed.items():
        numbers |= {f"errors.{kind}.count": count[kind], f"errors.{kind}.cost": value - now}
    return numbers


def label_found(matches: Matches) -> NDArray[np.int8]:
    """What every detection is, by `FOUND_KINDS`, in the order of the `FoundBoxes`.

    Ignored are those that AP50 does not count: matched to a crowd, beyond the 100 best of an image, or in an image
    that was not matched.
    """
    return _in_rows(_sort_out(matches).found, matches.found_row, matches.found_rows, IGNORED)


def label_true(matches: Matches) -> NDArray[np.int8]:
    """What every ship is, by `TRUE_KINDS`, in the order of the `TrueBoxes`; crowds are ignored."""
    return _in_rows(_sort_out(matches).true, matches.true_row, matches.true_rows, UNCOUNTED)


def _sort_out(matches: Matches) -> _Kinds:
    size_range, threshold = matches.range_index("all"), matches.threshold_index(FOREGROUND_IOU)
    candidate, nearest = matches.candidate, matches.candidate_true
    in_count = matches.found_rank < MAX_DETS
    hits, alarms = (column & in_count[candidate] for column in matches.hits_and_alarms(size_range, threshold))
    counted = matches.true_in[size_range]
    near = (matches.candidate_iou >= BACKGROUND_IOU) & counted[nearest]
    close = matches.candidate_iou >= FOREGROUND_IOU
    found = np.where(in_count & matches.found_in[size_range], BACKGROUND, IGNORED).astype(np.int8)
    found[candidate] = np.select([hits, ~alarms, close, near], [HIT, IGNORED, DUPLICATE, LOCALISATION], BACKGROUND)
    true = np.where(counted, MISSED, UNCOUNTED).astype(np.int8)
    true[matches.matched(size_range, threshold)[hits]] = FOUND
    pointing = candidate[found[candidate] == LOCALISATION]
    ships, best = np.unique(nearest[found[candidate] == LOCALISATION], return_index=True)
    unmatched = true[ships] == MISSED
    true[ships[unmatched]] = MISLOCATED
    return _Kinds(found, true, np.sort(pointing[best[unmatched]]).astype(np.int64))


def _background(
    matches: Matches, places: NDArray[np.int64], bands: NDArray[np.int8] | None
) -> dict[str, NDArray[np.int64]]:
    """The places of the background errors, in one group or one a band."""
    if bands is None:
        return {"background": places}
    band = bands[matches.found_row[places]]
    return {f"background.{name}": places[band == number] for number, name in enumerate(BAND_NAMES)}


def _reading_places(kinds: _Kinds) -> NDArray[np.int64]:
    """The last hit of each run of hits without a false alarm between, and what a fix makes a hit: what AP needs.

    Within a run precision rises, and no fix adds a false alarm that would part one. A further reading changes nothing.
    """
    hits = np.flatnonzero(kinds.found == HIT)
    alarms = np.cumsum((kinds.found != HIT) & (kinds.found != IGNORED), dtype=np.int32)[hits]
    last = np.append(np.diff(alarms) != 0, True)[: len(hits)]
    return np.sort(np.concatenate([hits[last], kinds.promoted]))


def _counts(errors: Errors, weights: Ints) -> Table:
    """(B,) each: the weighted numbers of all that was tallied, and of the kinds that these make up."""
    count = dict(zip(errors.tallied, errors.tally @ weights[:, : errors.tally.shape[1]].T, strict=True))
    count["localisation"] = count["promoted"] + count["misplaced"]
    count["background"] = np.add.reduce([count[name] for name in errors.background])
    count["false_positive"] = count["localisation"] + count["duplicate"] + count["background"]
    count["false_negative"] = count["ships"] - count["hit"]
    return count


def _sum(columns: list[Ints]) -> Ints:
    return np.asarray(np.add.reduce(columns, axis=0, dtype=np.int32))


def _ap50(hits: Ints, counted: Ints, ships: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B,) from (B, K) running hits and running hits and false alarms; NaN where there are no ships."""
    precision = interpolated(hits, counted, needed_hits(ships.astype(np.int64)))
    return np.where(ships > 0, precision.mean(axis=-1), np.nan)


def _in_rows(kinds: NDArray[np.int8], row: Ints, rows: int, rest: int) -> NDArray[np.int8]:
    labels = np.full(rows, rest, np.int8)
    labels[row] = kinds
    return labels
