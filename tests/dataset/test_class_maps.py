from __future__ import annotations

from pathlib import Path

import pytest

from wutdet.dataset.classes import read_class_map
from wutdet.errors import ConfigError
from wutdet.resources import config_path


def class_map(folder: Path, text: str | bytes) -> dict[str, str]:
    path = folder / "map.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_class_map(path)


def test_names_become_ships_or_are_dropped(tmp_path: Path) -> None:
    found = class_map(tmp_path, 'ship: [Ferry, "Vessel/ship", "no"]\ndrop: [buoy]\n')
    assert found == {"Ferry": "ship", "Vessel/ship": "ship", "no": "ship", "buoy": ""}
    assert class_map(tmp_path, "ship: [ship, boat]") == {"ship": "ship", "boat": "ship"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no class map"),
        ("{}", "names no class"),
        ("ship: []", "names no class"),
        ("ships: [boat]", "unknown field `ships`"),
        ("ship: boat", r"no class map \(Expected `array`, got `str` - at `\$\.ship`"),
        ("ship: [no]", r"Expected `str`, got `bool` - at `\$\.ship\[0\]`\); write .* with quotes"),
        ("drop: [7]", r"Expected `str`, got `int` - at `\$\.drop\[0\]`"),
        ("ship: [boat]\ndrop: [buoy, boat]", "'boat' is a ship and dropped; keep it in one list"),
        ("drop: [ship]", "'ship' is a ship and dropped"),
        ('ship: [""]', "has a blank name"),
        ("ship: [boat", "no class map"),
        (b"ship: [\xff\xfe]", "no class map"),
        ("[" * 5000, "no class map"),
        ("#" * 2**20 + "\n", "larger than 1 MiB"),
    ],
)
def test_what_is_no_class_map_is_one_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        class_map(tmp_path, text)
    assert caught.value.where.endswith("map.yaml")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read \(No such file"):
        read_class_map(tmp_path / "none.yaml")


def test_the_maps_that_ship_with_wutdet() -> None:
    found = {name: read_class_map(config_path(f"classes/{name}.yaml")) for name in ("coco80", "seaships", "smd")}
    assert len(found["coco80"]) == 80
    assert [name for name, target in found["coco80"].items() if target == "ship"] == ["boat"]
    assert set(found["seaships"].values()) == {"ship"}
    assert len(found["seaships"]) == 6
    assert found["smd"]["Vessel/ship"] == "ship"
    assert found["smd"]["Flying bird/plane"] == ""
    assert {"Kayak", "Other"}.isdisjoint(found["smd"])  # to be decided by whoever reads them


def test_coco_names_are_those_of_ultralytics() -> None:
    from wutdet.detectors.runtime import import_ultralytics

    ultralytics = import_ultralytics()
    folder = Path(ultralytics.__file__).parent
    names = ultralytics.utils.YAML.load(folder / "cfg/datasets/coco.yaml")["names"]
    assert set(names.values()) == set(read_class_map(config_path("classes/coco80.yaml")))
