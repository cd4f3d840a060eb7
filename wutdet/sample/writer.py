"""The part on disk, in the layout of WUTDet Part A with lists of sequences beside it."""

from __future__ import annotations

import csv
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2

from wutdet.errors import WutdetError
from wutdet.sample.compose import Frame, ShipBox, draw_frame
from wutdet.sample.keys import keyed_rng
from wutdet.sample.world import Sequence, plan_part

JPEG_QUALITY: Final = 92
ID_STEP: Final = 20  # WUTDet Part A holds every 20th frame of the full set
CAMERA: Final = "sample"
_MIN_SIZE: Final = (160, 90)
_MAX_SIDE: Final = 8192
_FRACTIONS: Final = {"train": 0.65, "test": 0.25, "val": 0.10}


def render_part(
    out: str | Path,
    *,
    images: int = 120,
    size: tuple[int, int] = (1280, 720),
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> Path:
    """Render a synthetic part in the layout of WUTDet Part A and return its folder.

    Written are `voc/Annotations`, `voc/JPEGImages`, `voc/ImageSets/Main/{train,val}.txt` (random by frame, as
    public splits of WUTDet are: it leaks on purpose), `splits/{train,val,test}.txt` (whole sequences, about
    65/10/25 % of the frames) and `frames.csv` (image, sequence, camera, scene, condition, horizon_row).
    Boxes are 1-based inclusive, as Pascal VOC writes them. Equal arguments give byte-identical files. With
    fewer than three images some lists of `splits` stay empty.

    Args:
        out: folder to make; it may exist if it is empty.
        images: number of frames.
        size: (width, height) in pixels.
        seed: of all that is random.
        advance: called with 1 for every frame written.

    Raises:
        WutdetError: `out` is not empty or cannot be written, or a number makes no sense.
    """
    out = Path(out)
    _check(out, images, size)
    final = out.resolve()
    aside = final.parent / f".{final.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        aside.mkdir(parents=True)
        _write_part(aside, images, size, seed, advance or (lambda _: None))
        if final.exists():
            final.rmdir()
        aside.rename(final)
    except OSError as error:
        raise WutdetError(
            f"the part cannot be written ({error.strerror})",
            where=out,
            remedy="give a folder with room and write access",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return out


def _check(out: Path, images: int, size: tuple[int, int]) -> None:
    if images < 1:
        raise WutdetError(f"{images} images make no part", remedy="give a number of images of at least 1")
    if max(size) > _MAX_SIDE:
        raise WutdetError(f"frames of {size[0]}x{size[1]} are too large", remedy=f"give sides of at most {_MAX_SIDE}")
    if size[0] < _MIN_SIZE[0] or size[1] < _MIN_SIZE[1]:
        raise WutdetError(
            f"frames of {size[0]}x{size[1]} are too small to show ships", remedy="give a size of at least 160x90"
        )
    if (out / "voc").exists():
        raise WutdetError("the folder already holds a part", where=out, remedy="give another folder or delete it first")
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise WutdetError("this is not an empty folder", where=out, remedy="give a folder that is new or empty")


def _write_part(root: Path, images: int, size: tuple[int, int], seed: int, advance: Callable[[int], None]) -> None:
    voc = root / "voc"
    for folder in (voc / "Annotations", voc / "JPEGImages", voc / "ImageSets" / "Main", root / "splits"):
        folder.mkdir(parents=True)
    sequences = plan_part(images, size, seed)
    rows, stems_of = [], {}
    number = 0
    for sequence in sequences:
        stems = [f"{(number + k) * ID_STEP:07d}" for k in range(sequence.frames)]
        stems_of[sequence.index] = stems
        number += sequence.frames
        for k, stem in enumerate(stems):
            frame = draw_frame(sequence, k, size)
            _write_frame(voc, stem, frame)
            horizon = "" if frame.horizon_row is None else f"{frame.horizon_row:.2f}"
            rows.append([f"{stem}.jpg", sequence.name, CAMERA, sequence.scene, "clear", horizon])
            advance(1)
    with (root / "frames.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["image", "sequence", "camera", "scene", "condition", "horizon_row"])
        table.writerows(rows)
    for name, stems in frame_lists([s for group in stems_of.values() for s in group], seed).items():
        _write_list(voc / "ImageSets" / "Main" / f"{name}.txt", stems)
    for name, members in sequence_lists(sequences, seed).items():
        _write_list(root / "splits" / f"{name}.txt", [s for i in members for s in stems_of[i]])


def frame_lists(stems: list[str], seed: int) -> dict[str, list[str]]:
    """Return the random lists by frame, 80 % train: neighbours land on both sides."""
    order = keyed_rng(seed, "frame lists").permutation(len(stems))
    held_out = set(order[: round(0.2 * len(stems))].tolist())
    return {
        "train": [s for i, s in enumerate(stems) if i not in held_out],
        "val": [s for i, s in enumerate(stems) if i in held_out],
    }


def sequence_lists(sequences: list[Sequence], seed: int) -> dict[str, list[int]]:
    """Return the numbers of the sequences of each list, about 65/10/25 % of the frames.

    Sequences with ships are dealt first, in random order: one to each list while there are enough, then each
    to the list that lacks most. Those without ships go to train.
    """
    with_ships = [s for s in sequences if s.tracks]
    total = sum(s.frames for s in with_ships)
    lists: dict[str, list[int]] = {name: [] for name in _FRACTIONS}
    frames = dict.fromkeys(_FRACTIONS, 0)
    for place, i in enumerate(keyed_rng(seed, "sequence lists").permutation(len(with_ships))):
        if place < len(_FRACTIONS):
            name = list(_FRACTIONS)[place]
        else:
            name = max(_FRACTIONS, key=lambda n: _FRACTIONS[n] * total - frames[n])
        lists[name].append(with_ships[i].index)
        frames[name] += with_ships[i].frames
    lists["train"] += [s.index for s in sequences if not s.tracks]
    return {name: sorted(members) for name, members in lists.items()}


def _write_list(path: Path, stems: list[str]) -> None:
    path.write_text("".join(f"{s}\n" for s in stems), encoding="utf-8")


def _write_frame(voc: Path, stem: str, frame: Frame) -> None:
    path = voc / "JPEGImages" / f"{stem}.jpg"
    bgr = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    path.write_bytes(data.tobytes())
    (voc / "Annotations" / f"{stem}.xml").write_text(annotation_xml(path.name, frame), encoding="utf-8")


def annotation_xml(filename: str, frame: Frame) -> str:
    """Return the Pascal VOC annotation of a frame."""
    height, width = frame.image.shape[:2]
    objects = "".join(_object_xml(box) for box in frame.boxes)
    return (
        "<annotation>\n\t<folder>JPEGImages</folder>\n"
        f"\t<filename>{filename}</filename>\n"
        f"\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        f"\t<segmented>0</segmented>\n{objects}</annotation>\n"
    )


def _object_xml(box: ShipBox) -> str:
    """Return one object; Pascal counts pixels from 1 and includes the last, hence the + 1 on the minima."""
    return (
        "\t<object>\n\t\t<name>ship</name>\n\t\t<pose>Unspecified</pose>\n"
        f"\t\t<truncated>{int(box.truncated)}</truncated>\n\t\t<difficult>0</difficult>\n"
        f"\t\t<bndbox>\n\t\t\t<xmin>{box.xmin + 1}</xmin>\n\t\t\t<ymin>{box.ymin + 1}</ymin>\n"
        f"\t\t\t<xmax>{box.xmax}</xmax>\n\t\t\t<ymax>{box.ymax}</ymax>\n\t\t</bndbox>\n\t</object>\n"
    )
