"""wutdet run: the table on stdout, and the files beside the runs."""

from __future__ import annotations

import json


def test_a_plan_is_run_and_its_table_is_written(run, tiny_voc, tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("name: p\ndetectors: [{detector: 'blobs:make', name: b}]\nscenarios: clear,fog:1\nsplits: [val]\n")
    command = ["run", plan, tiny_voc, "--splits", tiny_voc / "splits", "--out", tmp_path / "m", "--interval", "0"]
    done = run(*command)
    assert done.code == 0, done.err
    assert "AP_small clear" in " ".join(done.out.split())
    assert (tmp_path / "m/table.csv").read_text().startswith("detector,seed,split,scenario")
    assert r"\begin{tabular}" in (tmp_path / "m/table.tex").read_text()
    told = json.loads(run(*command, "--json").out)
    scores = json.loads((tmp_path / "m/runs/b-val/scores.json").read_text())
    assert told[0]["values"]["AP clear"] == [scores["cells"][0]["AP"]]


def test_mistakes_are_one_line(run, tiny_voc, tmp_path):
    assert "did you mean quick?" in run("run", "quik", tiny_voc, "--out", tmp_path / "m").complaint
    assert "no split 'tset'" in run("run", _plan(tmp_path), tiny_voc, "--out", tmp_path / "m").complaint
    assert not (tmp_path / "m").exists()


def test_a_detector_that_fails_is_a_line_and_exit_2_and_the_table_has_the_others(run, tiny_voc, tmp_path):
    (tmp_path / "empty.onnx").write_bytes(b"")
    plan = tmp_path / "plan.yaml"
    named = f"[{{detector: {tmp_path / 'empty.onnx'}}}, {{detector: 'blobs:make', name: b}}]"
    plan.write_text(f"name: p\ndetectors: {named}\nscenarios: clear\nsplits: [val]\n")
    command = ["run", plan, tiny_voc, "--splits", tiny_voc / "splits", "--out", tmp_path / "m", "--interval", "0"]
    for more in ([], ["--json"]):
        done = run(*command, *more)
        assert done.code == 2
        assert done.err.strip().splitlines()[-1].startswith(f"wutdet: empty-val: {tmp_path / 'empty.onnx'}: ")
        assert "AP_small clear" in " ".join(done.out.split())
    assert [line.split(",")[0] for line in (tmp_path / "m/table.csv").read_text().splitlines()] == ["detector", "b"]


def _plan(folder):
    path = folder / "p.yaml"
    path.write_text("name: p\ndetectors: [{detector: 'blobs:make'}]\nsplits: [tset]\n")
    return path
