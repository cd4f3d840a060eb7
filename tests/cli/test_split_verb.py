from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
import typer
from builders import coco_box, coco_file, coco_image, jpeg_of, tree_digest, write_voc
from typer.testing import CliRunner

from wutdet import load
from wutdet.cli.split import split
from wutdet.dataset.splitting.split_report import SplitReport
from wutdet.errors import WutdetError

STEMS = [f"{number * 20:07d}" for number in range(120)]


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    out: str
    err: str
    error: str


Run = Callable[..., Answer]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The verb in an app of its own; what a user can put right is caught as the real app does."""
    monkeypatch.setenv("WUTDET_NO_CACHE", "1")
    app = typer.Typer(rich_markup_mode=None)
    app.command()(split)
    app.callback()(lambda: None)

    def call(*words: object) -> Answer:
        result = CliRunner().invoke(app, ["split", *map(str, words)])
        error = result.exception
        if error is not None and not isinstance(error, SystemExit | WutdetError):
            raise error
        code = 2 if isinstance(error, WutdetError) else result.exit_code
        return Answer(code, result.stdout, result.stderr, str(error or ""))

    return call


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """120 frames of eight scenes of 15 frames; the first and the last are one place; split at random as it came."""
    boxes = {stem: [(1, 1, 4 + place % 3, 5)] * (place % 4) for place, stem in enumerate(STEMS)}
    lists = {"train": [s for s in STEMS if int(s) % 100], "val": [s for s in STEMS if int(s) % 100 == 0]}
    folder = write_voc(tmp_path / "part", boxes, splits=lists, size=(160, 90))
    rng = np.random.default_rng(9)
    scenes = [rng.integers(0, 256, (9, 16), np.uint8) for _ in range(7)]
    for place, stem in enumerate(STEMS):
        picture = cv2.resize(scenes[place // 15 % 7], (160, 90), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(jpeg_of(folder, stem)), picture)
    return folder


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """COCO labels of 1,000 frames, without an image."""
    images = [coco_image(number * 20, f"{number * 20:07d}.jpg", camera=f"cam{number // 100}") for number in range(1000)]
    boxes = [coco_box(number + 1, number * 20, [1, 1, 8, 8]) for number in range(500)]
    return coco_file(tmp_path / "coco" / "annotations" / "instances_all.json", images, boxes)


def report_of(answer: Answer) -> dict[str, Any]:
    assert answer.code == 0, answer.error
    found: dict[str, Any] = json.loads(answer.out)
    msgspec.convert(found, SplitReport)
    return found


def test_a_split_by_sequence_stops_the_leak(part: Path, run: Run, tmp_path: Path) -> None:
    before = tree_digest(part)
    report = report_of(run(part, "--out", tmp_path / "lists", "--fractions", "0.6,0.2,0.2", "--json"))
    assert (report["kind"], report["frames"], report["groups"], report["largest_group"]) == ("sequence", 120, 7, 30)
    assert (report["radius"], report["unread"]) == (8, 0)
    old, new = report["came_with"]["leakage"], report["new"]["leakage"]
    assert old["train-val"] == {"frames": 24, "share": 1.0, "by_hash": 24, "by_id": 24, "of": 24}
    assert len(new) == 6
    assert all(leak["frames"] == 0 for leak in new.values())
    splits = load(part, splits=tmp_path / "lists").splits
    assert splits == {name: counts["frames"] for name, counts in report["new"]["splits"].items()}
    scenes = {name: set() for name in splits}
    for name in splits:
        stems = (tmp_path / "lists" / f"{name}.txt").read_text().split()
        scenes[name] = {STEMS.index(stem) // 15 % 7 for stem in stems}
    assert sum(map(len, scenes.values())) == 7
    assert tree_digest(part) == before


def test_the_table_shows_both_splits_side_by_side(part: Path, run: Run, tmp_path: Path) -> None:
    answer = run(part, "--out", tmp_path / "lists", "--fractions", "train=0.5,test=0.5")
    assert answer.code == 0, answer.error
    lines = answer.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line.split()[:2] for line in lines if line.startswith("val ")] == [
        ["val", "24"],
        ["val", "train"],
    ]
    assert any(line.split() == ["val", "train", "24", "of", "24", "(100.0%)", "—"] for line in lines)
    assert any(line.startswith("test") and line.endswith("(0.0%)") for line in lines)
    assert "7 groups of sequences, the largest of 30 frames." in answer.out
    assert "hashing" in answer.err
    assert f"wrote {tmp_path / 'lists' / 'rule.yaml'}" in answer.err


def test_the_rule_gives_a_second_person_the_same_lists(part: Path, run: Run, tmp_path: Path) -> None:
    run(part, "--out", tmp_path / "a", "--seed", 3, "--fractions", "0.6,0.2,0.2")
    answer = run(part, "--out", tmp_path / "b", "--rule", tmp_path / "a" / "rule.yaml", "--no-images")
    assert answer.code == 0, answer.error
    assert tree_digest(tmp_path / "a") == tree_digest(tmp_path / "b")
    assert "no image was looked at" in " ".join(answer.out.split())
    assert "hashing" not in answer.err


def test_the_rule_of_part_a_needs_no_image(labels: Path, run: Run, tmp_path: Path) -> None:
    """1,000 frames are 20 blocks: two rounds of 7 train, 1 val, 2 test."""
    report = report_of(run(labels, "--rule", "part-a", "--out", tmp_path / "lists", "--no-images", "--json"))
    assert {name: counts["groups"] for name, counts in report["new"]["splits"].items()} == {
        "train": 14,
        "val": 2,
        "test": 4,
    }
    assert (report["kind"], report["radius"], report["came_with"]["splits"]) == ("id", None, {})
    assert all(leak["frames"] == 0 for leak in report["new"]["leakage"].values())


def test_missing_images_are_said_and_ids_serve(labels: Path, run: Run, tmp_path: Path) -> None:
    answer = run(labels, "--by", "id", "--out", tmp_path / "lists", "--json")
    report = report_of(answer)
    assert "no image can be read: blocks and leakage are by ids and names alone" in answer.err
    assert (report["groups"], report["radius"]) == (20, None)
    assert (tmp_path / "lists" / "rule.yaml").read_text().startswith("kind: id-blocks\n")


def test_cameras_are_kept_whole(labels: Path, run: Run, tmp_path: Path) -> None:
    report = report_of(run(labels, "--by", "camera", "--no-images", "--out", tmp_path / "lists", "--json"))
    assert {name: counts["groups"] for name, counts in report["new"]["splits"].items()} == {
        "train": 7,
        "val": 1,
        "test": 2,
    }
    assert report["kind"] == "camera"


def test_a_guard_is_counted(labels: Path, run: Run, tmp_path: Path) -> None:
    """Ten cameras of 100 frames: a gap takes `--guard` frames at each change of split."""
    left = {}
    for guard in (0, 1, 5):
        words = ("--by", "camera", "--no-images", "--guard", guard, "--out", tmp_path / f"{guard}", "--json")
        left[guard] = report_of(run(labels, *words))["new"]["left_out"]
    assert left[0] == 0
    assert left[1] > 0
    assert left[5] == 5 * left[1]


def test_the_same_command_writes_the_same_bytes(labels: Path, run: Run, tmp_path: Path) -> None:
    for name in "ab":
        run(labels, "--by", "id", "--no-images", "--out", tmp_path / name)
    run(labels, "--by", "id", "--no-images", "--seed", 1, "--out", tmp_path / "c")
    assert tree_digest(tmp_path / "a") == tree_digest(tmp_path / "b") != tree_digest(tmp_path / "c")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--fractions", "0.5,0.6"), "--fractions: the fractions sum to 1.1, not to 1"),
        (("--rule", "part-z"), "part-z: no such rule; choose from"),
        (("--by", "camera"), "1000 of 1000 frames name no camera"),
        (("--by", "id", "--block-frames", "2"), "--guard: is not below the length of a block"),
        (("--no-images", "--by", "sequence"), "--fractions: 1 group of frames cannot fill 3 splits"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(words: tuple[str, ...], what: str, run: Run, tmp_path: Path) -> None:
    images = [coco_image(number, f"{number}.jpg") for number in range(1000)]
    data = coco_file(tmp_path / "coco" / "annotations" / "instances_all.json", images)
    answer = run(data, "--out", tmp_path / "lists", *words)
    assert answer.code == 2
    assert what in answer.error
    assert "\n" not in answer.error
    assert not (tmp_path / "lists").exists()


def test_a_full_folder_is_refused_before_images_are_read(part: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "train.txt").write_text("mine\n")
    answer = run(part, "--out", tmp_path / "lists")
    assert (answer.code, answer.err) == (2, "")
    assert "exists and is not empty" in answer.error
    assert (tmp_path / "lists" / "train.txt").read_text() == "mine\n"


def test_an_unread_image_is_counted_and_kept(part: Path, run: Run, tmp_path: Path) -> None:
    jpeg_of(part, STEMS[7]).write_bytes(b"no image")
    words = (part, "--out", tmp_path / "lists", "--fractions", "0.6,0.2,0.2")
    report = report_of(run(*words, "--json"))
    assert report["unread"] == 1
    assert report["groups"] == 7


@pytest.mark.realdata
def test_the_real_frames_split_without_a_leak(realdata: Path, run: Run, tmp_path: Path) -> None:
    report = report_of(run(realdata / "voc", "--out", tmp_path / "lists", "--json"))
    assert report["came_with"]["leakage"]["train-val"]["share"] > 0.9
    assert all(leak["frames"] == 0 for leak in report["new"]["leakage"].values())
    shares = {name: counts["share"] for name, counts in report["new"]["splits"].items()}
    assert shares["train"] > 0.6
    assert shares["val"] > 0.04
    assert shares["test"] > 0.14
