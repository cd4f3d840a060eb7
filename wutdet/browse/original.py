"""The labels as they were when the FiftyOne dataset was made, kept beside it, so that edits can be told."""

from __future__ import annotations

import base64
import io
from typing import Any, Final

import polars as pl

from wutdet.dataset import Dataset
from wutdet.errors import WutdetError

_KEY: Final = "wutdet_labels"


def keep_original(made: Any, dataset: Dataset) -> None:
    """Keep the tables as a run of FiftyOne's: they stay with the dataset when it is renamed or cloned."""
    made.register_run(_KEY, made.init_run(method="wutdet", about="the labels before any edit"))
    results = made.init_run_results(_KEY, images=_packed(dataset.images), boxes=_packed(dataset.boxes))
    made.save_run_results(_KEY, results, cache=False)


def original_tables(made: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The images and boxes tables that the dataset was made of.

    Raises:
        WutdetError: it was not made by wutdet.
    """
    if _KEY not in made.list_runs():
        raise WutdetError(
            f"the FiftyOne dataset '{made.name}' was not made by wutdet",
            remedy="load its labels with wutdet.from_fiftyone",
        )
    results = made.load_run_results(_KEY, cache=False)
    return _unpacked(results.images), _unpacked(results.boxes)


def _packed(table: pl.DataFrame) -> str:
    buffer = io.BytesIO()
    table.write_ipc(buffer, compression="zstd")
    return base64.b64encode(buffer.getvalue()).decode()


def _unpacked(text: str) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(base64.b64decode(text)))
