from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from archives import part_files, zip_of

from wutdet.errors import ConfigError, DataError
from wutdet.parts import import_archive
from wutdet.parts.checksums import checksums_file


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return zip_of(tmp_path / "first.zip", part_files())


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return zip_of(tmp_path / "second.zip", part_files() | {"x": b"x"})


def test_the_first_archive_is_trusted_and_the_next_must_be_the_same(
    first: Path, second: Path, tmp_path: Path, home: Path
) -> None:
    imported = import_archive(first, tmp_path / "a", part="part-a")
    assert imported.notes[-1] == (
        f"sha256 {sha256(first)} of part-a is remembered in {home}/checksums.json and checked from now on"
    )
    assert json.loads((home / "checksums.json").read_bytes()) == {"sha256": {"part-a": [sha256(first)]}}
    assert len(import_archive(first, tmp_path / "b", part="part-a").notes) == len(imported.notes) - 1
    with pytest.raises(DataError) as caught:
        import_archive(second, tmp_path / "c", part="part-a")
    assert str(caught.value) == (
        f"{second}: sha256 is {sha256(second)}, but part-a was {sha256(first)} before; delete it and get it again, "
        f"or, if it was released anew, accept it with --sha256 {sha256(second)}"
    )
    assert not (tmp_path / "c").exists()


def test_another_archive_is_accepted_by_naming_its_sha256(first: Path, second: Path, tmp_path: Path) -> None:
    import_archive(first, tmp_path / "a", part="part-a")
    import_archive(second, tmp_path / "b", part="part-a", sha256=f" {sha256(second).upper()} ")
    import_archive(second, tmp_path / "c", part="part-a")
    import_archive(first, tmp_path / "d", part="part-a")


def test_a_given_sha256_is_held(first: Path, second: Path, tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError) as caught:
        import_archive(first, tmp_path / "a", sha256=sha256(second))
    assert f"first.zip: sha256 is {sha256(first)}, not {sha256(second)} as stated; " in str(caught.value)
    assert not (home / "checksums.json").exists()
    for wrong in ("", "abc", "g" * 64, "0" * 63):
        with pytest.raises(ConfigError, match="is no sha256; give its 64 hexadecimal digits"):
            import_archive(first, tmp_path / "a", sha256=wrong)


def test_a_registered_sha256_is_held_until_another_is_given(first: Path, second: Path, tmp_path: Path) -> None:
    registry = tmp_path / "mine.yaml"
    registry.write_text(
        "parts:\n  - {name: part-b, archive: first.zip, licence: x, source: y, sha256: " + sha256(second) + "}\n"
    )
    with pytest.raises(DataError, match=f"not {sha256(second)} as stated"):
        import_archive(first, tmp_path / "a", registry=registry)
    import_archive(first, tmp_path / "a", registry=registry, sha256=sha256(first))


def test_an_archive_of_no_registered_name_is_not_remembered(
    first: Path, second: Path, tmp_path: Path, home: Path
) -> None:
    assert import_archive(first, tmp_path / "a").name is None
    assert import_archive(second, tmp_path / "b").name is None
    assert not (home / "checksums.json").exists()


def test_what_cannot_be_remembered_costs_no_import(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WUTDET_HOME", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match=r"checksums\.json: cannot be read \(Not a directory\); set WUTDET_HOME"):
        import_archive(first, tmp_path / "a", part="part-a")
    monkeypatch.setenv("WUTDET_HOME", str(tmp_path / "new"))
    monkeypatch.setattr("wutdet.parts.checksums.write_aside", _refuse)
    imported = import_archive(first, tmp_path / "a", part="part-a")
    assert imported.notes[-1].endswith("checksums.json: Read-only file system); set WUTDET_HOME")
    assert imported.frames == 3


def _refuse(path: Path, data: bytes) -> None:
    raise OSError(30, "Read-only file system", str(path))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sha256": {"part-a": ["abc"]}}', '{"sha1": {}}', "\0", "[" * 5000])
def test_a_spoiled_memory_is_said(first: Path, tmp_path: Path, home: Path, text: str) -> None:
    (home / "checksums.json").write_text(text)
    with pytest.raises(ConfigError) as caught:
        import_archive(first, tmp_path / "a", part="part-a")
    assert str(caught.value) == f"{home}/checksums.json: is not as wutdet writes it; correct or delete it"


def test_where_checksums_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert checksums_file() == home / "checksums.json"
    monkeypatch.delenv("WUTDET_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert checksums_file() == tmp_path / "wutdet" / "checksums.json"
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert checksums_file() == tmp_path / ".local" / "share" / "wutdet" / "checksums.json"
