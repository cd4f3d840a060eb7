from __future__ import annotations

import itertools
import math
import warnings
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.errors import DataError
from wutdet.metrics import Robustness, robustness
from wutdet.metrics.robustness import (
    curve_area,
    half_dose,
    mean_over_kinds,
    mean_over_severities,
    or_none,
    relative_to_clear,
)

NAN = math.nan
curves = st.lists(st.floats(0.0, 1.0), min_size=2, max_size=7)
falling = st.lists(st.floats(1e-3, 1.0), min_size=2, max_size=7).map(lambda heights: sorted(heights, reverse=True))


# for a file


def test_mean_over_kinds_of_the_mean_over_severities():
    found = robustness("AP", 0.8, {"fog": [0.6, 0.2], "rain": [0.5]})
    assert found.per_kind == {"fog": pytest.approx(0.4), "rain": 0.5}
    assert found.mPC == pytest.approx(0.45)
    assert found.rPC == pytest.approx(0.45 / 0.8)


@pytest.mark.parametrize("clear", [None, 0.0])
def test_nothing_is_relative_to_nothing(clear):
    found = robustness("AP", clear, {"fog": [0.5]})
    assert (found.mPC, found.rPC) == (0.5, None)


def test_an_unknown_value_is_not_averaged_away():
    found = robustness("AP", 0.8, {"fog": [0.5, None], "rain": [0.25]})
    assert (found.mPC, found.rPC) == (None, None)
    assert found.per_kind == {"fog": None, "rain": 0.25}
    assert robustness("AP", 0.8, {}).mPC is None
    assert robustness("AP", 0.8, {"fog": []}).per_kind == {"fog": None}


def test_what_is_known_of_the_curves_travels_with_it():
    plain = robustness("AP", 0.8, {"fog": [0.5]})
    assert (plain.area, plain.half, plain.half_value) == ({}, {}, {})
    full = msgspec.structs.replace(plain, area={"fog": 0.6}, half={"fog": None}, half_value={"fog": "MOR 1370 m"})
    assert msgspec.json.decode(msgspec.json.encode(full), type=Robustness) == full
    older = b'{"metric":"AP","mPC":0.5,"rPC":null,"per_kind":{}}'
    assert msgspec.json.decode(older, type=Robustness).half == {}


def test_a_number_for_a_file_is_a_float_or_none():
    assert or_none(np.float64(0.25)) == 0.25
    assert type(or_none(np.full((), 0.25))) is float
    assert or_none(np.full((), NAN)) is None


# mPC and rPC


def test_replicates_go_the_way_of_the_point_estimate():
    """Row 1 by hand: fog (.6 + .2)/2 = .4, rain .5, mPC .45, rPC .45/.9; row 2 lacks a value, row 3 has clear 0."""
    fog = np.array([[0.6, 0.2], [NAN, 0.2], [0.6, 0.2]])
    rain = np.array([[0.5], [0.5], [0.5]])
    per_kind = {"fog": mean_over_severities(fog), "rain": mean_over_severities(rain)}
    mpc = mean_over_kinds(per_kind)
    assert per_kind["fog"] == pytest.approx([0.4, NAN, 0.4], nan_ok=True)
    assert mpc == pytest.approx([0.45, NAN, 0.45], nan_ok=True)
    assert relative_to_clear(mpc, [0.9, 0.9, 0.0]) == pytest.approx([0.5, NAN, NAN], nan_ok=True)
    assert relative_to_clear(0.45, NAN).shape == ()


def test_a_mean_of_nothing_is_unknown():
    assert np.isnan(mean_over_severities(np.zeros((3, 0)))).tolist() == [True] * 3
    assert np.isnan(mean_over_kinds({}))


def test_the_order_of_kinds_changes_no_bit():
    per_kind = {"fog": np.array(0.1), "rain": np.array(0.2), "glare": np.array(0.3), "lowlight": np.array(0.7)}
    found = {float(mean_over_kinds(dict(order))) for order in itertools.permutations(per_kind.items())}
    assert len(found) == 1
    assert found.pop() == pytest.approx(1.3 / 4)


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=6))
def test_a_replicate_is_the_estimate_of_its_row_to_the_bit(rows: list[list[float]]):
    values = np.array(rows)
    doses = [0.0, 1.0, 3.0]
    for function in (mean_over_severities, lambda v: curve_area(v, doses), lambda v: half_dose(doses, v)):
        alone = np.array([function(row) for row in values])
        assert np.array_equal(function(values), alone, equal_nan=True)
        assert np.array_equal(function(values[:, None, None]), alone[:, None, None], equal_nan=True)


@given(st.lists(falling, min_size=1, max_size=4), st.floats(1e-3, 1e3))
def test_scaling_a_metric_changes_neither_rpc_nor_the_half_dose(kinds: list[list[float]], scale: float):
    def rpc(factor: float) -> float:
        means = {str(n): mean_over_severities(factor * np.array(values[1:])) for n, values in enumerate(kinds)}
        return float(relative_to_clear(mean_over_kinds(means), factor * kinds[0][0]))

    assert rpc(scale) == pytest.approx(rpc(1.0))
    assert rpc(4.0) == rpc(1.0)
    for values in kinds:
        doses = np.arange(len(values)) ** 2.0
        assert half_dose(doses, 0.5 * np.array(values)) == pytest.approx(half_dose(doses, values), nan_ok=True, abs=0.0)


# area


