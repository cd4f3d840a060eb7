"""No network, no home folder, no waiting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stub_server import Server, running

from wutdet.parts.patience import Patience


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where checksums are remembered; and no proxy comes between."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("WUTDET_HOME", str(folder))
    monkeypatch.setenv("NO_PROXY", "*")
    return folder


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that serves nothing yet."""
    with running() as started:
        yield started


@pytest.fixture
def waits() -> list[float]:
    """The waits that would have been, in s."""
    return []


@pytest.fixture
def patience(waits: list[float]) -> Patience:
    """Six attempts, without jitter and without waiting."""
    return Patience(sleep=waits.append, draw=lambda: 1.0, read_s=5.0)
