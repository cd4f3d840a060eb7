"""Pure array functions that score detections."""

from wutdet.metrics.boxes import FoundBoxes, TrueBoxes
from wutdet.metrics.matching import Matches, match
from wutdet.metrics.robustness import Robustness, robustness

__all__ = ["FoundBoxes", "Matches", "Robustness", "TrueBoxes", "match", "robustness"]
