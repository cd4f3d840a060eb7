"""When two detectors have found the same."""

import numpy as np

SCORE, PX = 1e-4, 0.05
"""How far an export may be from its weights: one and the same network in other kernels."""


def agree(one, other):
    assert len(one) == len(other)
    assert sum(len(found) for found in one) > 0
    for a, b in zip(one, other, strict=True):
        assert len(a) == len(b)
        assert np.abs(a.scores - b.scores).max(initial=0) <= SCORE
        assert np.abs(a.xyxy - b.xyxy).max(initial=0) <= PX
