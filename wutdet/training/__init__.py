"""A baseline config in, weights and a manifest out; ultralytics does the training."""

from wutdet.training.config import BaselineConfig, baseline_names, load_baseline
from wutdet.training.epochs import Epoch
from wutdet.training.lock import TrainingBusyError
from wutdet.training.overrides import parse_overrides, trains_on_tiles
from wutdet.training.tile_settings import TrainingTiles
from wutdet.training.train import TrainedRun, train
from wutdet.training.weather import FogRange, GlareRange, LowLightRange, RainRange, WeatherAugmentation
from wutdet.training.weather_trainer import weather_trainer

__all__ = [
    "BaselineConfig",
    "Epoch",
    "FogRange",
    "GlareRange",
    "LowLightRange",
    "RainRange",
    "TrainedRun",
    "TrainingBusyError",
    "TrainingTiles",
    "WeatherAugmentation",
    "baseline_names",
    "load_baseline",
    "parse_overrides",
    "train",
    "trains_on_tiles",
    "weather_trainer",
]
