"""A kind of scenario that is not built in: the example of docs/scenarios.md, and as an installed package for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wutdet.scenarios import Kind, KindSeverities, register

MASS_EXTINCTION_M2_G: Final = 8.7
"""Of flame-generated smoke (Mulholland & Croarkin 2000, Fire and Materials 24)."""

SEVERITIES: Final = KindSeverities(
    unit="mg/m3",
    text="{value:g} mg/m3",
    severities=(0.1, 0.2, 0.5, 1.0, 2.0),
    source="chosen so that a ship at 1 km keeps from 42 % to nothing of its contrast",
)


def smoke_extinction_per_m(concentration_mg_m3: float) -> float:
    """Per metre; proportional to the concentration."""
    return MASS_EXTINCTION_M2_G * concentration_mg_m3 / 1000.0


def register_smoke() -> None:
    """What the entry point names."""
    register("smoke", Kind(extinction_per_m=smoke_extinction_per_m), severities=SEVERITIES)


def install(folder: Path, *, entry: str = "smoke_kind:register_smoke", package: str = "wutdet-smoke") -> Path:
    """Lay out an installed package in a folder for `sys.path`: its metadata alone, naming an entry point."""
    info = folder / f"{package.replace('-', '_')}-0.3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.3\n")
    (info / "entry_points.txt").write_text(f"[wutdet.kinds]\n{package} = {entry}\n")
    return folder
