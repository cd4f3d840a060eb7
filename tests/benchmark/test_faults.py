"""Faults: a run that is killed, starved or given a bad frame, and continued, ends in the bytes of one left alone."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import wutdet
from wutdet.errors import DataError
from wutdet.scoring.measure import Settings

TESTS = Path(__file__).parent.parent
KILLS = 20


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the manifest, which holds times, and what a kill left aside."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if not path.name.endswith(".part")}


def command(part: Path, out: Path, detector: str = "blobs:make_slow", *more: str) -> list[str]:
    words = [sys.executable, "-m", "wutdet", "benchmark", str(part), "--splits", str(part / "splits")]
    words += ["--split", "train", "--detector", detector, "--scenarios", "clear,fog:3,rain:2", "--interval", "0"]
    return [*words, "--out", str(out), *more]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TESTS)}


def finish(words: list[str], **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="module")
def undisturbed(tiny_voc, tmp_path_factory):
    out = tmp_path_factory.mktemp("faults") / "whole"
    done = finish(command(tiny_voc, out))
    assert done.returncode == 0, done.stderr
    return contents(out)


@pytest.mark.nightly
def test_killed_at_twenty_random_moments(tiny_voc, undisturbed, tmp_path):
    """Each life is killed at a moment drawn at random; no recorded shard is written again."""
    rng, out, kills, moments = random.Random(6), tmp_path / "run", 0, []
    written: dict[Path, int] = {}
    while kills < KILLS:
        life = subprocess.Popen(
            command(tiny_voc, out), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        started = time.monotonic()
        moment = rng.uniform(0.2, 4.0)
        try:
            life.wait(moment)
        except subprocess.TimeoutExpired:
            life.send_signal(signal.SIGKILL)
            life.wait()
            kills += 1
            moments.append(time.monotonic() - started)
        shards = {path: path.stat().st_mtime_ns for path in (out / "shards").glob("*.msgpack")}
        assert {path: shards[path] for path in written} == written
        written = shards
        if life.returncode == 0:  # finished before it was killed: take some shards away and go on killing
            for path in sorted(shards)[1::2]:
                path.unlink()
                written.pop(path)
    done = finish(command(tiny_voc, out))
    assert done.returncode == 0, done.stderr
    assert contents(out) == undisturbed
    assert len(moments) == KILLS


def test_a_disk_that_is_full_is_one_line_and_the_run_continues(tiny_voc, undisturbed, tmp_path):
    """A limit on the size of files stands in for the disk: no shard fits."""

    def starve() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    out = tmp_path / "run"
    starved = finish(command(tiny_voc, out), preexec_fn=starve)
    assert starved.returncode == 2, starved.stderr
    line = starved.stderr.strip().splitlines()[-1]
    assert "cannot be written (File too large); make room, and give the same command again" in line
    assert not [path for path in out.rglob("*.msgpack") if path.stat().st_size <= 4096]
    assert not list(out.rglob("*.part"))
    done = finish(command(tiny_voc, out))
    assert done.returncode == 0, done.stderr
    assert contents(out) == undisturbed


def test_whichever_file_meets_the_full_disk_it_is_one_line_and_the_run_continues(tiny_part, tmp_path):
    """A run goes on under one limit after another on the size of files, each just too small for one of its files."""
    split, how = tiny_part.split("train"), {"scenarios": "clear,fog:3,rain:2", "scoring": Settings(replicates=20)}
    whole = contents(wutdet.benchmark("blobs:make", split, out=tmp_path / "whole", **how).out)
    out, met = tmp_path / "run", []
    for limit in sorted({len(data) - 1 for data in whole.values()}):
        with largest_file(limit), pytest.raises(DataError, match=r"written \(File too large\); make room, ") as caught:
            wutdet.benchmark("blobs:make", split, out=out, **how)
        met.append(str(Path(caught.value.where).relative_to(out)))
        assert not list(out.rglob(".*.part"))
        assert {name: whole[name] for name in contents(out)} == contents(out)
    assert met[0] == "plan.json"
    assert {Path(name).suffix for name in met} >= {".json", ".msgpack"}
    assert met[-1] == max(whole, key=lambda name: len(whole[name]))
    wutdet.benchmark("blobs:make", split, out=out, **how)
    assert contents(out) == whole


@pytest.mark.parametrize("name", ["plan.json", "000001.msgpack", "replicates.npz", "scores.json", "manifest.json"])
def test_a_file_that_gets_no_name_is_one_line_too(tiny_part, tmp_path, monkeypatch, name):
    """As where a folder cannot grow."""
    split, how = tiny_part.split("train"), {"scenarios": "clear", "scoring": Settings(replicates=20)}
    with monkeypatch.context() as patch:
        for call in ("replace", "link"):
            patch.setattr(os, call, _full(getattr(os, call), name))
        with pytest.raises(DataError, match=rf"{name}: cannot be written \(No space left on device\); make room"):
            wutdet.benchmark("blobs:make", split, out=tmp_path / "run", **how)
    assert not list((tmp_path / "run").rglob(".*.part"))
    assert wutdet.benchmark("blobs:make", split, out=tmp_path / "run", **how).found is not None


def _full(real, name):
    def refusing(source, target):
        if Path(target).name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    return refusing


@contextmanager
def largest_file(size_bytes):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_image_that_is_cut_short_stops_the_run_and_once_restored_it_continues(tiny_voc, undisturbed, tmp_path):
    part, out = tmp_path / tiny_voc.name, tmp_path / "run"
    shutil.copytree(tiny_voc, part)
    victim = part / "voc/JPEGImages" / f"{(part / 'splits/train.txt').read_text().split()[-1]}.jpg"
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))  # as large as it was
    stopped = finish(command(part, out))
    assert stopped.returncode == 2
    assert victim.name in stopped.stderr.strip().splitlines()[-1]
    recorded = {path: path.stat().st_mtime_ns for path in out.rglob("*.msgpack")}
    assert recorded
    victim.write_bytes(whole)
    done = finish(command(part, out))
    assert done.returncode == 0, done.stderr
    assert contents(out) == undisturbed
    assert {path: path.stat().st_mtime_ns for path in recorded} == recorded


def test_parts_that_are_killed_are_continued(tiny_voc, undisturbed, tmp_path):
    out = tmp_path / "run"
    first = subprocess.Popen(
        command(tiny_voc, out, "blobs:make_slow", "--shard", "1/2"),
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while not list(out.glob("shards/*.msgpack")) and time.monotonic() < until:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert list(out.glob("shards/*.msgpack"))
    for shard in ("2/2", "1/2"):
        done = finish(command(tiny_voc, out, "blobs:make_slow", "--shard", shard))
        assert done.returncode == 0, done.stderr
    assert contents(out) == undisturbed
