"""What folders and files of copies are called: names that every file system takes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

_UNSAFE: Final = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f]')
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


def scenario_folder(scenario: str) -> str:
    """`fog:2+lowlight:3` → `fog_2+lowlight_3`."""
    return scenario.replace(":", "_")


def copy_name(frame_name: str, suffix: str) -> str:
    """The file name of a frame's copies: `port/0000020.jpg` → `port/0000020.png`.

    Folders stay. What Windows does not take (`<>:"|?*\\`, device names, dots and spaces at an end) becomes `_`.

    Args:
        frame_name: relative to the image folder, with `/`.
        suffix: `png` or `jpg`.
    """
    path = PurePosixPath(frame_name)
    folders = [_safe(part) for part in path.parts[:-1] if part != "/"]
    return "/".join([*folders, f"{_safe(path.stem)}.{suffix}"])


def _safe(part: str) -> str:
    name = _UNSAFE.sub("_", part)
    kept = name.rstrip(". ")
    name = kept + "_" * (len(name) - len(kept))
    return f"{name}_" if name.split(".")[0].lower() in _DEVICES else name
