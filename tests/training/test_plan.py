"""What counts as the same training, and how a difference is named."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from wutdet.detectors.runtime import import_ultralytics
from wutdet.training import load_baseline
from wutdet.training.plan import TrainingPlan, differences, make_plan


@pytest.fixture(scope="module")
def plan(tiny_part) -> TrainingPlan:
    import_ultralytics()
    return make_plan(load_baseline("demo"), tiny_part)


def stored(plan: TrainingPlan, **changes) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(plan, **changes))


def test_a_plan_equals_itself_and_says_what_it_trains_on(plan, tiny_part):
    assert differences(stored(plan), plan) == []
    assert plan.dataset.splits == {name: len(tiny_part.split(name)) for name in ("train", "val")}
    assert plan.dataset.image_bytes > 10_000
    assert (plan.start_weights_sha256, len(plan.architecture_sha256)) == (None, 64)


def test_settings_versions_and_data_are_named_with_both_values(plan):
    baseline = msgspec.structs.replace(plan.baseline, overrides=plan.baseline.overrides | {"lr0": 0.1})
    dataset = msgspec.structs.replace(plan.dataset, train_sha256="f" * 64)
    other = stored(plan, baseline=baseline, dataset=dataset, versions=plan.versions | {"torch": "1.0"})
    told = differences(other, plan)
    assert told[0] == "baseline.overrides.lr0: 0.1 there, 0.003 here"
    assert told[1].startswith("dataset.train_sha256: ffffffffffff… there, ")
    assert told[2] == f"versions.torch: 1.0 there, {plan.versions['torch']} here"
    assert len(told) == 3
    assert differences(b"{", plan) == ["its plan is unreadable"]


def test_weights_are_known_by_their_content_wherever_they_lie(tiny_part, tmp_path):
    import_ultralytics()
    plans = []
    for folder, content in (("a", b"one"), ("b", b"one"), ("c", b"two")):
        path = tmp_path / folder / "w.pt"
        path.parent.mkdir()
        path.write_bytes(content)
        plans.append(make_plan(msgspec.structs.replace(load_baseline("demo"), weights=str(path)), tiny_part))
    assert differences(stored(plans[0]), plans[1]) == []
    [told] = differences(stored(plans[0]), plans[2])
    assert told.startswith("start_weights_sha256: ")
    assert plans[0].architecture_sha256 is None


def test_weights_that_were_downloaded_when_it_began_are_the_same(tiny_part, tmp_path, monkeypatch):
    import_ultralytics()
    monkeypatch.chdir(tmp_path)
    config = msgspec.structs.replace(load_baseline("demo"), weights="yolo11n.pt")
    before = make_plan(config, tiny_part)
    (tmp_path / "yolo11n.pt").write_bytes(b"downloaded")
    assert differences(stored(before), make_plan(config, tiny_part)) == []


def test_what_ultralytics_augments_with_unasked_is_part_of_the_plan(plan, tiny_part, monkeypatch):
    monkeypatch.setattr("wutdet.training.plan._AUGMENTING", ("numpy", "nothing-of-that-name"))
    other = make_plan(load_baseline("demo"), tiny_part)
    assert other.versions["numpy"] == np.__version__
    assert "nothing-of-that-name" not in other.versions
    assert f"versions.numpy: {np.__version__} there, nothing here" in differences(stored(other), plan)
