from __future__ import annotations

import contextlib
import gzip
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stub_server import LONG_AGO, Handler, Server, always, running, send

from wutdet.errors import ConfigError, DataError
from wutdet.parts.asking import check_url, plain_address
from wutdet.parts.patience import Patience
from wutdet.parts.result import silent
from wutdet.parts.transfer import fetch_url
from wutdet.parts.transfer_error import PageError, QuotaError, TransferError
from wutdet.parts.wanted import Wanted

BODY = bytes(range(256)) * 40
QUOTA = b"<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title><p>Too many users have viewed or downloaded"

Fetch = Callable[..., bytes]


@pytest.fixture
def part_file(tmp_path: Path) -> Path:
    return tmp_path / "work" / "part.zip.part"


@pytest.fixture
def fetch(server: Server, part_file: Path, patience: Patience) -> Fetch:
    """Fetch from the server and give the bytes."""
    server.body = BODY
    part_file.parent.mkdir()

    def call(url: str | None = None, *, size_bytes: int | None = None, patience: Patience = patience) -> bytes:
        wanted = Wanted(size_bytes=size_bytes, unpacked_bytes=None, patience=patience, progress=silent)
        fetch_url(url or server.url, part_file, wanted)
        return part_file.read_bytes()

    return call


def refusal(fetch: Fetch, **options: object) -> str:
    with pytest.raises((TransferError, DataError)) as caught:
        fetch(**options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_comes_whole_and_unpacked_is_asked_for(fetch: Fetch, server: Server) -> None:
    assert fetch() == BODY
    [asked] = server.asked
    assert asked["Accept-Encoding"] == "identity"
    assert "Range" not in asked
    assert asked["User-Agent"].startswith("wutdet/")


def test_a_connection_that_drops_three_times_is_continued(fetch: Fetch, server: Server, waits: list[float]) -> None:
    server.cuts = [1000, 0, 3000]
    assert fetch() == BODY
    assert [(asked.get("Range"), asked.get("If-Range")) for asked in server.asked] == [
        (None, None),
        ("bytes=1000-", '"one"'),
        ("bytes=1000-", '"one"'),
        ("bytes=4000-", '"one"'),
    ]
    assert waits == [1.0, 2.0, 4.0]


def test_an_earlier_run_is_continued(fetch: Fetch, server: Server, part_file: Path) -> None:
    server.cuts = [1000] + [0] * 5
    assert refusal(fetch) == (
        f"{server.url}: the connection broke, 6 times in a row; give the same command again to continue"
    )
    assert part_file.read_bytes() == BODY[:1000]
    server.asked.clear()
    assert fetch() == BODY
    assert [asked.get("Range") for asked in server.asked] == ["bytes=1000-"]


def test_a_run_that_had_all_bytes_asks_no_more(fetch: Fetch, server: Server) -> None:
    fetch()
    server.asked.clear()
    assert fetch() == BODY
    assert server.asked == []


def test_another_address_begins_anew(fetch: Fetch, server: Server) -> None:
    server.cuts = [1000] + [0] * 5
    refusal(fetch)
    server.asked.clear()
    assert fetch(f"{server.url}?mirror") == BODY
    assert "Range" not in server.asked[0]


def test_failures_are_counted_anew_after_a_megabyte(fetch: Fetch, server: Server, waits: list[float]) -> None:
    server.body = BODY * 820  # 8.4 MB
    server.cuts = [2**20 + 2**18] * 6
    assert fetch() == server.body
    assert waits == [1.0] * 6


def test_a_server_that_ignores_ranges_begins_anew(fetch: Fetch, server: Server) -> None:
    server.ranges = False
    server.cuts = [6000, 2000]
    assert fetch() == BODY
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"ETag": '"one"'}, {"ETag": '"two"'}),
        ({"Last-Modified": LONG_AGO}, {"Last-Modified": "Thu, 16 Nov 2023 00:00:00 GMT"}),
        ({"ETag": 'W/"one"'}, {"ETag": 'W/"two"'}),
        ({}, {}),
    ],
)
@pytest.mark.parametrize("length", [len(BODY), 500, 20000])
def test_a_file_that_changes_midway_comes_whole_and_new(
    fetch: Fetch, server: Server, before: dict[str, str], after: dict[str, str], length: int
) -> None:
    new = bytes(reversed(BODY * 2))[:length]
    server.headers = before
    server.cuts = [1000]

    def change(number: int) -> None:
        if number == 2:
            server.headers, server.body = after, new

    server.before_answer = change
    assert fetch() == new


