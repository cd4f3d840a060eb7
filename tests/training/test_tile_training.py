"""A training on tiles: its files, its weather, its plan, and how it goes on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import msgspec
import numpy as np
import polars as pl
import pytest

import wutdet
from wutdet.dataset.images import decode_image
from wutdet.errors import ConfigError, DataError
from wutdet.scenarios import prepare
from wutdet.training import TrainingTiles, load_baseline, train
from wutdet.training import weather_loading as loading
from wutdet.training.data import TILES, write_data
from wutdet.training.known_frames import known_tiles
from wutdet.training.tile_cutting import ships_in, tile_pixels, training_windows
from wutdet.training.tile_files import TABLE_NAME, Tile, count_tiles
from wutdet.training.weather import FogRange, GlareRange, LowLightRange, RainRange, WeatherAugmentation, draw_key
from wutdet.training.weather_loading import EpochIndex, WeatherLoader

CUT = TrainingTiles(tile_px=64, keep_empty=0.3)
FEW_TILES = TrainingTiles(tile_px=128, plan="horizon", band=(0.2, 0.4), keep_empty=0.3)
CONFIG = msgspec.structs.replace(load_baseline("demo"), tiles=CUT)


@pytest.fixture(scope="module")
def few(tiny_part):
    """Four frames to train on and two of val."""
    rows = [tiny_part.split(name).images["image_id"][:count] for name, count in (("train", 4), ("val", 2))]
    return tiny_part.filter(pl.col("image_id").is_in(pl.concat(rows).implode()))


@pytest.fixture(scope="module")
def written(few, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles") / "run"
    folder.mkdir()
    data = write_data(few, folder, CONFIG, threads=2)
    return SimpleNamespace(folder=folder, data=data, read=wutdet.load(data.path))


def names_in(written, split):
    lines = (written.data.path.parent / f"{split}.txt").read_text().splitlines()
    return [line.removeprefix("./images/") for line in lines]


def test_every_tile_is_the_crop_of_its_frame_with_its_ships_there(written, few):
    frames = {frame.name: frame for frame in few}
    read = {frame.name: frame for frame in written.read}
    assert len(written.data.tiles) > 12
    for tile in written.data.tiles:
        frame, seen = frames[tile.frame], read[f"{TILES}/{tile.name}"]
        expected = tile_pixels(frame.image, tile.window, frame.boxes, 0.5)
        assert seen.image.shape == expected.shape
        assert np.abs(seen.image.astype(int) - expected).mean() < 2.5  # JPEG
        ships, _ = ships_in(tile.window, frame.boxes, 0.5)
        assert seen.boxes == pytest.approx(ships, abs=1e-5)
        assert tile.boxes == tuple(map(tuple, ships.tolist()))


def test_training_tiles_show_ships_but_for_a_share_and_val_has_every_tile(written, few):
    for split in ("train", "val"):
        cut = [
            (frame.name, window, *map(len, ships_in(window, frame.boxes, 0.5)))
            for frame in few.split(split)
            for window in training_windows(frame.image, None, CUT)
        ]
        made = {(tile.frame, tile.window) for tile in written.data.tiles if split in tile.splits}
        with_ships = {(name, window) for name, window, ships, _ in cut if ships}
        empty = {(name, window) for name, window, ships, cut_off in cut if not ships and not cut_off}
        assert empty
        assert with_ships <= made <= with_ships | empty
        assert (made == with_ships | empty) == (split == "val")
        counts = count_tiles(written.data.tiles, split)
        assert (counts.tiles, counts.without_ships) == (len(made), len(made - with_ships))


def test_the_lists_hold_frames_as_links_and_then_tiles(written, few):
    for split in ("train", "val"):
        tiles = [f"{TILES}/{tile.name}" for tile in written.data.tiles if split in tile.splits]
        assert names_in(written, split) == few.split(split).images["file_name"].to_list() + tiles
    images = written.data.path.parent / "images"
    assert all((images / name).is_symlink() for name in few.images["file_name"])
    one = written.folder / TILES / written.data.tiles[0].name
    assert one.is_file()
    assert not one.is_symlink()
    assert not list(few.image_dir.rglob("*-*.jpg"))  # nothing beside the originals


def test_tiles_alone_where_frames_are_not_wanted(few, tmp_path):
    tiles = msgspec.structs.replace(CUT, with_frames=False)
    data = write_data(few, tmp_path, msgspec.structs.replace(CONFIG, tiles=tiles), threads=1)
    names = names_in(SimpleNamespace(data=data), "train")
    assert names
    assert all(name.startswith(f"{TILES}/") for name in names)
    bare = dataclasses.replace(few, boxes=few.boxes.head(0))
    config = msgspec.structs.replace(CONFIG, tiles=msgspec.structs.replace(tiles, keep_empty=0.0))
    with pytest.raises(DataError, match="no tile of the split 'train' is left"):
        write_data(bare, tmp_path / "bare", config, threads=1)


def test_tiles_are_the_same_whoever_cuts_them_and_are_cut_once(written, few, tmp_path):
    (tmp_path / TILES).mkdir()
    (tmp_path / TILES / "half.jpg").touch()  # of a cutting that was killed
    steps = []
    again = write_data(few, tmp_path, CONFIG, threads=1, advance=steps.append)
    assert steps == [1] * len(few)
    assert again.tiles == written.data.tiles
    for tile in again.tiles:
        one, other = (folder / TILES / tile.name for folder in (tmp_path, written.folder))
        assert one.read_bytes() == other.read_bytes()
    assert not (tmp_path / TILES / "half.jpg").exists()
    before = [(tmp_path / TILES / tile.name).stat().st_mtime_ns for tile in again.tiles]
    third = write_data(few, tmp_path, CONFIG, threads=1, advance=steps.append)
    assert third == again
    assert steps == [1] * len(few) + [len(few)]
    assert [(tmp_path / TILES / tile.name).stat().st_mtime_ns for tile in third.tiles] == before


def test_a_png_is_cut_without_loss(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (90, 160, 3), dtype=np.uint8)
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), image[..., ::-1])
    labels = {
        "images": [{"id": 1, "file_name": "a.png", "width": 160, "height": 90}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [70, 30, 9, 5], "area": 45}],
        "categories": [{"id": 1, "name": "ship"}],
    }
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    dataset = wutdet.load(tmp_path / "labels.json", images=tmp_path / "images")
    dataset = dataclasses.replace(dataset, images=dataset.images.with_columns(splits=pl.lit(["train"])))
    config = msgspec.structs.replace(CONFIG, tiles=TrainingTiles(tile_px=96))
    tiles = write_data(dataset, tmp_path / "run", config, threads=1).tiles
    assert [tile.name for tile in tiles] == ["a.png/0-0.png", "a.png/64-0.png"]
    for tile in tiles:
        decoded = decode_image(tmp_path / "run" / TILES / tile.name)
        assert np.array_equal(decoded, image[:, tile.window.left : tile.window.right])


class Images:
    """As much of an ultralytics dataset as loading needs: images at their native size."""

    def __init__(self, paths):
        self.im_files, self.labels = [str(path) for path in paths], [{"bboxes": np.empty((0, 4))}] * len(paths)

    def load_image(self, i):
        bgr = cv2.imread(self.im_files[i])
        return bgr, bgr.shape[:2], bgr.shape[:2]


@pytest.mark.parametrize(
    "kind",
    [
        {"fog": FogRange(mor_m_range=(300.0, 600.0))},
        {"rain": RainRange()},
        {"glare": GlareRange()},
        {"lowlight": LowLightRange()},
    ],
    ids=lambda kind: next(iter(kind)),
)
def test_weather_on_a_tile_is_the_crop_of_the_weather_on_its_frame(written, few, kind):
    """Under each kind: the same horizon, ranges, banks, drops, glints and noise."""
    weather = WeatherAugmentation(p=1.0, **kind)
    tiles = [tile for tile in written.data.tiles if tile.boxes][:3]
    folder = written.data.path.parent / "images"
    known = known_tiles(few, folder, written.data.tiles, tile_dir=folder / TILES, settings=CUT)
    loader = WeatherLoader(
        Images([folder / TILES / tile.name for tile in tiles]), weather, frames=known, seed=5, most_kept=1
    )
    frames = {frame.name: frame for frame in few}
    for place, tile in enumerate(tiles):
        frame = frames[tile.frame]
        scene = prepare(
            frame.image,
            key=draw_key(frame.name, 2),
            boxes=frame.boxes,
            horizon=frame.horizon_row,
            camera=weather.camera(),
            seed=5,
        )
        rendered = scene.render_values(weather.draw(frame.name, 2, 5)).image
        got, native, _ = loader(EpochIndex(place, 2))
        expected = tile_pixels(rendered, tile.window, frame.boxes, 0.5)
        assert np.array_equal(got[..., ::-1], expected)
        assert native == expected.shape[:2]
        clear = tile_pixels(frame.image, tile.window, frame.boxes, 0.5)
        assert not np.array_equal(got[..., ::-1], clear)


SETTINGS = {
    "threads": 1,
    "epochs": 2,
    "imgsz": 64,
    "batch": 8,
    "workers": 0,
    "mosaic": 0.0,
    "rect": False,
    "tiles": FEW_TILES,
    "weather.p": 1,
    "weather.fog.mor_m_range": [300, 600],
}


class KilledError(Exception):
    """Stands for a kill after the first epoch."""


@pytest.fixture(scope="module")
def resumed(few, tmp_path_factory):
    """A training on tiles in fog that was broken off after its first epoch, and gone on with."""
    out = tmp_path_factory.mktemp("resumed") / "run"
    given, told, patch = [], [], pytest.MonkeyPatch()

    def recording(image, **facts):
        given.append((image.shape[:2], facts))
        return prepare(image, **facts)

    def kill(epoch):
        raise KilledError

    patch.setattr(loading, "prepare", recording)
    try:
        with pytest.raises(KilledError):
            train("demo", few, out=out, on_epoch=kill, **SETTINGS)
        cut_at = (out / TILES / TABLE_NAME).stat().st_mtime_ns
        run = train("demo", few, out=out, on_epoch=told.append, **SETTINGS)
    finally:
        patch.undo()
    return SimpleNamespace(run=run, given=given, told=told, cut_at=cut_at)


def test_it_goes_on_with_the_tiles_it_has(resumed):
    assert [epoch.number for epoch in resumed.told] == [2]
    assert resumed.run.epochs_before == 1
    assert (resumed.run.out / TILES / TABLE_NAME).stat().st_mtime_ns == resumed.cut_at
    assert resumed.run.weights.stat().st_size > 100_000


def test_weather_is_rendered_on_native_frames_for_tiles_too(resumed, few):
    frames = {frame.name: frame for frame in few.split("train")}
    assert {shape for shape, _ in resumed.given} == {(180, 320)}
    assert len(resumed.given) > 2 * 2 * len(frames)  # of two epochs, and more tiles than frames
    for _, facts in resumed.given:
        frame = frames[facts["key"].rsplit("/", 1)[0]]
        assert facts["boxes"] == pytest.approx(frame.boxes, abs=0.02)
        assert facts["horizon"] == frame.horizon_row


def test_plan_and_manifest_hold_the_tiles(resumed):
    plan, manifest = (json.loads((resumed.run.out / name).read_text()) for name in ("plan.json", "manifest.json"))
    assert msgspec.convert(plan["baseline"]["tiles"], TrainingTiles) == FEW_TILES
    assert manifest["baseline"]["tiles"] == plan["baseline"]["tiles"]
    assert plan["versions"]["opencv"] == cv2.__version__
    made = msgspec.json.decode((resumed.run.out / TILES / TABLE_NAME).read_bytes(), type=list[Tile])
    counts = {split: count_tiles(made, split) for split in ("train", "val")}
    assert all(count.tiles >= 2 for count in counts.values())
    assert manifest["tiles"] == msgspec.to_builtins(counts)
    assert manifest["resumed_after_epochs"] == [1]


def test_other_tiles_are_another_plan(resumed, few):
    other = SETTINGS | {"tiles": msgspec.structs.replace(FEW_TILES, keep_empty=0.5)}
    with pytest.raises(ConfigError, match=r"baseline\.tiles\.keep_empty: 0\.3 there, 0\.5 here"):
        train("demo", few, out=resumed.run.out, **other)
    with pytest.raises(ConfigError, match=r"baseline\.tiles"):
        train("demo", few, out=resumed.run.out, **(SETTINGS | {"tiles": None}))


def test_a_training_without_tiles_says_so(tiny_weights: Path):
    plan, manifest = (json.loads((tiny_weights.parent / name).read_text()) for name in ("plan.json", "manifest.json"))
    assert manifest["tiles"] is None
    assert "opencv" not in plan["versions"]
    assert not (tiny_weights.parent / TILES).exists()
