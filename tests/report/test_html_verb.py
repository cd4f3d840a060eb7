import json

import pytest
import typer
from blobs import blobs
from typer.testing import CliRunner

import wutdet
from wutdet.cli.report import report
from wutdet.errors import WutdetError


@pytest.fixture(scope="module")
def run(tiny_part, tmp_path_factory):
    out = tmp_path_factory.mktemp("verb") / "run"
    wutdet.benchmark(blobs, tiny_part.split("test"), out=out, scenarios="clear,fog:2")
    return out


def command(*words):
    app = typer.Typer()
    app.command()(report)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_one_or_several_runs_are_written(run, tmp_path):
    answer = command(run, run, "--out", tmp_path / "r.html")
    assert answer.exit_code == 0
    assert f"report: {tmp_path / 'r.html'}" in answer.stderr
    assert answer.stdout == ""
    text = (tmp_path / "r.html").read_text()
    assert "blobs (run) #2" in text
    assert "data:image/jpeg" not in text


def test_data_add_pictures(run, tiny_voc, tmp_path):
    data = ["--data", tiny_voc, "--splits", tiny_voc / "splits"]
    answer = command(run, "--out", tmp_path / "r.html", *data)
    assert answer.exit_code == 0, answer.exception
    assert "data:image/jpeg" in (tmp_path / "r.html").read_text()


def test_json_has_the_numbers(run, tmp_path):
    answer = command(run, "--out", tmp_path / "r.html", "--json")
    [numbers] = json.loads(answer.stdout)
    stored = json.loads((run / "scores.json").read_text())
    assert [cell["AP_small"] for cell in numbers["cells"]] == [cell["AP_small"] for cell in stored["cells"]]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{tmp}", "--out", "{tmp}/r.html"], "{tmp}: no scores here; run wutdet benchmark or score first"),
        (["{run}", "--out", "{tmp}/r.pdf"], "{tmp}/r.pdf: is of no kind that can be written; choose a .html, .md or"),
        (["{run}", "--out", "{run}/scores.json/no/r.html"], "{run}/scores.json/no: cannot be made (Not a directory)"),
        (
            ["{run}", "--out", "{tmp}/r.md", "--data", "{voc}"],
            "{tmp}/r.md: has no place for pictures; leave --data out",
        ),
        (["{run}", "--out", "{tmp}/r.html", "--data", "{tmp}/none"], "{tmp}/none: "),
        (["{run}", "--out", "{tmp}/r.html", "--data", "{voc}"], "has not the frames of the run, which are the split"),
    ],
)
def test_mistakes_are_one_line(run, tiny_voc, tmp_path, words, says):
    places = {"run": run, "tmp": tmp_path, "voc": tiny_voc}
    answer = command(*(word.format(**places) for word in words))
    assert isinstance(answer.exception, WutdetError)
    assert says.format(**places) in str(answer.exception)
    assert "\n" not in str(answer.exception)
    assert not (tmp_path / "r.html").exists()
