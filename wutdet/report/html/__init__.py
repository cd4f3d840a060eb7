"""The report of one or several runs as one self-contained HTML file."""

from wutdet.report.html.numbers import report_numbers
from wutdet.report.html.page import page_text
from wutdet.report.html.runs import ReportRun, read_runs
from wutdet.report.html.writing import write_html, write_report_file

__all__ = ["ReportRun", "page_text", "read_runs", "report_numbers", "write_html", "write_report_file"]
