"""The hook into ultralytics: a trainer that gives its training frames weather."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wutdet.detectors.runtime import import_ultralytics
from wutdet.errors import ConfigError
from wutdet.training.known_frames import KnownFrame, known_frames
from wutdet.training.weather import WeatherAugmentation
from wutdet.training.weather_loading import EpochSampler, WeatherLoader

if TYPE_CHECKING:
    from wutdet.dataset import Dataset

_MIXES: Final = ("mosaic", "mixup", "cutmix", "copy_paste")


def weather_trainer(
    augmentation: WeatherAugmentation,
    frames: Dataset | Mapping[str, KnownFrame] | None = None,
    *,
    image_dir: Path | None = None,
    base: type[Any] | None = None,
) -> type[Any]:
    """A trainer class for `model.train(trainer=…)`: stock ultralytics, with weather on the training frames.

    Weather is rendered on the native frame, before it is resized and before any mosaic, with its ships. Val frames
    stay as they are. The seed is the training's.

    Args:
        augmentation: what to draw.
        frames: whose names and horizon rows to use, or what `known_frames` and `known_tiles` made of them; without it
            the horizon is looked for in each frame, and a frame goes by its path from `images/` on.
        image_dir: where the images of `frames` are, when not at the dataset's own place.
        base: the trainer to extend; None is ultralytics' `DetectionTrainer`.

    Raises:
        MissingExtraError: ultralytics is not installed.
    """
    import_ultralytics()
    from ultralytics.models.yolo.detect import DetectionTrainer

    known = (frames or {}) if frames is None or isinstance(frames, Mapping) else known_frames(frames, image_dir)
    trainer: Any = base or DetectionTrainer

    class WeatherTrainer(trainer):  # type: ignore[misc]  # its base is known when it is made
        """Trains on frames with weather."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if getattr(self, "world_size", 0) > 1:
                check_one_device(str(self.args.device))

        def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
            """Ultralytics' dataset; that of training loads frames with weather."""
            dataset = super().build_dataset(img_path, mode, batch)
            if mode == "train":
                mixes = not dataset.rect and any(getattr(self.args, name, 0.0) for name in _MIXES)
                dataset.load_image = WeatherLoader(
                    dataset,
                    augmentation,
                    frames=known,
                    seed=self.args.seed,
                    most_kept=max(dataset.max_buffer_length, 1) if mixes else 1,
                )
            return dataset

        def get_dataloader(self, dataset_path: str, batch_size: int = 16, rank: int = 0, mode: str = "train") -> Any:
            """Ultralytics' loader; that of training tells each frame its epoch."""
            loader = super().get_dataloader(dataset_path, batch_size, rank, mode)
            return tell_epochs(loader, self) if mode == "train" else loader

    return WeatherTrainer


def tell_epochs(loader: Any, trainer: Any) -> Any:
    """Let ultralytics' endless loader tell each frame its epoch, also after it was reset to close the mosaic."""
    batches = loader.batch_sampler.sampler  # within what repeats it for ever
    sampler = EpochSampler(batches.sampler, trainer)
    batches.sampler = sampler

    def reset() -> None:
        sampler.restart()
        type(loader).reset(loader)

    loader.reset = reset
    return loader


def check_one_device(device: str) -> None:
    """Refuse several devices: ultralytics starts a process for each, and a trainer of ours does not reach them.

    Raises:
        ConfigError: the device names more than one.
    """
    if "," in device:
        remedy = "name one, or train without weather"
        raise ConfigError("weather in training runs on one device", where=f"device {device}", remedy=remedy)
