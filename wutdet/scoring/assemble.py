"""Turn what was measured into the structs of `scores.json`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from wutdet.metrics.intervals import effective_units, expanded_interval
from wutdet.metrics.numbers import BIN_NUMBERS, COCO_NAMES, MAX_DETS
from wutdet.scoring.doubts import interval_doubts
from wutdet.scoring.measure import Measured, Settings
from wutdet.scoring.scores import BinScores, ErrorKind, Numbers, RecallBin, Ships

_COUNTS: Final = (".ships", ".count")
_WITHOUT_INTERVAL: Final = ("ships", "threshold@")
_DOUBTED: Final = ("AP", "AP_small")
"""Numbers of which is said when too few sequences are behind them: that of all ships, and the headline."""


def to_numbers(measured: Measured, settings: Settings, *, sequences_known: bool) -> Numbers:
    """The numbers of one set of frames, with intervals and warnings."""
    return Numbers(**number_fields(measured, settings, sequences_known=sequences_known))


def number_fields(measured: Measured, settings: Settings, *, sequences_known: bool) -> dict[str, Any]:
    """The fields of `Numbers`."""
    values = measured.values
    ships = {name: int(per_sequence.sum()) for name, per_sequence in measured.ships_of_sequences.items()}
    bins = [name for name in ships if name not in Ships.__struct_fields__]
    return {
        "images": measured.images,
        "ships_ignored": measured.ships_ignored,
        "sequences": len(measured.ships_of_sequences["all"]),
        "ships": Ships(**{name: ships[name] for name in Ships.__struct_fields__}),
        **{name: _known(values[name]) for name in (*COCO_NAMES, "AP_uncapped")},
        "bins": {name: _bin(values, f"bins.{name}") for name in bins},
        "network_bins": {name: _bin(values, f"network_bins.{name}") for name in _network_bins(values)},
        "operating": {name: _known(value) for name, value in values.items() if "fppi=" in name},
        "recall_by": _recall_by(values),
        "errors": {name: _error(values, name) for name in _error_kinds(values)},
        "intervals": _intervals(measured, settings),
        "warnings": list(_warnings(measured, settings, sequences_known)),
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _bin(values: Mapping[str, float], prefix: str) -> BinScores:
    numbers = {name: _known(values[f"{prefix}.{name}"]) for name in BIN_NUMBERS}
    return BinScores(ships=int(values[f"{prefix}.ships"]), **numbers)


def _network_bins(values: Mapping[str, float]) -> list[str]:
    ending = ".ships"
    return [name.split(".", 1)[1].removesuffix(ending) for name in values if _in(name, "network_bins.", ending)]


def _error_kinds(values: Mapping[str, float]) -> list[str]:
    ending = ".count"
    return [name.removeprefix("errors.").removesuffix(ending) for name in values if _in(name, "errors.", ending)]


def _in(name: str, prefix: str, ending: str) -> bool:
    return name.startswith(prefix) and name.endswith(ending)


def _error(values: Mapping[str, float], kind: str) -> ErrorKind:
    return ErrorKind(count=int(values[f"errors.{kind}.count"]), cost=_known(values[f"errors.{kind}.cost"]))


def _recall_by(values: Mapping[str, float]) -> dict[str, list[RecallBin]]:
    """`recall_by.transmittance.recall@0.1-0.2` and `….ships@0.1-0.2` as rows."""
    rows: dict[str, list[RecallBin]] = {}
    for name, value in values.items():
        if not name.startswith("recall_by."):
            continue
        _, column, rest = name.split(".", 2)
        key, _, label = rest.partition("@")
        if key == "recall":
            ships = int(values[f"recall_by.{column}.ships@{label}"])
            rows.setdefault(column, []).append(RecallBin(bin=label, ships=ships, recall=_known(value)))
    return rows


def _intervals(measured: Measured, settings: Settings) -> dict[str, tuple[float, float]]:
    if settings.level is None:
        return {}
    found = {
        name: expanded_interval(values, sequences_behind(measured, name), settings.level)
        for name, values in measured.replicates.items()
        if not name.startswith(_WITHOUT_INTERVAL) and not name.endswith(_COUNTS) and "ships@" not in name
    }
    return {name: interval for name, interval in found.items() if interval is not None}


def sequences_behind(measured: Measured, name: str) -> float:
    """How many sequences of equal size would carry as much as those that a number rests on: those with its ships."""
    return effective_units(measured.rests_on.get(name, measured.ships_of_sequences["all"]))


def _warnings(measured: Measured, settings: Settings, sequences_known: bool) -> Iterator[str]:
    if measured.capped_images:
        yield (
            f"{measured.capped_images} of {measured.images} frames have more than {MAX_DETS} detections; "
            f"COCO's numbers drop the rest, AP_uncapped counts them"
        )
    if measured.ships_ignored:
        ships = measured.ships_ignored + int(measured.ships_of_sequences["all"].sum())
        left = f"less contrast than {settings.ignore_below:g} is left"
        yield f"{measured.ships_ignored} of {ships} ships are ignored: {left}"
    if settings.level is None:
        return
    if not sequences_known:
        yield "frames without a sequence are resampled one by one: where frames are alike, intervals are too narrow"
    yield from interval_doubts({name: sequences_behind(measured, name) for name in _DOUBTED})
