"""A procedurally rendered part in the layout of WUTDet Part A, for demo, tests and documentation.

Frames of a ship's camera 15 m above a curved sea, 60° wide. Ships have real dimensions, and their boxes are
exact to the pixel: they enclose the pixels that the ship covers at least by half and that no nearer ship
hides. A ship is drawn if and only if it gets a box.
"""

from __future__ import annotations

from wutdet.sample.writer import render_part

__all__ = ["render_part"]
