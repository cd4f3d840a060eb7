"""Several GPUs: ultralytics starts a process for each, and hands the trainer and its callbacks over by pickling."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from wutdet.detectors.runtime import import_ultralytics
from wutdet.errors import ConfigError
from wutdet.training import running
from wutdet.training.checkpoints import keep_copies


def test_what_is_hung_on_the_trainer_reaches_the_processes():
    pytest.importorskip("cloudpickle")
    import_ultralytics()
    from ultralytics.models.yolo.detect import DetectionTrainer
    from ultralytics.utils.dist import ddp_cleanup, generate_ddp_file
    from ultralytics.utils.patches import torch_load

    class Handed(DetectionTrainer):
        def __init__(self) -> None:
            self.args, self.model = SimpleNamespace(device="0,1"), "yolo11n.yaml"
            threads = functools.partial(running._use_threads, threads=3)
            self.callbacks = {"on_train_start": [threads], "on_model_save": [keep_copies]}

    trainer = Handed()
    script = generate_ddp_file(trainer)
    try:
        state = torch_load(str(Path(script).with_suffix(".pt")), map_location="cpu")
    finally:
        ddp_cleanup(trainer, script)
    assert state["callbacks"]["on_train_start"][0].keywords == {"threads": 3}
    assert state["callbacks"]["on_model_save"] == [keep_copies]


def test_a_missing_package_is_said_before_anything_is_written(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    running.check_several("cpu")
    with pytest.raises(ConfigError, match="needs cloudpickle for several devices; install it with"):
        running.check_several("0,1")
