from __future__ import annotations

import csv
import hashlib
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest

from wutdet.errors import WutdetError
from wutdet.sample import render_part
from wutdet.sample import writer as writer_module
from wutdet.sample.compose import draw_frame
from wutdet.sample.world import plan_part

SIZE = (640, 360)
IMAGES = 48


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_part(tmp_path_factory.mktemp("sample") / "part", images=IMAGES, size=SIZE, seed=3)


def digest(root: Path) -> dict[str, str]:
    files = sorted(p for p in root.rglob("*") if p.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def read_boxes(path: Path) -> list[tuple[int, int, int, int]]:
    keys = ("xmin", "ymin", "xmax", "ymax")
    found = [o.find("bndbox") for o in ET.parse(path).getroot().iter("object")]
    return [tuple(int(b.findtext(k)) for k in keys) for b in found]  # type: ignore[misc]


def lines(path: Path) -> list[str]:
    return path.read_text().split()


def table(part: Path) -> list[dict[str, str]]:
    with (part / "frames.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_equal_arguments_give_identical_files_and_another_seed_other_pictures(tmp_path: Path) -> None:
    first, again, other = (
        render_part(tmp_path / name, images=4, size=(320, 180), seed=seed)
        for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    assert digest(first) == digest(again)
    pictures = {k: v for k, v in digest(first).items() if k.endswith(".jpg")}
    others = {k: v for k, v in digest(other).items() if k.endswith(".jpg")}
    assert pictures.keys() == others.keys()
    assert not set(pictures.values()) & set(others.values())


def test_a_frame_does_not_depend_on_what_was_rendered_before() -> None:
    sequence = plan_part(6, (320, 180), 1)[1]
    alone = draw_frame(sequence, 1, (320, 180)).image
    draw_frame(sequence, 0, (320, 180))
    assert np.array_equal(alone, draw_frame(plan_part(6, (320, 180), 1)[1], 1, (320, 180)).image)


def test_layout_and_names(part: Path) -> None:
    stems = [f"{20 * i:07d}" for i in range(IMAGES)]
    voc = part / "voc"
    assert sorted(p.name for p in (voc / "JPEGImages").iterdir()) == [f"{s}.jpg" for s in stems]
    assert sorted(p.name for p in (voc / "Annotations").iterdir()) == [f"{s}.xml" for s in stems]
    assert [r["image"] for r in table(part)] == [f"{s}.jpg" for s in stems]
    assert cv2.imread(str(voc / "JPEGImages" / "0000000.jpg")).shape == (SIZE[1], SIZE[0], 3)
    assert not [p for p in part.parent.iterdir() if p != part]


def test_annotations_are_sound_pascal_voc(part: Path) -> None:
    for path in sorted((part / "voc" / "Annotations").iterdir()):
        root = ET.parse(path).getroot()
        assert root.findtext("filename") == f"{path.stem}.jpg"
        assert (int(root.findtext("size/width")), int(root.findtext("size/height"))) == SIZE  # type: ignore[arg-type]
        assert {o.findtext("name") for o in root.iter("object")} <= {"ship"}
        for xmin, ymin, xmax, ymax in read_boxes(path):
            assert 1 <= xmin <= xmax <= SIZE[0]
            assert 1 <= ymin <= ymax <= SIZE[1]
    counts = [len(read_boxes(p)) for p in (part / "voc" / "Annotations").iterdir()]
    assert counts.count(0) >= 3
    assert 2.5 < np.mean(counts) < 5.5


def test_boxes_are_those_of_the_masks(part: Path) -> None:
    number = 0
    for sequence in plan_part(IMAGES, SIZE, 3):
        for k in range(sequence.frames):
            path = part / "voc" / "Annotations" / f"{20 * number:07d}.xml"
            number += 1
            if k % 4:
                continue
            instances = draw_frame(sequence, k, SIZE).instances
            expected = []
            for ship in range(1, int(instances.max()) + 1):
                rows, columns = np.nonzero(instances == ship)
                expected.append((columns.min() + 1, rows.min() + 1, columns.max() + 1, rows.max() + 1))
            assert read_boxes(path) == expected
    assert number == IMAGES


def test_sequences_stay_whole_in_splits_and_straddle_the_random_lists(part: Path) -> None:
    sequence_of = {r["image"][:-4]: r["sequence"] for r in table(part)}
    splits = {n: lines(part / "splits" / f"{n}.txt") for n in ("train", "val", "test")}
    assert sorted(s for names in splits.values() for s in names) == sorted(sequence_of)
    owners = [{sequence_of[s] for s in names} for names in splits.values()]
    assert all(owners)
    assert sum(map(len, owners)) == len(set.union(*owners))
    assert len(splits["train"]) > len(splits["test"]) >= len(splits["val"]) - 3

    main = {n: lines(part / "voc" / "ImageSets" / "Main" / f"{n}.txt") for n in ("train", "val")}
    assert sorted(main["train"] + main["val"]) == sorted(sequence_of)
    assert len(main["val"]) == round(0.2 * IMAGES)
    leaking = {sequence_of[s] for s in main["train"]} & {sequence_of[s] for s in main["val"]}
    assert len(leaking) >= 3


def test_neighbours_are_near_duplicates_but_not_equal() -> None:
    sequence = next(s for s in plan_part(48, SIZE, 3) if s.tracks)
    pair = [draw_frame(sequence, k, SIZE).image for k in (3, 4)]
    small = [cv2.resize(im, (16, 9), interpolation=cv2.INTER_AREA).astype(float) for im in pair]
    assert np.abs(pair[0].astype(float) - pair[1]).mean() > 0
    assert np.abs(small[0] - small[1]).mean() < 4


def test_refusals(part: Path, tmp_path: Path) -> None:
    cases = [
        (part, {}, "already holds a part"),
        (tmp_path / "new", {"images": 0}, "at least 1"),
        (tmp_path / "new", {"size": (100, 90)}, "160x90"),
        (tmp_path / "new", {"size": (160, 80)}, "160x90"),
        (tmp_path / "new", {"size": (9000, 90)}, "at most 8192"),
    ]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x.txt").write_text("x")
    (tmp_path / "file").write_text("x")
    cases += [(tmp_path / "full", {}, "not an empty folder"), (tmp_path / "file", {}, "not an empty folder")]
    cases += [(tmp_path / "file" / "part", {}, "cannot be written")]
    for out, options, message in cases:
        with pytest.raises(WutdetError, match=message) as caught:
            render_part(out, **options)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_an_empty_folder_is_used_and_progress_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    told: list[int] = []
    assert render_part(tmp_path / "out", images=2, size=(160, 90), advance=told.append) == tmp_path / "out"
    assert told == [1, 1]
    assert (tmp_path / "out" / "frames.csv").is_file()


def test_a_killed_run_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        assert not (tmp_path / "out").exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_part(tmp_path / "out", images=3, size=(160, 90), advance=stop)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_named_before_all_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bool] = []
    write_list = writer_module._write_list

    def spy(path: Path, stems: list[str]) -> None:
        written.append((tmp_path / "out").exists())
        write_list(path, stems)

    monkeypatch.setattr(writer_module, "_write_list", spy)
    render_part(tmp_path / "out", images=1, size=(160, 90))
    assert written == [False] * 5