@pytest.mark.parametrize("length", [len(BODY), 500, 20000])
def test_a_server_that_ignores_if_range_is_found_out(fetch: Fetch, server: Server, length: int) -> None:
    """It answers 206 or 416 from the new file; its ETag or its length tells."""
    new = bytes(reversed(BODY * 2))[:length]
    server.cuts = [1000]

    def change(number: int) -> None:
        if number == 2:
            server.headers, server.body = {"ETag": '"two"'}, new

    server.before_answer = change
    first = server._first
    server._first = lambda handler: _without_condition(handler, first)  # type: ignore[method-assign]
    assert fetch() == new
    assert [asked.get("Range") for asked in server.asked] == [None, "bytes=1000-", None]


def _without_condition(handler: Handler, first: Callable[[Handler], int | None]) -> int | None:
    del handler.headers["If-Range"]
    return first(handler)


def test_a_date_of_this_very_second_tells_no_change(fetch: Fetch, server: Server) -> None:
    """The file may change again within it."""
    server.headers = {"Last-Modified": "Thu, 16 Nov 2023 00:00:00 GMT"}
    server.cuts = [1000]
    handler_date = Handler.date_time_string
    Handler.date_time_string = lambda self, timestamp=None: "Thu, 16 Nov 2023 00:00:00 GMT"  # type: ignore[method-assign]
    try:
        assert fetch() == BODY
    finally:
        Handler.date_time_string = handler_date  # type: ignore[method-assign]
    assert "Range" not in server.asked[1]


@pytest.mark.parametrize(
    "content_range", ["bytes 999-10239/10240", "bytes 1000-10240/10240", "items 1-2/3", "", "bytes 1000-900/10240"]
)
def test_a_range_that_does_not_continue_begins_anew(fetch: Fetch, server: Server, content_range: str) -> None:
    server.cuts = [1000]
    wrong = always(206, b"wrong", Content_Range=content_range, ETag='"one"')
    server.before_answer = lambda number: server.behaviours.append(wrong) if number == 2 else None
    assert fetch() == BODY
    assert "Range" not in server.asked[2]


def test_a_range_shorter_than_asked_for_is_continued(fetch: Fetch, server: Server) -> None:
    server.cuts = [1000]
    short = always(206, BODY[1000:1500], Content_Range="bytes 1000-1499/10240", ETag='"one"')
    server.before_answer = lambda number: server.behaviours.append(short) if number == 2 else None
    assert fetch() == BODY
    assert [asked.get("Range") for asked in server.asked] == [None, "bytes=1000-", "bytes=1500-"]


def test_a_weak_or_hostile_validator_is_not_used(fetch: Fetch, server: Server) -> None:
    server.headers = {"ETag": 'W/"one"'}
    server.cuts = [1000]
    assert fetch() == BODY
    assert "If-Range" not in server.asked[1]


# Statuses


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_waited_out(fetch: Fetch, server: Server, waits: list[float], status: int) -> None:
    server.behaviours = [always(status), always(status)]
    assert fetch() == BODY
    assert waits == [1.0, 2.0]


def test_a_wait_that_is_asked_for_is_kept(fetch: Fetch, server: Server, waits: list[float]) -> None:
    server.behaviours = [always(429, Retry_After="7"), always(503, Retry_After="Thu, 16 Nov 2023 00:00:00 GMT")]
    assert fetch() == BODY
    assert waits == [7.0, 2.0]  # the date has passed: our own wait


def test_too_long_a_wait_is_said_and_not_kept(fetch: Fetch, server: Server, waits: list[float]) -> None:
    server.behaviours = [always(429, Retry_After="3600")]
    assert refusal(fetch) == (
        f"{server.url}: the server is asked too often (HTTP 429) and says to wait 3600 s; "
        "then give the same command again"
    )
    assert waits == []


def test_a_failure_that_does_not_pass_is_said(fetch: Fetch, server: Server, waits: list[float]) -> None:
    server.behaviours = [always(503)] * 6
    assert refusal(fetch) == (
        f"{server.url}: the server refuses (HTTP 503), 6 times in a row; give the same command again to continue"
    )
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "does not have it"),
        (403, "does not allow it"),
        (401, "asks for a login"),
        (418, "refuses"),
        (206, "refuses"),
    ],
)
def test_a_refusal_is_said_at_once(fetch: Fetch, server: Server, part_file: Path, status: int, said: str) -> None:
    server.behaviours = [always(status, b"no")]
    assert refusal(fetch) == (f"{server.url}: the server {said} (HTTP {status}); give another address with --url")
    assert not part_file.exists()


# Bodies


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "text/html; charset=utf-8"), (200, "application/zip"), (200, ""), (403, "text/html"), (429, "text/html")],
)
def test_a_quota_page_is_known(fetch: Fetch, server: Server, part_file: Path, kind: str, status: int) -> None:
    server.behaviours = [always(status, QUOTA, Content_Type=kind)]
    with pytest.raises(QuotaError, match="its download quota is spent"):
        fetch()
    assert not part_file.exists()


