from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = {
    "torch",
    "torchvision",
    "ultralytics",
    "fiftyone",
    "polars",
    "cv2",
    "matplotlib",
    "numpy",
    "PIL",
    "pycocotools",
}
NAMES = "print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"


def loaded_by(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{statement}\n{NAMES}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_the_check_can_fail() -> None:
    assert HEAVY & loaded_by("import wutdet; wutdet.load") >= {"polars", "cv2"}


def test_importing_the_package_pulls_in_nothing_heavy() -> None:
    assert not HEAVY & loaded_by("import wutdet")


@pytest.mark.parametrize("words", [["--help"], ["benchmark", "--help"]])
def test_help_pulls_in_nothing_heavy(words: list[str]) -> None:
    call = f"sys.argv = ['wutdet', *{words!r}]\nfrom wutdet.cli import main\ntry:\n    main()\nexcept SystemExit: pass"
    assert not HEAVY & loaded_by(call)


def test_help_is_there_before_one_wonders() -> None:
    """The best of five: a busy machine delays any of them."""
    script = Path(sys.executable).with_name("wutdet")
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        done = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
        best = min(best, time.perf_counter() - started)
    for verb in ("sample", "info", "convert", "train", "benchmark", "browse", "demo"):
        assert f" {verb} " in done.stdout
    assert best < 0.3
