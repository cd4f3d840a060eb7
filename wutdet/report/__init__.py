"""Tables, figures and the report of a run."""

from wutdet.report.cost_table import rich_cost
from wutdet.report.curves import draw_curves
from wutdet.report.decline import rich_decline
from wutdet.report.figures import draw_figures
from wutdet.report.markdown import write_report
from wutdet.report.sheet import draw_sheet
from wutdet.report.table import markdown_table, rich_table

__all__ = [
    "draw_curves",
    "draw_figures",
    "draw_sheet",
    "markdown_table",
    "rich_cost",
    "rich_decline",
    "rich_table",
    "write_report",
]
