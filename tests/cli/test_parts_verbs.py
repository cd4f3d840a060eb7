from __future__ import annotations

import hashlib
import http.server
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from builders import tree_digest

from wutdet.cli import parts
from wutdet.dataset import load
from wutdet.errors import WutdetError

Run = Callable[..., "Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb left behind; `complaint` is the one line that says what is wrong."""

    out: str
    err: str
    complaint: str


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WUTDET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("wutdet.parts.patience.time.sleep", lambda _s: None)
    return tmp_path / "home"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """`run("import", path)` → stdout, stderr and the complaint."""
    app = typer.Typer()
    app.command()(parts.download)
    app.command("import")(parts.import_)

    def command(*words: object) -> Answer:
        capfd.readouterr()
        complaint = ""
        try:
            app(list(map(str, words)), standalone_mode=False)
        except WutdetError as error:
            complaint = str(error)
        out, err = capfd.readouterr()
        assert "\n" not in complaint
        return Answer(out, err, complaint)

    return command


@pytest.fixture
def archive(voc_part: Path, tmp_path: Path) -> Path:
    """`WUTDet Part A.zip`, with five frames under one folder."""
    path = tmp_path / "WUTDet Part A.zip"
    with zipfile.ZipFile(path, "w") as file:
        for source in sorted(voc_part.rglob("*")):
            file.write(source, Path("WUTDet Part A") / source.relative_to(voc_part))
    return path


@pytest.fixture
def served(archive: Path) -> Iterator[str]:
    """The address of the archive."""

    class Serve(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words: object) -> None:
            super().__init__(*words, directory=str(archive.parent))  # type: ignore[arg-type]

        def log_message(self, *words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Serve) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/WUTDet%20Part%20A.zip"
        server.shutdown()


def test_an_archive_is_imported_and_says_what_it_found(
    run: Run, archive: Path, voc_part: Path, tmp_path: Path, home: Path
) -> None:
    answer = run("import", archive, "--out", tmp_path / "out")
    assert answer.out == f"{tmp_path / 'out'}\n"
    lines = [line for line in answer.err.splitlines() if line and not line.startswith(("checking", "unpacking"))]
    assert lines == [
        "found 5 frames (5 XML files, 5 images) under 'WUTDet Part A/', which is stripped",
        f"sha256 {hashlib.sha256(archive.read_bytes()).hexdigest()} of part-a is remembered in "
        f"{home}/checksums.json and checked from now on",
    ]
    assert tree_digest(tmp_path / "out" / "voc") == tree_digest(voc_part / "voc")


def test_a_folder_is_imported_by_links(run: Run, voc_part: Path, tmp_path: Path) -> None:
    run("import", voc_part, "--out", tmp_path / "out", "--place", "link", "--part", "part-a")
    assert (tmp_path / "out" / "voc" / "JPEGImages" / "0000000.jpg").is_symlink()
    assert load(tmp_path / "out").boxes.equals(load(voc_part).boxes)


def test_a_part_is_downloaded_from_a_mirror(
    run: Run, served: str, archive: Path, voc_part: Path, tmp_path: Path
) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    out = tmp_path / "out"
    answer = run("download", "part-a", "--out", out, "--url", served, "--sha256", digest, "--keep-archive")
    assert answer.complaint == ""
    assert answer.out == f"{out}\n"
    assert answer.err.startswith("part-a: licence unclear (MIT in the repository, none in the archive, ")
    assert sorted(path.name for path in out.iterdir()) == ["WUTDet Part A.zip", "part.json", "voc"]
    assert tree_digest(out / "voc") == tree_digest(voc_part / "voc")
    again = run("download", "part-a", "--out", out, "--url", served)
    assert "it was there already; nothing was done" in again.err


def test_a_registry_of_ones_own(run: Run, served: str, tmp_path: Path) -> None:
    registry = tmp_path / "mine.yaml"
    registry.write_text(f'parts: [{{name: mine, archive: a.zip, urls: ["{served}"], licence: CC0, source: me}}]')
    answer = run("download", "mine", "--out", tmp_path / "out", "--registry", registry)
    assert answer.err.startswith("mine: licence CC0\n")
    assert answer.out == f"{tmp_path / 'out'}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("download", "part-b"), "'part-b': no such part; did you mean part-a? choose from part-a, or give --registry"),
        (
            ("download", "part-a", "--url", "ftp://x/y"),
            "--url: 'ftp://x/y' is no address; give one with",
        ),
        (("download", "part-a", "--sha256", "1"), "--sha256: '1' is no sha256; give its 64 hexadecimal digits"),
        (("import", "none.zip"), "none.zip: does not exist; give an archive or a folder"),
        (("import", "{archive}", "--part", "x"), "'x': no such part; choose from part-a, or give --registry FILE"),
        (("import", "{archive}", "--place", "link"), "--place: an archive cannot be linked; leave it out, or unpack"),
        (("import", "{archive}", "--sha256", "0" * 64), "{archive}: sha256 is "),
        (("import", "{archive}", "--registry", "none.yaml"), "none.yaml: cannot be read (No such file or directory)"),
    ],
)
def test_mistakes_end_in_one_line(run: Run, archive: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    out = tmp_path / "out"
    answer = run(*(word.format(archive=archive) for word in words), "--out", out)
    assert answer.complaint.startswith(said.format(archive=archive))
    assert answer.out == ""
    assert not answer.err.startswith("\n")
    assert not out.exists()


def test_a_missing_file_on_a_mirror_is_said(run: Run, served: str, tmp_path: Path) -> None:
    complaint = run("download", "part-a", "--out", tmp_path / "out", "--url", f"{served}x").complaint
    said = f"{served}x: the server does not have it (HTTP 404); give another address with --url, or get it in a browser"
    assert complaint.startswith(said)
    assert not (tmp_path / "out").exists()


def test_help_is_light() -> None:
    heavy = ("numpy", "polars", "cv2", "requests", "gdown", "bs4", "PIL")
    for verb in ("download", "import"):
        code = (
            "import sys, typer\nfrom wutdet.cli import parts\n"
            "app = typer.Typer(); app.command()(parts.download); app.command('import')(parts.import_)\n"
            f"try: app(['{verb}', '--help'])\n"
            f"except SystemExit: print([name for name in {heavy} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"
