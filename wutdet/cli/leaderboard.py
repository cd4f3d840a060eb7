"""The verb about recorded baselines: leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wutdet.cli.options import AsJson
from wutdet.cli.output import note, print_json, print_table

_FOLDER = Path("baselines")


def leaderboard(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Holds a folder a baseline.")] = _FOLDER,
    sort: Annotated[
        str, typer.Option("--sort", metavar="NUMBER[@SCENARIO]", help="Such as AP_small@fog:3 or rPC.AP_small.")
    ] = "AP_small",
    write: Annotated[bool, typer.Option("--write", help="Write FOLDER/README.md anew.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 if FOLDER/README.md is not what scores say.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rank recorded baselines by any number.

    What others published stands beside them.
    """
    from wutdet.report.leaderboard import read_leaderboard
    from wutdet.report.leaderboard_page import PAGE_NAME, page_difference, write_page

    if check:
        difference = page_difference(folder)
        if difference is not None:
            print(difference)
            raise typer.Exit(1)
        note(f"{folder / PAGE_NAME} is what the scores say")
        return
    board = read_leaderboard(folder, sort)
    if write:
        note(f"written: {write_page(folder)}")
    if as_json:
        print_json(board)
    else:
        from wutdet.report.leaderboard_table import leaderboard_table

        print_table(leaderboard_table(board))
