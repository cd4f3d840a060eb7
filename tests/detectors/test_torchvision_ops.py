import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from wutdet.detectors.torchvision_ops import nms  # noqa: E402


def reference_nms(boxes, scores, threshold):
    """Greedy suppression, written out: best first, drop what overlaps a kept box by more than the threshold."""
    kept = []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        clear = True
        for j in kept:
            w = min(boxes[i][2], boxes[j][2]) - max(boxes[i][0], boxes[j][0])
            h = min(boxes[i][3], boxes[j][3]) - max(boxes[i][1], boxes[j][1])
            inter = max(w, 0) * max(h, 0)
            areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (boxes[i], boxes[j])]
            if inter / (sum(areas) - inter) > threshold:
                clear = False
                break
        if clear:
            kept.append(i)
    return kept


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from([0.31, 0.5, 0.7]))
def test_equals_the_definition(seed, count, threshold):
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 40, (count, 2))
    boxes = np.concatenate([corner, corner + rng.integers(1, 30, (count, 2))], axis=1).astype(np.float32)
    scores = rng.random(count).astype(np.float32)
    scores[: count // 3] = 0.5  # ties, and zeros below
    scores[-1] = 0.0
    found = nms(torch.tensor(boxes), torch.tensor(scores), threshold)
    assert found.dtype == torch.int64
    assert found.tolist() == reference_nms(boxes.tolist(), scores.tolist(), threshold)


def test_no_boxes_give_no_boxes():
    assert nms(torch.empty(0, 4), torch.empty(0), 0.5).tolist() == []


def test_torchvision_imports_and_suppresses_after_it():
    code = (
        "from wutdet.detectors.torchvision_ops import ensure_torchvision as e; e(); e()\n"
        "import torch, torchvision\n"
        "b = torch.tensor([[0., 0, 10, 10], [1, 1, 11, 11], [30, 30, 40, 40]])\n"
        "print(torchvision.ops.nms(b, torch.tensor([.9, .8, .7]), 0.5).tolist())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "[0, 2]\n"
    assert run.stderr.count("wutdet:") <= 1
