"""Agreement of guessed conditions with a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.errors import ConfigError, DataError
from wutdet.report.condition_audit import read_audit, wilson_interval

FILLED = """image,condition,score,condition_by_hand
a.jpg,fog,0.9,fog
b.jpg,fog,0.8, Clear
c.jpg,fog,0.8,fog
d.jpg,fog,0.8,
e.jpg,fog,0.8,unknown
f.jpg,clear,0.8,clear
g.jpg,unknown,0.4,rain
h.jpg,dark,0.7,
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sheet.csv"
    path.write_text(text)
    return path


def test_agreement_is_counted_for_each_condition_that_was_guessed(tmp_path: Path):
    """Fog: 2 of the 3 that were judged; clear 1 of 1; dark was guessed, and nobody judged it; 3 rows without a word."""
    audit = read_audit(written(tmp_path, FILLED))
    assert list(audit.conditions) == ["clear", "fog", "dark"]
    fog = audit.conditions["fog"]
    assert (fog.judged, fog.agreed, fog.precision) == (3, 2, pytest.approx(2 / 3))
    assert fog.interval == wilson_interval(2, 3)
    assert audit.conditions["clear"].precision == 1.0
    assert (audit.conditions["dark"].judged, audit.conditions["dark"].precision) == (0, None)
    assert audit.conditions["dark"].interval is None
    assert audit.not_judged == 3


def test_semicolons_of_a_spreadsheet_are_read(tmp_path: Path):
    audit = read_audit(written(tmp_path, FILLED.replace(",", ";")))
    assert audit.conditions["fog"].agreed == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,condition\na.jpg,fog\n", "no column 'condition_by_hand'"),
        ("image,condition_by_hand\na.jpg,fog\n", "no column 'condition'"),
        ("image,condition,condition_by_hand\na.jpg,fog,fogg\n", "'a.jpg' is called 'fogg'; write fog"),
        ("image,condition,condition_by_hand\na.jpg,mist,fog\n", "is called 'mist'"),
        ("", "is empty"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, said: str):
    with pytest.raises(DataError, match=said):
        read_audit(written(tmp_path, text))


def test_wilson_by_hand():
    """8 of 10, z = 1.95996: (0.8 + 0.19207 ± 1.95996·√(0.016 + 0.0096037)) / 1.38415 = 0.4902 and 0.9433."""
    assert wilson_interval(8, 10) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


def test_wilson_at_the_ends():
    """0 of n reaches to z²/(n + z²): 3.84146 / 13.84146 = 0.27753 for n = 10."""
    assert wilson_interval(0, 10) == (0.0, pytest.approx(0.27753, abs=1e-5))
    assert wilson_interval(10, 10) == (pytest.approx(1 - 0.27753, abs=1e-5), 1.0)
    assert wilson_interval(0, 0) is None


@given(trials=st.integers(1, 500), share=st.floats(0.0, 1.0), level=st.floats(0.5, 0.999))
def test_wilson_holds_the_share_and_mirrors(trials: int, share: float, level: float):
    successes = round(share * trials)
    low, high = wilson_interval(successes, trials, level) or (1.0, 0.0)
    assert 0.0 <= low <= successes / trials <= high <= 1.0
    mirrored = wilson_interval(trials - successes, trials, level)
    assert mirrored == (pytest.approx(1.0 - high), pytest.approx(1.0 - low))


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan"), 95.0])
def test_a_level_is_a_share(level: float):
    with pytest.raises(ConfigError, match="level"):
        wilson_interval(1, 2, level)
