from __future__ import annotations

from pathlib import Path

import pytest

from wutdet.errors import ConfigError
from wutdet.parts import find_part, read_registry

ENTRY = """
parts:
  - name: part-b
    archive: B.tar.gz
    urls: ["https://example.org/B.tar.gz"]
    licence: CC BY 4.0
    source: nowhere
"""


def test_part_a_is_registered_with_what_is_known_and_blanks_for_the_rest() -> None:
    part = find_part("part-a", read_registry())
    assert part.archive == "WUTDet Part A.zip"
    assert part.google_drive == "1HvQcqx_NH_20yZ4eX8DXWTlQZlHhNSBK"
    assert part.baidu is not None
    assert (part.baidu.url, part.baidu.code) == ("https://pan.baidu.com/s/1Ml5qmU78w1eDGsAbSgKdTw?pwd=MAPG", "MAPG")
    assert (part.size_bytes, part.unpacked_bytes, part.sha256) == (None, None, None)
    assert (part.frames_about, part.licence, part.source) == (5025, "unclear", "arXiv 2604.07759")
    assert "ask the authors" in part.licence_note


def test_a_part_is_an_entry(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(ENTRY)
    [part] = read_registry(tmp_path / "mine.yaml")
    assert (part.name, part.archive, part.urls, part.google_drive) == (
        "part-b",
        "B.tar.gz",
        ("https://example.org/B.tar.gz",),
        None,
    )


def test_an_unknown_part_offers_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        find_part("part_a", read_registry())
    assert str(caught.value) == (
        "'part_a': no such part; did you mean part-a? choose from part-a, or give --registry FILE"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("urls:", "adresses:"), "unknown field `adresses`"),
        (("name: part-b", "name: ../part-b"), "matching regex"),
        (("name: part-b", "name: Part B"), "matching regex"),
        (("name: part-b", "name: .."), "matching regex"),
        (("archive: B.tar.gz", "archive: ../B.zip"), "'../B.zip' is a path, not a file name"),
        (("archive: B.tar.gz", "archive: C:B.zip"), "'C:B.zip' has a drive letter"),
        (("archive: B.tar.gz", "archive: voc"), "'voc' does not end in .zip, .tar"),
        (("https://example", "ftp://example"), "matching regex"),
        (("https://example", "file:///etc"), "matching regex"),
        (("https://example", "https://exa mple"), "matching regex"),
        (("licence: CC BY 4.0", "sha256: ABC\n    licence: x"), "matching regex"),
        (("licence: CC BY 4.0", "size_bytes: 0\n    licence: x"), "`int` >= 1"),
        (("licence: CC BY 4.0", "size_bytes: 1.5\n    licence: x"), "Expected `int | null`, got `float`"),
        (("source: nowhere", ""), "missing required field `source`"),
        (("parts:", "- "), "no registry of parts ("),
        (("    archive", "archive"), "no registry of parts ("),
    ],
)
def test_a_bad_registry_is_refused_in_one_line(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(ENTRY.replace(*change))
    with pytest.raises(ConfigError) as caught:
        read_registry(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_part_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(ENTRY + ENTRY.partition("parts:\n")[2])
    with pytest.raises(ConfigError, match="the part 'part-b' is there twice"):
        read_registry(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe\x00", b"", b"[" * 5000, b"a: &a [x]\nparts: [*a, *a]", b"parts: " + b"x" * 2**20, b"parts: {}"],
)
def test_what_is_no_registry_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mine.yaml").write_bytes(data)
    with pytest.raises(ConfigError, match=r"mine\.yaml: no registry of parts \("):
        read_registry(tmp_path / "mine.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_registry(tmp_path / "none.yaml")