@pytest.mark.parametrize("kind", ["text/html", "application/zip"])
def test_any_other_page_is_known(fetch: Fetch, server: Server, part_file: Path, kind: str) -> None:
    server.behaviours = [always(200, b"\xef\xbb\xbf \n<HTML><body>Log in", Content_Type=kind)]
    with pytest.raises(PageError) as caught:
        fetch()
    assert str(caught.value) == (
        f"{server.url}: sends a web page and not the archive; "
        "check the address in a browser, or give another with --url"
    )
    assert not part_file.exists()


def test_a_page_without_end_is_not_read_to_its_end(fetch: Fetch, server: Server) -> None:
    def endless(handler: Handler) -> None:
        send(handler, 200, b"", {"Content-Type": "text/html", "Content-Length": ""})
        try:
            while True:
                handler.wfile.write(b"<p>" * 10000)
        except OSError:
            pass

    server.behaviours = [endless]
    with pytest.raises(PageError):
        fetch()


@pytest.mark.parametrize("claimed", [len(BODY) + 1, 10 * len(BODY)])
def test_a_length_that_is_too_long_never_ends_well(fetch: Fetch, server: Server, claimed: int) -> None:
    """Whatever comes after the file's end, none of it is taken for the file."""
    server.behaviours = [lambda handler: send(handler, 200, BODY, {"ETag": '"one"'}, length=claimed)] * 6
    server.ranges = False
    assert "6 times in a row" in refusal(fetch)


def test_the_registered_length_is_held(fetch: Fetch, server: Server, part_file: Path) -> None:
    assert refusal(fetch, size_bytes=len(BODY) + 1) == (
        f"{server.url}: has 10240 bytes, not the 10241 that the registry says; give another address with --url"
    )
    assert not part_file.exists()
    assert fetch(size_bytes=len(BODY)) == BODY


def chunked(handler: Handler, pieces: list[bytes], *, end: bool) -> None:
    send(handler, 200, b"", {"Transfer-Encoding": "chunked", "Content-Length": ""})
    try:
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if end:
            handler.wfile.write(b"0\r\n\r\n")
    except OSError:
        pass


def test_a_body_without_a_length_is_whole_when_it_says_so(fetch: Fetch, server: Server) -> None:
    server.behaviours = [
        lambda handler: chunked(handler, [BODY[:100], BODY[100:5000]], end=False),
        lambda handler: chunked(handler, [BODY[:100], BODY[100:]], end=True),
    ]
    assert fetch() == BODY


def test_a_body_that_never_ends_is_stopped_at_the_registered_length(
    fetch: Fetch, server: Server, part_file: Path
) -> None:
    server.behaviours = [lambda handler: chunked(handler, [BODY] * 4000, end=False)]
    assert refusal(fetch, size_bytes=25_000) == (
        f"{server.url}: sends more than it said; give another address with --url"
    )
    assert not part_file.exists()


def test_a_body_that_never_ends_is_stopped_before_the_disk_is_full(
    fetch: Fetch, server: Server, part_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 256 * 2**20 + 50_000
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(free, 0, free))
    server.behaviours = [lambda handler: chunked(handler, [BODY] * 4000, end=False)]
    assert refusal(fetch).startswith(f"{server.url}: sends more than the disk can take; ")
    assert not part_file.exists()


