"""Scores of detections: a dataset and a detector's boxes in, every number with its interval out."""

from wutdet.scoring.evaluate import evaluate
from wutdet.scoring.results import KnownImages, Results, read_results
from wutdet.scoring.scores import CellScores, Numbers, Scores, read_scores

__all__ = ["CellScores", "KnownImages", "Numbers", "Results", "Scores", "evaluate", "read_results", "read_scores"]
