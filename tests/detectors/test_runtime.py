"""What ultralytics and torch are told before they are imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = """
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
