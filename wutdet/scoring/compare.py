"""Compare two runs on the same frames, resample by resample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from wutdet.errors import DataError
from wutdet.metrics.robustness import mean_over_kinds, mean_over_severities, relative_to_clear
from wutdet.scoring.comparison import CellDifference, ComparedRun, Comparison, Difference, RobustnessDifference
from wutdet.scoring.doubts import interval_doubts
from wutdet.scoring.drops import check_drops
from wutdet.scoring.findings import holm, resolution_note, sentences
from wutdet.scoring.number_names import demand_known, number_names
from wutdet.scoring.pairing import Floats, Pair, Side, read_pair
from wutdet.scoring.scores import CellScores

DEFAULT_NUMBERS: Final = ("AP", "AP50", "AP_small", "recall@fppi=0.1,iou=0.3")
ROBUSTNESS_NUMBERS: Final = ("AP", "AP_small")
"""Numbers of which mPC and rPC are compared too."""


def compare_runs(
    run_a: str | Path,
    run_b: str | Path,
    *,
    numbers: Sequence[str] = DEFAULT_NUMBERS,
    max_drops: Mapping[str, float] | None = None,
) -> Comparison:
    """Hold run B against run A, number by number, under every scenario that both have.

    The runs must be of the same frames. Where both have replicates of the same resamples, every difference gets the
    interval and the p-value of its replicates, B's minus A's: what is common to both, such as a hard sequence, cancels.

    Args:
        run_a: a folder of `wutdet benchmark`, or of `wutdet score --out`.
        run_b: another.
        numbers: dotted names, as `Numbers.number` takes them; not counts of ships or thresholds. Of AP and AP_small
            mPC and rPC are compared too.
        max_drops: how much worse B may be, by `NUMBER@SCENARIO` (or `NUMBER`, for clear): `{"AP_small@fog:3": 0.02}`
            is kept where A − B <= 0.02. Where less is better, as with errors and false alarms, B − A counts.

    Raises:
        DataError: a folder holds no scores, or scores of another schema; the frames or the resamples differ; a limit
            is set on a number without a value.
        ConfigError: a number or a scenario is unknown, or a drop is impossible.
    """
    pair = read_pair(Path(run_a), Path(run_b))
    _demand_numbers(numbers, pair)
    drops = check_drops(max_drops or {}, pair.a.scores, pair.b.scores, pair.scenarios)
    alpha, scoring = pair.alpha, pair.a.scores.scoring
    cells, robustness = _marked(list(_cells(pair, numbers)), list(_robustness(pair, numbers)), alpha or 0.0)
    differences: list[Difference] = [*cells, *robustness]
    comparisons = sum(item.p is not None for item in differences)
    return Comparison(
        a=ComparedRun(run=str(run_a), detector=pair.a.scores.detector.name),
        b=ComparedRun(run=str(run_b), detector=pair.b.scores.detector.name),
        dataset=pair.a.scores.dataset,
        level=pair.level,
        replicates=0 if alpha is None else scoring.replicates,
        sequences=scoring.sequences,
        cells=cells,
        robustness=robustness,
        comparisons=comparisons,
        findings=[] if alpha is None else list(_findings(pair, differences, alpha)),
        drops=drops,
        kept=all(drop.kept for drop in drops),
        notes=list(_notes(pair, differences)),
    )


def _demand_numbers(numbers: Sequence[str], pair: Pair) -> None:
    cells = [side.scores.cell(name) for name in pair.scenarios for side in (pair.a, pair.b)]
    everywhere = set.intersection(*(set(number_names(cell)) for cell in cells))
    known = [name for name in number_names(cells[0]) if name in everywhere]
    inputs_px = [side.scores.scoring.imgsz for side in (pair.a, pair.b)]
    for number in numbers:
        demand_known(number, known, what="number", where="--numbers")
        if number.startswith("network_bins.") and inputs_px[0] != inputs_px[1]:
            what = f"is of networks with different inputs: {inputs_px[0]} and {inputs_px[1]} px"
            raise DataError(what, where=number, remedy="compare the bins in native pixels")


def _cells(pair: Pair, numbers: Sequence[str]) -> Iterator[CellDifference]:
    for number in numbers:
        a, b = pair.a.values(number, pair.scenarios), pair.b.values(number, pair.scenarios)
        again_a, again_b = pair.a.resampled(number, pair.scenarios), pair.b.resampled(number, pair.scenarios)
        for name in pair.scenarios:
            resampled = None if again_a is None or again_b is None else (again_a[name], again_b[name])
            yield CellDifference(scenario=name, **pair.judge(number, a[name], b[name], resampled))


def _robustness(pair: Pair, numbers: Sequence[str]) -> Iterator[RobustnessDifference]:
    """mPC and rPC over the single-effect scenarios that both have, of those numbers that are compared."""
    weather = [cell for name in pair.scenarios if (cell := pair.a.scores.cell(name)).severity]
    scenarios = ["clear", *(cell.name for cell in weather)]
    if not weather or "clear" not in pair.scenarios:
        return
    for number in (name for name in ROBUSTNESS_NUMBERS if name in numbers):
        a, b = (_figures(side.values(number, scenarios), weather) for side in (pair.a, pair.b))
        again_a, again_b = (_resampled_figures(side, number, scenarios, weather) for side in (pair.a, pair.b))
        for figure in a:
            resampled = None if again_a is None or again_b is None else (again_a[figure], again_b[figure])
            yield RobustnessDifference(figure=figure, **pair.judge(number, a[figure], b[figure], resampled))


def _resampled_figures(
    side: Side, number: str, scenarios: Sequence[str], weather: Sequence[CellScores]
) -> dict[str, Floats] | None:
    values = side.resampled(number, scenarios)
    return None if values is None else _figures(values, weather)


def _figures(values: Mapping[str, Floats], weather: Sequence[CellScores]) -> dict[str, Floats]:
    """(…) mPC and rPC, from (…) by scenario."""
    by_kind: dict[str, list[Floats]] = {}
    for cell in weather:
        by_kind.setdefault(cell.scenario, []).append(values[cell.name])
    mpc = mean_over_kinds({kind: mean_over_severities(np.stack(run, axis=-1)) for kind, run in by_kind.items()})
    return {"mPC": mpc, "rPC": relative_to_clear(mpc, values["clear"])}


def _marked(
    cells: list[CellDifference], robustness: list[RobustnessDifference], alpha: float
) -> tuple[list[CellDifference], list[RobustnessDifference]]:
    """The same, with p-values corrected for the number of them all, and marked where they are `alpha` or less."""
    differences: list[Difference] = [*cells, *robustness]
    corrected = iter(holm([item.p for item in differences if item.p is not None]))

    def mark(item: Any) -> Any:
        if item.p is None:
            return item
        p_holm = next(corrected)
        return msgspec.structs.replace(item, p_holm=p_holm, shown=item.p <= alpha, survives=p_holm <= alpha)

    return [mark(item) for item in cells], [mark(item) for item in robustness]


def _findings(pair: Pair, differences: Sequence[Difference], alpha: float) -> Iterator[str]:
    yield from sentences(differences, alpha)
    comparisons = sum(item.p is not None for item in differences)
    line = resolution_note(comparisons, alpha, pair.a.scores.scoring.replicates, pair.sequences("AP"))
    if line is not None and any(item.shown for item in differences):
        yield line


def _notes(pair: Pair, differences: Sequence[Difference]) -> Iterator[str]:
    for letter, side in (("A", pair.a), ("B", pair.b)):
        alone = [cell.name for cell in side.scores.cells if cell.name not in pair.scenarios]
        if alone:
            yield f"only {letter} has {', '.join(alone)}"
        if side.replicates is None:
            yield f"{letter} ({side.run}) has no replicates: differences are without intervals and p-values"
    seeds = pair.weather_seeds
    if len(set(seeds)) > 1:
        yield f"the weather was drawn at the seeds {seeds[0]} and {seeds[1]}: differences hold the luck of the draw too"
    if pair.level is None or pair.alpha is None:
        return
    if pair.a.scores.scoring.level != pair.b.scores.scoring.level:
        yield f"the runs' intervals are of different levels; those of differences are of {pair.level:g}"
    sequences = {name: pair.sequences(name) for name in ("AP", *(item.number for item in differences))}
    yield from interval_doubts(sequences)