def test_the_disk_must_take_the_archive_and_what_it_unpacks_to(
    fetch: Fetch, server: Server, part_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,240 bytes twice; of a file of which 1,000 are there, 1,000 less."""
    free = 2 * len(BODY) - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(free, 0, free))
    assert refusal(fetch) == (
        f"{part_file.parent.parent}: needs 20.5 kB more, and the disk has 20.5 kB free; "
        "free some, or choose an --out on another disk"
    )
    assert not part_file.exists()
    free += 1
    server.cuts = [1000] + [0] * 5
    refusal(fetch)
    free -= 1000
    assert fetch() == BODY


def test_a_packed_body_is_refused(fetch: Fetch, server: Server, part_file: Path) -> None:
    server.behaviours = [always(200, gzip.compress(BODY), Content_Encoding="gzip")]
    assert refusal(fetch) == (
        f"{server.url}: sends it packed as 'gzip', though asked not to; give another address with --url"
    )
    assert not part_file.exists()
    server.behaviours = [always(200, BODY, Content_Encoding="identity")]
    assert fetch() == BODY


# Redirects and addresses


def test_redirects_are_followed_and_asked_for_the_rest_again(fetch: Fetch, server: Server) -> None:
    server.behaviours = [always(302, Location="/elsewhere.zip")]
    server.cuts = [1000]
    server.before_answer = lambda number: (
        server.behaviours.append(always(307, Location="/third")) if number == 3 else None
    )
    assert fetch() == BODY
    assert [asked["path"] for asked in server.asked] == ["/part.zip", "/elsewhere.zip", "/part.zip", "/third"]
    assert server.asked[3]["Range"] == "bytes=1000-"


def test_redirects_in_a_circle_end(fetch: Fetch, server: Server) -> None:
    server.behaviours = [always(302, Location="/part.zip")] * 20
    assert refusal(fetch) == f"{server.url}: redirects more than 10 times; give another address with --url"
    assert len(server.asked) == 11


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://example.org/x", "data:,x", "javascript:1", "//[bad", "http://a b/"]
)
def test_redirects_lead_nowhere_but_to_http(fetch: Fetch, server: Server, part_file: Path, target: str) -> None:
    server.behaviours = [always(302, Location=target)]
    assert refusal(fetch) == (
        f"{server.url}: redirects to {target!r}, which is not http or https; give another address with --url"
    )
    assert not part_file.exists()


def test_the_body_of_a_redirect_is_not_read(fetch: Fetch, server: Server) -> None:
    ended, read_through = threading.Event(), threading.Event()

    def long(handler: Handler) -> None:
        send(handler, 302, b"", {"Location": "/x", "Content-Length": str(10**12)})
        with contextlib.suppress(OSError):
            for _ in range(64):
                handler.wfile.write(bytes(2**20))
            read_through.set()
        ended.set()

    server.behaviours = [long]
    assert fetch() == BODY
    assert ended.wait(5)
    assert not read_through.is_set()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "part.zip",
        "ftp://x/y",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://x y/",
        "http://x/\n",
        "http://[x/",
        "http://x:99999/",
        "http://é/",
    ],
)
def test_only_http_addresses_are_taken(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^--url: .* is no address; give one with http:// or https://$"):
        check_url(url)


def test_an_address_is_shown_without_its_secrets() -> None:
    assert plain_address("https://me:secret@example.org:81/a/b.zip?token=1#x") == "https://example.org:81/a/b.zip"
    assert plain_address("http://[::1]/x") == "http://[::1]/x"


def test_no_server_is_said(fetch: Fetch, waits: list[float]) -> None:
    with running() as other:
        url = other.url
    assert refusal(fetch, url=url) == (
        f"{url}: no connection to the server, 6 times in a row; give the same command again to continue"
    )
    assert len(waits) == 5


def test_a_server_that_falls_silent_is_continued(fetch: Fetch, server: Server) -> None:
    wake = threading.Event()

    def silent_after(handler: Handler) -> None:
        send(handler, 200, BODY[:1000], {"ETag": '"one"'}, length=len(BODY))
        handler.wfile.flush()
        wake.wait(5)

    server.behaviours = [silent_after]
    assert fetch(patience=Patience(sleep=lambda _s: None, read_s=0.2)) == BODY
    wake.set()
    assert server.asked[1]["Range"] == "bytes=1000-"


def test_waits_grow_and_differ() -> None:
    low, high = Patience(draw=lambda: 0.0), Patience(draw=lambda: 1.0)
    assert [low.wait_s(n) for n in (1, 2, 3, 10)] == [0.5, 1.0, 2.0, 30.0]
    assert [high.wait_s(n) for n in (1, 2, 3, 10, 10**6)] == [1.0, 2.0, 4.0, 60.0, 60.0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_cuts_and_changes_end_with_one_files_bytes(
    tmp_path_factory: pytest.TempPathFactory, server: Server, data: st.DataObject
) -> None:
    """Cut anywhere, in several runs, with a file that may change between any two answers: the last one comes."""
    versions = [BODY[:5000], bytes(reversed(BODY))[:5000], BODY[7:4000]]
    has_validator = data.draw(st.booleans())
    server.ranges = data.draw(st.booleans())
    plan = data.draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4500)), max_size=6))
    server.asked.clear()
    server.cuts = [cut for _, cut in plan]

    def prepare(number: int) -> None:
        version = plan[min(number, len(plan)) - 1][0] if plan else 0
        server.body = versions[version]
        server.headers = {"ETag": f'"{version}"'} if has_validator else {}

    server.before_answer = prepare
    part_file = tmp_path_factory.mktemp("cuts") / "x.part"
    wanted = Wanted(
        size_bytes=None,
        unpacked_bytes=None,
        patience=Patience(attempts=data.draw(st.integers(1, 8)), sleep=lambda _s: None),
        progress=silent,
    )
    for _ in range(10):
        try:
            fetch_url(server.url, part_file, wanted)
            break
        except TransferError:
            continue
    assert part_file.read_bytes() == server.body
