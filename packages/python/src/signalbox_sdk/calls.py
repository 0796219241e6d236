"""One call to the server: what is sent, what the response means, and whether the call may be made again.

Nothing here sends or waits, so the two clients share it.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx

from .errors import NetworkError, NoResponseError, ProtocolError, SignalboxError, TimedOutError, class_of_status
from .json_text import read_json
from .limits import BACKOFF_FIRST_SECONDS, REQUEST_TIMEOUT_SECONDS, RETRY_AFTER_SECONDS_MAX
from .options import check_string

_NOT_JSON = "The response is not JSON; is this the address of a Signalbox server?"


@dataclass(frozen=True)
class Call:
    """A call to the server."""

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    path: str
    """The path from `/v1` on, with encoded ids."""
    query: Mapping[str, object] = field(default_factory=dict)
    """`None` is left out. A list repeats its parameter."""
    body: str | None = None
    """JSON text."""
    idempotency_key: str | None = None
    repeatable: bool | None = None
    """Whether the call may happen twice. Default: true with an idempotency key, and for every method but POST."""
    done_code: str | None = None
    """For a DELETE that keeps the record: the error code that means it was already done."""
    timeout_seconds: float = REQUEST_TIMEOUT_SECONDS
    """The timeout of one attempt."""
    retries_max: int | None = None
    """Default: the client's."""

    @property
    def may_repeat(self) -> bool:
        if self.repeatable is not None:
            return self.repeatable
        return self.method != "POST" or self.idempotency_key is not None


@dataclass(frozen=True)
class Answer:
    """A response that arrived completely."""

    status: int
    headers: httpx.Headers
    text: str


Outcome = Answer | NoResponseError | ProtocolError


@dataclass(frozen=True)
class Result:
    """A 2xx response."""

    body: Any
    text: str
    """The body byte for byte."""
    headers: httpx.Headers


def one_path(collection: str, id: str) -> str:
    """The path of one record. An id that would change the path is refused: empty, or a dot segment."""
    if check_string("The id", id) in (".", ".."):
        raise ValueError(f"{id} is not an id.")
    return f"{collection}/{quote(id, safe='')}"


def query_text(query: Mapping[str, object]) -> str:
    pairs = [(name, _query_value(one)) for name, value in query.items() for one in _each(value) if one is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _each(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple, set, frozenset)) else [value]  # type: ignore[return-value]


def _query_value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def lost(cause: Exception, timeout_seconds: float, *, broken_off: bool = False) -> NoResponseError:
    """The error for a response that did not arrive, or not completely."""
    if isinstance(cause, httpx.TimeoutException):
        message = f"nothing arrived for {timeout_seconds:g} s" if broken_off else f"within {timeout_seconds:g} s"
        begin = "The response broke off: " if broken_off else "No response from the server "
        return TimedOutError(f"{begin}{message}.", code="TIMEOUT")
    reason = str(cause).rstrip(".") or type(cause).__name__
    begin = "The response broke off" if broken_off else "No response from the server"
    return NetworkError(f"{begin}: {reason}.", code="NETWORK_ERROR")


def retry_wait_seconds(call: Call, outcome: Outcome, retries: int) -> float | None:
    """The wait before a call is repeated, or None when it must not be repeated.

    After 429 and 503 with `Retry-After`, the server has done nothing. Without a response, it is unknown whether the
    call took effect. Such a call is repeated only if that is safe: a read, change or removal, or a call with an
    idempotency key.
    """
    if isinstance(outcome, NoResponseError):
        return backoff_seconds(retries) if call.may_repeat else None
    if isinstance(outcome, ProtocolError) or outcome.status not in (429, 503):
        return None
    seconds = retry_after_seconds(outcome.headers)
    return None if seconds is None or seconds > RETRY_AFTER_SECONDS_MAX else seconds


