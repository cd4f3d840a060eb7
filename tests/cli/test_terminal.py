"""What the terminal is told, and how: one line on a mistake, pace, silence, width, colours, completion."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from builders import write_voc, xml_of
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.table import Table

from wutdet.cli import completion, version
from wutdet.cli.app import app
from wutdet.cli.completion_bash import joined
from wutdet.cli.output import (
    PIPED_COLUMNS,
    byte_progress,
    counted,
    print_run,
    print_table,
    progress,
    progress_of,
    resuming,
    working,
)
from wutdet.cli.pace import Pace, left_text, rate_text
from wutdet.cli.speech import be_quiet
from wutdet.errors import DataError
from wutdet.report.matrix_table import ScoredRun, matrix_rows, rich_matrix
from wutdet.scoring.scores import Scores, read_scores

Run = Callable[..., Any]
RECORDED = read_scores(Path(__file__).parent.parent.parent / "baselines" / "demo")
HEAVY = {"torch", "ultralytics", "fiftyone", "polars", "cv2", "matplotlib", "numpy", "rich"}
COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|38;|9[0-7])[0-9;]*m")


@pytest.fixture(autouse=True)
def loud(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("COLUMNS", raising=False)
    be_quiet(False)
    yield
    be_quiet(False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("benchmrk", "no such command 'benchmrk'; did you mean benchmark?"),
        ("xyzzy", "no such command 'xyzzy'; see wutdet --help"),
        ("help", "no such command 'help'; did you mean wutdet --help?"),
        ("version", "no such command 'version'; did you mean wutdet --version?"),
        ("-V", "no such option: -V; did you mean wutdet --version?"),
        ("info --jsn x", "info: no such option: --jsn; did you mean --json?"),
        ("info --zzz x", "info: no such option: --zzz; see wutdet info --help"),
        ("info -q x", "info: no such option: -q; put it before the verb: wutdet --quiet"),
        ("info", "info: missing argument 'DATA'; see wutdet info --help"),
        ("--loud info x", "no such option: --loud; see wutdet --help"),
        ("download part-b --out x", "'part-b': no such part; did you mean part-a? choose from part-a"),
        ("run ful x --out y", "ful: no such benchmark plan; did you mean full? choose from full, quick"),
        ("train yolo11m {part} --out y", "yolo11m: no such baseline; did you mean yolo11"),
        ("render {part} --scenarios fgo:1 --out y", "fgo:1: 'fgo' is not a kind of scenario; did you mean 'fog'?"),
    ],
)
def test_a_mistake_is_one_line_that_suggests(voc_part: Path, run: Run, words: str, said: str) -> None:
    assert run(*words.format(part=voc_part).split()).complaint.startswith(said)


def test_a_choice_names_the_others(tmp_path: Path, run: Run) -> None:
    said = run("convert", tmp_path, "--to", "coc", "--out", tmp_path / "out").complaint
    assert said.startswith("convert: invalid value for '--to': 'coc' is not one of 'coco', 'yolo', 'voc'")
    assert said.endswith("; see wutdet convert --help")


@pytest.mark.parametrize(
    ("detector", "said"),
    [
        ("{tmp}/bset.pt", "{tmp}/bset.pt: no such weights file; did you mean {tmp}/best.pt?"),
        ("{tmp}/none/best.pt", "{tmp}/none/best.pt: no such weights file; give the path of trained weights"),
        ("json:dumsp", "json:dumsp: 'json' has no 'dumsp'; did you mean json:dump?"),
    ],
)
def test_a_detector_that_is_not_there_suggests_one(
    voc_part: Path, tmp_path: Path, run: Run, detector: str, said: str
) -> None:
    (tmp_path / "best.pt").write_bytes(b"")
    named = detector.format(tmp=tmp_path)
    answer = run("benchmark", voc_part, "--detector", named, "--scenarios", "clear", "--out", tmp_path / "run")
    assert answer.complaint == said.format(tmp=tmp_path)


def test_without_a_verb_there_is_help(run: Run) -> None:
    answer = run()
    assert answer.code == 2
    assert answer.err.startswith("Usage: wutdet [OPTIONS] COMMAND")


def test_ctrl_c_is_one_line(voc_part: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wutdet.parts.load", stopped)
    answer = run("info", voc_part)
    assert (answer.code, answer.out, answer.err) == (130, "", "wutdet: stopped\n")
    again = run("benchmark", voc_part, "--detector", "blobs:make", "--out", tmp_path / "run")
    assert (again.code, again.err) == (130, "wutdet: stopped; the same command continues where it was\n")


def test_quiet_leaves_out_notes_and_progress_alone(voc_part: Path, tmp_path: Path, run: Run) -> None:
    xml_of(voc_part, "0000020").unlink()
    words = ("conditions", voc_part, "--on-error", "skip", "--json", "--out")
    loud = run(*words, tmp_path / "a.csv")
    silent = run("--quiet", *words, tmp_path / "b.csv")
    assert (loud.code, silent.code) == (0, 0)
    assert silent.out == loud.out != ""
    assert re.search(r" 4/4 .*/s +\S+ 0:00:00 left", loud.err)
    assert "wrote" in loud.err
    [line] = silent.err.splitlines()
    assert line.startswith("left out: JPEGImages/0000020.jpg: the image has no XML")


def test_quiet_by_the_environment_and_only_then(voc_part: Path, tmp_path: Path, run: Run, monkeypatch: Any) -> None:
    words = ("conditions", voc_part, "--out")
    with monkeypatch.context() as patch:
        patch.setenv("WUTDET_QUIET", "1")
        assert run(*words, tmp_path / "a.csv").err == ""
        assert run("info", tmp_path / "none").complaint.startswith(f"{tmp_path / 'none'}: does not exist")
    assert f"wrote {tmp_path / 'b.csv'}" in run(*words, tmp_path / "b.csv").err


@given(st.integers(0, 10**6), st.lists(st.tuples(st.integers(1, 9), st.floats(0.01, 100)), min_size=1, max_size=20))
def test_what_was_done_before_does_not_hasten(before: int, reports: list[tuple[int, float]]) -> None:
    """The rate is that of this call, however much an earlier one has done."""
    now = [100.0]
    total = before + sum(steps for steps, _ in reports) + 7
    pace = Pace(total, clock=lambda: now[0])
    pace.report(before)
    for steps, seconds in reports:
        now[0] += seconds
        pace.report(steps)
    rate = sum(steps for steps, _ in reports) / sum(seconds for _, seconds in reports)
    assert pace.per_s == pytest.approx(rate, rel=1e-6)
    assert pace.left_s == pytest.approx(7 / rate, rel=1e-6)


def test_pace_is_unknown_until_something_was_measured() -> None:
    now = [0.0]
    pace = Pace(10, clock=lambda: now[0])
    assert (pace.per_s, pace.left_s) == (None, None)
    pace.report(4)
    assert (pace.per_s, pace.left_s) == (None, None)
    now[0] = 2.0
    pace.report(2)
    assert (pace.per_s, pace.left_s) == (1.0, 4.0)
    now[0] = 3.0  # nothing was done since: the time still passes
    assert pace.left_s == 3.0
    now[0] = 30.0
    assert pace.left_s == 0.0
    pace.report(4)
    assert pace.left_s == 0.0
    assert Pace(None).left_s is None


@pytest.mark.parametrize(
    ("per_s", "text"),
    [(None, ""), (12.34, "12.3/s"), (4567.8, "4568/s"), (1.0, "1/s"), (0.125, "8 s each"), (1e-4, "10000 s each")],
)
def test_a_rate_is_said_as_one_would(per_s: float | None, text: str) -> None:
    assert rate_text(per_s) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-:--:-- left"), (0.4, "0:00:00 left"), (99.6, "0:01:40 left"), (90061, "25:01:01 left")],
)
def test_a_time_left_is_said_as_a_clock_would(seconds: float | None, text: str) -> None:
    assert left_text(seconds) == text


def test_bars_show_rate_elapsed_and_remaining(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_of({"frames": 12, "scoring": 3}) as (frames, _scoring):
        for steps in (8, 2, 2):
            frames(steps)
    out, err = capfd.readouterr()
    [line] = err.splitlines()  # none of a stage that was not come to
    assert out == ""
    assert re.fullmatch(r"frames +━+ +12/12 +[\d.]+/s +0:00:00 +0:00:00 left", line.rstrip())
    with byte_progress() as tell:
        tell("fetching", 500_000, 1_000_000)
        tell("fetching", 1_000_000, 1_000_000)
    assert re.search(r"fetching +━+ +1\.0/1\.0 MB .*/s 0:00:00 0:00:00 left", capfd.readouterr().err)
    with progress("a video", 0) as advance:
        advance(5)
    assert "5/?" in capfd.readouterr().err


@pytest.mark.parametrize(("error", "bars"), [(DataError("is bad", remedy="mend it"), 0), (KeyboardInterrupt(), 1)])
def test_a_bar_does_not_stand_before_an_error(
    error: BaseException, bars: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with suppress(type(error)), progress("frames", 12) as advance:
        advance(7)
        raise error
    assert capfd.readouterr().err.count("7/12") == bars
    with suppress(type(error)), byte_progress() as tell:
        tell("fetching", 500_000, 1_000_000)
        raise error
    assert len(capfd.readouterr().err.splitlines()) == bars


@pytest.mark.parametrize(
    ("steps", "total", "said"),
    [
        ((8, 1, 1), 10, "8 of 10 frames were there already\n"),
        ((1, 9), 10, "1 of 10 frames was there already\n"),
        ((8, 2), 0, "8 frames were there already\n"),
        ((0, 8, 2), 10, ""),
    ],
)
def test_what_was_there_already_is_said_once(
    steps: tuple[int, ...], total: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[int] = []
    advance = resuming(told.append, total)
    for count in steps:
        advance(count)
    assert (tuple(told), capfd.readouterr().err) == (steps, said)


def test_one_is_not_several() -> None:
    assert [counted(count, "frame") for count in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
    assert [counted(count, "box", "boxes") for count in (1, 2)] == ["1 box", "2 boxes"]


def test_no_bar_when_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    be_quiet(True)
    with progress("frames", 2) as advance, byte_progress() as tell, working("scoring"):
        advance(2)
        tell("fetching", 1, 2)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def sailing(tmp_path: Path) -> Path:
    """A part with a long name, two splits and a ship or two in each frame."""
    frames = {f"{place:07d}": [(1 + place, 1, 12 + place, 9)] for place in range(0, 200, 20)}
    folder = tmp_path / "a-part-of-a-name-as-long-as-one-would-give-it"
    stems = sorted(frames)
    return write_voc(folder, {k: [(1, 1, 20, 9)] for k in frames}, splits={"train": stems[:5], "test": stems[5:]})


def test_tables_fit_a_hundred_columns(sailing: Path, tmp_path: Path, run: Run) -> None:
    results = tmp_path / "detections-of-a-detector.json"
    entries = [
        {"image_id": int(stem), "category_id": 1, "bbox": [0, 0, 20, 9], "score": 0.5}
        for stem in (f"{place:07d}" for place in range(100, 200, 20))
    ]
    results.write_text(json.dumps(entries))
    runs = [tmp_path / name for name in ("score-a", "score-b")]
    by_id = ("--by", "id", "--no-images", "--guard", "0", "--block-frames", "1")
    commands = [
        ("info", sailing),
        ("split", sailing, *by_id, "--fractions", "train=0.5,test=0.5", "--out", tmp_path / "lists"),
        ("conditions", sailing),
        ("score", sailing, results, "--interval", "0", "--name", "detector-with-a-name"),
        *(("score", sailing, results, "--replicates", "20", "--out", path) for path in runs),
        ("compare", *runs),
        ("leaderboard", Path(__file__).parent.parent.parent / "baselines"),
        ("audit", sailing),
    ]
    for words in commands:
        answer = run(*words)
        assert answer.code in (0, 1), answer.err
        narrow(answer.out, str(words[0]))


def narrow(text: str, what: str) -> None:
    assert len(text.splitlines()) > 3, what
    assert "\x1b" not in text
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= PIPED_COLUMNS, what


@pytest.mark.parametrize(("columns", "width"), [("72", 72), ("", PIPED_COLUMNS), ("0", PIPED_COLUMNS), ("x", 100)])
def test_a_pipe_is_as_wide_as_columns_says(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    table = Table("frame", expand=True)
    print_table(table)
    assert max(map(cell_len, capfd.readouterr().out.splitlines())) == width


def test_tables_of_runs_fit_a_hundred_columns(capfd: pytest.CaptureFixture[str]) -> None:
    named = msgspec.structs.replace(RECORDED.detector, name="yolo11n-weather-tiles-of-the-horizon-1280")
    scores: Scores = msgspec.structs.replace(RECORDED, detector=named)
    print_run(scores)
    narrow(capfd.readouterr().out, "benchmark")
    print_table(rich_matrix(matrix_rows([ScoredRun(named.name, seed, "test", scores) for seed in (0, 1, 2)])))
    narrow(capfd.readouterr().out, "run")


def test_no_colour_where_none_is_wanted(sailing: Path) -> None:
    """On a terminal; a pipe gets no escape at all, see above."""
    assert COLOUR.search("\x1b[1;31mred\x1b[0m")
    script = Path(sys.executable).with_name("wutdet")
    main, end = pty.openpty()
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color"}
    done = subprocess.run([script, "audit", sailing], stdout=end, stderr=end, env=environment, check=False)
    os.close(end)
    shown = b""
    while chunk := _read(main):
        shown += chunk
    os.close(main)
    assert done.returncode in (0, 1)
    assert b"hashing" in shown or b"images" in shown
    assert not COLOUR.search(shown.decode())


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # what a terminal says whose other end is closed
        return b""


def test_completion_offers_names() -> None:
    assert "yolo11n-weather" in completion.complete_baselines("yolo11n")
    assert completion.complete_baselines("x") == []
    assert completion.complete_plans("") == ["full", "quick"]
    assert completion.complete_parts("part") == ["part-a"]
    assert completion.complete_scenarios("fo") == ["fog:1-5", *(f"fog:{severity}" for severity in range(1, 6))]
    assert completion.complete_scenarios("clear,rain:1-") == ["clear,rain:1-5"]
    assert "clear" in completion.complete_scenarios("")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("wutdet benchm", ["benchmark"]),
        ("wutdet train yolov8n-", ["yolov8n-p2"]),
        ("wutdet render DATA --scenarios lowl", ["lowlight:1-5", *(f"lowlight:{place}" for place in range(1, 6))]),
        ("wutdet plot RUN --met", ["--metric"]),
        ("wutdet\nrender\nDATA\n--scenarios\nclear,fog\n:", ["1-5", *map(str, range(1, 6))]),
        ("wutdet\nrender\nDATA\n--scenarios\nfog\n:\n1,lowlight\n:\n1-", ["1-5"]),
        ("wutdet\nbenchmark\nDATA\n--detector\na\n:\nb\n--scenarios\nclea", ["clear"]),
    ],
)
def test_the_shell_completes_and_loads_nothing_heavy(line: str, offered: list[str]) -> None:
    code = (
        "import sys, os; sys.argv = ['wutdet']\nfrom wutdet.cli import main\ntry: main()\n"
        "except SystemExit: pass\nprint('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    words = re.split(r"[ \n]", line)
    environment = {
        **os.environ,
        "_WUTDET_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    *found, loaded = done.stdout.splitlines()
    assert [word for word in found if word] == offered
    assert not HEAVY & set(loaded.split())


@pytest.mark.parametrize(
    ("parts", "place", "words", "found"),
    [
        (["w", "fog", ":", "1-"], 3, ["w", "fog:1-"], 1),
        (["w", "fog", ":", ""], 3, ["w", "fog:", ""], 2),
        (["w", "a", ":", "b", "-x", "c"], 5, ["w", "a:b", "-x", "c"], 3),
        (["w", "a", ":", "b", "-x"], 2, ["w", "a:b", "-x"], 1),
        (["w", "", "x"], 1, ["w", "", "x"], 1),
    ],
)
def test_words_that_bash_parts_at_colons_are_joined(parts: list[str], place: int, words: list[str], found: int) -> None:
    assert joined(parts, place) == (words, found)


def test_completion_can_be_installed(run: Run) -> None:
    assert "--install-completion" in run("--help").out


def test_versions_name_the_machine_and_how_to_get_what_lacks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "numpy": "2.0",
        "polars": "1.20",
        "ultralytics": "8.4",
        "ultralytics-opencv-headless": "8.4",
        "ray": "2.50",
    }
    monkeypatch.setattr(version, "installed", known.get)
    monkeypatch.setattr(version, "gpu_names", lambda: ["NVIDIA H100"])
    lines = run("--version").out.splitlines()
    assert lines[0].startswith("wutdet ")
    assert re.fullmatch(r"platform .+, \d+ CPU cores", lines[2])
    assert lines[3:6] == ["gpu NVIDIA H100", "numpy 2.0", "polars 1.20"]
    assert "torch not installed (pip install 'wutdet[train]')" in lines
    assert "fiftyone not installed (pip install 'wutdet[browse]')" in lines
    assert "ray 2.50" in lines
    assert lines[-1].startswith("warning: ultralytics and ultralytics-opencv-headless both own 'ultralytics'")


def test_gpus_are_read_off_the_driver(tmp_path: Path) -> None:
    assert version.gpu_names(tmp_path / "none") == []
    for place in "ab":
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text("Model: \t NVIDIA H100 80GB HBM3\nIRQ:   1\n")
    assert version.gpu_names(tmp_path) == ["NVIDIA H100 80GB HBM3"] * 2


def test_verbs_with_a_result_give_it_as_json(voc_part: Path, tmp_path: Path, run: Run) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    without = {name for name, verb in commands.items() if not any("--json" in item.opts for item in verb.params)}
    assert without <= {"sample", "browse", "demo"}
    answer = run("convert", voc_part, "--to", "yolo", "--out", tmp_path / "yolo", "--json")
    assert json.loads(answer.out)["written"] == [str(tmp_path / "yolo" / "data.yaml")]


def test_frames_copied_before_are_told_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the rate of a resumed rendering is that of what is rendered now."""
    from wutdet.dataset.frame_source import open_frames
    from wutdet.rendering import render
    from wutdet.scenarios import parse_scenarios

    monkeypatch.setattr(sys.modules["wutdet.rendering.render"], "RECORD_FRAMES", 2)
    part = write_voc(tmp_path / "part", {f"{place:07d}": [(1, 1, 20, 9)] for place in range(10)})
    told: list[int] = []

    def killed(steps: int) -> None:
        told.append(steps)
        if sum(told) == 6:
            raise KeyboardInterrupt

    def rendered(advance: Callable[[int], None]) -> None:
        render(open_frames(part), parse_scenarios("fog:1"), tmp_path / "out", workers=1, advance=advance)

    with pytest.raises(KeyboardInterrupt):
        rendered(killed)
    again: list[int] = []
    rendered(again.append)
    assert again[0] == 6
    assert sum(again) == 10
    finished: list[int] = []
    rendered(finished.append)
    assert finished == [10]


def test_no_summary_of_a_verb_is_cut_off_in_80_columns(run: Run) -> None:
    summaries = run("--help").out.partition("Commands:")[2].strip().splitlines()
    assert len(summaries) == len(app.registered_commands)
    assert [line for line in summaries if not line.endswith(".") or line.endswith("...")] == []
