"""Random datasets for the tests of layouts, and the way of each layout to disk and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from builders import png_header
from hypothesis import strategies as st

from wutdet.dataset import Dataset, load
from wutdet.dataset.convert import convert
from wutdet.dataset.tables import BoxRecord, FrameRecord, build_tables

MICRO = 10**6
PLAIN_NAMES = (
    "0000020.jpg",
    "0000040.jpg",
    "a.jpg",
    "x.y.png",
    "été 船.jpg",
    "B.JPG",
    "c&<d>.jpeg",
    "-1.png",
    "1 0.jpg",
)
FOLDER_NAMES = ("day 2/a.jpg", "day 2/images/a.jpg", "images/a.jpg", "train/0000020.jpg", "labels/b.png")
EDGES = ["xmin", "ymin", "xmax", "ymax"]

worded = st.none() | st.sampled_from(["bow", "été, 2", 'a "b"', "007", "x;y", "船", "null", "NA", "-"])


def intervals(side: int, parts_per_px: int) -> st.SearchStrategy[tuple[float, float]]:
    """Both edges along one axis, in steps of 1 / parts_per_px, often at the frame's edge or half a pixel apart."""
    low = st.integers(0, side * parts_per_px - 1)
    last = side * parts_per_px
    short = max(1, parts_per_px // 2)
    steps = low.flatmap(
        lambda a: st.tuples(st.just(a), st.integers(a + 1, last) | st.just(last) | st.just(min(a + short, last)))
    ) | st.integers(1, last).map(lambda b: (0, b))
    return steps.map(lambda pair: (pair[0] / parts_per_px, pair[1] / parts_per_px))


@st.composite
def boxes(draw: st.DrawFn, width: int, height: int, parts_per_px: int) -> BoxRecord:
    (xmin, xmax), (ymin, ymax) = draw(intervals(width, parts_per_px)), draw(intervals(height, parts_per_px))
    return BoxRecord(xmin, ymin, xmax, ymax, area_px2=(xmax - xmin) * (ymax - ymin))


@st.composite
def frames(
    draw: st.DrawFn, names: Sequence[str] = (*PLAIN_NAMES, *FOLDER_NAMES), parts_per_px: int = MICRO
) -> list[FrameRecord]:
    """Frames with what every layout holds: no ids, areas of width times height, no crowds."""
    found = []
    for name in draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=5)):
        width, height = draw(st.tuples(st.integers(1, 4000), st.integers(1, 4000)))
        found.append(
            FrameRecord(
                name,
                width,
                height,
                tuple(draw(st.lists(boxes(width, height, parts_per_px), max_size=4))),
                splits=tuple(sorted(draw(st.sets(st.sampled_from(["train", "val", "test", "fold_1"]), max_size=2)))),
                camera=draw(worded),
                sequence=draw(worded),
                scene=draw(st.none() | st.sampled_from(["port", "anchorage"])),
                condition=draw(st.none() | st.sampled_from(["clear", "fog"])),
                scenario=draw(st.none() | st.just("fog:3")),
                horizon_row=draw(st.none() | st.floats(-1e4, 1e4) | st.just(1e-7)),
            )
        )
    return found


def on_disk(records: Sequence[FrameRecord], folder: Path) -> Dataset:
    """These frames with images whose headers state their sizes."""
    for record in records:
        path = folder / record.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_header(record.width, record.height))
    return Dataset(*build_tables(records), folder, "made")


def there_and_back(dataset: Dataset, layout: str, out: Path, origin: str = "1") -> Dataset:
    """The dataset after it was written in a layout and read again."""
    convert(dataset, out, to=layout, placement="copy", origin=origin)  # type: ignore[arg-type]
    return load(out, voc_origin=origin if layout == "voc" and origin != "1" else "auto")  # type: ignore[arg-type]


def edges_of(dataset: Dataset) -> list[tuple[float, ...]]:
    return dataset.boxes.select("image_id", "box_id", *EDGES).rows()
