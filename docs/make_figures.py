"""Draw the figures of the documents from the rendered sample: `python docs/make_figures.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import wutdet
from wutdet.report import draw_sheet
from wutdet.scenarios import parse_scenarios

HERE = Path(__file__).parent
SCENARIOS = "clear,fog:1,fog:3,fog:5,glare:1,glare:3,glare:5,rain:1,rain:3,rain:5,lowlight:1,lowlight:3,lowlight:5"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        part = wutdet.render_part(Path(folder) / "part", images=60, size=(1280, 720), seed=1)
        dataset = wutdet.load(part, splits=part / "splits")
        busiest = max(dataset, key=lambda frame: len(frame.boxes))
        draw_sheet(busiest, parse_scenarios(SCENARIOS), HERE / "weather.jpg", panel_width_px=400)


if __name__ == "__main__":
    main()
