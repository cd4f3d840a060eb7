"""What several test folders share: a tiny rendered part and a tiny trained model, made once a session."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

import wutdet
from wutdet.dataset import Dataset


@pytest.fixture(scope="session")
def tiny_voc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of 40 frames of 320x180."""
    return wutdet.render_part(tmp_path_factory.mktemp("sample") / "tiny", images=40, size=(320, 180), seed=3)


@pytest.fixture(scope="session")
def tiny_part(tiny_voc: Path) -> Dataset:
    """The tiny sample with its sequence-safe splits."""
    return wutdet.load(tiny_voc, splits=tiny_voc / "splits")


@pytest.fixture(scope="session")
def look_ups() -> list[str]:
    """The hosts that were looked up while the tiny model was trained."""
    return []


@pytest.fixture(scope="session")
def tiny_weights(tiny_part: Dataset, tmp_path_factory: pytest.TempPathFactory, look_ups: list[str]) -> Path:
    """Weights after one epoch: they find nothing sensible, and do so deterministically."""
    out = tmp_path_factory.mktemp("training") / "run"
    settings = {"epochs": 1, "imgsz": 160, "batch": 8, "fliplr": 0.25, "threads": 1}
    genuine = socket.getaddrinfo

    def recorded(host: Any, *args: Any, **kwargs: Any) -> Any:
        look_ups.append(str(host))
        return genuine(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", recorded)
        return wutdet.train("demo", tiny_part, out=out, **settings).weights
