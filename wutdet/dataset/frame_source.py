"""Frames from wherever they are, where no labels are needed: a dataset, a folder of images, an image, a video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from wutdet.dataset.dataset import Dataset
from wutdet.dataset.image_files import IMAGE_SUFFIXES, open_images
from wutdet.dataset.load import OnError, load
from wutdet.dataset.source_frame import SourceFrame
from wutdet.dataset.tables import Problem
from wutdet.dataset.video import VIDEO_SUFFIXES, open_video
from wutdet.dataset.voc import OriginChoice, find_voc_root
from wutdet.dataset.yolo_yaml import find_data_yaml
from wutdet.errors import ConfigError, DataError

_KINDS: Final = "a dataset, a folder of images, an image (.jpg, .png) or a video (.mp4, .mkv, .avi, .mov, …)"


class FrameSource(Protocol):
    """Frames in a fixed order; each time it is iterated they begin anew.

    All but a video also have a `len`: a video's frames are counted only by decoding them.
    """

    @property
    def name(self) -> str:
        """Of the dataset, the folder or the file."""
        ...

    @property
    def labelled(self) -> bool:
        """Whether the frames have labels; a labelled frame without boxes is one without ships."""
        ...

    @property
    def expected(self) -> int | None:
        """How many frames there are; of a video what its container says, which may be off or None."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """What was left out, complete after the frames were iterated."""
        ...

    def __iter__(self) -> Iterator[SourceFrame]:
        """The frames; `image` of each is decoded on first use, and raises FrameError for a bad file."""
        ...


@dataclass(frozen=True)
class DatasetFrames:
    """The frames of a dataset, in table order."""

    dataset: Dataset

    @property
    def name(self) -> str:
        """The dataset's."""
        return self.dataset.name

    @property
    def labelled(self) -> bool:
        """True."""
        return True

    @property
    def expected(self) -> int:
        """The number of frames."""
        return len(self.dataset)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What loading left out."""
        return self.dataset.problems

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.dataset)

    def __iter__(self) -> Iterator[SourceFrame]:
        """Every frame."""
        for frame, camera in zip(self.dataset, self.dataset.images["camera"], strict=True):
            edges = (frame.width, frame.height, frame.boxes, frame.horizon_row)
            yield SourceFrame(frame.image_id, frame.name, frame.path, *edges, camera)


def open_frames(
    data: str | Path,
    *,
    images: str | Path | None = None,
    splits: str | Path | None = None,
    split: str | None = None,
    sidecar: str | Path | None = None,
    voc_origin: OriginChoice = "auto",
    classes: Mapping[str, str] | None = None,
    on_error: OnError = "stop",
    every: int = 1,
) -> FrameSource:
    """The frames of a dataset, of a folder of images, of one image or of a video.

    A folder that holds a dataset (see `wutdet.load`) is read as one, whatever images lie beside it. In another, its
    JPEG and PNG files are the frames, by name; folders in it are not searched. What is no dataset has no labels.

    Args:
        data: the folder or file.
        images, splits, voc_origin, classes: as `wutdet.load` takes them, for a dataset alone.
        split: of a dataset; None is every frame.
        sidecar: a table of facts about frames, for a dataset or images.
        on_error: `stop` raises the first bad frame or file, `skip` leaves it out and lists it in `problems`.
        every: of a video, each how many-th frame, the first always among them.

    Raises:
        DataError: there is nothing to read, or it cannot be understood.
        FrameError: a label is bad and `on_error` is `stop`; a bad image raises later, when it is its turn.
        ConfigError: an option does not go with these data.
    """
    path = Path(data)
    if not path.exists():
        raise DataError("does not exist", where=path, remedy=f"give {_KINDS}")
    if every < 1:
        raise ConfigError(f"every is {every}", where="every", remedy="give 1 or more")
    is_video = path.is_file() and path.suffix.lower() in VIDEO_SUFFIXES
    if every > 1 and not is_video:
        raise ConfigError("every goes with a video", where=path, remedy="leave it out")
    if holds_labels(path):
        dataset = load(
            path,
            images=images,
            splits=splits,
            voc_origin=voc_origin,
            classes=classes,
            on_error=on_error,
            sidecar=sidecar,
        )
        return DatasetFrames(dataset if split is None else dataset.split(split))
    _refuse(path, {"images": images, "splits": splits, "split": split})
    if is_video:
        _refuse(path, {"sidecar": sidecar})
        return open_video(path, every=every, on_error=on_error)
    if path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES:
        raise DataError("is of no kind that can be read", where=path, remedy=f"give {_KINDS}")
    return open_images(path, sidecar=None if sidecar is None else Path(sidecar), on_error=on_error)


def holds_labels(path: Path) -> bool:
    """Whether a folder or file is one that `load` reads: VOC, COCO or YOLO."""
    if path.is_file():
        return path.suffix == ".json" or find_data_yaml(path) is not None
    return find_voc_root(path) is not None or any(path.glob("annotations/*.json")) or find_data_yaml(path) is not None


def _refuse(path: Path, options: Mapping[str, object]) -> None:
    for name, value in options.items():
        if value is not None:
            raise ConfigError(f"has no labels, so '{name}' means nothing", where=path, remedy=f"leave {name} out")
