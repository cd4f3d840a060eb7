"""The scores of a run, from its cells."""

from __future__ import annotations

from collections.abc import Sequence

from wutdet.detectors import DetectorInfo
from wutdet.metrics.intervals import effective_units
from wutdet.scoring.cells import Cell
from wutdet.scoring.measure import Settings
from wutdet.scoring.scores import DatasetInfo, Scores, ScoringInfo, WeatherInfo
from wutdet.scoring.truth import Truth
from wutdet.scoring.weather import robustness_of


def gather_scores(
    detector: DetectorInfo,
    dataset: DatasetInfo,
    truth: Truth,
    cells: Sequence[Cell],
    settings: Settings,
    skipped: Sequence[str] = (),
    weather: WeatherInfo | None = None,
) -> Scores:
    """What `scores.json` holds."""
    return Scores(
        detector=detector,
        dataset=dataset,
        scoring=ScoringInfo(
            evaluator=settings.evaluator,
            level=settings.level,
            replicates=settings.replicates if settings.level is not None else 0,
            seed=settings.seed,
            edges_px=settings.edges_px,
            imgsz=settings.imgsz,
            sequences=truth.units,
            effective_sequences=effective_units(cells[0].measured.ships_of_sequences["all"]),
            ignore_below=settings.ignore_below,
        ),
        weather=weather,
        skipped=list(skipped),
        cells=[cell.scores for cell in cells],
        robustness=robustness_of(cells, settings),
    )
