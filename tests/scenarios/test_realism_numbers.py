"""What docs/realism.md measures beside the features, on images whose numbers are known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

from realism import table_lines
from realism_data import Value, black_level, near_contrast, noise


@pytest.mark.parametrize("sigma", [3.0, 8.0])
def test_the_noise_is_the_standard_deviation_that_was_put_in(sigma: float):
    grey = np.random.default_rng(1).normal(120.0, sigma, (400, 600))
    image = np.repeat(np.rint(grey)[:, :, None], 3, axis=2).astype(np.uint8)
    assert noise(image) == pytest.approx(sigma, rel=0.05)


def test_a_slope_is_no_noise():
    ramp = np.add.outer(np.arange(60), np.arange(80)).astype(np.uint8)
    assert noise(np.repeat(ramp[:, :, None], 3, axis=2)) == 0.0


def test_the_black_level_is_where_the_darkest_fiftieth_ends():
    """Grey levels 0 to 99, equally many: 2 % lie below 2."""
    image = np.repeat(np.tile(np.arange(100, dtype=np.uint8), (400, 4))[:, :, None], 3, axis=2)
    assert black_level(image) == pytest.approx(2.0, abs=2.0)
    assert black_level(image + 50) == pytest.approx(52.0, abs=2.0)


def test_near_contrast_looks_at_the_lowest_third_alone():
    image = np.full((180, 320, 3), 120, np.uint8)
    image[:110:2] = 0
    assert near_contrast(image) == pytest.approx(0.0, abs=1e-3)
    image[150::2] = 0
    assert near_contrast(image) > 0.9


def test_a_table_has_medians_and_counts():
    found = [Value("haze", "x", group, str(n), n) for group, n in (("clear", 1.0), ("clear", 3.0), ("natural", 7.0))]
    assert table_lines(found, ("clear", "natural"))[2] == "| haze | x | 2 (n 2) | 7 (n 1) |"
