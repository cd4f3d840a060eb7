"""Files that are written whole or not at all, and folders that one process takes."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from wutdet.dataset import claim as claims
from wutdet.dataset.claim import claim
from wutdet.dataset.files import open_aside, sweep_asides, write_aside
from wutdet.errors import ConfigError, DataError, WutdetError

REFUSAL = ConfigError("is something else", where="out", remedy="choose another --out")
JOBS, ROUNDS = 4, 25
DAY_S = 24 * 3600


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """As on a disk that fills: no file gets larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_aside(tmp_path / "a.json", b"new")
    write_aside(tmp_path / "a.json", b"newer", durable=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.json": b"newer"}


@pytest.mark.parametrize("failing", ["write", "replace"])
@pytest.mark.parametrize("existing", [True, False])
def test_a_write_that_fails_leaves_the_folder_as_it_was_and_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, existing: bool
) -> None:
    target = tmp_path / "a.json"
    if existing:
        target.write_bytes(b"old")

    def never(source: Path, destination: Path) -> None:
        raise OSError(errno.EFBIG, "File too large")

    if failing == "replace":
        monkeypatch.setattr(os, "replace", never)
    line = f"{target}: cannot be written (File too large); make room, and give the same command again"
    with largest_file(2), pytest.raises(DataError) as caught:
        write_aside(target, b"ab" if failing == "replace" else b"new and longer")
    assert str(caught.value) == str(pickle.loads(pickle.dumps(caught.value))) == line
    assert os.listdir(tmp_path) == (["a.json"] if existing else [])
    if existing:
        assert target.read_bytes() == b"old"


def test_of_files_that_are_written_together_the_one_that_is_too_large_is_named(tmp_path: Path) -> None:
    def write_both() -> None:
        with open_aside(tmp_path / "a.json") as large, open_aside(tmp_path / "b.json") as small:
            small.write(b"1")
            large.write(b"2" * 3000)  # less than is written at once: found out at the end

    with largest_file(2000), pytest.raises(DataError, match=r"a\.json: cannot be written \(File too large\)"):
        write_both()
    assert os.listdir(tmp_path) == ["b.json"]


def test_who_can_do_without_a_file_may_catch_what_the_system_says(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"cannot be written .* choose another place") as caught:
        write_aside(tmp_path / "missing" / "a.json", b"1")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(tmp_path / "missing" / "a.json"))


def test_writers_with_one_process_id_do_not_meet(tmp_path: Path) -> None:
    """Threads have one, and so may processes of two containers."""
    start = threading.Barrier(JOBS)

    def write(job: int) -> None:
        start.wait()
        for _ in range(100):
            write_aside(tmp_path / "a.json", bytes([job]) * 1000)

    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(write, range(JOBS)))
    assert os.listdir(tmp_path) == ["a.json"]
    assert len(set((tmp_path / "a.json").read_bytes())) == 1


def test_others_may_read_it_as_far_as_the_umask_lets_them(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_aside(tmp_path / "a.json", b"1")
        claim(tmp_path / "b" / "plan.json", b"1", REFUSAL)
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "a.json", tmp_path / "b/plan.json")] == [0o640, 0o640]


def test_what_must_last_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("fsync", "replace", "link"):
        monkeypatch.setattr(os, name, _noting(calls, name, getattr(os, name)))
    write_aside(tmp_path / "a.json", b"1")
    write_aside(tmp_path / "a.json", b"1", durable=True)
    claim(tmp_path / "b" / "plan.json", b"1", REFUSAL)
    assert calls == ["replace", "fsync", "replace", "fsync", "link"]


def _noting(calls: list[str], name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*arguments: Any) -> Any:
        calls.append(name)
        return real(*arguments)

    return noted


def test_only_what_was_abandoned_long_ago_is_swept(tmp_path: Path) -> None:
    ages_s = {".old.json.1a.part": DAY_S + 60, ".young.json.1b.part": DAY_S - 60, "old.json": 2 * DAY_S}
    for name, age_s in ages_s.items():
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    sweep_asides(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".young.json.1b.part", "old.json"]
    sweep_asides(tmp_path / "missing")


def test_a_folder_is_taken_once_and_then_says_by_whom(tmp_path: Path) -> None:
    path = tmp_path / "new" / "plan.json"
    assert claim(path, b"one", REFUSAL) is None
    assert claim(path, b"two", REFUSAL) == b"one"
    assert os.listdir(path.parent) == ["plan.json"]


def test_what_a_kill_left_does_not_count_and_anything_else_does(tmp_path: Path) -> None:
    (tmp_path / ".plan.json.123.part").write_bytes(b"{")
    assert claim(tmp_path / "plan.json", b"one", REFUSAL) is None
    for name in ("note.txt", ".hidden"):
        (tmp_path / name / "x").mkdir(parents=True)
        with pytest.raises(ConfigError, match="is something else"):
            claim(tmp_path / name / "plan.json", b"one", REFUSAL)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="is something else"):
        claim(tmp_path / "file" / "plan.json", b"one", REFUSAL)


@pytest.mark.parametrize("links", [True, False])
def test_jobs_that_start_together_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    for answers in _race(tmp_path, [b"same"] * JOBS):
        assert Counter(answers) == {None: 1, b"same": JOBS - 1}


@pytest.mark.parametrize("links", [True, False])
def test_of_two_that_differ_one_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    for place, (first, second) in enumerate(_race(tmp_path, [b"one", b"two"])):
        there = (tmp_path / str(place) / "plan.json").read_bytes()
        assert (first, second) == ((None, b"one") if there == b"one" else (b"two", None))
        assert os.listdir(tmp_path / str(place)) == ["plan.json"]


def _no_links(source: Path, target: Path) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def _race(folder: Path, contents: list[bytes]) -> list[tuple[object, ...]]:
    """Round by round what each process got that claimed a new folder in the same moment."""
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(len(contents)), context.Queue()

    def job(number: int) -> None:
        got: list[object] = []
        for place in range(ROUNDS):
            start.wait(60)
            try:
                got.append(claim(folder / str(place) / "plan.json", contents[number], REFUSAL))
            except WutdetError as error:
                got.append(str(error))
        answers.put((number, got))

    jobs = [context.Process(target=job, args=(number,)) for number in range(len(contents))]
    for one in jobs:
        one.start()
    by_job = dict(answers.get(timeout=60) for _ in jobs)
    for one in jobs:
        one.join(60)
    return list(zip(*(by_job[number] for number in range(len(jobs))), strict=True))


def test_a_file_that_is_being_filled_is_waited_for_and_one_that_stays_empty_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(b"")
    filling = threading.Timer(0.2, path.write_bytes, [b"one"])
    filling.start()
    assert claim(path, b"two", REFUSAL) == b"one"
    filling.join()
    path.write_bytes(b"")
    monkeypatch.setattr(claims, "_SETTLING_S", 0.1)
    with pytest.raises(DataError, match="is empty; delete it"):
        claim(path, b"two", REFUSAL)
