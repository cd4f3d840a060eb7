"""A split as files: a list of stems for each split, and the rule."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wutdet.dataset.splits import line_of_stem
from wutdet.dataset.splitting.frame_order import order_frames
from wutdet.dataset.splitting.leakage import in_split
from wutdet.dataset.splitting.resplit import NewSplit
from wutdet.dataset.splitting.split_rule import encode_rule
from wutdet.errors import DataError

RULE_NAME: Final = "rule.yaml"


def check_new(out: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        DataError: it exists and is no empty folder.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError("exists and is not empty", where=out, remedy="choose another --out or delete it")


def write_split(new: NewSplit, out: Path) -> list[Path]:
    """Write `OUT/train.txt` … (one frame a line, in the order of ids) and `OUT/rule.yaml`; all of them or none.

    A split without frames gets no list.

    Raises:
        DataError: `out` exists and is not empty, or cannot be written; or a frame has a name that no list can hold.
    """
    check_new(out)
    order = order_frames(new.dataset.images["file_name"].to_list())
    lines = _lines_of(order.stems)
    files = {RULE_NAME: encode_rule(new.rule)}
    for name in new.names:
        chosen = in_split(new.dataset, name)
        stems = dict.fromkeys(order.stems[row] for row in order.rows.tolist() if chosen[row])
        if stems:
            files[f"{name}.txt"] = "".join(f"{lines[stem]}\n" for stem in stems).encode()
    final = out.resolve()
    aside = final.parent / f".{final.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        aside.mkdir(parents=True)
        for name, data in files.items():
            (aside / name).write_bytes(data)
        if final.exists():
            final.rmdir()
        aside.rename(final)
    except OSError as error:
        remedy = "give a folder with room and write access"
        raise DataError(f"cannot be written ({error.strerror})", where=out, remedy=remedy) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return [out / name for name in sorted(files)]


def _lines_of(stems: Sequence[str]) -> dict[str, str]:
    """The line that names each frame."""
    frames = set(stems)
    lines: dict[str, str] = {}
    for stem in stems:
        line = line_of_stem(stem, frames)
        if line is None:
            raise DataError("has a name that no list can hold", where=repr(stem), remedy="rename such frames")
        lines[stem] = line
    return lines
