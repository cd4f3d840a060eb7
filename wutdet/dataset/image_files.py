"""Images without labels as a source of frames: a folder of them, or one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import polars as pl

from wutdet.dataset.image_size import read_image_size
from wutdet.dataset.sidecar import join_sidecar
from wutdet.dataset.source_frame import SourceFrame, no_boxes
from wutdet.dataset.tables import IMAGE_SCHEMA, Problem, assign_image_ids
from wutdet.errors import DataError, FrameError

IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class ImageFiles:
    """The frames of image files, by name. Sizes are read from headers as the frames are asked for.

    Attributes:
        name: of the folder or the file.
        paths: the files, rising by name.
        facts: camera and horizon row of every file, where a sidecar table tells them.
        on_error: whether a file that is no image stops, or is left out and listed in `problems`.
        problems: what was left out so far.
    """

    name: str
    paths: tuple[Path, ...]
    facts: Mapping[str, tuple[str | None, float | None]]
    on_error: Literal["stop", "skip"] = "stop"
    problems: list[Problem] = field(default_factory=list)

    @property
    def labelled(self) -> bool:
        """False."""
        return False

    @property
    def expected(self) -> int:
        """How many files there are."""
        return len(self.paths)

    def __len__(self) -> int:
        """How many files there are."""
        return len(self.paths)

    def __iter__(self) -> Iterator[SourceFrame]:
        """Every frame, by name.

        Raises:
            FrameError: a file is no image and `on_error` is `stop`.
        """
        self.problems.clear()
        ids = assign_image_ids([path.name for path in self.paths])
        for image_id, path in zip(ids, self.paths, strict=True):
            try:
                _check_name(path)
                width, height = read_image_size(path)
            except FrameError as error:
                if self.on_error == "stop":
                    raise
                self.problems.append(Problem(path.name, str(error)))
                continue
            camera, horizon_row = self.facts.get(path.name, (None, None))
            yield SourceFrame(image_id, path.name, path, width, height, no_boxes(), horizon_row, camera)


def open_images(data: Path, *, sidecar: Path | None, on_error: Literal["stop", "skip"]) -> ImageFiles:
    """The images that lie in a folder itself (not in folders of it), or one image.

    Hidden files are left alone.

    Args:
        data: a folder, or a JPEG or PNG file.
        sidecar: a table of facts, of which the camera and the horizon row are taken.
        on_error: what to do with a file that is no image.

    Raises:
        DataError: there is no image, or the table does not fit.
    """
    paths = _images_in(data) if data.is_dir() else (data,)
    if not paths:
        raise DataError("holds no dataset and no image (.jpg, .jpeg, .png)", where=data, remedy=_remedy(data))
    facts = {} if sidecar is None else _facts([path.name for path in paths], sidecar)
    name = data.resolve().name if data.is_dir() else data.stem
    return ImageFiles(name, paths, facts, on_error)


def _images_in(folder: Path) -> tuple[Path, ...]:
    try:
        found = sorted(
            (path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.name[0] != "."),
            key=lambda path: path.name,
        )
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=folder, remedy="check the folder") from None
    return tuple(path for path in found if path.is_file())


def _remedy(folder: Path) -> str:
    """Where the images may be instead: folders are not searched, but looked into to help."""
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    holding = next((path for path in inside if _images_in(path)), None)
    return "give a folder of images, or a dataset" if holding is None else f"give the folder itself, such as {holding}"


def _facts(names: list[str], sidecar: Path) -> dict[str, tuple[str | None, float | None]]:
    bare = pl.DataFrame({"file_name": names}, schema_overrides={"file_name": pl.String})
    images = bare.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in IMAGE_SCHEMA.items() if name != "file_name"
    )
    rows = join_sidecar(images, sidecar).select("file_name", "camera", "horizon_row").iter_rows()
    return {name: (camera, horizon_row) for name, camera, horizon_row in rows}


def _check_name(path: Path) -> None:
    name = path.name
    if any(sign < " " or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in name):
        raise FrameError(f"unreadable file name {name!a}", where=ascii(str(path.parent)), remedy="rename the file")
