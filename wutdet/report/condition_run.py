"""Guess the conditions of many frames, and write the table and the sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from wutdet.dataset.condition_table import AUTHOR, check_new_file, condition_table, write_conditions
from wutdet.errors import ConfigError, DataError, FrameError
from wutdet.report.condition_sheet import SHEET_SUFFIXES, choose_sample, table_beside, thumbnails, write_sheet
from wutdet.report.condition_summary import ConditionSummary, summarise_conditions
from wutdet.scenarios.condition_tags import NamedImage, tag_frames

Stage = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class ConditionRun:
    """What was found, and the files that were written."""

    summary: ConditionSummary
    written: tuple[Path, ...]


def check_outputs(out: Path | None, sheet: Path | None) -> None:
    """Refuse output files before any work is done.

    Raises:
        ConfigError: a suffix is wrong, a file is there already, its folder is not, or two files are one.
    """
    if out is not None:
        check_new_file(out)
    if sheet is None:
        return
    check_new_file(sheet, SHEET_SUFFIXES)
    check_new_file(table_beside(sheet))
    if out is not None and out.absolute() == table_beside(sheet).absolute():
        raise ConfigError("is also the table beside the sheet", where=out, remedy="give the sheet another name")


def run_conditions(
    frames: Iterable[NamedImage],
    *,
    stage: Stage,
    total: int | None = None,
    out: Path | None = None,
    sheet: Path | None = None,
    sample: int = 60,
    title: str = "Conditions",
    on_bad: Callable[[FrameError], None] | None = None,
) -> ConditionRun:
    """Guess every frame's condition; write the table to `out` and a sample to `sheet`, where these are given.

    Args:
        frames: anything with names, images and horizon rows; gone through a second time for the sheet.
        stage: opens a progress bar: a title and a total in, what to call with the steps done out.
        total: how many frames there are, as far as is known.
        out, sheet: checked by `check_outputs`.
        sample: frames on the sheet.
        title: of the sheet.
        on_bad: told of each frame that cannot be decoded; None stops there.

    Raises:
        FrameError: a frame cannot be decoded, and there is no `on_bad`.
        DataError: there is no frame, or a file cannot be written.
    """
    guesses = []
    with stage("conditions", total or 0) as advance:
        for tag in tag_frames(frames, on_bad=on_bad):
            guesses.append((tag.name, tag.condition.name, tag.condition.score))
            advance(1)
    if not guesses:
        raise DataError("there is no frame to look at", where=title, remedy="choose frames that are there")
    table = condition_table(guesses)
    written: list[Path] = []
    if out is not None:
        write_conditions(table, out)
        written.append(out)
    if sheet is not None:
        chosen = choose_sample(table, sample)
        written += write_sheet(chosen, thumbnails(frames, chosen["image"]), sheet, title)
    return ConditionRun(summarise_conditions(table, AUTHOR), tuple(written))
