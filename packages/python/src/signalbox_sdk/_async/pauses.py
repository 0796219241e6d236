"""Wait for the end of a pause."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import cast

from ..calls import Call, backoff_seconds, one_path, protocol_error
from ..errors import NoResponseError, ResponseError, SignalboxError, TimedOutError
from ..limits import (
    LONG_POLL_BACKOFF_SECONDS_MAX,
    LONG_POLL_GRACE_SECONDS,
    LONG_POLL_SECONDS_MIN,
    PAUSE_WAIT_SECONDS_MAX,
    RETRY_AFTER_SECONDS_MAX,
)
from ..types.pauses import EndedPause, Pause
from .transport import AsyncTransport

PATH = "/v1/pause"


@dataclass(frozen=True)
class _Poll:
    """The result of one request for a pause: the pause, or why the server cannot be asked now."""

    pause: Pause | None
    error: SignalboxError | None
    early: bool
    """The server responded sooner than requested, so the next request is delayed."""


async def wait_until_ended(
    transport: AsyncTransport,
    id: str,
    timeout_seconds: float,
    on_pending: Callable[[Pause], object] | None,
    on_retry: Callable[[SignalboxError], object] | None,
) -> EndedPause:
    """Poll until the pause has ended; see `wait_for_pause` of the client."""
    ends_at = monotonic() + timeout_seconds
    fruitless = 0
    last_error: SignalboxError | None = None
    while True:
        remaining = ends_at - monotonic()
        if remaining <= 0:
            raise TimedOutError(f"The pause did not end within {timeout_seconds:g} s.", code="TIMEOUT") from last_error
        poll = await _poll_once(transport, id, remaining)
        if poll.pause is not None and poll.pause["status"] != "pending":
            return cast(EndedPause, poll.pause)
        if poll.pause is not None and on_pending is not None:
            on_pending(poll.pause)
        if poll.error is not None and on_retry is not None:
            on_retry(poll.error)
        last_error = poll.error
        fruitless = fruitless + 1 if poll.error is not None or poll.early else 0
        if fruitless > 0:
            left = max(0.0, ends_at - monotonic())
            await transport.wait(min(_delay_seconds(fruitless, last_error), left))


async def _poll_once(transport: AsyncTransport, id: str, remaining_seconds: float) -> _Poll:
    wait = min(PAUSE_WAIT_SECONDS_MAX, math.ceil(min(remaining_seconds, PAUSE_WAIT_SECONDS_MAX)))
    timeout_seconds = min(wait + LONG_POLL_GRACE_SECONDS, remaining_seconds)
    started_at = monotonic()
    try:
        call = Call("GET", one_path(PATH, id), {"wait": wait}, timeout_seconds=timeout_seconds, retries_max=0)
        pause = _checked(await transport.body(call))
    except (NoResponseError, ResponseError) as error:
        if _is_temporary(error):
            return _Poll(None, error, early=False)
        raise
    return _Poll(pause, None, early=monotonic() - started_at < LONG_POLL_SECONDS_MIN)


def _checked(pause: object) -> Pause:
    """The caller acts on the ending, so a response that only resembles one, such as a proxy's, does not count."""
    if isinstance(pause, dict) and pause.get("status") in ("pending", "responded", "timed_out", "cancelled"):
        return cast(Pause, pause)
    raise protocol_error("The response is not a pause; is this the address of a Signalbox server?")


def _is_temporary(error: SignalboxError) -> bool:
    """Whether the request may succeed later: without a response, and after 408, 429 and 5xx.

    Other refusals are permanent.
    """
    return isinstance(error, NoResponseError) or error.status in (408, 429) or error.status >= 500  # noqa: PLR2004


def _delay_seconds(fruitless: int, error: SignalboxError | None) -> float:
    asked = 0.0 if error is None else min(error.retry_after_seconds or 0.0, RETRY_AFTER_SECONDS_MAX)
    return max(backoff_seconds(fruitless - 1, LONG_POLL_BACKOFF_SECONDS_MAX), asked)
