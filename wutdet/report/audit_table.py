"""An audit for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wutdet.dataset.audit.findings import KINDS, Finding, Severity, one_line
from wutdet.dataset.audit.lists import EVALUATED_FIRST
from wutdet.dataset.audit.result import Audit
from wutdet.errors import ConfigError

_STYLES: Final[dict[Severity, str]] = {"error": "red", "warning": "yellow", "info": ""}
_TITLES: Final[dict[Severity, str]] = {"error": "errors", "warning": "warnings", "info": "facts"}
_EXAMPLE: Final = 34
_LONGEST: Final = 96
"""Characters of an example; `--show` has it whole."""
_PAIRS: Final = 3
_LEAKS: Final = 12


def audit_table(result: Audit) -> Group:
    """What was found, a row a code, and what is known of origin, near-duplicates and leakage."""
    parts: list[RenderableType] = [_caption(result)]
    if result.counts:
        parts += [Text(""), _counts_table(result)]
    parts += [Text(""), _facts(result)]
    if result.repair is not None:
        parts.append(_repair(result))
    elif result.counts:
        parts.append(Text("\nlist findings with --show CODE; write a repaired copy with --fix DIR"))
    return Group(*parts)


def check_codes(codes: Iterable[str]) -> None:
    """Refuse what no finding is called.

    Raises:
        ConfigError: there is no such code.
    """
    for code in codes:
        if code not in KINDS:
            near = get_close_matches(code, KINDS, 1)
            hint = f"did you mean {near[0]}?" if near else "see the table for the codes that were found"
            raise ConfigError(f"no finding is called '{one_line(code)}'", where="--show", remedy=hint)


def finding_lines(result: Audit, codes: Sequence[str] | None, limit: int) -> Iterator[str]:
    """The findings of some codes, or of all, a line each and at most `limit` of a code; 0 is no limit."""
    everything = (*result.errors, *result.warnings, *result.infos)
    for code in KINDS if codes is None else dict.fromkeys(codes):
        found = [item for item in everything if item.code == code]
        if not found and codes is not None:
            yield f"{code}: none"
        shown = found[:limit] if limit else found
        yield from (f"{item.severity} {code} {item.image}: {item.message}" for item in shown)
        if len(found) > len(shown):
            yield f"… and {len(found) - len(shown):,} more {code}: raise --limit, or take --json"


def _caption(result: Audit) -> Text:
    errors, warnings = len(result.errors), len(result.warnings)
    classes = ", ".join(f"{one_line(name)!r} {number:,}" for name, number in list(result.classes.items())[:6])
    more = f" and {len(result.classes) - 6} classes more" if len(result.classes) > 6 else ""
    held = f": {classes}{more}" if result.classes else ""
    lines = [
        f"{one_line(result.name)}: {_plural(result.images, 'frame')}, {_plural(result.boxes, 'box', 'boxes')}{held}",
        f"{_plural(errors, 'error')}, {_plural(warnings, 'warning')}"
        + ("" if result.images_checked else "; no image was looked at"),
    ]
    return Text("\n".join(lines))


def _counts_table(result: Audit) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("finding", overflow="fold", no_wrap=True)
    table.add_column("count", justify="right")
    table.add_column("for example", overflow="fold", max_width=_EXAMPLE)
    table.add_column("what to do", overflow="fold")
    for severity, found in (("error", result.errors), ("warning", result.warnings), ("info", result.infos)):
        first = _first_of_each(found)
        for place, (code, item) in enumerate(first.items()):
            example = f"{item.image}: {item.message}"
            example = example if len(example) <= _LONGEST else f"{example[: _LONGEST - 1]}…"
            table.add_row(
                Text(code, style=_STYLES[item.severity]),
                f"{result.counts[code]:,}",
                Text(example),
                Text(KINDS[code].remedy),
                end_section=place + 1 == len(first) and severity != "info",
            )
    return table


def _first_of_each(found: Sequence[Finding]) -> dict[str, Finding]:
    first: dict[str, Finding] = {}
    for item in found:
        first.setdefault(item.code, item)
    return first


def _facts(result: Audit) -> Text:
    lines = []
    if result.voc_origin is not None:
        lines.append(f"VOC origin {result.voc_origin}: {result.voc_evidence}")
    lines += _near_lines(result)
    lines += _leak_lines(result)
    return Text("\n".join(lines))


def _near_lines(result: Audit) -> Iterator[str]:
    if result.hash_radius is None:
        yield "near-duplicates: not looked for"
        return
    radius = f"hashes within {_plural(result.hash_radius, 'bit')}"
    if not result.near_duplicate_frames:
        yield f"near-duplicates: none ({radius})"
        return
    pairs = "more than a million" if result.near_duplicate_pairs is None else f"{result.near_duplicate_pairs:,}"
    share = result.near_duplicate_frames / result.images
    yield (f"near-duplicates: {result.near_duplicate_frames:,} frames ({share:.0%}) have one, {pairs} pairs ({radius})")
    for a, b, distance in result.near_duplicates[:_PAIRS]:
        yield f"  {one_line(a)} and {one_line(b)} differ in {_plural(distance, 'bit')}"


def _leak_lines(result: Audit) -> Iterator[str]:
    """What is known of the evaluated splits first."""
    if not result.leakage:
        yield "leakage: there are no two splits to compare"
        return
    near = "" if result.hash_radius is None else "a near-duplicate or "
    yield f"leakage: frames with {near}an id neighbour in another split"
    ranked = sorted(result.leakage.items(), key=lambda item: _rank(item[0]))
    for key, leak in ranked[:_LEAKS]:
        source, _, target = key.rpartition("-")
        by_hash = "" if result.hash_radius is None else f"{leak.by_hash:,} by hash, "
        yield (
            f"  of {one_line(target)} in {one_line(source)}: {leak.frames:,} of {leak.of:,} "
            f"({leak.share:.1%}; {by_hash}{leak.by_id:,} by id)"
        )
    if len(ranked) > _LEAKS:
        yield f"  and {len(ranked) - _LEAKS} pairs of splits more: --json"


def _rank(key: str) -> tuple[int, str]:
    target = key.rpartition("-")[2]
    return (EVALUATED_FIRST.index(target) if target in EVALUATED_FIRST else len(EVALUATED_FIRST), key)


def _repair(result: Audit) -> Text:
    done = result.repair
    assert done is not None
    return Text(
        f"\nrepaired copy: {done.folder} with {_plural(done.frames, 'frame')} and "
        f"{_plural(done.boxes, 'box', 'boxes')}; {_plural(done.left_out, 'frame')} left out\n"
        f"every change: {done.log} ({_plural(done.changes, 'row')})"
    )


def _plural(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
