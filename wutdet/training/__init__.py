"""A baseline config in, weights and a manifest out; ultralytics does the training."""

from wutdet.training.config import BaselineConfig, baseline_names, load_baseline, parse_overrides
from wutdet.training.train import Epoch, TrainedRun, train

__all__ = [
    "BaselineConfig",
    "Epoch",
    "TrainedRun",
    "baseline_names",
    "load_baseline",
    "parse_overrides",
    "train",
]
