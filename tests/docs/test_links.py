"""Links between pages lead somewhere: files that exist, headings that are there."""

from __future__ import annotations

import re
import urllib.request
from functools import cache
from pathlib import Path

import pytest
from pages import DOCS, ROOT, pages, without_fences

_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`[^`]*`")
STARTING_WITH_A_LETTER = re.compile(r"[a-z]+:")


def links(page: Path) -> list[str]:
    return _LINK.findall(_CODE.sub("``", without_fences(page)))


@cache
def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as a code host and the site make them."""
    headings = re.findall(r"^#+ (.+)$", without_fences(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def all_pages() -> list[Path]:
    return [*pages(), *sorted((ROOT / "annotations").glob("*.md")), *sorted((ROOT / "baselines").rglob("*.md"))]


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in links(page):
        if STARTING_WITH_A_LETTER.match(link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT), f"{page.name}: {link} leaves the project"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}; there is {sorted(anchors(target))}"


def test_a_broken_link_would_be_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A heading, here\n\n[one](nowhere.md) `[no](link)` ![two](a.png)\n\n```\n[not](me)\n```\n")
    assert links(page) == ["nowhere.md", "a.png"]
    assert anchors(page) == {"a-heading-here"}


def test_every_page_is_in_the_site():
    index = (DOCS / "index.md").read_text()
    listed = set(re.findall(r"^([a-z_/]+)$", index, re.MULTILINE))
    listed |= {
        f"reference/{name}" for name in re.findall(r"^([a-z_]+)$", (DOCS / "reference/index.md").read_text(), re.M)
    }
    there = {str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md")} - {"index"}
    assert there == listed & there, f"not in a toctree: {sorted(there - listed)}"
    assert not {name for name in listed if not (DOCS / f"{name}.md").exists()}


@pytest.mark.nightly
def test_external_links_answer():
    """Where there is a network; a site that refuses robots (403, 429) is taken to be there."""
    found = sorted({link for page in all_pages() for link in links(page) if link.startswith("http")})
    assert found
    dead = []
    for link in found:
        request = urllib.request.Request(link, method="HEAD", headers={"User-Agent": "wutdet's link check"})
        try:
            urllib.request.urlopen(request, timeout=20).close()
        except urllib.error.HTTPError as error:
            if error.code not in (403, 405, 429):
                dead.append(f"{link}: {error.code}")
        except OSError as error:
            pytest.skip(f"EXTERNAL LINKS NOT TESTED: no network ({error}); {len(found)} links are listed")
    assert not dead
