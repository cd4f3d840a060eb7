"""What the renderer is given when ultralytics trains: native frames, RGB, with their boxes, horizon and key."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from types import SimpleNamespace

import cv2
import msgspec
import numpy as np
import polars as pl
import pytest

from wutdet.errors import ConfigError
from wutdet.scenarios import prepare
from wutdet.training import train
from wutdet.training import weather_loading as loading
from wutdet.training.known_frames import KnownFrame, known_frames
from wutdet.training.weather import FogRange, WeatherAugmentation, draw_key
from wutdet.training.weather_loading import EpochIndex, EpochSampler, WeatherLoader
from wutdet.training.weather_trainer import check_one_device, tell_epochs

FOG = WeatherAugmentation(p=1.0, fog=FogRange(mor_m_range=(300.0, 600.0)), camera_height_m=12.0, hfov_deg=50.0)
SEED = 3


@pytest.fixture(scope="module")
def given(tiny_part, tmp_path_factory):
    """What `prepare` is given in two epochs of training with mosaics, and the images that leave the loader."""
    calls, patch = [], pytest.MonkeyPatch()

    def recording(image, **facts):
        calls.append((image.copy(), facts))
        return prepare(image, **facts)

    patch.setattr(loading, "prepare", recording)
    settings = {
        "threads": 1,
        "imgsz": 64,
        "batch": 8,
        "seed": SEED,
        "mosaic": 1.0,
        "rect": False,
        "workers": 0,
        "weather": FOG,
    }
    try:
        run = train("demo", tiny_part, out=tmp_path_factory.mktemp("weather") / "run", epochs=2, **settings)
    finally:
        patch.undo()
    return SimpleNamespace(calls=calls, run=run)


def test_every_frame_is_native_rgb_with_its_ships_horizon_and_key(given, tiny_part):
    frames = {frame.name: frame for frame in tiny_part.split("train")}
    seen = set()
    assert len(given.calls) >= 2 * len(frames)
    for image, facts in given.calls:
        name, epoch = facts["key"].rsplit("/", 1)
        frame = frames[name]
        seen.add((name, int(epoch)))
        assert np.array_equal(image, frame.image)  # native size, before any mosaic, and RGB as wutdet decodes
        assert facts["boxes"] == pytest.approx(frame.boxes, abs=0.02)
        assert facts["horizon"] == frame.horizon_row
        assert (facts["camera"].height_m, facts["camera"].hfov_deg) == (12.0, 50.0)
        assert facts["seed"] == SEED
    assert seen == {(name, epoch) for name in frames for epoch in (0, 1)}


def test_the_manifest_states_the_weather(given):
    manifest = msgspec.json.decode((given.run.weights.parent / "manifest.json").read_bytes())
    assert msgspec.convert(manifest["baseline"]["weather"], WeatherAugmentation) == FOG


class OneDataset:
    """As much of an ultralytics dataset as loading needs."""

    def __init__(self, path: Path, size: int) -> None:
        self.im_files = [str(path)]
        self.labels = [{"bboxes": np.array([[0.5, 0.6, 0.2, 0.1]])}]
        self.size = size

    def load_image(self, i: int):
        bgr = cv2.imread(self.im_files[i])
        height, width = bgr.shape[:2]
        small = cv2.resize(bgr, (self.size, self.size * height // width), interpolation=cv2.INTER_LINEAR)
        return small, (height, width), small.shape[:2]


@pytest.fixture
def one(tmp_path):
    image = np.full((90, 160, 3), (120, 90, 60), np.uint8)
    image[:40] = (220, 205, 190)
    image[50:58, 64:96] = 20
    cv2.imwrite(str(tmp_path / "a.png"), image)
    return OneDataset(tmp_path / "a.png", 80)


def loader_of(dataset: OneDataset, kept: int = 1) -> WeatherLoader:
    known = {dataset.im_files[0]: KnownFrame("x/a.png", 40.0)}
    return WeatherLoader(dataset, FOG, frames=known, seed=SEED, most_kept=kept)


def test_a_frame_is_what_rendering_and_resizing_it_gives(one):
    got, native, resized = loader_of(one)(EpochIndex(0, 5))
    rgb = cv2.cvtColor(cv2.imread(one.im_files[0]), cv2.COLOR_BGR2RGB)
    scene = prepare(
        rgb, key=draw_key("x/a.png", 5), boxes=[[64, 49.5, 96, 58.5]], horizon=40.0, camera=FOG.camera(), seed=SEED
    )
    image = scene.render_values(FOG.draw("x/a.png", 5, SEED)).image
    assert np.array_equal(got, cv2.resize(image[:, :, ::-1], (80, 45), interpolation=cv2.INTER_LINEAR))
    assert (native, resized) == ((90, 160), (45, 80))


def test_a_plain_index_belongs_to_the_epoch_it_is_asked_in(one):
    loader = loader_of(one)
    third, fourth = loader(EpochIndex(0, 3))[0], loader(EpochIndex(0, 4))[0]
    assert not np.array_equal(third, fourth)
    assert np.array_equal(loader(0)[0], fourth)
    assert np.array_equal(loader(EpochIndex(0, 3))[0], third)


def test_what_is_kept_is_not_what_was_handed_out(one):
    loader = loader_of(one)
    first = loader(EpochIndex(0, 1))[0]
    before = first.copy()
    first[:] = 0
    assert np.array_equal(loader(EpochIndex(0, 1))[0], before)


def test_the_clear_frame_stays_clear(one):
    never = msgspec.structs.replace(FOG, p=0.0)
    loader = WeatherLoader(one, never, frames={}, seed=0, most_kept=1)
    assert np.array_equal(loader(EpochIndex(0, 1))[0], one.load_image(0)[0])


def test_an_epoch_travels_to_a_worker_and_passes_are_counted():
    index = pickle.loads(pickle.dumps(EpochIndex(7, 4)))
    assert (index, index.epoch) == (7, 4)
    sampler = EpochSampler([2, 0, 1], SimpleNamespace(start_epoch=10))
    assert [[(int(i), i.epoch) for i in sampler] for _ in range(2)] == [
        [(2, 10), (0, 10), (1, 10)],
        [(2, 11), (0, 11), (1, 11)],
    ]
    assert len(sampler) == 3


class Epochs:
    """A dataset of the epochs its frames are asked for in."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        return index.epoch


