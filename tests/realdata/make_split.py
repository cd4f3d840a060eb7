"""Write the split of the real frames by camera: `python make_split.py truth.json OUT`.

Train and test share no camera, and val (which chooses the epoch) is a camera of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

CAMERAS = {
    "shore_livecams:2ux5cw8z": "train",
    "shore_livecams:dlwkigk3": "train",
    "shore_livecams:w4gnqsqx": "train",
    "shore_livecams:f1q161no": "train",
    "shore_livecams:hyovmh0t": "val",
    "shore_livecams:vgiy5566": "test",
    "uvic_coral_D1:2019-09-05": "test",
}

if __name__ == "__main__":
    truth, out = Path(sys.argv[1]), Path(sys.argv[2])
    lists: dict[str, list[str]] = {}
    for image in json.loads(truth.read_text())["images"]:
        lists.setdefault(CAMERAS[image["camera"]], []).append(Path(image["file_name"]).stem)
    for split, stems in lists.items():
        (out / f"{split}.txt").write_text("\n".join(sorted(stems)) + "\n")
