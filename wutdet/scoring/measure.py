"""Measure one set of detections: match once, then read every number, slice and interval off the matches."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from wutdet.errors import ConfigError
from wutdet.metrics import FoundBoxes
from wutdet.metrics.bands import TOLERANCE_SHARE, foot_band
from wutdet.metrics.error_kinds import prepare_errors, read_errors
from wutdet.metrics.matching import COCO_THRESHOLDS, Matches, match
from wutdet.metrics.numbers import Table, capped_images, prepare_bins, prepare_coco, read_bins, read_coco
from wutdet.metrics.operating import FPPI, IOUS, prepare_operating, read_at_threshold, read_operating
from wutdet.metrics.recall_by import (
    CONTRAST_EDGES,
    HORIZON_EDGES_PX,
    TRANSMITTANCE_EDGES,
    RecallBy,
    prepare_recall_by,
    read_recall_by,
)
from wutdet.metrics.resampling import Reader, read_once, resample
from wutdet.scenarios import SeverityTable
from wutdet.scoring.rests_on import Counts, by_number, ships_by_range
from wutdet.scoring.truth import Truth, horizon_at
from wutdet.sizes import COCO_RANGES, SizeRange, bin_ranges, default_edges_px

THRESHOLDS: Final = (min(IOUS), *COCO_THRESHOLDS)
RECALL_POINT: Final = (0.1, 0.3)
"""The operating point (false alarms per image, IoU) at which recall is read against properties of the ships."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Thresholds = Mapping[tuple[float, float], float]
"""The score that reaches each (fppi, iou)."""
Evaluator = Literal["columnar", "pycocotools"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How scores are computed."""

    level: float | None = 0.95
    """Of the intervals; None: none are computed."""
    replicates: int = 1000
    seed: int = 0
    edges_px: tuple[float, ...] = field(default_factory=default_edges_px)
    """Borders of the size bins, in √px²."""
    imgsz: int | None = None
    """Longer side of the network's input in px, for sizes at its scale."""
    evaluator: Evaluator = "columnar"
    """`pycocotools`: the twelve COCO numbers come from it."""
    ignore_below: float | None = None
    """Ships with less contrast left, in linear light, are ignored: neither missed nor, when found, a false alarm."""
    severities: SeverityTable | None = None
    """What severities mean in units; None: as they are known."""

    def __post_init__(self) -> None:
        """Refuse a contrast that cannot be."""
        if self.ignore_below is not None and not 0 < self.ignore_below <= 1:
            what, remedy = f"{self.ignore_below} is no contrast", "give one from above 0 to 1, such as 0.005"
            raise ConfigError(what, where="ignore_below", remedy=remedy)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known besides boxes; ships in the order of the truth's boxes. None: not known."""

    transmittance: Floats | None = None
    """(G,) what the weather leaves of each ship's light."""
    contrast: Floats | None = None
    """(G,) each ship's contrast against its surround that is left, in linear light."""
    ignored: NDArray[np.bool_] | None = None
    """(G,) the ships that count in no number, see `too_faint`."""
    is_clear: bool = True
    """Whether this is clear weather, whose own thresholds are the ones to keep."""
    clear_thresholds: Thresholds | None = None
    """Those that were set in clear weather; None: not known, or this is the clear weather."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that was measured on one set of frames."""

    images: int
    values: dict[str, float]
    """By the names of `Numbers.number`, and more; NaN where there is nothing to measure."""
    replicates: Table
    """(R,) each, in resamples of the sequences; empty without intervals."""
    ships_of_sequences: dict[str, Counts]
    """By size range in native pixels."""
    rests_on: dict[str, Counts]
    """The ships that a number rests on, by its name; where it is missing those are all ships."""
    capped_images: int
    """Frames with more detections than COCO counts."""
    ships_ignored: int
    """Ships with too little contrast left; they are in no other number."""


def measure(
    truth: Truth, found: FoundBoxes, settings: Settings, knowledge: Knowledge | None = None
) -> tuple[Measured, dict[str, dict[str, Measured]]]:
    """Every number of all frames, and of every slice of the truth, by column and value."""
    if knowledge is not None and knowledge.ignored is not None:
        truth = replace(truth, boxes=replace(truth.boxes, ignored=knowledge.ignored & ~truth.boxes.iscrowd))
    matches = match_all(truth, found, settings)
    bands = _bands(truth, found)
    known = knowledge or Knowledge()
    whole = _measure(matches, truth, bands, settings, known)
    kept = _kept(known, whole.values)
    of_slices = functools.partial(_measure, truth=truth, bands=bands, settings=settings, known=known, kept=kept)
    slices = {
        column: {name: of_slices(matches.only(mask)) for name, mask in masks.items() if mask.any()}
        for column, masks in truth.slices.items()
    }
    return whole, slices


def match_all(truth: Truth, found: FoundBoxes, settings: Settings) -> Matches:
    """The matches that every number of these settings is read off."""
    ranges: tuple[SizeRange, ...] = (*COCO_RANGES, *bin_ranges(settings.edges_px))
    scale = None
    if settings.imgsz is not None:
        scale = truth.network_scale(settings.imgsz)
        ranges += tuple(
            SizeRange(item.name, item.low_px2, item.high_px2, True) for item in ranges if item.name != "all"
        )
    return match(truth.boxes, found, thresholds=THRESHOLDS, ranges=ranges, network_scale=scale)


def too_faint(contrast: Floats | None, ignore_below: float | None) -> NDArray[np.bool_] | None:
    """(G,) the ships with less contrast left; one whose contrast is unknown (NaN) is not. None: none is asked for."""
    return None if contrast is None or ignore_below is None else contrast < ignore_below


def thresholds_of(values: Mapping[str, float]) -> Thresholds:
    """From the numbers of a cell."""
    return {(rate, iou): values[f"threshold@fppi={rate:g},iou={iou:g}"] for rate in FPPI for iou in IOUS}


def _kept(known: Knowledge, values: Mapping[str, float]) -> Thresholds | None:
    """The thresholds that are kept in any weather; None where clear weather was not seen."""
    if known.clear_thresholds is None and known.is_clear:
        return thresholds_of(values)
    return known.clear_thresholds


def _measure(
    matches: Matches,
    truth: Truth,
    bands: NDArray[np.int8],
    settings: Settings,
    known: Knowledge,
    kept: Thresholds | None = None,
) -> Measured:
    place = np.searchsorted(truth.boxes.all_image_ids, matches.image_ids)
    names, dense = np.unique(truth.unit[place], return_inverse=True)
    unit = dense.astype(np.int32)
    at_rate = prepare_operating(matches, unit=unit)
    readers: list[Reader] = [
        functools.partial(read_coco, prepare_coco(matches, unit)),
        functools.partial(read_bins, prepare_bins(matches, unit=unit)),
        functools.partial(read_operating, at_rate),
        functools.partial(read_errors, prepare_errors(matches, unit=unit, bands=bands)),
    ]
    if settings.imgsz is not None:
        readers.append(functools.partial(read_bins, prepare_bins(matches, at_network_scale=True, unit=unit)))
    values = read_once(readers, len(names))
    kept = kept or _kept(known, values)
    scores = kept or dict.fromkeys(thresholds_of(values), math.nan)
    by_property = _by_property(matches, unit, truth, known, scores[RECALL_POINT])
    at_kept: list[Reader] = [
        functools.partial(read_at_threshold, at_rate, scores=scores),
        *(functools.partial(_read_property, name, prepared) for name, prepared in by_property.items()),
    ]
    more = read_once(at_kept, len(names))
    if kept is None:  # only the ships can be counted
        more, at_kept = {name: value if "ships@" in name else math.nan for name, value in more.items()}, []
    replicates: Table = {}
    if settings.level is not None and len(names) > 1:
        replicates = resample(
            [*readers, *at_kept],
            units=len(names),
            size=len(matches.candidate),
            replicates=settings.replicates,
            seed=settings.seed,
        )
    ships = ships_by_range(matches, unit, len(names))
    return Measured(
        images=len(matches.image_ids),
        values=values | more,
        replicates=replicates,
        ships_of_sequences={item.name: counts for item, counts in ships.items() if not item.at_network_scale},
        rests_on=by_number(ships, by_property),
        capped_images=capped_images(matches),
        ships_ignored=_ships_ignored(matches, truth),
    )


def _ships_ignored(matches: Matches, truth: Truth) -> int:
    ignored = truth.boxes.ignored
    return 0 if ignored is None else int(np.count_nonzero(ignored[matches.true_row]))


def _by_property(matches: Matches, unit: Ints, truth: Truth, known: Knowledge, score: float) -> dict[str, RecallBy]:
    """The ships and those found from a score on, by what is known of the ships."""
    columns = {
        "transmittance": (known.transmittance, TRANSMITTANCE_EDGES),
        "contrast": (known.contrast, CONTRAST_EDGES),
        "rows_below_horizon": (_rows_below_horizon(truth), HORIZON_EDGES_PX),
    }
    return {
        name: prepare_recall_by(matches, values, edges, iou=RECALL_POINT[1], score=score, unit=unit)
        for name, (values, edges) in columns.items()
        if values is not None and np.isfinite(values).any()
    }


def _read_property(name: str, prepared: RecallBy, weights: Ints) -> Table:
    return {f"recall_by.{name}.{item}": value for item, value in read_recall_by(prepared, weights).items()}


def _rows_below_horizon(truth: Truth) -> Floats:
    """(G,) from the horizon down to each ship's waterline; NaN where the horizon is unknown."""
    x, y, width, height = truth.boxes.xywh.T
    place = np.searchsorted(truth.boxes.all_image_ids, truth.boxes.image_ids)
    rows: Floats = y + height - horizon_at(truth, place, x + width / 2)
    return rows


def _bands(truth: Truth, found: FoundBoxes) -> NDArray[np.int8]:
    """(D,) where each detection stands; detections of other images stand nowhere."""
    ids = truth.boxes.all_image_ids
    place = np.minimum(np.searchsorted(ids, found.image_ids), len(ids) - 1)
    x, y, width, height = found.xywh.T
    horizon_px = np.where(ids[place] == found.image_ids, horizon_at(truth, place, x + width / 2), np.nan)
    return foot_band(y + height, horizon_px, TOLERANCE_SHARE * truth.size_px[place, 1])
