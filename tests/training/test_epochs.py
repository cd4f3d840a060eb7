"""Epochs told by ultralytics, or read from its table while other processes write it."""

from __future__ import annotations

import time
from types import SimpleNamespace

from wutdet.training.epochs import (
    Epoch,
    drop_rows_after,
    epoch_callback,
    epochs_run,
    followed_results,
    seconds_per_epoch,
)

HEADER = "epoch,time,metrics/mAP50(B)\n"
UNTIL_S = 10.0


def trainer(epoch, *, stop=False, val=True):
    args = SimpleNamespace(val=val)
    return SimpleNamespace(epoch=epoch, epochs=9, stop=stop, args=args, metrics={"metrics/mAP50(B)": 0.25})


def test_an_early_stop_is_told_once():
    told = []
    callback = epoch_callback(told.append)
    for state in (trainer(0), trainer(1, stop=True), trainer(2, stop=True)):  # the third: after the final validation
        callback(state)
    assert told == [Epoch(1, 9, 0.25), Epoch(2, 9, 0.25)]


def test_what_was_not_validated_is_unknown():
    told = []
    epoch_callback(told.append)(trainer(3, val=False))
    assert told == [Epoch(4, 9, None)]


def test_a_table_is_followed_from_where_it_stands(tmp_path):
    table, told = tmp_path / "results.csv", []
    table.write_text(HEADER + "1,10,0.1\n")
    with followed_results(table, told.append, of=3, val=True, every_s=0.01), table.open("a") as file:
        file.write("2,20,0.2\n3,")
        file.flush()
        until = time.monotonic() + UNTIL_S
        while not told and time.monotonic() < until:
            time.sleep(0.01)
        assert told == [Epoch(2, 3, 0.2)]
        file.write("31,0.3\n")
    assert told == [Epoch(2, 3, 0.2), Epoch(3, 3, 0.3)]


def test_a_table_that_comes_later_is_followed(tmp_path):
    told = []
    with followed_results(tmp_path / "results.csv", told.append, of=1, val=False, every_s=60.0):
        (tmp_path / "results.csv").write_text(HEADER + "1,10,0\n")
    assert told == [Epoch(1, 1, None)]


def test_rows_that_will_be_written_again_are_dropped(tmp_path):
    table = tmp_path / "results.csv"
    table.write_text(HEADER + "1,10,0.1\n2,20,0.2\n3,30,0.3\n4,4")
    drop_rows_after(table, 2)
    assert table.read_text() == HEADER + "1,10,0.1\n2,20,0.2\n"
    assert epochs_run(table) == 2
    drop_rows_after(tmp_path / "none.csv", 2)
    assert epochs_run(tmp_path / "none.csv") == 0


def test_the_clock_of_a_resumed_table_starts_anew(tmp_path):
    table = tmp_path / "results.csv"
    table.write_text(HEADER + "1,10,0\n2,21,0\n3,24,0\n4,37,0\n5,49,0\n")
    assert seconds_per_epoch(table, {1, 3}) == 12.0  # of 10, 11, 24, 13, 12
    assert seconds_per_epoch(tmp_path / "none.csv") is None
