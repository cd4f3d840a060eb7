"""The page: its sections, its style and its script in one file that asks nothing of a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Final

from wutdet.dataset import Dataset
from wutdet.report.html.cost import cost_section
from wutdet.report.html.curves import curves_section
from wutdet.report.html.errors import errors_section
from wutdet.report.html.gallery import gallery_section
from wutdet.report.html.headline import headline_section
from wutdet.report.html.markup import Markup, tag
from wutdet.report.html.notes import manifest_section, notes_section
from wutdet.report.html.numbers import numbers_json
from wutdet.report.html.operating import operating_section
from wutdet.report.html.runs import ReportRun, captions
from wutdet.report.html.sequences import sequence_slices
from wutdet.report.html.sizes import sizes_section
from wutdet.report.html.slices import slices_section

_SECTIONS: Final = {
    "headline": "At a glance",
    "curves": "Severity",
    "sizes": "Sizes",
    "operating": "Operating points",
    "errors": "Errors",
    "slices": "Cameras and sequences",
    "cost": "Cost",
    "gallery": "Failures",
    "notes": "Notes",
    "manifest": "Manifest",
}


def page_text(runs: Sequence[ReportRun], *, data: Dataset | None = None) -> str:
    """The report as HTML.

    Raises:
        DataError: the data are not those of a run.
    """
    names = ", ".join(run.name for run in runs)
    title = f"Small ships in bad weather: {names}"
    style, script = (files(__package__).joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        # a name that slipped through the escaping could still run nothing and call nobody
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    body = tag(
        "body",
        tag("a", "Skip to the report", href="#main", class_="skip"),
        tag("header", tag("h1", "Small ships in bad weather"), *(tag("p", line) for line in captions(runs))),
        tag("nav", _contents(), aria_label="Sections"),
        tag("main", *_sections(runs, data), id="main"),
        tag("script", Markup(numbers_json(runs)), type="application/json", id="numbers"),
        tag("script", Markup(script)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _sections(runs: Sequence[ReportRun], data: Dataset | None) -> Iterator[Markup]:
    """In the order of `_SECTIONS`."""
    yield headline_section(runs)
    yield curves_section(runs)
    yield sizes_section(runs)
    yield operating_section(runs)
    yield errors_section(runs)
    yield slices_section(runs, *((None, ()) if data is None else sequence_slices(runs, data)))
    yield cost_section(runs)
    yield gallery_section(runs, data)
    yield notes_section(runs)
    yield manifest_section(runs)


def _contents() -> Markup:
    return tag("ul", *(tag("li", tag("a", title, href=f"#{name}")) for name, title in _SECTIONS.items()))


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
