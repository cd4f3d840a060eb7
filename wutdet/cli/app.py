"""The verbs together, and what happens when one fails."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Final, NoReturn

import typer

from wutdet.cli import (
    audit,
    conditions,
    data,
    demo,
    execution,
    leaderboard,
    look,
    matrix,
    model,
    parts,
    plot,
    render,
    report,
    score,
    split,
)
from wutdet.cli.completion_bash import whole_words
from wutdet.cli.speech import be_quiet
from wutdet.cli.usage import ClickException, is_bare_call, usage_line
from wutdet.errors import WutdetError

_STOPPED: Final = 130  # the exit code of a program that Ctrl-C ended
_RESUMED: Final = frozenset({"train", "benchmark", "run", "render", "download", "import"})
"""Verbs whose command goes on where it was; the others begin anew."""

app = typer.Typer(
    name="wutdet",
    help="Measure how well a detector sees small ships when the weather turns.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(data.sample)
app.command()(parts.download)
app.command("import")(parts.import_)
app.command()(data.info)
app.command()(audit.audit)
app.command()(data.convert)
app.command()(split.split)
app.command()(conditions.conditions)
app.command()(render.render)
app.command()(model.train)
app.command()(model.benchmark)
app.command()(execution.merge)
app.command()(matrix.run)
app.command(epilog=score.SCHEMA_NOTE)(score.score)
app.command()(score.compare)
app.command()(report.report)
app.command()(plot.plot)
app.command()(leaderboard.leaderboard)
app.command()(look.browse)
app.command("import-labels")(look.import_labels)
app.command()(demo.demo)


def _show_version(wanted: bool) -> None:
    if wanted:
        from wutdet.cli.version import version_text

        print(version_text())
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[  # noqa: ARG001  its callback has answered it
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show versions and exit.")
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", envvar="WUTDET_QUIET", help="No notes and no progress; warnings and results stay."
        ),
    ] = False,
) -> None:
    be_quiet(quiet)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run a verb; a mistake of the user's ends in one line and exit 2, Ctrl-C or a termination in exit 130."""
    signal.signal(signal.SIGTERM, _interrupt)  # so that what was started (FiftyOne's server) is ended as by Ctrl-C
    try:
        with whole_words():
            code = app(standalone_mode=False, prog_name="wutdet") or 0
    except WutdetError as error:
        _fail(str(error))
    except ClickException as error:
        if is_bare_call(error):
            error.show()
            sys.exit(2)
        _fail(usage_line(error))
    except (KeyboardInterrupt, typer.Abort):
        code = _STOPPED
    if code == _STOPPED:
        resumed = any(word in _RESUMED for word in sys.argv[1:3])  # an option such as --quiet may come first
        _fail("stopped; the same command continues where it was" if resumed else "stopped", _STOPPED)
    sys.exit(code)


def _fail(line: str, code: int = 2) -> NoReturn:
    print(f"wutdet: {line}", file=sys.stderr)
    sys.exit(code)
