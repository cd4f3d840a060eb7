"""Write the YOLO layout: a `data.yaml` that stock `yolo detect train data=…` accepts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from wutdet.dataset.files import Placement, new_folder, place_image, write_aside
from wutdet.dataset.tables import CATEGORY

if TYPE_CHECKING:
    from wutdet.dataset.dataset import Dataset, Frame


def yolo_label(frame: Frame) -> str:
    """The label file of a frame: one line a ship, `0 cx cy w h`, normalised by the frame's size.

    Eight decimals: at most 0.0007 px off in the largest JPEG.
    """
    lines = []
    for xmin, ymin, xmax, ymax in frame.boxes:
        cx, cy = (xmin + xmax) / 2 / frame.width, (ymin + ymax) / 2 / frame.height
        w, h = (xmax - xmin) / frame.width, (ymax - ymin) / frame.height
        lines.append(f"0 {cx:.8f} {cy:.8f} {w:.8f} {h:.8f}\n")
    return "".join(lines)


def write_yolo(
    dataset: Dataset, out: Path, *, placement: Placement, advance: Callable[[int], None] | None = None
) -> Path:
    """Write `images/{split}`, `labels/{split}` and `data.yaml` under `out`.

    A frame in two splits is placed in both. `data.yaml` is written last: where it is, all is.

    Args:
        dataset: what to write.
        out: a new or empty folder.
        placement: `copy` makes the folder stand alone; `link` saves space and is as safe (see `place_image`).
        advance: called with 1 after each frame.

    Returns:
        The path of `data.yaml`.
    """
    new_folder(out)
    names = list(dataset.splits) or ["all"]
    for name in names:
        part = dataset.split(name) if dataset.splits else dataset
        for frame in part:
            label = (out / "labels" / name / frame.name).with_suffix(".txt")
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text(yolo_label(frame), encoding="utf-8")
            place_image(frame.path, out / "images" / name / frame.name, placement)
            if advance is not None:
                advance(1)
    write_aside(out / "data.yaml", _data_yaml(out, names).encode())
    return out / "data.yaml"


def _data_yaml(out: Path, names: list[str]) -> str:
    """Every split under its own name; where `train` or `val` lacks, which stock trainers want, another stands in."""
    stand_in = {
        "train": next((name for name in ("train", "val") if name in names), names[0]),
        "val": next((name for name in ("val", "test", "train") if name in names), names[0]),
    }
    lines = [
        f"path: {json.dumps(str(out.resolve()), ensure_ascii=False)}",  # JSON strings are YAML
        *(
            f"{name}: images/{used}" + ("" if used == name else f"  # there is no {name} split; {used} stands in")
            for name, used in stand_in.items()
        ),
        *(f"{name}: images/{name}" for name in names if name not in stand_in),
        "names:",
        f"  0: {CATEGORY}",
    ]
    return "\n".join(lines) + "\n"
