"""Our verdicts as evaluations of FiftyOne's own kind. Imports fiftyone: import it when that has started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fiftyone.utils.eval.detection import DetectionEvaluation, DetectionEvaluationConfig, DetectionResults

from wutdet.browse.evidence import CellEvidence, Threshold
from wutdet.browse.judging import FN, FP, TP
from wutdet.browse.names import GROUND_TRUTH, evaluation_key, prediction_field
from wutdet.dataset.tables import CATEGORY


class ShipEvaluationConfig(DetectionEvaluationConfig):  # type: ignore[misc]  # fiftyone has no types
    """How verdicts were reached: the fields, the `iou`, the `min_score`, and where that came from."""

    @property
    def method(self) -> str:
        """Not one of FiftyOne's methods: it computes none of these verdicts."""
        return "wutdet"


class ShipEvaluation(DetectionEvaluation):  # type: ignore[misc]
    """Verdicts of `wutdet.browse.judging`: the fields are FiftyOne's, the matching is ours."""

    def evaluate(self, doc: Any, eval_key: str | None = None) -> Any:
        """Refuse: edited labels are judged anew by exporting them and scoring the run on them.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("export the labels (wutdet import-labels) and benchmark or score again")


def register(
    view: Any, cell: CellEvidence, threshold: Threshold, iou: float, ids: tuple[Sequence[Any], Sequence[Any]]
) -> None:
    """Register a scenario's verdicts as the evaluation `eval_fog_3` of a dataset whose labels hold them.

    Args:
        view: what was judged: the dataset itself where all of it was.
        cell: with its verdicts.
        threshold: from which score they were reached.
        iou: from which a detection finds a ship.
        ids: of the ships, and of the cell's detections.
    """
    key = evaluation_key(cell.scenario)
    config = ShipEvaluationConfig(
        prediction_field(cell.scenario),
        GROUND_TRUTH,
        iou=iou,
        classwise=False,
        scenario=cell.scenario,
        min_score=threshold.score if threshold.score <= 1 else None,
        threshold=threshold.words,
    )
    method = config.build()
    method.register_run(view, key)
    results = DetectionResults(
        view, config, key, list(_matches(cell, *ids)), classes=[CATEGORY], missing="(none)", backend=method
    )
    method.save_run_results(view, key, results)


def _matches(cell: CellEvidence, ship_ids: Sequence[Any], found_ids: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """(true label, found label, IoU, score, true id, found id) of every verdict."""
    judged = cell.judged
    if judged is None:
        return
    scores = cell.found.scores.tolist()
    for row, verdict in enumerate(judged.found.tolist()):
        if verdict == TP:
            ship = judged.found_ship[row]
            yield (
                CATEGORY,
                CATEGORY,
                float(judged.found_iou[row]),
                scores[row],
                str(ship_ids[ship]),
                str(found_ids[row]),
            )
        elif verdict == FP:
            yield None, CATEGORY, None, scores[row], None, str(found_ids[row])
    for row, verdict in enumerate(judged.true.tolist()):
        if verdict == FN:
            yield CATEGORY, None, None, None, str(ship_ids[row]), None
