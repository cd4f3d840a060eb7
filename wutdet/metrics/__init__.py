"""Pure array functions that score detections."""

from wutdet.metrics.boxes import FoundBoxes, TrueBoxes
from wutdet.metrics.coco import CocoScores, Ships, coco_scores
from wutdet.metrics.robustness import Robustness, robustness

__all__ = ["CocoScores", "FoundBoxes", "Robustness", "Ships", "TrueBoxes", "coco_scores", "robustness"]
