"""How figures for print look: widths in mm, letters of 7 pt or more, colours that survive grey and colour blindness."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, get_args

from wutdet.dataset.files import write_aside
from wutdet.errors import ConfigError
from wutdet.report.number_text import plain

Format = Literal["png", "svg", "pdf"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

ONE_COLUMN_MM: Final = 85.0
TWO_COLUMNS_MM: Final = 178.0
LABEL_PT: Final = 8.0
SMALL_PT: Final = 7.0
"""No letter is smaller."""
LETTER_MM: Final = 1.65
SMALL_LETTER_MM: Final = 1.4
"""Mean widths of letters of these two sizes."""
QUIET: Final = "#444444"

_NARROWEST_MM: Final = 60.0
_WIDEST_MM: Final = 400.0
_MM: Final = 1 / 25.4  # in inches
_SAMPLE_MM: Final = 11.0  # of a line in the legend, with its gaps
_PRINT_DPI: Final = 300
_LEGEND_LINE_MM: Final = 3.9
# Okabe and Ito's palette (2008), those that differ most in grey first; dashes and markers do without any colour.
_COLOURS: Final = ("#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES: Final = (
    "-",
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (5, 1.2, 1, 1.2)),
    (0, (2, 1)),
    (0, (7, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
_LOOK: Final = {
    "font.size": LABEL_PT,
    "axes.labelsize": LABEL_PT,
    "axes.titlesize": LABEL_PT,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "legend.fontsize": SMALL_PT,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.4,
    "grid.color": "#DDDDDD",
    "legend.frameon": False,
    "figure.constrained_layout.h_pad": 0.02,
    "figure.constrained_layout.w_pad": 0.02,
    "pdf.fonttype": 42,  # letters that an editor can still change
    "svg.hashsalt": "wutdet",
    "text.parse_math": False,
}
_STAMPS: Final[dict[Format, dict[str, None]]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@contextmanager
def print_look() -> Iterator[None]:
    """Matplotlib's own defaults with this look, whatever the user's settings are, and these back afterwards."""
    from matplotlib import rc_context, rcdefaults, rcParams

    with rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in letters that the font lacks
        rcdefaults()
        rcParams.update(_LOOK)
        yield


def new_figure(width_mm: float, height_mm: float) -> Any:
    """An empty figure of this size on paper."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(width_mm * _MM, height_mm * _MM), dpi=_PRINT_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, stem: Path, formats: Sequence[Format]) -> list[Path]:
    """Write a figure in each format, whole or not at all; equal figures give equal bytes."""
    paths = []
    for suffix in formats:
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, metadata=_STAMPS[suffix])
        paths.append(stem.with_name(f"{stem.name}.{suffix}"))
        write_aside(paths[-1], buffer.getvalue())
    return paths


def line_style(place: int) -> dict[str, Any]:
    """Colour, dashes and marker of the line at this place; after seven the dashes move on against the colours."""
    turn = place // len(_COLOURS)
    return {
        "color": _COLOURS[place % len(_COLOURS)],
        "linestyle": _DASHES[(place + turn) % len(_DASHES)],
        "marker": _MARKERS[(place + 2 * turn) % len(_MARKERS)],
    }


def draw_legend(figure: Any, handles: Sequence[Any], width_mm: float) -> None:
    """One legend above all panels, in as many columns as the names leave room for; too long ones are cut."""
    for handle in handles:
        handle.set_label(_cut(handle.get_label(), width_mm))
    figure.legend(
        handles=list(handles),
        loc="outside upper center",
        ncols=_legend_columns([handle.get_label() for handle in handles], width_mm),
        columnspacing=1.2,
        handlelength=2.8,
        borderaxespad=0.2,
    )


def legend_mm(labels: Sequence[str], width_mm: float) -> float:
    """How high the legend of these labels is."""
    labels = [_cut(label, width_mm) for label in labels]
    return _LEGEND_LINE_MM * math.ceil(len(labels) / _legend_columns(labels, width_mm)) + 1.0


def _cut(label: str, width_mm: float) -> str:
    return short(label, width_mm - _SAMPLE_MM)


def _legend_columns(labels: Sequence[str], width_mm: float) -> int:
    room = int(width_mm / (max(map(len, labels)) * SMALL_LETTER_MM + _SAMPLE_MM))
    return max(1, min(room, len(labels)))


def grid_of(panels: int, width_mm: float, narrowest_mm: float) -> tuple[int, int]:
    """(rows, columns) of panels that are no narrower than this where the width allows."""
    columns = max(1, min(panels, int(width_mm / narrowest_mm)))
    rows = math.ceil(panels / columns)
    return rows, math.ceil(panels / rows)


def short(name: str, width_mm: float = 70.0, letter_mm: float = SMALL_LETTER_MM) -> str:
    """A name from outside as a figure shows it, cut to a width."""
    shown, letters = plain(name), int(width_mm / letter_mm)
    return shown if len(shown) <= letters else f"{shown[: letters - 1]}…"


def check_width_mm(width_mm: float) -> None:
    """Refuse a width that no page has.

    Raises:
        ConfigError: it is under 60 mm, where letters of 7 pt leave no room, or over 400 mm.
    """
    if not _NARROWEST_MM <= width_mm <= _WIDEST_MM:
        remedy = f"give {_NARROWEST_MM:g} to {_WIDEST_MM:g}; one column has {ONE_COLUMN_MM:g}, two {TWO_COLUMNS_MM:g}"
        raise ConfigError(f"{width_mm:g} mm", where="--width-mm", remedy=remedy)


def parse_formats(text: str) -> tuple[Format, ...]:
    """`png,svg` as its formats, each once.

    Raises:
        ConfigError: one is none of png, svg and pdf, or none is named.
    """
    words = list(dict.fromkeys(word for part in text.split(",") if (word := part.strip().lower())))
    strange = [word for word in words if word not in FORMATS]
    if strange or not words:
        what = f"no format '{plain(strange[0])}'" if strange else "names no format"
        raise ConfigError(what, where="--format", remedy=f"choose from {', '.join(FORMATS)}, such as svg,pdf")
    return tuple(suffix for suffix in FORMATS if suffix in words)
