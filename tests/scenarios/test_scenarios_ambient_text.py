from __future__ import annotations

import pytest

from wutdet.errors import ConfigError
from wutdet.scenarios import Ambient, parse_ambient


def test_words_set_what_they_name_and_the_rest_stays() -> None:
    assert parse_ambient([]) == Ambient()
    assert parse_ambient(["wind_m_s=8,fog_banks=0.4", "sun_azimuth_deg = -20"]) == Ambient(
        wind_m_s=8.0, fog_banks=0.4, sun_azimuth_deg=-20.0
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("wind=8", "did you mean 'wind_m_s'"),
        ("wind_m_s", "write one such as wind_m_s=8"),
        ("", "no setting"),
        ("wind_m_s=strong", "'strong' is no number"),
        ("wind_m_s=99", "wind_m_s is 99.0"),
        ("fog_banks=nan", "fog_banks is nan"),
        ("wind_m_s=1,wind_m_s=2", "comes twice"),
    ],
)
def test_what_is_wrong_is_one_line(word: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_ambient([word])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
