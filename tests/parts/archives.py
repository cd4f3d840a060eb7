"""Archives for tests: honest ones shaped like a part, and hostile ones."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from builders import jpeg_bytes, voc_xml

Files = Mapping[str, bytes]
Tweak = Callable[[list[zipfile.ZipInfo]], None]

SHIPS = {"0000000": [(1, 1, 10, 5), (20, 20, 29, 24)], "0000020": [(55, 40, 64, 48)], "0000040": []}


def part_files(around: str = "WUTDet Part A/voc/") -> dict[str, bytes]:
    """Three frames with three ships, in that folder."""
    files = {
        f"{around}ImageSets/Main/train.txt": b"0000000\n0000020\n",
        f"{around}ImageSets/Main/val.txt": b"0000040\n",
    }
    for stem, boxes in SHIPS.items():
        files[f"{around}Annotations/{stem}.xml"] = voc_xml(boxes).encode()
        files[f"{around}JPEGImages/{stem}.jpg"] = jpeg_bytes()
    return files


def zip_of(path: Path, files: Files, *, tweak: Tweak | None = None, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip; `tweak` may change what its directory says of the members."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is: the constructor would make it safe
            info.compress_type = method
            archive.writestr(info, data)
        if tweak is not None:
            tweak(archive.filelist)
    return path


def tar_of(path: Path, files: Files, *, mode: str = "w", extra: tarfile.TarInfo | None = None) -> Path:
    """A tar; `extra` is a member without bytes."""
    with tarfile.open(path, mode, format=tarfile.GNU_FORMAT, errors="surrogateescape") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo("x")
            info.name, info.size = name, len(data)
            archive.addfile(info, io.BytesIO(data))
        if extra is not None:
            archive.addfile(extra)
    return path


def snapshot(folder: Path, *, without: Path | None = None) -> dict[str, bytes | str]:
    """Every file's bytes below a folder, links and empty folders by what they are."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        if without is not None and path.is_relative_to(without):
            continue
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        else:
            found[name] = path.read_bytes() if path.is_file() else "folder"
    return found
