"""wutdet render: copies, sheets and what it says."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from wutdet.errors import DataError


def test_copies_a_sheet_and_json(run, tiny_voc, tmp_path):
    done = run(
        "render", tiny_voc, "--splits", tiny_voc / "splits", "--split", "test", "--scenarios", "fog:3", "--workers", 1,
        "--out", tmp_path / "o", "--sheet", tmp_path / "s.png", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert [one["scenario"] for one in told["scenarios"]] == ["fog:3"]
    assert told["frames"] == len(list((tmp_path / "o/fog_3/images").iterdir()))
    assert f"{told['frames']} frames under 1 scenario\n" in done.err
    assert cv2.imread(str(tmp_path / "s.png")).shape[1] > 300


def test_a_sheet_alone_of_a_chosen_frame(run, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for name, level in (("a.png", 30), ("b.png", 200)):
        cv2.imwrite(str(folder / name), np.full((90, 160, 3), level, np.uint8))
    done = run("render", folder, "--scenarios", "clear", "--sheet", tmp_path / "s.png", "--frame", "b.png")
    assert done.code == 0, done.err
    assert "sheet of b.png" in done.err
    sheet = cv2.imread(str(tmp_path / "s.png"))
    assert np.median(sheet[sheet.shape[0] // 2]) == 200
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "s.png"]
    assert "has no frame 'c.png'" in run("render", folder, "--sheet", tmp_path / "t.png", "--frame", "c.png").complaint


def test_a_sheet_never_takes_the_place_of_a_frame_but_of_an_older_sheet(run, tiny_voc, tmp_path):
    originals = sorted((tiny_voc / "voc/JPEGImages").iterdir())
    before = [path.read_bytes() for path in originals]
    for data in (tiny_voc, originals[0].parent, originals[0]):
        answer = run("render", data, "--scenarios", "fog:1", "--sheet", originals[0])
        assert "is one of the frames; choose another file" in answer.complaint
    assert [path.read_bytes() for path in originals] == before
    (tmp_path / "s.png").write_bytes(b"old")
    assert run("render", originals[0], "--scenarios", "fog:1", "--sheet", tmp_path / "s.png").code == 0
    assert cv2.imread(str(tmp_path / "s.png")) is not None


def test_a_sheet_has_a_row_for_each_kind_and_each_combination(run, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((90, 160, 3), 120, np.uint8))
    words = ["--scenarios", "clear,lowlight:1-2,fog:1+lowlight:3", "--sheet", tmp_path / "s.jpg"]
    assert run("render", tmp_path / "a.png", *words).code == 0
    sheet = cv2.imread(str(tmp_path / "s.jpg"))
    tall = round(414 * 90 / 160)
    assert sheet.shape == (30 + 2 * (24 + tall) + 6, 3 * 420, 3)  # a title, and two rows under their captions
    middles = [[int(np.median(sheet[y - 20 : y + 20, x - 20 : x + 20])) for x in (210, 630, 1050)] for y in (170, 427)]
    assert middles[0][0] == pytest.approx(120, abs=2)
    assert middles[1][0] == middles[0][0]  # clear stands before both
    assert middles[0][0] > middles[0][1] > middles[0][2] > middles[1][1]
    assert middles[1][2] == 255  # nothing there


def test_a_sheet_makes_its_folders_and_an_error_leaves_none(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", np.full((90, 160, 3), 120, np.uint8))
    assert run("render", "a.png", "--scenarios", "clear", "--sheet", "new/sub/s.png").code == 0
    assert cv2.imread("new/sub/s.png") is not None

    def full(*_args, **_options):
        raise DataError("cannot be written (No space left on device)", where="s.png", remedy="make room")

    monkeypatch.setattr("wutdet.report.sheet.draw_sheet", full)
    said = run("render", "a.png", "--scenarios", "clear", "--sheet", "new/other/sub/s.png").complaint
    assert said.startswith("s.png: cannot be written")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["sub"]
    said = run("render", "a.png", "--scenarios", "clear", "--sheet", "a.png/sub/s.png").complaint
    assert said == "a.png/sub: cannot be made (Not a directory); choose another folder"


def test_copies_that_are_there_already_are_announced(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", np.full((90, 160, 3), 120, np.uint8))
    words = ("render", "a.png", "--scenarios", "clear", "--workers", 1, "--out", "o")
    first, second = run(*words), run(*words)
    assert (first.code, second.code) == (0, 0), second.err
    assert "already" not in first.err
    assert second.err.count("1 of 1 frame was there already\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing is asked for; give --out DIR, --sheet FILE or both"),
        (["--scenarios", " ", "--out", "o"], "--scenarios: no scenario is given; name some, such as clear,fog:1-5"),
        (["--out", "o", "--frame", "a.jpg"], "chooses the frame of a sheet; give --sheet FILE, or leave it out"),
        (["--sheet", "s.gif"], "is no picture; name a .png or a .jpg"),
        (["--out", "o", "--scenarios", "fogg:1"], "did you mean 'fog'"),
        (["--out", "o", "--ambient", "wind=3"], "did you mean 'wind_m_s'"),
    ],
)
def test_mistakes_are_one_line(run, tiny_voc, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    assert said in run("render", tiny_voc, *words).complaint
    assert not list(tmp_path.iterdir())
