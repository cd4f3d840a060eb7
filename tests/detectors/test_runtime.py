"""What ultralytics and torch are told before they are imported."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import pytest

from wutdet.detectors.runtime import import_ultralytics

ASK = """
import itertools
import os
from wutdet.detectors.runtime import import_ultralytics
import_ultralytics()
print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(("users", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_of_torch_wait_asleep_unless_the_user_wants_otherwise(users, expected):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if users is not None:
        environment["OMP_WAIT_POLICY"] = users
    told = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == expected


def test_a_slow_suppression_ends_with_every_picture(monkeypatch):
    """By itself ultralytics gives the pictures after a time limit no detections."""
    import_ultralytics()
    import_ultralytics()  # once more changes nothing
    import torch
    from ultralytics.utils import nms

    clock = itertools.count(step=100.0)
    monkeypatch.setattr(nms.time, "time", lambda: next(clock))
    boxes = torch.tensor([[[50.0], [50.0], [20.0], [20.0], [0.9]]]).repeat(3, 1, 2)  # (3, 4 + classes, boxes)
    assert [len(found) for found in nms.non_max_suppression(boxes, 0.001, 0.7)] == [1, 1, 1]
