"""What a reader should know besides the numbers: warnings, frames left out, how it was scored, the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from wutdet.report.html.markup import Markup, bullets, details, paragraph, section, tag
from wutdet.report.html.runs import ReportRun
from wutdet.report.warning_lines import warning_lines

_MOST_LISTED: Final = 50


def notes_section(runs: Sequence[ReportRun]) -> Markup:
    """Warnings and frames left out, a run after the other."""
    parts: list[Markup] = []
    for run in runs:
        parts += [tag("h3", run.name)] if len(runs) > 1 else []
        lines = warning_lines(run.scores)
        parts.append(bullets(lines) if lines else paragraph("There are no warnings."))
        parts += _skipped(run)
    return section("notes", "Warnings and notes", *parts)


def manifest_section(runs: Sequence[ReportRun]) -> Markup:
    """How each run was scored, and its manifest, folded."""
    return section("manifest", "Manifest", *(part for run in runs for part in _manifest(run)))


def _skipped(run: ReportRun) -> Iterator[Markup]:
    skipped = run.scores.skipped
    if not skipped:
        return
    yield paragraph(f"{len(skipped):,} bad frames were left out of every number:")
    more = [f"and {len(skipped) - _MOST_LISTED:,} more"] if len(skipped) > _MOST_LISTED else []
    yield bullets([*skipped[:_MOST_LISTED], *more])


def _manifest(run: ReportRun) -> Iterator[Markup]:
    scoring = msgspec.json.format(msgspec.json.encode(run.scores.scoring), indent=2).decode()
    yield tag("h3", run.name)
    command = (run.manifest or {}).get("command")
    if command:
        yield paragraph("Command: ", tag("code", str(command)))
    yield details("How it was scored", tag("pre", scoring))
    if run.manifest is None:
        yield paragraph("This run has no manifest: its detections came from a file.")
        return
    manifest = msgspec.json.format(msgspec.json.encode(run.manifest), indent=2).decode()
    yield details("The whole manifest", tag("pre", manifest), class_="long")
