from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from archives import part_files, zip_of
from builders import write_lists
from stub_server import Server

import wutdet.dataset
from wutdet.errors import DataError
from wutdet.parts import TransferError, import_archive, load


@pytest.fixture
def registry(server: Server, tmp_path: Path) -> Path:
    """One part, `part-b`, on the server."""
    server.body = zip_of(tmp_path / "served.zip", part_files()).read_bytes()
    path = tmp_path / "mine.yaml"
    path.write_text(f'parts:\n  - {{name: part-b, archive: B.zip, urls: ["{server.url}"], licence: x, source: y}}\n')
    return path


def test_a_path_is_loaded_as_before(voc_part: Path) -> None:
    for data in (voc_part, str(voc_part), voc_part / "voc"):
        assert load(data).images.equals(wutdet.dataset.load(data).images)


def test_the_options_of_loading_a_path_are_all_there() -> None:
    ours, theirs = (inspect.signature(function).parameters for function in (load, wutdet.dataset.load))
    assert {name: (p.default, p.annotation) for name, p in theirs.items()}.items() <= {
        name: (p.default, p.annotation) for name, p in ours.items()
    }.items()


def test_options_reach_the_dataset(voc_part: Path, tmp_path: Path) -> None:
    lists = write_lists(tmp_path / "lists", {"test": ["0000080"]})
    xml = voc_part / "voc" / "Annotations" / "0000000.xml"
    xml.write_text(xml.read_text().replace("ship", "buoy"))
    (voc_part / "voc" / "Annotations" / "0000020.xml").write_text("<")
    (voc_part / "voc" / "JPEGImages").rename(tmp_path / "pictures")
    sidecar = tmp_path / "facts.csv"
    sidecar.write_text("image,scene\n0000080.jpg,port\n")
    dataset = load(
        voc_part,
        sidecar=sidecar,
        cache=False,
        images=tmp_path / "pictures",
        splits=lists,
        voc_origin="0",
        classes={"buoy": ""},
        on_error="skip",
    )
    assert dataset.splits == {"test": 1}
    assert dataset.voc_origin == "0"
    assert dataset.images["scene"].to_list()[-1] == "port"
    [problem] = dataset.problems
    assert problem.message.startswith("Annotations/0000020.xml: ")
    assert 0 not in dataset.boxes["image_id"].to_list()


def test_a_registered_name_is_found_under_the_root(tmp_path: Path) -> None:
    import_archive(zip_of(tmp_path / "a.zip", part_files()), tmp_path / "data" / "part-a")
    assert len(load("part-a", root=tmp_path / "data")) == 3
    assert load("part-a", root=tmp_path / "data").name == "part-a"


def test_a_part_that_was_put_there_by_hand_is_found_too(voc_part: Path) -> None:
    voc_part.rename(voc_part.parent / "part-a")
    assert len(load("part-a", root=voc_part.parent, download=True)) == 5


def test_a_part_is_downloaded_when_asked_and_only_once(registry: Path, server: Server, tmp_path: Path) -> None:
    root = tmp_path / "data"
    with pytest.raises(DataError) as caught:
        load("part-b", root=root, registry=registry)
    assert str(caught.value) == (
        f"{root}/part-b: is not there; pass download=True, or give: wutdet download part-b --out {root}/part-b"
    )
    assert server.asked == []
    for _ in range(2):
        assert len(load("part-b", root=root, registry=registry, download=True)) == 3
    assert len(server.asked) == 1


def test_an_unfinished_part_is_not_loaded_and_is_continued(
    registry: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wutdet.parts.patience.time.sleep", lambda _s: None)
    root = tmp_path / "data"
    server.cuts = [1000] + [0] * 5
    with pytest.raises(TransferError):
        load("part-b", root=root, registry=registry, download=True)
    for data, options in (("part-b", {"root": root, "registry": registry}), (root / "part-b", {})):
        with pytest.raises(DataError, match="part-b: is unfinished; give the same wutdet download or import again"):
            load(data, **options)  # type: ignore[arg-type]
    assert len(load("part-b", root=root, registry=registry, download=True)) == 3


def test_a_name_without_a_root_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        load("part-a")
    assert str(caught.value) == (
        "part-a: is a part's name and no path; say where it is kept with root=FOLDER, and download=True to fetch it"
    )
    with pytest.raises(DataError, match="part-x: does not exist; give a folder with voc/"):
        load("part-x")
    with pytest.raises(DataError, match="part-x: does not exist"):
        load("part-x", root=tmp_path, download=True)


def test_a_root_goes_before_a_folder_of_the_same_name_here(
    voc_part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voc_part.rename(tmp_path / "part-a")
    monkeypatch.chdir(tmp_path)
    assert len(load("part-a")) == 5
    import_archive(zip_of(tmp_path / "a.zip", part_files()), tmp_path / "data" / "part-a")
    assert len(load("part-a", root="data")) == 3
