"""A wrong use of the command line, in one line: what, where, and what to do."""

from __future__ import annotations

from typing import Any, Final

import typer

# Typer carries a click of its own since 0.26, so its classes are found by way of one that typer itself names.
UsageError: Final[Any] = typer.BadParameter.__base__
ClickException: Final[Any] = UsageError.__base__


def is_bare_call(error: Any) -> bool:
    """Whether the program was called without a verb, which is answered with its help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def usage_line(error: Any) -> str:
    """`info: no such option: --jsn; did you mean --json?`

    Args:
        error: a `ClickException`.
    """
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "wutdet"
    verb = path.partition(" ")[2]
    what = " ".join(_what(error).split()).rstrip(".")
    return f"{verb}: {what}; {_remedy(error, path)}" if verb else f"{what}; {_remedy(error, path)}"


def _what(error: Any) -> str:
    message: str = error.message if _near(error) else error.format_message()
    message = message.partition(" Did you mean ")[0].replace("Value error, ", "")  # a word of pydantic's
    return message[:1].lower() + message[1:]


def _remedy(error: Any, path: str) -> str:
    option = getattr(error, "option_name", None)
    if option in ("-q", "--quiet"):
        return "put it before the verb: wutdet --quiet"
    if option in ("-V", "-v") or _verb(error) == "version":
        return "did you mean wutdet --version?"
    if _verb(error) == "help":
        return "did you mean wutdet --help?"
    near = _near(error)
    return f"did you mean {' or '.join(near)}?" if near else f"see {path} --help"


def _verb(error: Any) -> str:
    """The word that is no verb; empty where something else is wrong."""
    _, unknown, rest = str(getattr(error, "message", "")).partition("No such command ")
    return rest.partition(".")[0].strip("'\"") if unknown else ""


def _near(error: Any) -> list[str]:
    """What is like the word that is wrong."""
    options = getattr(error, "possibilities", None)
    if options:
        return sorted(options)
    _, asked, verbs = str(getattr(error, "message", "")).partition(" Did you mean ")
    return [word.strip("'\" ") for word in verbs.rstrip("?").split(",")] if asked else []
