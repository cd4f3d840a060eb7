"""Write a report to a file: HTML, Markdown or JSON, by its suffix, with the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from wutdet.dataset import Dataset
from wutdet.dataset.files import write_aside
from wutdet.errors import ConfigError, DataError
from wutdet.report.html.markdown_page import markdown_page
from wutdet.report.html.numbers import report_numbers
from wutdet.report.html.page import page_text
from wutdet.report.html.runs import ReportRun, read_runs


def write_html(runs: Sequence[str | Path], out: str | Path, *, data: Dataset | None = None) -> Path:
    """Write the report of one or several runs, side by side; returns its path.

    Args:
        runs: folders of `wutdet benchmark`, or of `wutdet score --out`.
        out: the HTML file.
        data: the dataset that was benchmarked, for pictures of failures; without it the report says how to get them.

    Raises:
        DataError: a run has no scores, the data are not those of a run, or the file cannot be written.
        ConfigError: no run is given.
    """
    return _write(Path(out), page_text(read_runs(runs), data=data).encode())


def write_report_file(runs: Sequence[ReportRun], out: Path, *, data: Dataset | None = None) -> Path:
    """Write a report as what the suffix of its file says: .html, .md or .json; returns its path.

    Raises:
        ConfigError: the suffix is another, or pictures are asked for in what has none.
        DataError: the data are not those of a run, or the file cannot be written.
    """
    suffix = out.suffix.lower()
    if suffix in (".html", ".htm"):
        return _write(out, page_text(runs, data=data).encode())
    if suffix not in (".md", ".json"):
        raise ConfigError("is of no kind that can be written", where=out, remedy="choose a .html, .md or .json file")
    if data is not None:
        raise ConfigError("has no place for pictures", where=out, remedy="leave --data out, or choose a .html file")
    if suffix == ".json":
        return _write(out, msgspec.json.format(msgspec.json.encode(report_numbers(runs)), indent=2) + b"\n")
    return _write(out, markdown_page(runs).encode())


def _write(path: Path, content: bytes) -> Path:
    try:
        write_aside(path, content)
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", where=path, remedy="choose another --out") from None
    return path
