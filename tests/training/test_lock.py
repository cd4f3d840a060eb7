"""One process at a time trains in a folder."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from wutdet.training import TrainingBusyError, lock, train
from wutdet.training.lock import LOCK_NAME, training_lock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such lock")

HOLDING = """
import os, pathlib, sys, time
from wutdet.training.lock import training_lock
with training_lock(pathlib.Path(sys.argv[1])):
    if os.fork() == 0:  # as a loader's process is, which a kill of its parent leaves behind
        print("forked", os.getpid(), flush=True)
        time.sleep(600)
    sys.stdin.readline()
"""
SETTINGS = {"threads": 1, "epochs": 1, "imgsz": 64, "batch": 16}
SOON_S = 60.0


@contextmanager
def another_process(folder):
    """A process that holds the folder until it is told a line."""
    command = [sys.executable, "-c", HOLDING, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline().split()[1])
    try:
        yield process
    finally:
        os.kill(child, signal.SIGKILL)
        process.kill()
        process.communicate()


def test_a_second_one_is_told_who_the_first_is(tmp_path):
    with another_process(tmp_path) as process:
        holder = re.escape(f"({platform.node()}, pid {process.pid})")
        with (
            pytest.raises(TrainingBusyError, match=rf"is being trained by another process {holder}; wait for it$"),
            training_lock(tmp_path),
        ):
            pytest.fail("both hold it")


def test_a_kill_lets_go_though_a_child_lives_on(tmp_path):
    with another_process(tmp_path) as process:
        process.kill()
        process.wait()
        with training_lock(tmp_path):
            assert (tmp_path / LOCK_NAME).read_text() == f"{platform.node()}, pid {os.getpid()}"
        assert list(tmp_path.iterdir()) == []


def test_where_there_are_no_locks_nothing_is_locked(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    spec = importlib.util.spec_from_file_location("lock_on_windows", lock.__file__)
    elsewhere = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(elsewhere)
    with elsewhere.training_lock(tmp_path), elsewhere.training_lock(tmp_path):
        assert (tmp_path / LOCK_NAME).is_file()


def test_one_that_waits_follows_and_keeps_others_out(tmp_path):
    followed, over = threading.Event(), threading.Event()

    def wait():
        with training_lock(tmp_path, wait=True):
            followed.set()
            over.wait(SOON_S)

    with another_process(tmp_path) as process:
        thread = threading.Thread(target=wait)
        thread.start()
        assert not followed.wait(0.5)
        process.stdin.write("\n")
        process.stdin.flush()
        assert followed.wait(SOON_S)
        with pytest.raises(TrainingBusyError), training_lock(tmp_path):  # the file is another one by now
            pytest.fail("both hold it")
        over.set()
        thread.join()
    assert list(tmp_path.iterdir()) == []


def test_a_training_is_not_disturbed_by_a_second_and_can_be_waited_for(tiny_part, tmp_path):
    out, told, second, refused = tmp_path / "run", [], [], []

    def follow():
        second.append(train("demo", tiny_part, out=out, wait_if_busy=True, on_epoch=told.append, **SETTINGS))

    thread = threading.Thread(target=follow)

    def on_epoch(epoch):
        told.append(epoch)
        with pytest.raises(TrainingBusyError) as caught:
            train("demo", tiny_part, out=out, **SETTINGS)
        refused.append(str(caught.value))
        thread.start()

    first = train("demo", tiny_part, out=out, on_epoch=on_epoch, **SETTINGS)
    thread.join()
    assert refused == [
        f"{out}: is being trained by another process ({platform.node()}, pid {os.getpid()}); wait for it"
    ]
    assert [epoch.number for epoch in told] == [1]
    assert (first.epochs_before, second[0].epochs_before) == (0, 1)
    assert second[0].weights == first.weights
    assert not (out / LOCK_NAME).exists()
