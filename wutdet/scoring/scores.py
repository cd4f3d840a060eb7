"""What scores are: the structs of `scores.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NoReturn

import msgspec

from wutdet.dataset.files import write_aside
from wutdet.detectors import DetectorInfo
from wutdet.errors import DataError
from wutdet.metrics import Robustness

SCORES_NAME: Final = "scores.json"
SCHEMA: Final = "wutdet-scores-2"


class Ships(msgspec.Struct, frozen=True, kw_only=True):
    """How many ships the numbers rest on, crowds and ignored ones left out.

    Sizes are by area in native pixels, as COCO bounds them.
    """

    all: int
    small: int
    medium: int
    large: int


class BinScores(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one size bin; None where it has no ship."""

    ships: int
    AP: float | None
    AP50: float | None
    AP30: float | None
    """At IoU 0.3, where a pixel more or less does not decide about a tiny ship."""
    recall: float | None
    """At IoU 0.5, of the 100 best detections of a frame."""


class ErrorKind(msgspec.Struct, frozen=True, kw_only=True):
    """How often a kind of error occurs, and what it costs."""

    count: int
    cost: float | None
    """AP50 that mending all errors of the kind would add."""


class RecallBin(msgspec.Struct, frozen=True, kw_only=True):
    """Recall of the ships whose property lies in a bin."""

    bin: str
    """`<2`, `2-5` (with its lower border, without its upper), `>200`."""
    ships: int
    recall: float | None


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured on a set of frames; None where nothing was there to measure."""

    images: int
    sequences: int
    ships: Ships
    ships_ignored: int = 0
    """Ships left out of every number here, as too little of their contrast was left (`ScoringInfo.ignore_below`)."""
    AP: float | None
    AP50: float | None
    AP75: float | None
    AP_small: float | None
    AP_medium: float | None
    AP_large: float | None
    AR_1: float | None
    AR_10: float | None
    AR_100: float | None
    AR_small: float | None
    AR_medium: float | None
    AR_large: float | None
    AP_uncapped: float | None
    """AP with all detections of a frame counted, not the best 100."""
    bins: dict[str, BinScores]
    """By √area in native pixels."""
    network_bins: dict[str, BinScores]
    """COCO's ranges and the bins again, by √area at the network's input; empty where its size is unknown."""
    operating: dict[str, float | None]
    """Such as `recall@fppi=0.1,iou=0.3`."""
    recall_by: dict[str, list[RecallBin]]
    """By `transmittance`, `contrast` and `rows_below_horizon`, where these are known."""
    errors: dict[str, ErrorKind]
    """By kind; `background.water` is the part of `background` that stands on water."""
    intervals: dict[str, tuple[float, float]]
    """Of every number that has one, by its dotted name, such as `AP_small` or `bins.<8.AP50`."""
    warnings: list[str]

    def number(self, name: str) -> float | None:
        """A number by its dotted name: `AP_small`, `bins.<8.AP50`, `recall@fppi=0.1,iou=0.3`.

        Raises:
            KeyError: there is none of that name.
        """
        if name in self.operating:
            return self.operating[name]
        if name in _PLAIN:
            return _value(self, name)
        group, _, rest = name.partition(".")
        key, _, field = rest.rpartition(".")
        if group not in ("bins", "network_bins", "errors") or key not in getattr(self, group):
            raise KeyError(name)
        item = getattr(self, group)[key]
        if field not in item.__struct_fields__:
            raise KeyError(name)
        return _value(item, field)


class CellScores(Numbers, frozen=True, kw_only=True):
    """The scores of one cell, with its scenario in units."""

    scenario: str
    """The kind: `clear`, `fog`, …; a combination's kinds joined by `+`."""
    severity: int | None
    """0 for clear, None for a combination, whose `name` says it all."""
    name: str
    """In the scenario grammar, such as `fog:3`."""
    value: str
    """In units, such as `MOR 1000 m`."""
    slices: dict[str, dict[str, Numbers]]
    """By column (`scene`, `camera`, …) and value."""


class DatasetInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which frames are scored."""

    name: str
    split: str
    images: int
    boxes: int
    sha256: str
    """Of the canonical COCO JSON of these frames."""


class ScoringInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How the numbers were computed."""

    evaluator: str
    level: float | None
    """Of the intervals; None: there are none."""
    replicates: int
    seed: int
    edges_px: tuple[float, ...]
    """Borders of the size bins, in √px²."""
    imgsz: int | None
    """Longer side of the network's input in px."""
    sequences: int
    effective_sequences: float
    """Sequences of equal size that would carry as much (Kish 1965)."""
    ignore_below: float | None = None
    """Ships with less contrast left, in linear light, are ignored; None: all count."""


class WeatherInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How the frames of a run were rendered."""

    seed: int
    """Of what is drawn at random in it."""
    sha256: dict[str, str]
    """By scenario, but for clear: of the cameras of the frames, the ambient, the severities in units, and `PIXELS`."""


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What `scores.json` holds; equal runs write equal bytes."""

    schema: str = SCHEMA
    detector: DetectorInfo
    dataset: DatasetInfo
    scoring: ScoringInfo
    weather: WeatherInfo | None = None
    """None where only detections were scored, and in files that were written before it was recorded."""
    skipped: list[str]
    """Bad frames that no cell was scored on, and why."""
    cells: list[CellScores]
    robustness: list[Robustness]
    """Of AP, AP50, AP_small and two operating points, over the single-effect scenarios that were run."""

    def cell(self, name: str) -> CellScores:
        """The cell of a scenario such as `fog:3`.

        Raises:
            KeyError: it was not run.
        """
        return next((cell for cell in self.cells if cell.name == name), None) or _absent(name)


def write_scores(folder: Path, scores: Scores) -> None:
    """Write `scores.json`."""
    write_aside(folder / SCORES_NAME, msgspec.json.format(msgspec.json.encode(scores), indent=2) + b"\n")


def read_scores(folder: Path) -> Scores:
    """The scores of a run folder.

    Raises:
        DataError: there are none, or they are not of this schema.
    """
    path = folder / SCORES_NAME
    try:
        scores = msgspec.json.decode(path.read_bytes(), type=Scores)
    except OSError:
        if (folder / "shards").is_dir():
            remedy = "give the command of the benchmark again: it goes on"
            raise DataError("a benchmark that is not finished", where=folder, remedy=remedy) from None
        raise DataError("no scores here", where=folder, remedy="run wutdet benchmark or score first") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"unreadable scores ({error})", where=path, remedy="score the run again") from None
    if scores.schema != SCHEMA:
        raise DataError(f"scores of schema '{scores.schema}'", where=path, remedy=f"score the run again for '{SCHEMA}'")
    return scores


_PLAIN: Final = frozenset(name for name in Numbers.__struct_fields__ if name.startswith(("AP", "AR")))


def _value(item: msgspec.Struct, field: str) -> float | None:
    value = getattr(item, field)
    return None if value is None else float(value)


def _absent(name: str) -> NoReturn:
    raise KeyError(name)
