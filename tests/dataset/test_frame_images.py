from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from builders import jpeg_bytes, jpeg_of, png_header, write_voc
from PIL import Image

from wutdet import load
from wutdet.dataset.images import check_header, decode_image
from wutdet.errors import FrameError

REMEDY = "restore the file, or leave such frames out with --on-error skip"


def noise(suffix: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    return cv2.imencode(suffix, pixels)[1].tobytes()


def refused(tmp_path: Path, data: bytes, name: str = "a.jpg") -> str:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(FrameError) as caught:
        decode_image(path)
    assert caught.value.where == str(path)
    assert caught.value.remedy == REMEDY
    return caught.value.what


@pytest.mark.parametrize(("rgb", "channel"), [((230, 20, 10), 0), ((10, 230, 20), 1), ((20, 10, 230), 2)])
def test_channels_are_red_green_blue(tmp_path: Path, rgb: tuple[int, int, int], channel: int) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_bytes((64, 48), rgb))
    image = decode_image(path)
    assert image.shape == (48, 64, 3)
    assert image.dtype == np.uint8
    assert image.reshape(-1, 3).mean(0).argmax() == channel
    np.testing.assert_allclose(image.reshape(-1, 3).mean(0), rgb, atol=4)


def test_a_red_frame_comes_out_red_through_a_dataset(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"1": []})
    jpeg_of(part, "1").write_bytes(jpeg_bytes((64, 48), (255, 0, 0)))
    assert load(part)[0].image[0, 0].tolist() == pytest.approx([255, 0, 0], abs=4)


def test_grey_and_transparent_pictures_become_three_channels(tmp_path: Path) -> None:
    for mode, colour in (("L", 200), ("RGBA", (200, 200, 200, 7)), ("P", 3)):
        Image.new(mode, (8, 6), colour).save(tmp_path / "a.png")
        assert decode_image(tmp_path / "a.png").shape == (6, 8, 3)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
def test_a_truncated_jpeg_is_refused(tmp_path: Path, share: float) -> None:
    data = noise(".jpg")
    assert len(data) > 8192  # longer than the tail in which the end marker is sought
    assert refused(tmp_path, data[: int(len(data) * share)]) == "truncated image"


def test_a_jpeg_with_padding_after_its_end_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(noise(".jpg") + b"\0" * 512)
    assert decode_image(tmp_path / "a.jpg").shape == (120, 160, 3)


@pytest.mark.parametrize("cut", [12, 100, 9000])
def test_a_truncated_png_is_refused(tmp_path: Path, cut: int) -> None:
    assert refused(tmp_path, noise(".png")[:-cut], "a.png") == "cannot be decoded as an image"


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"not an image at all" * 50, b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_image_is_refused(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path, data) == "not an image"


@pytest.mark.parametrize(("width", "height"), [(20_000, 10_001), (65_500, 65_500), (2**31 - 1, 2**31 - 1)])
def test_a_header_that_claims_too_much_is_refused_undecoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, height: int
) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("was decoded"))
    started = time.monotonic()
    assert refused(tmp_path, png_header(width, height), "a.png") == "claims more than 178 megapixels"
    assert time.monotonic() - started < 1


def test_the_limit_holds_where_another_library_lifted_pillows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert refused(tmp_path, png_header(20_000, 10_001), "a.png") == "claims more than 178 megapixels"


def test_a_header_gives_the_size() -> None:
    assert check_header(jpeg_bytes((32, 20)), Path("a.jpg")) == (32, 20)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match=r"a\.jpg: cannot be read \(No such file or directory\); restore"):
        decode_image(tmp_path / "a.jpg")


def test_a_size_other_than_the_labels_is_refused(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)]})
    jpeg_of(part, "1").write_bytes(jpeg_bytes((48, 64)))
    with pytest.raises(FrameError, match=r"1\.jpg: is 48x64 px but the labels say 64x48; correct the labels"):
        _ = load(part)[0].image


def test_a_picture_is_decoded_once_and_only_when_asked_for(tmp_path: Path) -> None:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)]})
    frame = load(part)[0]
    jpeg_of(part, "1").write_bytes(jpeg_bytes((64, 48), (200, 0, 0)))  # after the frame was made
    first = frame.image
    assert first[0, 0, 0] > 150
    jpeg_of(part, "1").unlink()
    assert frame.image is first
