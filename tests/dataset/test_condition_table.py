"""Guessed conditions as a sidecar table."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import wutdet
from wutdet.dataset.condition_table import check_new_file, condition_table, write_conditions
from wutdet.dataset.sidecar import read_sidecar
from wutdet.errors import ConfigError

GUESSES = [("b, c.jpg", "fog", 0.123456), ("a.jpg", "clear", 1.0), ("z.jpg", "unknown", 0.0)]


def test_the_table_has_the_columns_of_the_sidecar_and_its_author():
    table = condition_table(GUESSES)
    assert table.columns == ["image", "condition", "score", "by"]
    assert table.rows() == [
        ("a.jpg", "clear", 1.0, f"wutdet {wutdet.__version__}"),
        ("b, c.jpg", "fog", 0.1235, f"wutdet {wutdet.__version__}"),
        ("z.jpg", "unknown", 0.0, f"wutdet {wutdet.__version__}"),
    ]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_written_is_read_as_a_sidecar_and_equal_guesses_give_equal_bytes(tmp_path: Path, suffix: str):
    for name, guesses in (("one", GUESSES), ("two", GUESSES[::-1])):
        write_conditions(condition_table(guesses), tmp_path / f"{name}{suffix}")
    read = read_sidecar(tmp_path / f"one{suffix}")
    assert read["condition"].to_list() == ["clear", "fog", "unknown"]
    assert read["score"].to_list() == [1.0, 0.1235, 0.0]
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_it_joins_back(voc_part: Path, tmp_path: Path):
    names = wutdet.load(voc_part).images["file_name"].to_list()
    write_conditions(condition_table([(name, "glare", 0.75) for name in names[:2]]), tmp_path / "conditions.csv")
    images = wutdet.load(voc_part, sidecar=tmp_path / "conditions.csv").images
    assert images["condition"].to_list() == ["glare", "glare", None, None, None]
    assert images["condition_score"].to_list()[:2] == [0.75, 0.75]
    assert images.filter(pl.col("condition_by") == f"wutdet {wutdet.__version__}").height == 2


def test_a_file_that_could_not_be_written_or_is_there_is_refused_before_the_work(tmp_path: Path):
    (tmp_path / "there.csv").touch()
    for path, said in (
        (tmp_path / "there.csv", "is there already"),
        (tmp_path / "new.txt", "is none of .csv, .parquet"),
        (tmp_path / "absent" / "new.csv", "its folder does not exist"),
    ):
        with pytest.raises(ConfigError, match=said):
            check_new_file(path)
    check_new_file(tmp_path / "new.CSV")
