"""What a manifest says of the machine, its energy and the settings that were used."""

from __future__ import annotations

import itertools
import json

import pytest

from wutdet.training.energy import EnergyMeter, PowerIntegral, RaplCounter, energy_meter
from wutdet.training.machine import cpu_model, this_machine
from wutdet.training.sessions import Session, SessionLog, energy_wh, read_sessions


@pytest.fixture
def manifest(tiny_weights):
    return json.loads((tiny_weights.parent / "manifest.json").read_text())


def test_the_settings_are_those_that_were_used(manifest):
    assert manifest["schema"] == "wutdet-training-2"
    settings = manifest["settings"]
    assert (settings["imgsz"], settings["batch"], settings["fliplr"], settings["optimizer"]) == (160, 8, 0.25, "AdamW")
    assert settings["hsv_h"] == 0.015  # a default of ultralytics'
    assert not {"data", "model", "project", "save_dir"} & set(settings)  # folders of this machine


def test_the_plan_and_the_manifest_agree(manifest, tiny_weights, tiny_part):
    plan = json.loads((tiny_weights.parent / "plan.json").read_text())
    assert plan["schema"] == "wutdet-training-plan-1"
    assert manifest["dataset"] == plan["dataset"]
    assert manifest["dataset"]["train_sha256"] == tiny_part.split("train").sha256
    assert manifest["dataset"]["val_sha256"] == tiny_part.split("val").sha256
    assert len(manifest["architecture_sha256"]) == 64
    assert manifest["versions"].items() >= plan["versions"].items()


def test_the_machine_and_the_time_are_stated(manifest):
    assert manifest["machine"]["cores_usable"] >= 1
    assert manifest["machine"]["devices"] == []
    measured = manifest["measured"]
    assert 0 < measured["seconds_per_epoch"] <= measured["seconds"]
    assert (manifest["epochs_run"], manifest["resumed_after_epochs"]) == (1, [])
    [session] = measured["sessions"]
    assert (session["first_epoch"], session["last_epoch"], session["device"]) == (1, 1, "cpu")
    assert measured["energy_wh"] is None or set(measured["energy_wh"]) <= {"rapl"}


def test_a_processor_is_read_from_linux(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz\n\nmodel name\t: Other\n")
    assert cpu_model(tmp_path / "cpuinfo") == "Some CPU @ 2.0GHz"
    assert this_machine("77").devices == []


def rapl(folder, microjoules, most=1_000_000_000, name="package-0"):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text(f"{most}\n")


def test_a_package_counts_over_its_wrap(tmp_path):
    counter = RaplCounter(tmp_path)
    for microjoules in (900_000_000, 990_000_000, 10_000_000):
        rapl(tmp_path, microjoules)
        counter.read()
    assert counter.joules == pytest.approx(110.0)


def test_power_is_integrated_by_trapezoids():
    times, watts = iter([0.0, 10.0, 14.0]), iter([100.0, 200.0, 200.0])
    integral = PowerIntegral(lambda: next(watts), clock=lambda: next(times))
    for _ in range(3):
        integral.read()
    assert integral.joules == pytest.approx(1500.0 + 800.0)


def test_packages_are_added_up_and_their_parts_are_not(tmp_path):
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        rapl(tmp_path / name, 0)
    with energy_meter("cpu", tmp_path) as meter:
        for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
            rapl(tmp_path / name, 360_000_000)
        assert meter.spent_wh() == {"rapl": 0.2}


def test_the_platform_with_all_its_packages_is_not_added_to_them(tmp_path):
    rapl(tmp_path / "intel-rapl:0", 0)
    rapl(tmp_path / "intel-rapl:1", 0, name="psys")
    with energy_meter("cpu", tmp_path) as meter:
        rapl(tmp_path / "intel-rapl:0", 360_000_000)
        rapl(tmp_path / "intel-rapl:1", 500_000_000, name="psys")
        assert meter.spent_wh() == {"rapl": 0.1}


def test_what_cannot_be_read_is_unknown_and_not_zero(tmp_path):
    with energy_meter("cpu", tmp_path / "nothing") as meter:
        assert meter.spent_wh() == {}
    steady, broken = itertools.repeat(50.0), iter([50.0])
    sources = {"steady": [PowerIntegral(lambda: next(steady))], "broken": [PowerIntegral(lambda: float(next(broken)))]}
    with EnergyMeter({"steady": sources["steady"]}) as meter:
        assert set(meter.spent_wh()) == {"steady"}
    (tmp_path / "energy_uj").write_text("no number")
    with EnergyMeter({"rapl": [RaplCounter(tmp_path)]}) as meter:
        assert meter.spent_wh() == {}


def test_energy_of_all_sessions_is_known_only_where_each_read_it():
    def session(**spent):
        return Session(first_epoch=1, last_epoch=1, device="cpu", threads=1, seconds=1.0, energy_wh=spent)

    assert energy_wh([session(rapl=1.5, smi=2.0), session(rapl=0.25)]) == {"rapl": 1.75}
    assert energy_wh([session(), session(rapl=0.25)]) is None
    assert energy_wh([]) is None


def test_an_epoch_noted_and_not_saved_is_taken_back(tmp_path):
    def log(first_epoch):
        with EnergyMeter({}) as meter:
            return SessionLog(tmp_path, first_epoch=first_epoch, device="cpu", threads=1, meter=meter)

    log(1).reached(3)
    log(3).reached(4)
    assert [(item.first_epoch, item.last_epoch) for item in read_sessions(tmp_path)] == [(1, 2), (3, 4)]
    log(1).reached(1)
    assert [(item.first_epoch, item.last_epoch) for item in read_sessions(tmp_path)] == [(1, 1)]
