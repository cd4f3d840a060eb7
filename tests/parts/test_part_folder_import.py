from __future__ import annotations

import os
from pathlib import Path

import pytest
from archives import part_files, snapshot, zip_of
from builders import jpeg_bytes

from wutdet.errors import ConfigError, WutdetError
from wutdet.parts import import_archive


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder that was unpacked by hand; the second frame lacks its end marker."""
    folder = tmp_path / "src"
    for name, data in part_files("Part A/voc/").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "Part A/voc/JPEGImages/0000020.jpg").write_bytes(jpeg_bytes()[:-2])
    return folder


def refusal(source: Path, out: Path, **options: object) -> str:
    with pytest.raises(WutdetError) as caught:
        import_archive(source, out, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_folder_is_copied_and_left_as_it_was(source: Path, tmp_path: Path) -> None:
    before = snapshot(source)
    times = {path: path.stat().st_mtime_ns for path in source.rglob("*")}
    imported = import_archive(source, tmp_path / "out", part="part-a")
    assert (imported.name, imported.frames) == ("part-a", 3)
    assert snapshot(source) == before
    assert {path: path.stat().st_mtime_ns for path in source.rglob("*")} == times
    assert snapshot(tmp_path / "out" / "voc") == snapshot(source / "Part A" / "voc")
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))
    assert import_archive(source, tmp_path / "out").notes == ("it was there already; nothing was done",)


def test_images_are_linked_but_never_one_that_a_trainer_would_repair(source: Path, tmp_path: Path) -> None:
    import_archive(source, tmp_path / "out", place="link")
    voc = tmp_path / "out" / "voc"
    links = sorted(path.name for path in voc.rglob("*") if path.is_symlink())
    assert links == ["0000000.jpg", "0000040.jpg"]
    assert (voc / "JPEGImages" / "0000000.jpg").resolve() == source / "Part A/voc/JPEGImages/0000000.jpg"
    (voc / "Annotations" / "0000000.xml").write_text("edited")
    (voc / "JPEGImages" / "0000020.jpg").write_bytes(b"repaired")
    assert (source / "Part A/voc/Annotations/0000000.xml").read_bytes() == part_files("")["Annotations/0000000.xml"]
    assert (source / "Part A/voc/JPEGImages/0000020.jpg").read_bytes() == jpeg_bytes()[:-2]


def test_a_folder_and_out_are_apart(source: Path, tmp_path: Path) -> None:
    for out in (source, source / "out", tmp_path):
        assert refusal(source, out) == f"{source}: and --out are one in the other; choose another --out"
    (tmp_path / "alias").symlink_to(source)
    assert "are one in the other" in refusal(tmp_path / "alias", source / "deep" / "out")


def test_what_no_part_holds_is_refused(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    assert refusal(source, tmp_path / "out").startswith(f"{source}: the member 'pipe' is no file; ")
    (source / "pipe").unlink()
    (source / "dangling").symlink_to("nowhere")
    assert "the member 'dangling' is no file" in refusal(source, tmp_path / "out")
    (source / "dangling").unlink()
    (source / "loop").symlink_to(source)
    assert refusal(source, tmp_path / "out") == f"{source}/loop: is a link to a folder; put the folder itself there"
    (source / "loop").unlink()
    (source / "a\nb").write_text("")
    assert "the member 'a\\nb' has control characters" in refusal(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_options_that_do_not_go_together_are_refused(source: Path, tmp_path: Path) -> None:
    assert refusal(source, tmp_path / "out", sha256="0" * 64).startswith("--sha256: a folder has no sha256; ")
    archive = zip_of(tmp_path / "a.zip", part_files())
    assert refusal(archive, tmp_path / "out", place="link").startswith("--place: an archive cannot be linked; ")
    with pytest.raises(ConfigError, match="no such part; choose from part-a"):
        import_archive(archive, tmp_path / "out", part="x")


def test_an_interrupted_copy_keeps_what_is_right(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in OUT that has the same length but other bytes is copied anew."""
    (source / "Part A/voc/JPEGImages/0000020.jpg").chmod(0)
    if os.access(source / "Part A/voc/JPEGImages/0000020.jpg", os.R_OK):
        monkeypatch.setattr("wutdet.parts.folder.os.replace", _stop_at("0000020.jpg"))
    assert "cannot be used (Permission denied)" in refusal(source, tmp_path / "out")
    monkeypatch.undo()
    (source / "Part A/voc/JPEGImages/0000020.jpg").chmod(0o644)
    xml = tmp_path / "out/.unfinished/tree/voc/Annotations/0000000.xml"
    xml.write_bytes(xml.read_bytes().replace(b"10", b"11"))
    monkeypatch.setenv("WUTDET_HOME", str(tmp_path / "home"))
    import_archive(source, tmp_path / "out")
    assert snapshot(tmp_path / "out" / "voc") == snapshot(source / "Part A" / "voc")


def _stop_at(name: str) -> object:
    replace = os.replace

    def stop(source: Path, target: Path) -> None:
        if target.name == name:
            raise PermissionError(13, "Permission denied", str(target))
        replace(source, target)

    return stop
