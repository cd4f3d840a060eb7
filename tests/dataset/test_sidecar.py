from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from builders import coco_file, coco_image, write_voc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from wutdet import Dataset, load
from wutdet.dataset.sidecar import absent_images, find_sidecar, join_sidecar, read_sidecar, write_sidecar
from wutdet.dataset.sidecar_rules import CONDITIONS, SCENES, SIDECAR_SCHEMA
from wutdet.dataset.tables import FrameRecord, build_tables
from wutdet.errors import DataError

SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def part_with(tmp_path: Path, table: str | bytes) -> Path:
    part = write_voc(tmp_path / "part", {"1": [(1, 1, 9, 9)], "2": [], "3": []})
    (part / "frames.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return part


def column(dataset: Dataset, name: str) -> list[object]:
    return dataset.images[name].to_list()


def images(*names: str, **facts: Any) -> pl.DataFrame:
    """Frames of these names, all with the same facts, and room for the score and the author of a condition."""
    table = build_tables([FrameRecord(name, 64, 48, (), **facts) for name in names])[0]
    room = {"condition_score": pl.Float64(), "condition_by": pl.String()}
    return table.with_columns(pl.lit(None, kind).alias(name) for name, kind in room.items() if name not in table)


def saved(tmp_path: Path, table: str | bytes, name: str = "frames.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    return path


def cells(table: pl.DataFrame) -> list[dict[str, object]]:
    """What each row says, without what it does not say."""
    return [{name: cell for name, cell in row.items() if cell is not None} for row in table.iter_rows(named=True)]


def table_or_line(path: Path) -> pl.DataFrame | str:
    """What is read, or what is said of it."""
    try:
        return read_sidecar(path)
    except DataError as error:
        return str(error)


def told(joined: pl.DataFrame, name: str) -> dict[str, object]:
    """One column by file name."""
    return dict(joined.select("file_name", name).iter_rows())


# in a part ------------------------------------------------------------------------------------------------------


def test_facts_are_joined_by_file_name(tmp_path: Path) -> None:
    dataset = load(
        part_with(
            tmp_path,
            "image,horizon_row,camera,sequence,operator,scene,condition\n"
            "3.jpg,20.5,bow,007,Ann,port,fog\n"
            "1.jpg,20,,008,Bob,,clear\n"
            "9.jpg,1,stern,009,Cal,,\n",
        )
    )
    assert column(dataset, "horizon_row") == [20.0, None, 20.5]
    assert column(dataset, "camera") == [None, None, "bow"]
    assert column(dataset, "sequence") == ["008", None, "007"]  # text, zeros and all
    assert column(dataset, "scene") == [None, None, "port"]
    assert column(dataset, "condition") == ["clear", None, "fog"]
    assert column(dataset, "scenario") == [None, None, None]
    assert [frame.horizon_row for frame in dataset] == [20.0, None, 20.5]
    assert (dataset.info().sequences, dataset.info().cameras) == (2, 1)


def test_a_table_of_names_alone_says_nothing(tmp_path: Path) -> None:
    dataset = load(part_with(tmp_path, "image\n1.jpg\n2.jpg\n"))
    assert column(dataset, "camera") == [None, None, None]


def test_a_spoiled_table_stops_the_load(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="names an image twice") as caught:
        load(part_with(tmp_path, "image,camera\n1.jpg,bow\n1.jpg,stern\n"))
    assert caught.value.where.endswith("part/frames.csv")


def test_facts_travel_to_coco_and_back(tmp_path: Path) -> None:
    dataset = load(part_with(tmp_path, "image,camera,horizon_row\n2.jpg,bow,12.25\n"))
    dataset.to_coco(tmp_path / "out")
    again = load(tmp_path / "out")
    assert column(again, "camera") == [None, "bow", None]
    assert column(again, "horizon_row") == [None, 12.25, None]


# which image a row means ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "row", "meant"),
    [
        (("a.jpg", "b.jpg"), "a.jpg", "a.jpg"),
        (("a.jpg", "b.jpg"), "a", "a.jpg"),
        (("train/a.jpg", "val/b.jpg"), "a.jpg", "train/a.jpg"),
        (("train/a.jpg", "val/a.jpg"), "val/a.jpg", "val/a.jpg"),
        (("train/a.jpg", "val/a.jpg"), "val/a", "val/a.jpg"),
        (("train/a.jpg", "val/b.jpg"), "b", "val/b.jpg"),
        (("a.jpg", "val/a.jpg"), "a.jpg", "a.jpg"),  # the whole name goes before the name without folders
        (("a.jpg", "a.jpg.jpg"), "a.jpg", "a.jpg"),  # and before the name without suffix
        (("2026.03.01.jpg", "2026.03.02.jpg"), "2026.03.01", "2026.03.01.jpg"),
        (("x/.jpg", "b.jpg"), ".jpg", "x/.jpg"),
        ((" a.jpg", "b.jpg"), "a.jpg", " a.jpg"),
        (("船 1.jpg", "b.jpg"), "船 1", "船 1.jpg"),
    ],
)
def test_a_row_names_a_file_with_or_without_folder_and_suffix(
    tmp_path: Path, names: tuple[str, ...], row: str, meant: str
) -> None:
    joined = join_sidecar(images(*names), saved(tmp_path, f"image,camera\n{row},bow\n"))
    assert told(joined, "camera") == {name: "bow" if name == meant else None for name in names}


@pytest.mark.parametrize(
    ("names", "rows", "said"),
    [
        (("x/a.jpg", "y/a.jpg"), ("a.jpg",), "'a.jpg' may be 'x/a.jpg' or 'y/a.jpg'; write the whole file name"),
        (("a.jpg", "a.png"), ("a",), "'a' may be 'a.jpg' or 'a.png'"),
        (("x/a.jpg", "y/a.png"), ("a",), "'a' may be 'x/a.jpg' or 'y/a.png'"),
        (("a.jpg", "b.jpg"), ("b", "a.jpg", "a"), "names an image twice ('a.jpg' and 'a')"),
        (("x/a.jpg",), ("a.jpg", "x/a.jpg"), "names an image twice ('a.jpg' and 'x/a.jpg')"),
    ],
)
def test_a_row_that_may_mean_two_is_refused(
    tmp_path: Path, names: tuple[str, ...], rows: tuple[str, ...], said: str
) -> None:
    with pytest.raises(DataError) as caught:
        join_sidecar(images(*names), saved(tmp_path, "image\n" + "\n".join(rows)))
    assert said in str(caught.value)


def test_the_table_of_other_data_is_refused_and_both_sides_are_shown(tmp_path: Path) -> None:
    path = saved(tmp_path, "image,camera\n" + "".join(f"x{number},bow\n" for number in range(5)))
    with pytest.raises(DataError) as caught:
        join_sidecar(images("0000020.jpg", "0000040.jpg"), path)
    assert caught.value.what == (
        "names none of the images (it has 'x0', 'x1', 'x2', …; the data have '0000020.jpg', '0000040.jpg')"
    )


def test_rows_of_absent_images_mean_nothing_and_can_be_listed(tmp_path: Path) -> None:
    known = images("a.jpg", "b.jpg")
    path = saved(tmp_path, "image,camera\nzz,stern\nb,bow\nc.jpg,stern\n")
    assert told(join_sidecar(known, path), "camera") == {"a.jpg": None, "b.jpg": "bow"}
    assert absent_images(known, read_sidecar(path)) == ["zz", "c.jpg"]


def test_without_frames_or_rows_there_is_nothing_to_be_wrong_about(tmp_path: Path) -> None:
    none = images("a.jpg").clear()
    assert_frame_equal(join_sidecar(none, saved(tmp_path, "image\na.jpg\n")), none)
    one = images("a.jpg", camera="bow")
    assert_frame_equal(join_sidecar(one, saved(tmp_path, "image,camera\n")), one)


# what a row says ------------------------------------------------------------------------------------------------


def test_blank_cells_and_absent_rows_keep_what_was_there(tmp_path: Path) -> None:
    before = images("a.jpg", "b.jpg", "c.jpg", camera="bow", scene="port", horizon_row=7.5)
    after = join_sidecar(before, saved(tmp_path, "image,camera,scene,horizon_row\nc,,navigation,8\na,stern, ,\n"))
    assert told(after, "camera") == {"a.jpg": "stern", "b.jpg": "bow", "c.jpg": "bow"}
    assert told(after, "scene") == {"a.jpg": "port", "b.jpg": "port", "c.jpg": "navigation"}
    assert told(after, "horizon_row") == {"a.jpg": 7.5, "b.jpg": 7.5, "c.jpg": 8.0}
    assert after.schema == before.schema
    unsaid = [name for name in before.columns if name not in ("camera", "scene", "horizon_row")]
    assert_frame_equal(after.select(unsaid), before.select(unsaid))


def test_a_condition_comes_with_its_own_score_and_author(tmp_path: Path) -> None:
    """A stated condition clears the score and the author of the one before; an author alone says nothing."""
    before = images("a.jpg", "b.jpg", "c.jpg", condition="fog").with_columns(
        condition_score=pl.lit(0.9), condition_by=pl.lit("wutdet conditions")
    )
    after = join_sidecar(before, saved(tmp_path, "image,condition,score,by\na,rain,,Ann\nb,dark,0.25,\nc,,,Ann\n"))
    assert told(after, "condition") == {"a.jpg": "rain", "b.jpg": "dark", "c.jpg": "fog"}
    assert told(after, "condition_score") == {"a.jpg": None, "b.jpg": 0.25, "c.jpg": 0.9}
    assert told(after, "condition_by") == {"a.jpg": "Ann", "b.jpg": None, "c.jpg": "wutdet conditions"}


def test_images_without_a_column_for_the_score_are_joined_without_it(tmp_path: Path) -> None:
    bare = images("a.jpg").drop("condition_score", "condition_by")
    after = join_sidecar(bare, saved(tmp_path, "image,condition,score,by\na,rain,0.5,Ann\n"))
    assert after.columns == bare.columns
    assert told(after, "condition") == {"a.jpg": "rain"}


def test_rows_keep_their_order_whatever_the_table_has(tmp_path: Path) -> None:
    before = images(*(f"{number:03d}.jpg" for number in range(50)))
    rows = "".join(f"{number:03d},c{number}\n" for number in range(49, -1, -1))
    after = join_sidecar(before, saved(tmp_path, f"image,camera\n{rows}"))
    assert after["file_name"].equals(before["file_name"])
    assert after["camera"].to_list() == [f"c{number}" for number in range(50)]


# CSV as people write it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        "image,camera,horizon_row\na.jpg,bow,12.5\n",
        "\ufeffimage,camera,horizon_row\r\na.jpg,bow,12.5\r\n",
        "image,camera,horizon_row\ra.jpg,bow,12.5\r",
        "image;camera;horizon_row\na.jpg;bow;12,5\n",
        "image;camera;horizon_row\na.jpg;bow;12.5\n",
        "image\tcamera\thorizon_row\na.jpg\tbow\t12.5\n",
        " Image , CAMERA, horizon_row \na.jpg , bow, 12.5\n",
        '"image","camera","horizon_row"\n"a.jpg","bow","12.5"\n',
        "\n\nimage,camera,horizon_row\n\n,,\na.jpg,bow,12.5\n   \n",
        "image,camera,horizon_row,,\na.jpg,bow,12.5,,\n",
        "image,camera,horizon_row\na.jpg,bow,12.5,, ,\n",
        "image,camera,horizon_row\na.jpg,bow,1.25e1\n",
        'operator,horizon_row,note,camera,image\nAnn,12.5,"a, b; ""c""\n",bow,a.jpg\n',
        "image,camera,horizon_row,scene\na.jpg,bow,12.5",
    ],
)
def test_what_people_and_spreadsheets_write_is_read(tmp_path: Path, table: str) -> None:
    assert cells(read_sidecar(saved(tmp_path, table))) == [{"image": "a.jpg", "camera": "bow", "horizon_row": 12.5}]


