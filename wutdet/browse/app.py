"""The FiftyOne App on this machine."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, Final

from wutdet.browse.runtime import service_failures, start_fiftyone
from wutdet.errors import ConfigError, WutdetError

if TYPE_CHECKING:
    import fiftyone

LOOPBACK: Final = "127.0.0.1"
DEFAULT_PORT: Final = 5151  # FiftyOne's own


def open_app(
    fo_dataset: fiftyone.Dataset,
    *,
    port: int = DEFAULT_PORT,
    wait: bool = True,
    on_ready: Callable[[str], None] | None = None,
) -> fiftyone.Session:
    """Serve the App on the loopback address, in a browser where there is a display.

    Args:
        fo_dataset: a FiftyOne dataset or view.
        port: a free TCP port.
        wait: return only on Ctrl-C, with the App shut down; otherwise return at once, and the caller ends the App
            with `session.close()`.
        on_ready: called with the App's address once it answers.

    Raises:
        MissingExtraError: fiftyone is not installed.
        ConfigError: the port is taken or is no port.
        WutdetError: the App or the database does not start.
    """
    require_free_port(port)
    fo = start_fiftyone()
    session = _launch(fo, fo_dataset, port)
    if on_ready is not None:
        on_ready(_address(port))
    if wait:
        _wait_for_interrupt(session)
    return session


def _wait_for_interrupt(session: Any) -> None:
    try:
        session.wait(-1)  # not "until the last tab is closed": FiftyOne 1.22 misses that event
    except KeyboardInterrupt:
        pass  # how a person ends it
    finally:
        session.close()


def _launch(fo: Any, fo_dataset: Any, port: int) -> Any:
    from fiftyone.core.context import is_notebook_context

    remote = not _has_display() and not is_notebook_context()  # "remote" is FiftyOne's word for: open no browser
    try:
        with redirect_stdout(sys.stderr):  # it says there that it tries again, where a server is slow to start
            session = fo.launch_app(fo_dataset, address=LOOPBACK, port=port, remote=remote)
    except service_failures() as error:
        raise WutdetError(
            f"the FiftyOne App does not start ({error})", where=_address(port), remedy="try again with another port"
        ) from error
    session._disable_wait_warning = True  # else it prints advice when closed within 2.5 s
    return session


def _address(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def _has_display() -> bool:
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def require_free_port(port: int) -> None:
    """Refuse a port that is taken: FiftyOne would join whatever App answers there, or wait a minute for the port.

    Raises:
        ConfigError: the port is taken or is no port.
    """
    if not 1 <= port <= 65535:
        raise ConfigError(f"{port} is not a port", remedy="give a number from 1 to 65535")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise ConfigError(
                f"port {port} cannot be used ({error.strerror})",
                remedy="close the App that is open there, or choose another port",
            ) from None
