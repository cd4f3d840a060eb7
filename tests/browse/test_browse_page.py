"""The App in a real browser: the dataset, a verdict's view and the patches of an evaluation."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report.html_browser import Page, chromium, find_chromium

from wutdet.benchmark.run import Run
from wutdet.browse import open_app, to_fiftyone
from wutdet.dataset import Dataset

pytestmark = [pytest.mark.nightly, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
PATIENCE_S = 90.0


class Address:
    """What `Page.open` takes for a file."""

    def __init__(self, url: str) -> None:
        self._url = url

    def resolve(self) -> Address:
        return self

    def as_uri(self) -> str:
        return self._url


def _await(page: Page, words: str) -> str:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        text = str(page.run("document.body.innerText"))
        if words in text:
            return text
        time.sleep(1)
    raise AssertionError(f"no {words!r} in the page: {text[:2000]}")


@pytest.fixture
def look(fo: Any, free_port: int, tmp_path: Path) -> Callable[[Any, str, str], str]:
    """The words that the App shows of a dataset or view, once some stand there; it leaves a picture."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("THE APP WAS NOT OPENED: no chromium is installed (apt-get install chromium)")

    def open_page(shown: Any, name: str, words: str) -> str:
        session = open_app(shown, port=free_port, wait=False)
        try:
            with chromium(executable, tmp_path / "profile") as page:
                page.open(Address(f"http://127.0.0.1:{free_port}/datasets/{name}"))  # type: ignore[arg-type]
                text = _await(page, words)
                page.picture(tmp_path / "app.png", whole=False)
                return text
        finally:
            session.close()

    return open_page


def test_the_page_shows_the_run(look: Callable[..., str], tiny_part: Dataset, weather_run: Run) -> None:
    made = to_fiftyone(tiny_part, "page", run=weather_run.out, persistent=False)
    text = look(made, "page", f"{len(made)} samples")
    for words in (
        "ground_truth",
        "predictions_clear",
        "predictions_fog_3",
        "predictions_fog_1_rain_2",
        "eval_fog_3_fn",
    ):
        assert words in text


def test_the_page_shows_one_patch_a_verdict(look: Callable[..., str], tiny_part: Dataset, weather_run: Run) -> None:
    made = to_fiftyone(tiny_part, "pages", run=weather_run.out, persistent=False)
    verdicts = sum(made.sum(f"eval_fog_3_{word}") for word in ("tp", "fp", "fn"))
    look(made.to_evaluation_patches("eval_fog_3"), "pages", f"{verdicts} patches")