def test_scenes_and_conditions_are_read_with_capitals_and_spaces(tmp_path: Path) -> None:
    table = read_sidecar(saved(tmp_path, "image,scene,condition\na, Port ,FOG\nb,Unknown,\n"))
    assert cells(table) == [{"image": "a", "scene": "port", "condition": "fog"}, {"image": "b", "scene": "unknown"}]
    assert table.schema == SIDECAR_SCHEMA


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "is empty; give it a first line such as"),
        ("\n\n", "is empty"),
        ("file,camera\n1.jpg,bow\n", "has no column 'image'"),
        ("image,camera,Camera\n1.jpg,bow,x\n", "has two columns 'camera'"),
        ("image,camera\n1.jpg,bow\n1.jpg,stern\n", "names an image twice ('1.jpg')"),
        ("image,camera\n1.jpg,bow\n 1.jpg,stern\n", "names an image twice ('1.jpg')"),
        ("image,camera\n1.jpg,bow\n,stern\n", "row 2 names no image"),
        ("image,camera\n1.jpg,bow,extra,more\n", "the row of '1.jpg' has more cells than the first line"),
        ("image,horizon_row\n1.jpg,sea\n", "the horizon_row 'sea' is no number"),
        ("image,horizon_row\n1.jpg,12,5\n", "more cells than the first line"),
        ('image,horizon_row\n1.jpg,"12,5"\n', "the horizon_row '12,5' is no number"),
        ("image,horizon_row\n1.jpg,nan\n", "the horizon_row of '1.jpg' is nan, which is not finite"),
        ("image,horizon_row\n1.jpg,-inf\n", "the horizon_row of '1.jpg' is -inf, which is not finite"),
        ("image,horizon_row\n1.jpg,1e999\n", "not finite"),
        ("image,condition,score\n1.jpg,fog,1.01\n", "the score of '1.jpg' is 1.01, not within 0 to 1"),
        ("image,condition,score\n1.jpg,fog,-0.1\n", "the score of '1.jpg' is -0.1, not within 0 to 1"),
        ("image,condition,score\n1.jpg,fog,nan\n", "the score of '1.jpg' is nan, not within 0 to 1"),
        ("image,score\n1.jpg,0.5\n", "'1.jpg' has a score but no condition"),
        ("image,scene\n1.jpg,ports\n", "the scene of '1.jpg' is 'ports'; write port (known: port, anchorage, "),
        ("image,scene\n1.jpg,anchor\n", "write anchorage "),
        ("image,condition\n1.jpg,foggy\n", "the condition of '1.jpg' is 'foggy'; write fog (known: clear, fog, "),
        ("image,condition\n1.jpg,123\n", "the condition of '1.jpg' is '123'; write "),
        ("image,condition\n1.jpg," + "x" * 9000 + "\n", "…'; write "),
        ('image,camera\n1.jpg,"bow\n2.jpg,stern\n', 'line 3: unexpected end of data; quote cells as "…"'),
        ('image,camera\n1.jpg,"b"ow\n', "line 2: ',' expected after '\"'"),
        ("image,camera\n1.jpg,b\0w\n", "in column 'camera' holds a NUL"),
        ("image,camera\n1.jpg," + "x" * 200_000 + "\n", "line 2: field larger than field limit"),
        ("image,camera\n1.jpg,Br\xfccke\n".encode("latin-1"), "is not UTF-8 text; save it as CSV UTF-8"),
        ("image,camera\n1.jpg,bow\n".encode("utf-16"), "is not UTF-8 text"),
        (b"\xff\xfe\x00\x01,\x80\n\xff,\xff\n", "is not UTF-8 text"),
        (b"PK\x03\x04 a spreadsheet\0\0\n\0", "has no column 'image'"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_in_one_line(tmp_path: Path, table: str | bytes, said: str) -> None:
    path = saved(tmp_path, table)
    with pytest.raises(DataError) as caught:
        read_sidecar(path)
    assert said in str(caught.value)
    assert caught.value.where == str(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


@pytest.mark.parametrize("path", ["there/is.csv", "there/is.parquet", "folder.csv", "folder.parquet", "frames.txt"])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, path: str) -> None:
    for name in ("folder.csv", "folder.parquet"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=r"cannot be read|neither \.csv nor \.parquet"):
        read_sidecar(tmp_path / path)


@given(noise=st.lists(st.sampled_from(["image", "scene", "port", ",", ";", '"', "\n", "\r", "\0", "\ufeff", "1", "é"])))
@SAME_FOLDER
def test_any_text_is_a_table_or_one_line(tmp_path: Path, noise: list[str]) -> None:
    read = table_or_line(saved(tmp_path, "".join(noise)))
    if isinstance(read, pl.DataFrame):
        assert read.schema == SIDECAR_SCHEMA
        assert not read["image"].is_null().any()
    else:
        assert not {"\n", "\r", "\0"} & set(read)


# Parquet --------------------------------------------------------------------------------------------------------


def parquet(table: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(table).write_parquet(buffer)
    return buffer.getvalue()


def test_a_parquet_table_is_read_whatever_its_types(tmp_path: Path) -> None:
    """Numbers of cameras are names; a column of nothing says nothing; other columns may hold anything."""
    data = parquet(
        {
            "image": pl.Series(["a.jpg", "b.jpg"], dtype=pl.Categorical),
            "camera": [7, None],
            "scene": pl.Series(["Port", ""], dtype=pl.Categorical),
            "condition": pl.Series([None, None], dtype=pl.Null),
            "horizon_row": [430, None],
            "embedding": [[1.0], [2.0]],
        }
    )
    assert cells(read_sidecar(saved(tmp_path, data, "frames.parquet"))) == [
        {"image": "a.jpg", "camera": "7", "scene": "port", "horizon_row": 430.0},
        {"image": "b.jpg"},
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"image": [True]}, "the column 'image' holds Boolean, not text"),
        ({"image": [1.5]}, "the column 'image' holds Float64, not text"),
        ({"image": ["a"], "camera": [["bow"]]}, "the column 'camera' holds List(String), not text"),
        ({"image": ["a"], "horizon_row": [True]}, "the column 'horizon_row' holds Boolean, not numbers"),
        ({"image": ["a"], "horizon_row": [float("nan")]}, "which is not finite"),
        ({"file": ["a"]}, "has no column 'image'"),
        ({"image": ["a", "a"]}, "names an image twice"),
    ],
)
def test_a_parquet_table_is_held_to_the_same_rules(tmp_path: Path, table: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as caught:
        read_sidecar(saved(tmp_path, parquet(table), "frames.parquet"))
    assert said in caught.value.what


def test_a_table_out_of_all_proportion_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is read: a Parquet file says how many rows it has, a CSV file how many bytes."""
    small = parquet({"image": ["a", "b", "c"]})
    monkeypatch.setattr("wutdet.dataset.sidecar._MOST_ROWS", 3)
    monkeypatch.setattr("wutdet.dataset.sidecar_csv._MOST_BYTES", 12)
    assert read_sidecar(saved(tmp_path, small, "frames.parquet")).height == 3
    assert read_sidecar(saved(tmp_path, "image\na\nb\nc\n")).height == 3
    large = parquet({"image": ["a", "b", "c", "d"]})
    with pytest.raises(DataError, match="has 4 rows; check what the file is"):
        read_sidecar(saved(tmp_path, large, "frames.parquet"))
    with pytest.raises(DataError, match="is larger than 256 MiB"):
        read_sidecar(saved(tmp_path, "image\na\nb\nc\nd\n"))


def test_a_spoiled_parquet_file_is_one_line_or_the_same_table(tmp_path: Path) -> None:
    """Cut short anywhere it is refused; with one byte changed it may still be read."""
    data = parquet({"image": ["a.jpg", "b.jpg"], "camera": ["bow", None], "horizon_row": [1.5, 2.5]})
    for end in range(0, len(data), 7):
        with pytest.raises(DataError) as caught:
            read_sidecar(saved(tmp_path, data[:end], "cut.parquet"))
        assert "\n" not in str(caught.value)
    for place in range(0, len(data), 5):
        changed = data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :]
        read = table_or_line(saved(tmp_path, changed, "changed.parquet"))
        assert isinstance(read, pl.DataFrame) or "\n" not in read


# there and back -------------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
    lambda word: word.strip() == word
)
ROWS = st.fixed_dictionaries(
    {"image": WORDS, "condition": st.sampled_from(CONDITIONS)},
    optional={
        "camera": WORDS,
        "sequence": WORDS,
        "scenario": WORDS,
        "by": WORDS,
        "scene": st.sampled_from(SCENES),
        "horizon_row": st.floats(allow_nan=False, allow_infinity=False),
        "score": st.floats(0, 1),
    },
)
TABLES = st.lists(ROWS, max_size=5, unique_by=lambda row: row["image"].strip())


@given(rows=TABLES, suffix=st.sampled_from(["csv", "parquet"]), seed=st.integers(0, 99))
@SAME_FOLDER
def test_what_is_written_is_read_again(tmp_path: Path, rows: list[dict[str, Any]], suffix: str, seed: int) -> None:
    """To the last bit of every number, and the same bytes whatever the order of the rows."""
    path, other = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    table = pl.DataFrame(rows, schema=SIDECAR_SCHEMA)
    write_sidecar(table, path)
    assert_frame_equal(read_sidecar(path), table.sort("image"), check_exact=True)
    write_sidecar(table.sample(fraction=1, shuffle=True, seed=seed), other)
    assert path.read_bytes() == other.read_bytes()


def test_a_written_table_has_the_columns_that_say_something(tmp_path: Path) -> None:
    known = images("b,1.jpg", "a.jpg", scene="port", horizon_row=430.0).with_columns(
        condition=pl.lit("fog"), condition_score=pl.lit(0.1), condition_by=pl.lit('Ann "A"')
    )
    write_sidecar(known, tmp_path / "frames.csv")
    assert (tmp_path / "frames.csv").read_bytes() == (
        b"image,scene,condition,horizon_row,score,by\n"
        b'a.jpg,port,fog,430,0.1,"Ann ""A"""\n'
        b'"b,1.jpg",port,fog,430,0.1,"Ann ""A"""\n'
    )
    write_sidecar(images("a.jpg"), tmp_path / "frames.csv")
    assert (tmp_path / "frames.csv").read_bytes() == b"image\na.jpg\n"
    assert [path.name for path in tmp_path.iterdir()] == ["frames.csv"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_facts_of_images_survive_a_file(tmp_path: Path, suffix: str) -> None:
    names = ("a.jpg", "x/b.png", "船.jpg")
    known = images(*names, camera="bow", sequence="007", scene="port", scenario="fog:3", horizon_row=1 / 3)
    known = known.with_columns(
        condition=pl.Series(["fog", None, "dark"]), condition_score=pl.Series([0.5, None, None]), condition_by=None
    ).cast({"condition_by": pl.String})
    write_sidecar(known, tmp_path / f"frames.{suffix}")
    assert_frame_equal(join_sidecar(images(*names), tmp_path / f"frames.{suffix}"), known, check_exact=True)


@pytest.mark.parametrize(
    ("table", "path", "said"),
    [
        ({"image": ["a"], "scene": ["harbour"]}, "t.csv", "the scene of 'a' is 'harbour'"),
        ({"image": ["a", "a"]}, "t.csv", "names an image twice"),
        ({"camera": ["bow"]}, "t.csv", "has no column 'image'"),
        ({"image": ["a"]}, "t.xlsx", "is neither .csv nor .parquet"),
        ({"image": ["a"]}, "nowhere/t.csv", "cannot be written (No such file or directory)"),
    ],
)
def test_what_cannot_be_read_again_is_not_written(tmp_path: Path, table: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        write_sidecar(pl.DataFrame(table), tmp_path / path)
    assert said in caught.value.what
    assert list(tmp_path.iterdir()) == []


# beside the data ------------------------------------------------------------------------------------------------


def test_the_table_beside_the_data_is_found(tmp_path: Path) -> None:
    assert find_sidecar(tmp_path) is None
    (tmp_path / "frames.parquet").mkdir()
    assert find_sidecar(tmp_path) is None
    saved(tmp_path, "image\n")
    assert find_sidecar(tmp_path) == tmp_path / "frames.csv"
    (tmp_path / "frames.parquet").rmdir()
    saved(tmp_path, parquet({"image": ["a"]}), "frames.parquet")
    with pytest.raises(DataError, match=r"holds frames\.csv and frames\.parquet; keep the one that is right"):
        find_sidecar(tmp_path)
    (tmp_path / "frames.csv").unlink()
    assert find_sidecar(tmp_path) == tmp_path / "frames.parquet"


def test_one_table_fits_every_layout(tmp_path: Path) -> None:
    """The names of a part, of COCO with folders, and of YOLO's images differ only in folders."""
    path = saved(tmp_path, "image,camera\n0000000.jpg,bow\n0000020.jpg,stern\n")
    layouts = (("0000000.jpg", "0000020.jpg"), ("images/train/0000000.jpg", "images/val/0000020.jpg"))
    for names in layouts:
        document = coco_file(tmp_path / "labels.json", [coco_image(n, name) for n, name in enumerate(names)])
        joined = join_sidecar(load(document).images, path)
        assert joined["camera"].to_list() == ["bow", "stern"]
