"""The verb audit: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from builders import coco_box, coco_file, coco_image

from wutdet.cli.audit import audit
from wutdet.dataset.audit import Audit
from wutdet.errors import WutdetError


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`run(path, "--json")` → exit code, stdout and stderr, by an app of this verb alone."""
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(audit)

    def command(*words: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = 0
        try:
            app([str(word) for word in words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        except WutdetError as error:
            print(f"wutdet: {error}", file=sys.stderr)
            code = 2
        out, err = capfd.readouterr()
        return code, out, err

    return command


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Three frames; the boxes of two are bad, one has a name that would steer a terminal."""
    images = [coco_image(20 * number, f"{20 * number:07d}.jpg") for number in range(3)]
    images.append(coco_image(60, "\x1b[31m[bold]0060.jpg"))
    boxes = [coco_box(number, 20, [1, 1, 0, 5], area=0) for number in range(1, 251)]
    boxes += [coco_box(251, 40, [60, 1, 10, 5]), coco_box(252, 60, [1, 1, 5, 5])]
    return coco_file(tmp_path / "labels.json", images, boxes)


def test_the_table(labels: Path, run: Callable[..., Any]) -> None:
    code, out, err = run(labels, "--no-images")
    assert (code, err) == (1, "")
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[:2] == ["labels: 4 frames, 252 boxes: 'ship' 252", "252 errors, 0 warnings; no image was looked at"]
    shown = [" ".join(line.split()) for line in lines]
    assert "degenerate-box 250 0000020.jpg: box [1, 1, 1, 6] is draw it again; --fix leaves the" in shown
    assert "frame-without-ships 1 0000000.jpg: no ship is labelled meant, where no ship is in sight" in shown
    assert "near-duplicates: not looked for" in lines
    assert max(map(len, lines)) <= 100
    assert len(lines) < 20
    assert "\x1b" not in out


def test_the_json_is_the_struct(labels: Path, run: Callable[..., Any]) -> None:
    code, out, _ = run(labels, "--no-images", "--json")
    found = json.loads(out)
    assert code == 1
    msgspec.convert(found, Audit)
    assert found["counts"] == {
        "unsafe-file-name": 1,
        "degenerate-box": 250,
        "box-over-edge": 1,
        "frame-without-ships": 1,
    }
    assert found["errors"][-1] == {
        "code": "box-over-edge",
        "severity": "error",
        "image": "0000040.jpg",
        "message": "box [60, 1, 70, 6] reaches out of the 64x48 frame",
        "box": [60, 1, 70, 6],
    }
    assert {"warnings", "voc_origin", "near_duplicates", "leakage"} <= set(found)


def test_findings_of_a_code_are_listed_up_to_a_limit(labels: Path, run: Callable[..., Any]) -> None:
    code, out, _ = run(labels, "--no-images", "--show", "degenerate-box", "--show", "wrong-size", "--limit", 2)
    assert code == 1
    assert out.splitlines() == [
        "error degenerate-box 0000020.jpg: box [1, 1, 1, 6] is empty",
        "error degenerate-box 0000020.jpg: box [1, 1, 1, 6] is empty",
        "… and 248 more degenerate-box: raise --limit, or take --json",
        "wrong-size: none",
    ]
    assert len(run(labels, "--no-images", "--all")[1].splitlines()) == 100 + 1 + 1 + 1 + 1
    assert len(run(labels, "--no-images", "--all", "--limit", 0)[1].splitlines()) == 250 + 1 + 1 + 1


def test_a_sound_part_ends_with_0_and_progress_goes_to_stderr(tiny_voc: Path, run: Callable[..., Any]) -> None:
    code, out, err = run(tiny_voc, "--splits", tiny_voc / "splits")
    assert code == 0
    assert out.splitlines()[1].startswith("0 errors, ")
    assert "looking at images" in err
    assert "hashing images" in err
    assert "VOC origin 1: 0 zero minima" in out
    assert "  of test in train: " in out


def test_a_repair_ends_with_0(tmp_path: Path, tiny_voc: Path, run: Callable[..., Any]) -> None:
    xml = next(iter(sorted((tiny_voc / "voc/Annotations").glob("*.xml"))))
    sound = xml.read_bytes()
    try:
        xml.write_bytes(b"<annotation>")
        assert run(tiny_voc, "--no-hashes")[0] == 1
        code, out, _ = run(tiny_voc, "--no-hashes", "--fix", tmp_path / "copy", "--place", "link")
    finally:
        xml.write_bytes(sound)
    assert code == 0
    assert f"repaired copy: {tmp_path / 'copy'} with 39 frames" in " ".join(out.split()).replace("/ ", "/")
    assert run(tmp_path / "copy", "--no-hashes")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--no-images", "--show", "degenerate-boxes"],
            "--show: no finding is called 'degenerate-boxes'; did you mean",
        ),
        (["--no-images", "--fix", "copy"], "--fix: a repair needs to look at the images; leave out --no-images"),
        (["--classes", "boat"], "--classes: 'boat' is no class mapping"),
        ([], "none of its images is in a usual place"),
        (["--splits", "nowhere"], "nowhere: no split lists (*.txt) here"),
    ],
)
def test_wrong_use_is_one_line_and_2(labels: Path, run: Callable[..., Any], words: list[str], said: str) -> None:
    code, out, err = run(labels, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_help_is_light() -> None:
    heavy = ("numpy", "polars", "cv2", "PIL", "rich.table")
    code = (
        "import sys, typer\nfrom wutdet.cli.audit import audit\napp = typer.Typer()\napp.command()(audit)\n"
        f"try: app(['--help'])\nexcept SystemExit: print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[" in done.stdout
    assert not {"numpy", "polars", "cv2", "PIL"} & set(
        done.stdout.splitlines()[-1].strip("[]").replace("'", "").split(", ")
    )
