"""Fixtures that several test folders share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from builders import write_voc
from hypothesis import settings

# The same examples in every run, so that a change is judged by what it changed; `make nightly` draws new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("WUTDET_HYPOTHESIS", "steady"))

# readline, which pytest imports, hands the width it assumes to all processes of a parallel run; tables would follow it.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

REALDATA_VARIABLE = "WUTDET_REALDATA"


def _realdata_folder() -> Path | None:
    named = os.environ.get(REALDATA_VARIABLE, "")
    return Path(named) if named and (Path(named) / "truth.json").is_file() else None


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real frames (`voc/…` and `truth.json`)."""
    folder = _realdata_folder()
    if folder is None:
        pytest.skip(f"REAL FRAMES NOT TESTED: {REALDATA_VARIABLE} names no folder with truth.json")
    return folder


@pytest.fixture
def voc_part(tmp_path: Path) -> Path:
    """Five frames, six ships, 1-based: two frames in train, two in val, one in no list; one without ships."""
    return write_voc(
        tmp_path / "part",
        {
            "0000000": [(1, 1, 10, 5), (20, 20, 29, 24)],
            "0000020": [(55, 40, 64, 48)],
            "0000040": [(2, 3, 5, 9)],
            "0000060": [],
            "0000080": [(7, 7, 7, 7), (5, 1, 44, 40)],
        },
        splits={"train": ["0000000", "0000020"], "val": ["0000040", "0000060"]},
    )


pytest_plugins = ["sample_fixtures", "fiftyone_fixtures"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that the real frames were left out."""
    if _realdata_folder() is None:
        terminalreporter.write_line(
            f"REAL FRAMES NOT TESTED: set {REALDATA_VARIABLE} to a folder with voc/ and truth.json, "
            "then run: pytest -m realdata",
            yellow=True,
            bold=True,
        )
