"""Recorded baselines with chosen numbers, for tests of the leaderboard."""

from __future__ import annotations

from pathlib import Path

import msgspec

from wutdet.scoring.scores import read_scores, write_scores

ROOT = Path(__file__).parent.parent.parent
RECORDED = read_scores(ROOT / "baselines" / "demo")


def record(folder: Path, *, data: str = "a" * 64, fog_value: str = "MOR 1000 m", **small: float | None) -> Path:
    """A run whose AP_small is chosen by scenario (`clear=0.5, fog_3=0.1`), on frames of a chosen hash."""
    cells = [
        msgspec.structs.replace(
            cell,
            AP_small=small.get(cell.name.replace(":", "_")),
            value=fog_value if cell.name == "fog:3" else cell.value,
            intervals={"AP_small": (0.1, 0.9)},
        )
        for cell in RECORDED.cells
        if cell.name in ("clear", "fog:3", "rain:3")
    ]
    dataset = msgspec.structs.replace(RECORDED.dataset, sha256=data)
    folder.mkdir(parents=True, exist_ok=True)
    write_scores(folder, msgspec.structs.replace(RECORDED, cells=cells, dataset=dataset))
    return folder


def three(folder: Path) -> Path:
    """`strong` leads in clear air and `steady` in fog; `blind` has no number in fog."""
    record(folder / "strong", clear=0.5, fog_3=0.1)
    record(folder / "steady", clear=0.25, fog_3=0.2)
    record(folder / "blind", clear=0.125)
    return folder
