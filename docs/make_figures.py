"""Draw the figures of the documents: `python docs/make_figures.py [weather|science]`, both without a name.

`docs/coverage.svg` and `docs/realism.svg` come from `tests/benchmarks/coverage.py` and `realism.py`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from science_figure import draw_science

import wutdet
from wutdet.report import draw_sheet
from wutdet.scenarios import parse_scenarios

HERE = Path(__file__).parent
SCENARIOS = "clear,fog:1,fog:3,fog:5,glare:1,glare:3,glare:5,rain:1,rain:3,rain:5,lowlight:1,lowlight:3,lowlight:5"


def draw_weather(path: Path) -> None:
    """The busiest frame of a rendered sample under every kind."""
    with tempfile.TemporaryDirectory() as folder:
        part = wutdet.render_part(Path(folder) / "part", images=60, size=(1280, 720), seed=1)
        dataset = wutdet.load(part, splits=part / "splits")
        busiest = max(dataset, key=lambda frame: len(frame.boxes))
        draw_sheet(busiest, parse_scenarios(SCENARIOS), path, panel_width_px=400)


FIGURES = {"weather": (draw_weather, "weather.jpg"), "science": (draw_science, "science.svg")}


def main() -> None:
    for name in sys.argv[1:] or FIGURES:
        draw, file = FIGURES[name]
        draw(HERE / file)


if __name__ == "__main__":
    main()
