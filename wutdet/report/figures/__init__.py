"""Figures for papers: vector, in mm, in letters of 7 pt or more, with the numbers that they show beside them."""

from wutdet.report.figures.style import FORMATS, Format, parse_formats
from wutdet.report.figures.write import DrawnFigures, draw_figures

__all__ = ["FORMATS", "DrawnFigures", "Format", "draw_figures", "parse_formats"]
