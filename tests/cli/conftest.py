"""Run the command line inside this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from wutdet.cli.app import main


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line that says what is wrong."""
        assert self.code == 2
        assert "Traceback" not in self.out + self.err
        [line] = [line for line in self.err.splitlines() if line.startswith("wutdet: ")]
        assert self.err.rstrip("\n").endswith(line)
        return line.removeprefix("wutdet: ")


Run = Callable[..., Answer]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`run("info", path)` → exit code, stdout and stderr."""

    def command(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["wutdet", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capfd.readouterr()
        return Answer(int(caught.value.code or 0), out, err)

    return command