def test_epochs_are_right_when_workers_fetch_ahead_and_the_loader_is_reset():
    from ultralytics.data.build import InfiniteDataLoader

    trainer = SimpleNamespace(start_epoch=5, epoch=5)
    loader = tell_epochs(InfiniteDataLoader(Epochs(), batch_size=2, num_workers=1, prefetch_factor=4), trainer)
    seen = []
    for epoch in range(5, 9):
        trainer.epoch = epoch
        if epoch == 7:
            loader.reset()  # ultralytics does so where it closes the mosaic
        seen.append([batch.tolist() for batch in loader])
    loader.close()
    assert seen == [[[epoch, epoch], [epoch, epoch]] for epoch in range(5, 9)]


def test_frames_are_known_where_their_images_are(tiny_part, tmp_path):
    with_row = tiny_part.images.with_columns(pl.lit(31.5).alias("horizon_row"))
    known = known_frames(dataclasses.replace(tiny_part, images=with_row), tmp_path)
    first = tiny_part.images["file_name"][0]
    assert known[str(tmp_path / first)] == KnownFrame(first, 31.5)
    assert len(known) == len(tiny_part)


class Frames:
    """What a torch loader asks for frames."""

    def __init__(self, loader: WeatherLoader, count: int) -> None:
        self.loader, self.count = loader, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> np.ndarray:
        return self.loader(index)[0]


@pytest.mark.parametrize("workers", [0, 2])
def test_frames_do_not_depend_on_the_workers_that_load_them(one, workers):
    """Three epochs of an order: each frame has the weather of its epoch, in whichever process it is loaded."""
    from torch.utils.data import DataLoader

    many = OneDataset(Path(one.im_files[0]), 80)
    many.im_files, many.labels = many.im_files * 4, many.labels * 4
    known = {many.im_files[0]: KnownFrame("x/a.png", 40.0)}
    loader = WeatherLoader(many, FOG, frames=known, seed=SEED, most_kept=1)
    order = EpochSampler([2, 0, 3, 1], SimpleNamespace(start_epoch=5))
    batches = DataLoader(Frames(loader, 4), batch_size=None, sampler=order, num_workers=workers)
    for epoch in (5, 6, 7):
        expected = loader_of(one)(EpochIndex(0, epoch))[0]
        assert all(np.array_equal(frame, expected) for frame in batches)


def test_several_devices_are_refused():
    check_one_device("cpu")
    with pytest.raises(ConfigError, match="on one device"):
        check_one_device("0,1")
