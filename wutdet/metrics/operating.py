"""Operating points: what a detector finds at a stated rate of false alarms, or at a stated score.

Detections are accepted best first, all those of one score together, over all classes and without a cap on their number.
Crowds are neither found nor missed, and a detection that matched one is neither right nor wrong, as in COCO.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wutdet.errors import ConfigError
from wutdet.metrics.greedy import Ints
from wutdet.metrics.matching import Matches
from wutdet.metrics.tally import Tally, make_tally, place_beyond, weight_before
from wutdet.sizes import COCO_RANGES

FPPI: Final = (0.01, 0.1, 1.0)
"""False alarms per image that are allowed."""
IOUS: Final = (0.3, 0.5)

_ROUNDING: Final = 1e-9  # relative: 0.29 x 100 images allow 29 false alarms, though the product is 28.999999999999996

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Scores = dict[tuple[float, float], Floats]


@dataclass(frozen=True, slots=True)
class AtIou:
    """Right and wrong detections at one IoU threshold."""

    iou: float
    alarms: Tally
    """The false alarms."""
    alarm_frames: Tally
    """The best false alarm of each frame that has one."""
    hits: dict[str, Tally]
    """The detections that found a ship, by size; `""` is any size."""


@dataclass(frozen=True, slots=True)
class Operating:
    """What operating points are read from, see `prepare_operating`. D detections, U units."""

    fppi: tuple[float, ...]
    images: Floats
    """(U + 1,) the number of images of each unit; the last is 0, as in all rows of counts here."""
    ships: dict[str, Floats]
    """(U + 1,) the ships of each unit, by size; `""` is any size."""
    minus_score: Floats
    """(D + 1,) rising; the last is NaN."""
    found: Tally
    """All detections."""
    at_iou: tuple[AtIou, ...]


def prepare_operating(
    matches: Matches, *, fppi: Sequence[float] = FPPI, ious: Sequence[float] = IOUS, unit: Ints | None = None
) -> Operating:
    """Sort the detections into right and wrong, once for all weightings.

    Recall by size is read for the ranges in native pixels that are none of COCO's, such as `<8`: a ship of the bin
    counts as found when a detection of any size matched it.

    Args:
        matches: from `match`, with the range `all` among its ranges.
        fppi: false alarms per image that are allowed.
        ious: IoU thresholds.
        unit: (I,) what each image is weighted with, such as its sequence; the image itself by default.

    Raises:
        ConfigError: an `fppi` is negative or not finite, or there is no `fppi` or no IoU threshold.
        KeyError: the range `all` or an IoU threshold was not matched for.
    """
    if not fppi or not all(0 <= rate < np.inf for rate in fppi):
        raise ConfigError(f"{fppi} false alarms per image", where="fppi", remedy="give finite numbers from 0 up")
    if not ious:
        raise ConfigError("no IoU threshold", where="ious", remedy="give one or more")
    unit = np.arange(len(matches.image_ids), dtype=np.int32) if unit is None else unit
    units = int(unit.max(initial=-1)) + 1
    sizes = _sizes(matches)
    found_unit = unit[matches.found_image]
    return Operating(
        fppi=tuple(fppi),
        images=_per_unit(unit, units),
        ships={name: _per_unit(unit[matches.true_image[matches.true_in[row]]], units) for name, row in sizes.items()},
        minus_score=np.append(-matches.found_score, np.nan),
        found=make_tally(np.arange(len(found_unit)), found_unit, units),
        at_iou=tuple(_at_iou(matches, iou, sizes, found_unit, units) for iou in ious),
    )


def find_thresholds(prepared: Operating, weights: Ints) -> Scores:
    """The lowest score at which the weighted false alarms are still `fppi` times the weighted images or fewer.

    It is the score of a detection that has weight: the lowest of all where there are too few false alarms to matter.

    Args:
        prepared: from `prepare_operating`.
        weights: (B, U) int32, not negative: the weight of each unit.

    Returns:
        (B,) for each (fppi, iou); NaN where no detection is accepted.
    """
    thresholds = _thresholds(prepared, _with_zero(prepared, weights))
    return dict(zip(_points(prepared), thresholds.T, strict=True))


def read_operating(prepared: Operating, weights: Ints) -> dict[str, Floats]:
    """Recall, frames with false alarms and the threshold at each allowed rate, under B weightings at once.

    Args:
        prepared: from `prepare_operating`.
        weights: (B, U) int32, not negative: the weight of each unit.

    Returns:
        (B,) each: `recall@fppi=0.1,iou=0.3`, the same with `,size=<8` for each size bin (NaN without ships),
        `false_alarm_frames_per_1000@fppi=0.1,iou=0.3` (frames with one accepted false alarm or more, per 1,000
        frames) and `threshold@fppi=0.1,iou=0.3` (NaN where nothing is accepted; recall is 0 then).
    """
    padded = _with_zero(prepared, weights)
    thresholds = _thresholds(prepared, padded)
    read = _recall_and_frames(prepared, padded, _accepted(prepared, thresholds), "fppi")
    return read | _named(prepared, thresholds, "threshold@fppi")


def read_at_threshold(
    prepared: Operating, weights: Ints, scores: Mapping[tuple[float, float], ArrayLike]
) -> dict[str, Floats]:
    """The same at given scores: thresholds that were set in clear weather and kept when the weather turned.

    Args:
        prepared: from `prepare_operating`, of the cell in bad weather.
        weights: (B, U) int32, not negative: the weight of each unit.
        scores: for each (fppi, iou) of `prepared` the score, or (B,) scores, from which detections are accepted, as
            `find_thresholds` gives them for the clear cell; NaN accepts none.

    Returns:
        (B,) each: `recall@clear_fppi=0.1,iou=0.3`, the same with `,size=<8` for each size bin,
        `false_alarm_frames_per_1000@clear_fppi=0.1,iou=0.3`, and `fppi@clear_fppi=0.1,iou=0.3`: the false alarms per
        image that there are now.

    Raises:
        KeyError: a score is missing.
    """
    padded = _with_zero(prepared, weights)
    given = [np.broadcast_to(np.asarray(scores[point], np.float64), len(weights)) for point in _points(prepared)]
    accepted = _accepted(prepared, np.stack(given, axis=1))
    alarms = _at_points([item.alarms for item in prepared.at_iou], padded, accepted)
    read = _recall_and_frames(prepared, padded, accepted, "clear_fppi")
    return read | _named(prepared, _share(alarms, padded @ prepared.images), "fppi@clear_fppi")


def _sizes(matches: Matches) -> dict[str, int]:
    """The size bins by name, and where they are in the ranges; `""` is any size."""
    of_coco = {item.name for item in COCO_RANGES}
    ranges = enumerate(matches.ranges)
    bins = {item.name: row for row, item in ranges if item.name not in of_coco and not item.at_network_scale}
    return {"": matches.range_index("all")} | bins


def _at_iou(matches: Matches, iou: float, sizes: Mapping[str, int], found_unit: Ints, units: int) -> AtIou:
    row, any_size = matches.threshold_index(iou), sizes[""]
    hits, false = matches.hits_and_alarms(any_size, row)
    alarm = matches.found_in[any_size].copy()
    alarm[matches.candidate] = false
    alarms = np.flatnonzero(alarm)
    hit, ship = matches.candidate[hits], matches.matched(any_size, row)[hits]
    return AtIou(
        iou=iou,
        alarms=make_tally(alarms, found_unit, units),
        alarm_frames=make_tally(_first_of_each(alarms, matches.found_image), found_unit, units),
        hits={name: make_tally(hit[matches.true_in[size, ship]], found_unit, units) for name, size in sizes.items()},
    )


def _first_of_each(places: Places, image: Ints) -> Places:
    """The first place of every image that has one, rising."""
    first = np.full(int(image.max(initial=-1)) + 1, len(image))
    first[image[places[::-1]]] = places[::-1]  # of several the last one written stays
    return np.sort(first[first < len(image)])


def _per_unit(unit: Ints, units: int) -> Floats:
    """(U + 1,) how many there are of each unit."""
    return np.bincount(unit, minlength=units + 1).astype(np.float64)


def _with_zero(prepared: Operating, weights: Ints) -> Floats:
    """(B, U + 1) the weights of the units that have images, and 0."""
    units = len(prepared.images) - 1
    padded = np.zeros((len(weights), units + 1))
    padded[:, :units] = weights[:, :units]
    return padded


def _points(prepared: Operating) -> list[tuple[float, float]]:
    """(fppi, iou) of the P operating points."""
    return [(rate, item.iou) for item in prepared.at_iou for rate in prepared.fppi]


def _named(prepared: Operating, values: Floats, name: str, suffix: str = "") -> dict[str, Floats]:
    """The P columns of (B, P) values by their names."""
    names = (f"{name}={rate:g},iou={iou:g}{suffix}" for rate, iou in _points(prepared))
    return dict(zip(names, values.T, strict=True))


def _thresholds(prepared: Operating, weights: Floats) -> Floats:
    """(B, P) the score to accept from; NaN where nothing is accepted.

    The first alarm too many rules out its score and all below. Where none is too many it stands at D, whose NaN sorts
    after every score.
    """
    allowed = (weights @ prepared.images)[:, None] * (np.array(prepared.fppi) * (1 + _ROUNDING))
    too_many = np.hstack([place_beyond(item.alarms, weights, allowed) for item in prepared.at_iou])
    better = np.searchsorted(prepared.minus_score, prepared.minus_score[too_many])
    weight = weight_before(prepared.found, weights, better)
    last = place_beyond(prepared.found, weights, np.maximum(weight - 1, 0))
    return -np.where(weight > 0, prepared.minus_score[last], np.nan)


def _accepted(prepared: Operating, thresholds: Floats) -> Places:
    """How many detections, of any weight, score as much as each threshold or more."""
    count = np.searchsorted(prepared.minus_score, -thresholds, side="right")
    return np.where(np.isnan(thresholds), 0, count)


def _recall_and_frames(prepared: Operating, weights: Floats, accepted: Places, label: str) -> dict[str, Floats]:
    """The figures of (B, P) numbers of accepted detections."""
    read: dict[str, Floats] = {}
    for size, ships in prepared.ships.items():
        found = _at_points([item.hits[size] for item in prepared.at_iou], weights, accepted)
        read |= _named(prepared, _share(found, weights @ ships), f"recall@{label}", f",size={size}" if size else "")
    frames = _at_points([item.alarm_frames for item in prepared.at_iou], weights, accepted)
    per_1000 = 1000 * _share(frames, weights @ prepared.images)
    return read | _named(prepared, per_1000, f"false_alarm_frames_per_1000@{label}")


def _at_points(tallies: Sequence[Tally], weights: Floats, accepted: Places) -> Floats:
    """(B, P) the accepted weight of the tallies, one an IoU threshold."""
    places = np.split(accepted, len(tallies), axis=1)
    return np.hstack([weight_before(tally, weights, part) for tally, part in zip(tallies, places, strict=True)])


def _share(count: Floats, whole: Floats) -> Floats:
    """(B, P) of (B,); NaN of nothing."""
    with np.errstate(invalid="ignore"):
        share: Floats = count / whole[:, None]
    return share
