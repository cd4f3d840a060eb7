"""The rules of the house: who may import whom, what travels in the wheel, what the project says of itself."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tracked_files():
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listing.stdout.split("\n") if line and (ROOT / line).is_file()]


def test_import_rules_hold():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "0 broken" in run.stdout


def test_import_rules_would_notice(tmp_path):
    """The contracts are not vacuous: a metric that imports the dataset breaks them."""
    import shutil

    shutil.copytree(ROOT / "wutdet", tmp_path / "wutdet", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "wutdet" / "metrics" / "coco.py").open("a") as file:
        file.write("\nimport fiftyone\nfrom wutdet.dataset import load\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Floors: data flows one way BROKEN" in run.stdout
    assert "Only browse imports fiftyone BROKEN" in run.stdout


@pytest.mark.nightly
def test_the_wheel_carries_configs_and_annotations(tmp_path):
    """Building fetches the build backend, so this needs a package index."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    for name in ("configs/scenarios.yaml", "configs/baselines/demo.yaml", "annotations/datacard.md"):
        assert f"wutdet/_share/{name}" in names
    assert not any(name.startswith("tests") for name in names)


def test_the_version_is_stated_once_and_repeated_right():
    import wutdet

    stated = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert stated is not None
    assert stated.group(1) == wutdet.__version__
    assert f"version: {wutdet.__version__}" in (ROOT / "CITATION.cff").read_text()


def test_every_public_name_resolves():
    import wutdet

    for name in wutdet.__all__:
        assert getattr(wutdet, name) is not None
    assert callable(wutdet.benchmark)
    with pytest.raises(AttributeError):
        wutdet.no_such_name  # noqa: B018


def test_the_benchmark_is_callable_whichever_was_imported_first():
    code = "import wutdet.benchmark.scoring, wutdet; print(callable(wutdet.benchmark))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout == "True\n", run.stderr


def test_no_file_holds_a_path_of_one_machine_or_a_weight():
    machine = re.compile("/(?:home|root|Users|work|farm)" + "/[a-z]")
    for path in tracked_files():
        assert path.suffix not in (".pt", ".onnx", ".zip"), path
        if path.suffix in (".py", ".md", ".toml", ".yaml", ".txt", ".cff", ".json") or path.name in ("Makefile", "run"):
            assert not machine.search(path.read_text(encoding="utf-8")), path


def test_no_file_is_large():
    for path in tracked_files():
        assert path.stat().st_size < 2_000_000, path  # scores of 21 cells, sliced by two cameras, take 1.5 MB


def test_the_readme_shows_the_recorded_demo():
    import msgspec

    from wutdet.benchmark import Scores

    recorded = msgspec.json.decode((ROOT / "baselines" / "demo" / "scores.json").read_bytes(), type=Scores)
    readme = (ROOT / "README.md").read_text()
    for cell in recorded.cells:
        assert f"| {cell.AP:.3f} | {cell.AP50:.3f} | {cell.AP_small:.3f} |" in readme, cell.name
