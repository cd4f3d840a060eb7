"""wutdet render: copies, sheets and what it says."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest


def test_copies_a_sheet_and_json(run, tiny_voc, tmp_path):
    done = run(
        "render", tiny_voc, "--splits", tiny_voc / "splits", "--split", "test", "--scenarios", "fog:3", "--workers", 1,
        "--out", tmp_path / "o", "--sheet", tmp_path / "s.png", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert [one["scenario"] for one in told["scenarios"]] == ["fog:3"]
    assert told["frames"] == len(list((tmp_path / "o/fog_3/images").iterdir()))
    assert f"{told['frames']} frames under 1 scenarios" in done.err
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing is asked for; give --out DIR, --sheet FILE or both"),
        (["--sheet", "s.gif"], "is no picture; name a .png or a .jpg"),
        (["--out", "o", "--scenarios", "fogg:1"], "did you mean 'fog'"),
        (["--out", "o", "--ambient", "wind=3"], "did you mean 'wind_m_s'"),
    ],
)
def test_mistakes_are_one_line(run, tiny_voc, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    assert said in run("render", tiny_voc, *words).complaint
    assert not list(tmp_path.iterdir())
