from __future__ import annotations

import os
import resource
import subprocess
import sys
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


def cpu_s(command: list[str], compiled: Path) -> float:
    """CPU seconds of a command, the least of five runs: a busy machine lengthens any of them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    least = float("inf")
    for _ in range(6):  # the first compiles
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        env = kept | {"PYTHONPYCACHEPREFIX": str(compiled)}
        subprocess.run(command, stdout=subprocess.DEVNULL, env=env, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return least


def test_help_is_there_before_one_wonders(tmp_path: Path) -> None:
    """Beside the import of the library that draws it: how long either takes is the machine's."""
    script = str(Path(sys.executable).with_name("wutdet"))
    library = cpu_s([sys.executable, "-c", "import typer"], tmp_path)
    assert cpu_s([script, "--help"], tmp_path) < 3.5 * library


def test_help_lists_every_verb() -> None:
    script = Path(sys.executable).with_name("wutdet")
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    for verb in ("sample", "info", "convert", "train", "benchmark", "browse", "demo"):
        assert f" {verb} " in done.stdout
