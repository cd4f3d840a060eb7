"""The App, really served."""

from __future__ import annotations

import os
import signal
import socket
import threading
import urllib.request
from typing import Any

import pytest

from wutdet.browse import open_app, to_fiftyone
from wutdet.dataset import Dataset
from wutdet.errors import ConfigError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of FiftyOne's server and its parts


def _answers(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0


def test_app_answers_on_loopback_until_interrupted(
    fo: Any,
    part: Dataset,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a job in the background of a shell
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("webbrowser.open", lambda *a, **k: pytest.fail("opened a browser without a display"))
    shown = to_fiftyone(part, "shown", persistent=False)
    seen: dict[str, object] = {}

    def on_ready(address: str) -> None:
        with urllib.request.urlopen(f"{address}/datasets/shown", timeout=20) as page:
            seen.update(address=address, status=page.status, html=page.read().decode())
        seen["elsewhere"] = _answers("127.0.0.2", free_port)
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    session = open_app(shown, port=free_port, on_ready=on_ready)
    assert session.dataset.name == "shown"
    assert seen["address"] == f"http://127.0.0.1:{free_port}"
    assert seen["status"] == 200
    assert "<title>FiftyOne</title>" in str(seen["html"])
    assert seen["elsewhere"] is False  # bound to the loopback address, not to every address
    assert not _answers("127.0.0.1", free_port)
    out, err = capsys.readouterr()
    assert out == ""
    said = {line for line in err.splitlines() if line.strip()}
    assert said <= {"Could not connect session, trying again in 10 seconds"}  # where the server is slow, any times
    assert not [record for record in caplog.records if record.name.startswith("fiftyone")]  # it logs to stdout


def test_a_taken_port_is_said_at_once() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port} cannot be used .*choose another port"):
            open_app(None, port=port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port(port: int) -> None:
    with pytest.raises(ConfigError, match=f"{port} is not a port"):
        open_app(None, port=port)
