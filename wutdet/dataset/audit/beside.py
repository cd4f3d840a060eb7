"""The table of facts beside the data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from wutdet.dataset.audit.findings import Finding, finding
from wutdet.dataset.audit.labels import Labels
from wutdet.dataset.audit.similar import image_dataset
from wutdet.dataset.sidecar import find_sidecar, join_sidecar
from wutdet.errors import DataError


def check_sidecar(labels: Labels) -> Iterator[Finding]:
    """What a load would refuse of the table."""
    try:
        path = sidecar_of(labels)
        if path is not None:
            join_sidecar(image_dataset(labels, None).images, path)
    except DataError as error:
        yield finding("bad-sidecar", Path(error.where).name, error.what)


def sidecar_of(labels: Labels) -> Path | None:
    """The table beside the data, where there is one.

    Raises:
        DataError: there are two.
    """
    return find_sidecar(labels.root) if labels.root.is_dir() else None


def sidecar_for(labels: Labels, kept: pl.Series) -> Path | None:
    """The table, where a load of the frames that are kept can join it."""
    try:
        path = sidecar_of(labels)
        if path is None:
            return None
        join_sidecar(image_dataset(labels, set(labels.frames.filter(kept)["file_name"])).images, path)
    except DataError:
        return None
    return path