def test_area_by_hand():
    """Clear .8, then .6 at 1, .2 at 3: (.8 + .6)/2 · 1 + (.6 + .2)/2 · 2 = .7 + .8 = 1.5, over 3."""
    assert curve_area([0.8, 0.6, 0.2], [0, 1, 3]) == pytest.approx(0.5)
    assert curve_area([0.2, 0.8, 0.6], [3, 0, 1]) == pytest.approx(0.5)
    two = curve_area([[0.8, 0.6, 0.2], [0.8, NAN, 0.2]], [0, 1, 3])
    assert two == pytest.approx([0.5, NAN], nan_ok=True)


@given(curves)
def test_area_is_a_mean_height(values: list[float]):
    severities = np.arange(len(values))
    area = float(curve_area(values, severities))
    assert min(values) - 1e-12 <= area <= max(values) + 1e-12
    assert float(curve_area(values, 7.0 * severities)) == pytest.approx(area)
    assert float(curve_area(2.0 * np.array(values), severities)) == pytest.approx(2.0 * area)


def test_a_severity_left_out_of_a_straight_curve_changes_no_area():
    assert curve_area([1.0, 0.8, 0.4, 0.0], [0, 1, 3, 5]) == pytest.approx(float(curve_area([1.0, 0.0], [0, 5])))


def test_clear_alone_has_no_area_and_no_half_dose():
    assert np.isnan(curve_area([[0.5], [0.6]], [0])).tolist() == [True, True]
    assert np.isnan(half_dose([0], [[0.5], [0.6]])).tolist() == [True, True]


# half dose


def test_half_dose_by_hand():
    """Clear .8, half .4, between .6 at dose 10 and .2 at 25: 10 + (.6 − .4)/(.6 − .2) · 15 = 17.5."""
    assert half_dose([0, 2.5, 10, 25], [0.8, 0.7, 0.6, 0.2]) == pytest.approx(17.5)
    assert half_dose([25, 0, 10, 2.5], [0.2, 0.8, 0.6, 0.7]) == pytest.approx(17.5)


def test_half_dose_of_many_replicates():
    """Half is reached at a dose, before the first, never, twice (the first counts), at the last; then unknown ones."""
    values = np.array(
        [
            [0.8, 0.6, 0.4, 0.1],
            [0.8, 0.0, 0.0, 0.0],
            [0.8, 0.7, 0.6, 0.41],
            [0.8, 0.2, 0.8, 0.2],
            [0.8, 0.7, 0.6, 0.4],
            [0.0, 0.0, 0.0, 0.0],
            [-0.2, -0.3, -0.4, -0.5],
            [NAN, 0.5, 0.1, 0.0],
            [0.8, NAN, 0.2, 0.0],
            [0.8, NAN, 0.6, 0.2],
            [0.8, 0.6, 0.5, NAN],
        ]
    )
    expected = [2.0, 0.5, NAN, 2 / 3, 3.0, NAN, NAN, NAN, NAN, NAN, NAN]
    assert half_dose([0, 1, 2, 3], values) == pytest.approx(expected, nan_ok=True)
    assert half_dose([0, 1, 2, 3], values[:8].reshape(2, 2, 2, 4)).shape == (2, 2, 2)


def test_what_comes_after_the_half_dose_does_not_matter():
    assert half_dose([0, 1, 2], [0.8, 0.2, NAN]) == pytest.approx(2 / 3)


@given(falling, st.lists(st.floats(1e-3, 10.0), min_size=7, max_size=7))
def test_on_a_falling_curve_the_half_dose_lies_where_the_curve_passes_half(heights: list[float], steps: list[float]):
    values, doses = np.array(heights), np.concatenate([[0.0], np.cumsum(steps)])[: len(heights)]
    dose = float(half_dose(doses, values))
    half = values[0] / 2
    if values[-1] > half:
        assert math.isnan(dose)
        return
    after = int(np.argmax(values <= half))
    assert doses[after - 1] <= dose <= doses[after] * (1 + 1e-12)
    share = (dose - doses[after - 1]) / (doses[after] - doses[after - 1])
    assert values[after - 1] + share * (values[after] - values[after - 1]) == pytest.approx(half, abs=1e-9)


def test_a_better_curve_has_a_later_half_dose():
    doses = [0, 1, 2, 3]
    found = [float(half_dose(doses, [0.8, 0.8 - drop, 0.8 - 2 * drop, 0.0])) for drop in (0.39, 0.3, 0.2, 0.1)]
    assert all(worse < better for worse, better in pairwise(found))


@pytest.mark.parametrize(
    ("doses", "values"),
    [
        ([1, 2], [0.8, 0.1]),
        ([0, -1], [0.8, 0.1]),
        ([0, NAN], [0.8, 0.1]),
        ([0, math.inf], [0.8, 0.1]),
        ([0, 1, 2], [0.8, 0.1]),
        ([[0, 1]], [0.8, 0.1]),
        ([], []),
        ([0], 0.8),
    ],
)
def test_what_is_no_curve_from_clear_is_refused(doses, values):
    for refused in (lambda: half_dose(doses, values), lambda: curve_area(values, doses)):
        with pytest.raises(DataError) as caught:
            refused()
        assert "\n" not in str(caught.value)


def test_unknown_values_bring_no_warnings():
    values = np.array([[NAN] * 3, [0.0] * 3, [0.5, NAN, 0.1], [0.5, 0.5, 0.5], [0.5, 0.4, 0.4]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(half_dose([0, 1, 2], values)).all()
        assert np.isnan([half_dose([0], [0.5]), curve_area([0.5], [0])]).all()
        assert np.isnan(curve_area(values, [0, 1, 2])).tolist() == [True, False, True, False, False]
        assert np.isnan(relative_to_clear(values[:, 1], values[:, 0])).tolist() == [True, True, True, False, False]
