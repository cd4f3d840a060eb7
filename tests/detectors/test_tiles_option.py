import sys

import msgspec
import pytest

from wutdet.cli.app import main
from wutdet.cli.tiles import TilesChoice, parse_tiles
from wutdet.detectors import Tiling
from wutdet.errors import ConfigError


def test_options_become_a_tiling():
    assert parse_tiles(TilesChoice.none, 640, None, 0.2, "0.05,0.2") is msgspec.UNSET
    assert parse_tiles(TilesChoice.horizon, 640, None, 0.2, "0.05,0.2") == Tiling()  # the defaults are the library's
    assert parse_tiles(TilesChoice.full, 512, 768, 0.3, "0.1,0", 0.02) == Tiling(
        plan="full", tile_px=512, imgsz=768, overlap=0.3, band=(0.1, 0.0), skip_below=0.02
    )


@pytest.mark.parametrize("text", ["0.1", "a,b", "0.1,0.2,0.3", "", "0,0", "nan,0.1", "-1,0.5"])
def test_what_is_no_band_is_refused(text):
    with pytest.raises(ConfigError, match="band"):
        parse_tiles(TilesChoice.horizon, 640, None, 0.2, text)


def test_tiles_from_the_command_line(tiny_voc, tmp_path, monkeypatch, capfd):
    words = ["benchmark", tiny_voc, "--splits", tiny_voc / "splits", "--detector", "blobs:make"]
    words += ["--out", tmp_path / "run", "--scenarios", "clear", "--interval", "0"]
    words += ["--tiles", "horizon", "--tile-px", "160", "--tile-imgsz", "240", "--tile-band", "0.1,0.3"]
    words += ["--tile-skip-below", "0.02"]
    monkeypatch.setattr(sys, "argv", ["wutdet", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        sys.exit(main())
    assert not ended.value.code, capfd.readouterr().err
    plan = msgspec.json.decode((tmp_path / "run" / "plan.json").read_bytes())
    stated = plan["detector"]["protocol"]["tiles"]
    assert msgspec.convert(stated, Tiling) == Tiling(tile_px=160, imgsz=240, band=(0.1, 0.3), skip_below=0.02)
