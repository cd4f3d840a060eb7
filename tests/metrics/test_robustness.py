import pytest

from wutdet.metrics import robustness


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
    assert robustness("AP", 0.8, {"fog": [0.5, None]}).mPC is None
    assert robustness("AP", 0.8, {}).mPC is None
