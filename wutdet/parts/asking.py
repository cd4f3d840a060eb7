"""Ask a server for a file: redirects, refusals and broken connections, each as one of our errors."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from wutdet.errors import ConfigError
from wutdet.parts.answers import PASSING, DroppedError, is_encoded, retry_after_s, status_text
from wutdet.parts.page import PAGE_BYTES, page_error, says_quota
from wutdet.parts.patience import Patience
from wutdet.parts.transfer_error import TransferError

ELSEWHERE: Final = "give another address with --url"
_CHUNK_BYTES: Final = 256 * 1024
_MOST_REDIRECTS: Final = 10


class Session(requests.Session):
    """A session that leaves redirects alone: requests reads their bodies, to whatever length, even unfollowed."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 (the name is theirs)
        """None for every answer."""
        return None


def check_url(url: str) -> str:
    """An address that may be fetched.

    Raises:
        ConfigError: it is not http or https, or malformed.
    """
    try:
        split = urlsplit(url)
        good = split.scheme in ("http", "https") and bool(split.hostname) and url.isascii() and url.isprintable()
        _ = split.port
    except ValueError:
        good = False
    if not good or " " in url:
        raise ConfigError(f"{url[:200]!a} is no address", where="--url", remedy="give one with http:// or https://")
    return url


def plain_address(url: str) -> str:
    """An address without what may be secret: user, password, query."""
    split = urlsplit(url)
    host = f"[{split.hostname}]" if ":" in (split.hostname or "") else split.hostname
    return f"{split.scheme}://{host}{'' if split.port is None else f':{split.port}'}{split.path}"


@contextlib.contextmanager
def ask(session: Session, url: str, headers: Mapping[str, str], patience: Patience) -> Iterator[requests.Response]:
    """The answer behind all redirects, with its body unread: 200, or to a request for a range 206 or 416.

    Redirects lead nowhere but to http and https, and no body on the way is read.

    Raises:
        DroppedError: no answer, or one that may be another at the next try.
        TransferError: another status, a packed body, too many redirects or one elsewhere.
        PageError: a web page.
    """
    where = plain_address(url)
    address = url
    for _ in range(_MOST_REDIRECTS + 1):
        answer = _get(session, address, headers, patience, where)
        with contextlib.closing(answer):
            target = requests.Session.get_redirect_target(session, answer)
            if target is None:
                _check(answer, where, ranged="Range" in headers)
                yield answer
                return
        address = _redirected(address, target, where)
    raise TransferError(f"redirects more than {_MOST_REDIRECTS} times", where=where, remedy=ELSEWHERE)


def chunks_of(answer: requests.Response) -> Iterator[bytes]:
    """The body as it comes, to the last byte before a drop.

    Raises:
        DroppedError: the connection broke.
    """
    try:
        while chunk := answer.raw.read1(_CHUNK_BYTES, decode_content=False):
            yield chunk
    except urllib3.exceptions.TimeoutError:
        raise DroppedError("the server fell silent") from None
    except urllib3.exceptions.HTTPError:
        raise DroppedError("the connection broke") from None


def _redirected(address: str, target: str, where: str) -> str:
    try:
        return check_url(urljoin(address, target))
    except (ConfigError, ValueError):
        what = f"redirects to {target[:80]!a}, which is not http or https"
        raise TransferError(what, where=where, remedy=ELSEWHERE) from None


def _check(answer: requests.Response, where: str, *, ranged: bool) -> None:
    status = answer.status_code
    if ranged and status == 416:
        return
    is_html = answer.headers.get("Content-Type", "").strip().lower().startswith("text/html")
    head = _first_bytes(answer) if is_html else b""
    if (status == 200 and is_html) or says_quota(head.decode("utf-8", "replace")):  # that page may come with any status
        raise page_error(head, where)
    if status in PASSING:
        wait_s = retry_after_s(answer.headers, datetime.datetime.now(datetime.UTC))
        raise DroppedError(status_text(status), retry_after_s=wait_s)
    if status != 200 and not (ranged and status == 206):
        raise TransferError(status_text(status), where=where, remedy=ELSEWHERE)
    if is_encoded(answer.headers):
        what = f"sends it packed as {answer.headers['Content-Encoding'][:40]!a}, though asked not to"
        raise TransferError(what, where=where, remedy=ELSEWHERE)


def _first_bytes(answer: requests.Response) -> bytes:
    """As much of a page as is looked at; one that breaks off is a page all the same."""
    head = b""
    with contextlib.suppress(DroppedError):
        for chunk in chunks_of(answer):
            head += chunk
            if len(head) >= PAGE_BYTES:
                break
    return head


def _get(
    session: Session, address: str, headers: Mapping[str, str], patience: Patience, where: str
) -> requests.Response:
    try:
        return session.get(
            address,
            headers=dict(headers),
            stream=True,
            allow_redirects=False,
            timeout=(patience.connect_s, patience.read_s),
        )
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE" in str(error):
            what = "its certificate cannot be verified"
            raise TransferError(what, where=where, remedy="check the clock and the address") from None
        raise DroppedError("the encrypted connection broke") from None
    except (
        requests.exceptions.ConnectionError,
        requests.exceptions.Timeout,
        requests.exceptions.ChunkedEncodingError,
    ) as error:
        raise DroppedError(connection_fault(error)) from None
    except (requests.exceptions.RequestException, ValueError) as error:
        what = f"cannot be asked ({type(error).__name__})"
        raise TransferError(what, where=where, remedy=ELSEWHERE) from None


def connection_fault(error: BaseException) -> str:
    """What a connection error of requests is about, in a few words."""
    if isinstance(error, requests.exceptions.Timeout):
        return "the server does not answer"
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "the name of the server is not known"
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return "no connection to the server"
    return "the connection broke"