def backoff_seconds(retries: int, most_seconds: float = RETRY_AFTER_SECONDS_MAX) -> float:
    """Exponential backoff. The jitter keeps clients that lost a server together from returning together."""
    # The power is bounded, because a wait for a pause can be repeated a million times.
    wait: float = min(BACKOFF_FIRST_SECONDS * 2 ** min(retries, 16), most_seconds)
    return wait * (0.5 + random.random() / 2)  # noqa: S311


def retry_after_seconds(headers: httpx.Headers) -> float | None:
    """`Retry-After` as a number of seconds or a date (RFC 9110 §10.2.3); None when it is absent or invalid."""
    text = headers.get("retry-after")
    if text is None:
        return None
    if re.fullmatch("[0-9]{1,9}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def settle(call: Call, outcome: Outcome, retries: int) -> Result:
    """What the last outcome of a call means for its caller."""
    if isinstance(outcome, SignalboxError):
        raise outcome
    if not is_success(outcome.status):
        error = response_error(outcome)
        # A retried DELETE whose first response was lost has succeeded: the record is gone.
        if call.method == "DELETE" and retries > 0 and _is_already_done(call, error):
            return Result(None, outcome.text, outcome.headers)
        raise error
    body = None if outcome.status == httpx.codes.NO_CONTENT else _parse(outcome)
    return Result(body, outcome.text, outcome.headers)


def is_success(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004


def _is_already_done(call: Call, error: SignalboxError) -> bool:
    return error.status == httpx.codes.NOT_FOUND if call.done_code is None else error.code == call.done_code


def _parse(answer: Answer) -> Any:
    try:
        return read_json(answer.text)
    except ValueError as cause:
        raise protocol_error(_NOT_JSON, answer) from cause


def protocol_error(message: str, answer: Answer | None = None) -> ProtocolError:
    status, request_id = (200, None) if answer is None else (answer.status, answer.headers.get("x-request-id"))
    return ProtocolError(message, status=status, code="PROTOCOL_ERROR", request_id=request_id)


def response_error(answer: Answer) -> SignalboxError:
    """The error in a response, in any of the server's three error formats."""
    try:
        body = read_json(answer.text)
    except ValueError:
        body = None  # probably a proxy's page; the status is all there is
    outer = body if isinstance(body, dict) else {}
    error = outer.get("error")
    inner = {**outer, "code": error} if isinstance(error, str) else error if isinstance(error, dict) else {}
    code, message, details = inner.get("code"), inner.get("message"), inner.get("details")
    return class_of_status(answer.status)(
        message if isinstance(message, str) else f"The server responded with status {answer.status}.",
        status=answer.status,
        code=code if isinstance(code, str) else f"HTTP_{answer.status}",
        details=details if isinstance(details, list) else [],
        retry_after_seconds=retry_after_seconds(answer.headers),
        request_id=answer.headers.get("x-request-id"),
        body=body,
    )


def field_of(body: Any, name: str) -> Any:
    if isinstance(body, dict) and name in body:
        return body[name]
    raise protocol_error(f"The response has no {name}; is this the address of a Signalbox server?")


def list_of(body: Any) -> list[Any]:
    if isinstance(body, list):
        return body
    raise protocol_error("The response is not a list; is this the address of a Signalbox server?")


def next_cursor(headers: httpx.Headers) -> str | None:
    """The cursor in `Link: <…>; rel="next"` (RFC 8288).

    Only the cursor is used, so that no response can send the key to another host.
    """
    match = re.search(r'<([^>]*)>\s*;[^,]*\brel="?next"?', headers.get("link", ""))
    cursors = parse_qs(urlsplit(match.group(1)).query).get("cursor") if match else None
    return cursors[0] if cursors else None


def advanced(cursor: str | None, next: str | None) -> str | None:
    """Check that the cursor has advanced. A page that names itself as the next one would cause an endless loop."""
    if next is not None and next == cursor:
        raise protocol_error("The cursor of the next page is the same as that of this page.")
    return next
