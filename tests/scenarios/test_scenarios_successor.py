"""The albumentations transforms on the successor, which has the same import name: in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRANSFORMS = "tests/scenarios/test_scenarios_transforms.py"


@pytest.mark.nightly
def test_the_transforms_pass_their_tests_on_albumentationsx(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "albumentationsx>=2.3.10"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"ALBUMENTATIONSX NOT TESTED: it cannot be installed here: {done.stderr.strip()[-200:]}")
    own = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")})
    Path(own, "after.pth").write_text(sysconfig.get_path("purelib"))  # what is not there is taken from here: torch too
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    command = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        "tests",
        TRANSFORMS,
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    name = [
        python,
        "-c",
        "import importlib.metadata as m, albumentations as a; print(a.__version__, m.version('albumentationsx'))",
    ]
    told = subprocess.run(name, capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == told[1]
