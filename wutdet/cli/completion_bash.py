"""Words with a colon after TAB in bash, which takes `fog:1` for three words, of which it completes the last alone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def whole_words() -> Iterator[None]:
    """Let what answers bash see `fog:1` as one word, and say of its answers what comes after the colon.

    Where bash does not part words at colons, as COMP_WORDBREAKS decides, nothing is changed.
    """
    if os.environ.get("_WUTDET_COMPLETE") != "complete_bash":
        yield
        return
    parts = os.environ.get("COMP_WORDS", "").split("\n")
    words, place = joined(parts, int(os.environ.get("COMP_CWORD", "0")))
    if len(words) == len(parts):
        yield
        return
    os.environ["COMP_WORDS"], os.environ["COMP_CWORD"] = "\n".join(words), str(place)
    answers = io.StringIO()
    try:
        with contextlib.redirect_stdout(answers):
            yield
    finally:
        head, colon, _ = words[place].rpartition(":")
        sys.stdout.writelines(f"{line.removeprefix(head + colon)}\n" for line in answers.getvalue().splitlines())


def joined(parts: list[str], place: int) -> tuple[list[str], int]:
    """Words that were parted at colons, whole again, and the place of the one that holds `parts[place]`.

    A word that is still empty stays by itself: it begins after a space.
    """
    words: list[str] = []
    found = place
    for number, part in enumerate(parts):
        after_colon = number > 0 and parts[number - 1].strip(":") == "" != parts[number - 1]
        if words and part and (part.strip(":") == "" or after_colon):
            words[-1] += part
        else:
            words.append(part)
        if number == place:
            found = len(words) - 1
    return words, found
