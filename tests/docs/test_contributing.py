"""The recipes of CONTRIBUTING.md, followed: what is printed there is put where it says, and works."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import sys
import textwrap

import pytest
from pages import ROOT, run_wutdet

from wutdet.parts import find_part, read_registry
from wutdet.training.config import load_baseline

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def block(language: str, holding: str) -> str:
    """The block of a language that holds some words, without its indentation in the list."""
    for found in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", TEXT, re.DOTALL | re.MULTILINE):
        indent, named, text = found.groups()
        if named == language and holding in text:
            return "".join(line[len(indent) :] if line.strip() else line for line in text.splitlines(keepends=True))
    raise AssertionError(f"no {language} block with {holding}")


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.fixture
def checkout(tmp_path):
    """A copy of the package with its data, in which a recipe can be followed."""
    for name in ("wutdet", "configs", "annotations"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_add_a_scenario(checkout):
    """A new kind in the table is parsed, described and rendered in a fresh process."""
    head, _, module = block("python", "dust.py").partition("\n")
    (checkout / head.removeprefix("# ")).write_text(module)
    kinds = checkout / "wutdet" / "scenarios" / "kinds.py"
    row = block("python", '"dust": Kind').strip()
    text = replaced(kinds.read_text(), '    "rain": Kind(', f'    {row}\n    "rain": Kind(')
    imported = "from wutdet.scenarios.dust import dust_extinction_per_m\n"
    kinds.write_text(replaced(text, "from wutdet.scenarios.fog import", f"{imported}from wutdet.scenarios.fog import"))
    severities = checkout / "configs" / "scenarios.yaml"
    severities.write_text(replaced(severities.read_text(), "  rain:\n", block("yaml", "  dust:") + "  rain:\n"))
    program = """
        import numpy as np
        from wutdet import scenarios
        image = np.full((90, 160, 3), 60, np.uint8)
        image[:40] = 200
        scene = scenarios.prepare(image, key="a", boxes=[[70, 38, 90, 45]], horizon=40)
        print(scenarios.describe(scenarios.parse_scenario("dust:5")))
        print(float(scene.render("dust:5").transmittance[0]), float(scene.ship_range_m[0]))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    run = subprocess.run(
        command, cwd=checkout, env={"PYTHONPATH": str(checkout)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    text, numbers = run.stdout.splitlines()
    left, range_m = map(float, numbers.split())
    assert text == "1.6 per km"
    assert left == pytest.approx(math.exp(-1.6e-3 * range_m))
    assert 0.1 < left < 0.95


def test_the_sentence_about_its_severities_is_right():
    """From 90 % to 20 % at 1 km."""
    [values] = re.findall(r"severities: \[(.*?)\]", block("yaml", "  dust:"))
    mildest, *_, worst = map(float, values.split(","))
    assert (round(math.exp(-mildest), 1), round(math.exp(-worst), 1)) == (0.9, 0.2)


def test_add_a_part(tmp_path, monkeypatch):
    """The entry is a registry; the archive that it names is imported, and audited."""
    import wutdet

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WUTDET_HOME", str(tmp_path / "home"))
    (tmp_path / "parts.yaml").write_text(block("yaml", "name: part-b"))
    part = find_part("part-b", read_registry("parts.yaml"))
    assert (part.licence, part.sha256) == ("unclear", None)
    made = wutdet.render_part(tmp_path / "made", images=6, size=(320, 180), seed=1)
    shutil.make_archive(str(tmp_path / part.archive.removesuffix(".zip")), "zip", made, "voc")
    ran = run_wutdet(["import", part.archive, "--registry", "parts.yaml", "--out", "data/part-b"])
    assert ran.code == 0, ran.stderr
    assert run_wutdet(["audit", "data/part-b", "--no-hashes"]).code == 0
    assert len(wutdet.load("data/part-b")) == 6


def test_add_a_baseline(tmp_path):
    """The file is a baseline of its name."""
    head, _, text = block("yaml", "name: yolo12n").partition("\n")
    path = tmp_path / "yolo12n.yaml"
    assert head == f"# configs/baselines/{path.name}"
    path.write_text(text)
    config = load_baseline(path)
    assert (config.name, config.model, config.imgsz, config.epochs) == ("yolo12n", "yolo12n.yaml", 640, 100)
    assert not (ROOT / "configs" / "baselines" / path.name).exists(), "it ships by now: give another example"


def test_files_that_the_recipes_name_exist():
    made_by_recipe = ("dust.py", "part-b", "yolo12n", "seed-")
    for name in re.findall(r"`((?:wutdet|tests|configs|annotations|docs)/[\w./-]+)`", TEXT):
        if not any(word in name for word in made_by_recipe):
            assert (ROOT / name).exists(), name
