# Generated from ../_async by generate_sync.py. Change the file there.
"""The client for a Signalbox server."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import httpx

from ..calls import Call, one_path
from ..errors import SignalboxError
from ..json_text import write_json
from ..limits import LONG_POLL_GRACE_SECONDS, REQUEST_TIMEOUT_SECONDS, RETRIES_MAX
from ..options import check_amount, not_none, query_of
from ..types.pauses import (
    CreatedPause,
    EndedPause,
    EscalationInput,
    Pause,
    PauseChannel,
    PauseCounts,
    PauseDetail,
    PauseEventType,
    PauseFilter,
    PauseLink,
    PausePage,
    PauseWebhook,
)
from ..types.receipts import ReceiptKey
from .deliveries import Deliveries, Jobs, Replays
from .endpoints import Endpoints
from .events import Events
from .inbound import InboundEvents, Sources
from .pauses import PATH, wait_until_ended
from .transport import Transport

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

_LINKS = "/v1/respond"
_WEBHOOKS = "/v1/webhooks"


class Signalbox:
    """A client for a Signalbox server.

    Calls raise a `SignalboxError`. The client retries a call at most three times, and only when that is safe: after 429
    and 503 with `Retry-After`, and after network errors if the call is safe to repeat. A wrong argument, such as an
    empty id, is a `TypeError` or a `ValueError`, and nothing is sent.

    Close it with `with` or `close`.

    Args:
        url: the server's address, such as `https://signalbox.example.com`. It may contain a path
        api_key: `sb_live_…` or `sb_test_…`
        tenant: `dev_…`: the tenant to act in, instead of your own. Needs the role `global_admin`
        retries: the most retries of one call, 0 to 3
        http_client: your own client, for example with a certificate or a proxy. You close it yourself
        wait: how to wait between attempts, in seconds; for tests

    Raises:
        TypeError: for an argument of the wrong type, such as an API key from a variable that is not set
        ValueError: when `url` is not an http or https URL, or another argument is invalid
    """

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        tenant: str | None = None,
        retries: int = RETRIES_MAX,
        http_client: httpx.Client | None = None,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._transport = Transport(
            url=url, api_key=api_key, tenant=tenant, retries=retries, http_client=http_client, wait=wait
        )
        self.endpoints = Endpoints(self._transport)
        self.events = Events(self._transport)
        self.deliveries = Deliveries(self._transport)
        self.replays = Replays(self._transport)
        self.jobs = Jobs(self._transport)
        self.sources = Sources(self._transport)
        self.inbound_events = InboundEvents(self._transport)
        self.webhooks = Webhooks(self._transport)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, type: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def pause(
        self,
        *,
        message: str,
        options: Sequence[str],
        details: Sequence[PauseDetail] | None = None,
        channel: PauseChannel | None = None,
        recipient: str | None = None,
        allow_text_response: bool | None = None,
        timeout_hours: int | None = None,
        expires_in_seconds: int | None = None,
        timeout_default: str | None = None,
        protected: bool | None = None,
        approvers: Sequence[str] | None = None,
        quorum: int | None = None,
        veto: str | None = None,
        reminders: Sequence[float] | None = None,
        escalate_to: EscalationInput | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedPause:
        """Ask a person for a decision. Use `wait_for_pause` to wait for it.

        The call never asks twice: it has an idempotency key, which it reuses when it retries after a network error. If
        you pass your own key, such as the id of the task that waits here, the same question returns the same pause for
        72 hours, even after your program was restarted.

        Args:
            message: the question, 1 to 2000 characters
            options: 2 to 5 distinct options of 1 to 100 characters
            details: 1 to 20 facts that the person sees below the message, on the page, in emails, in Slack and in the
                console
            channel: how to notify `recipient`. Without both, nobody is notified, and you pass on `respond_url` yourself
            recipient: an email address, the URL of a Slack incoming webhook, or a phone number such as `+436641234567`
            allow_text_response: whether the person may add a note of up to 2000 characters. Default: false
            timeout_hours: 1 to 8760. Default: 24
            expires_in_seconds: 1 to 31536000; replaces `timeout_hours`
            timeout_default: the option that is chosen when nobody answers in time. Default: no option is chosen
            protected: only a signed-in user may decide, who has typed the password in the last five minutes. The link
                only shows the question. Default: false
            approvers: `usr_…`: only these 1 to 20 users may decide, signed in. The link only shows the question
            quorum: how many of the approvers must choose the same option, each with one vote. The user who asks, or who
                created the key that asks, has none. Default: 1, the first decision counts
            veto: the option that ends the pause with one vote. Only with a quorum above 1
            reminders: the message is sent again after these 1 to 5 shares of the time, in increasing order
            escalate_to: users who may decide too once a share of the time has passed. Only with `approvers`
            metadata: at most 16 KB of JSON, which is returned with the pause and in its event
            idempotency_key: 1 to 255 visible ASCII characters, remembered for 72 hours. Default: a new key
        """
        fields = not_none(
            message=message,
            options=options,
            details=details,
            channel=channel,
            recipient=recipient,
            allow_text_response=allow_text_response,
            timeout_hours=timeout_hours,
            expires_in_seconds=expires_in_seconds,
            timeout_default=timeout_default,
            protected=protected,
            approvers=approvers,
            quorum=quorum,
            veto=veto,
            reminders=reminders,
            escalate_to=escalate_to,
            metadata=metadata,
        )
        key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
        call = Call("POST", PATH, body=write_json(fields), idempotency_key=key)
        return cast(CreatedPause, self._transport.body(call))

    def get_pause(self, id: str, *, wait: float | None = None) -> Pause:
        """The current state of a pause.

        With `wait`, 0 to 60, the call returns when the pause ends, or after that many seconds.
        """
        seconds = None if wait is None else check_amount("wait", wait)
        timeout_seconds = REQUEST_TIMEOUT_SECONDS if seconds is None else seconds + LONG_POLL_GRACE_SECONDS
        call = Call("GET", one_path(PATH, id), {"wait": seconds}, timeout_seconds=timeout_seconds)
        return cast(Pause, self._transport.body(call))

    def wait_for_pause(
        self,
        id: str,
        *,
        timeout_seconds: float | None = None,
        on_pending: Callable[[Pause], object] | None = None,
        on_retry: Callable[[SignalboxError], object] | None = None,
    ) -> EndedPause:
        """Wait until a pause is answered, times out or is cancelled.

        The call continues across lost connections, server restarts, and any number of 408, 429 and 5xx responses. It
        asks again after at most 10 s, or after the time in `Retry-After`, up to 60 s. You can call it at any time, even
        long after the pause has ended.

        Args:
            id: the pause
            timeout_seconds: default: no limit
            on_pending: called with the pause about once a minute, for as long as it is pending
            on_retry: called when the server cannot be asked, and will be asked again

        Raises:
            ResponseError: when the server refuses permanently, for example with 401 or 404
            TimedOutError: when `timeout_seconds` has passed; `__cause__` is the last failure, if there was one
        """
        limit = math.inf if timeout_seconds is None else check_amount("timeout_seconds", timeout_seconds)
        return wait_until_ended(self._transport, id, limit, on_pending, on_retry)

    def list_receipt_keys(self) -> Sequence[ReceiptKey]:
        """The public keys of receipts, the newest first, for `verify_decision`."""
        call = Call("GET", "/.well-known/signalbox-keys")
        return cast(Sequence[ReceiptKey], self._transport.field(call, "keys"))

    def list_pauses(self, *, cursor: str | None = None, **filter: Unpack[PauseFilter]) -> PausePage:
        """One page of pauses, newest first unless the filter says otherwise."""
        query = {**query_of(filter), "cursor": cursor}
        return cast(PausePage, self._transport.body(Call("GET", PATH, query)))

    def iterate_pauses(self, **filter: Unpack[PauseFilter]) -> Iterator[Pause]:
        """All pauses, newest first. Further pages are fetched as you iterate."""
        for row in self._transport.rows(PATH, query_of(filter), "pauses"):
            yield row

    def count_pauses(self) -> PauseCounts:
        """How many pauses have each status."""
        return cast(PauseCounts, self._transport.body(Call("GET", f"{PATH}/counts")))

    def cancel_pause(self, id: str) -> EndedPause:
        """Cancel a pause.

        If it has already ended, the error is 409 `ALREADY_RESPONDED`, `ALREADY_TIMED_OUT` or `ALREADY_CANCELLED`.
        """
        call = Call("DELETE", one_path(PATH, id), done_code="ALREADY_CANCELLED")
        ended = self._transport.body(call)
        return cast(EndedPause, self.get_pause(id) if ended is None else ended)

    def extend_pause(
        self, id: str, *, expires_in_seconds: int | None = None, expires_at: str | None = None
    ) -> Pause:
        """Give a pending pause a later deadline. Needs the role `org_admin`.

        If the pause has ended, the error is 409 with the outcome.

        Args:
            id: the pause
            expires_in_seconds: the new deadline from now on, at most a year
            expires_at: the new deadline, a whole second, instead of `expires_in_seconds`
        """
        # A time can be sent again, so the call is retried. Seconds would count from a later moment.
        body = write_json(not_none(expires_in_seconds=expires_in_seconds, expires_at=expires_at))
        repeatable = expires_at is not None
        call = Call("POST", f"{one_path(PATH, id)}/extend", body=body, repeatable=repeatable)
        return cast(Pause, self._transport.body(call))

    def resend_pause(self, id: str) -> Pause:
        """Send the person the message again. Needs the role `org_admin`."""
        return cast(Pause, self._transport.body(Call("POST", f"{one_path(PATH, id)}/resend")))

    def read_pause_link(self, token: str) -> PauseLink:
        """Read a question through its link, for a page of your own. `token` is the last part of `respond_url`."""
        return cast(PauseLink, self._transport.body(Call("GET", one_path(_LINKS, token))))

    def answer_pause_link(self, token: str, *, choice: str, text: str | None = None) -> PauseLink:
        """Send the answer of the person who has the link.

        If the pause has ended otherwise, the error is 410 `TOKEN_USED` or `TOKEN_EXPIRED`, or 409 `ALREADY_CANCELLED`.
        """
        # Sending the same answer again is 200 again, so the call is retried.
        body = write_json(not_none(choice=choice, text=text))
        call = Call("POST", one_path(_LINKS, token), body=body, repeatable=True)
        return cast(PauseLink, self._transport.body(call))


class Webhooks:
    """Endpoints as `/v1/webhooks` shows them: they receive the endings of pauses."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, *, url: str, events: Sequence[PauseEventType], secret: str) -> PauseWebhook:
        """Register a webhook.

        Args:
            url: where to send the events
            events: 1 to 3 event types
            secret: 16 to 512 characters
        """
        body = write_json({"url": url, "events": events, "secret": secret})
        return cast(PauseWebhook, self._transport.body(Call("POST", _WEBHOOKS, body=body)))

    def list(self) -> Sequence[PauseWebhook]:
        return cast("Sequence[PauseWebhook]", self._transport.field(Call("GET", _WEBHOOKS), "webhooks"))

    def delete(self, id: str) -> None:
        self._transport.call(Call("DELETE", one_path(_WEBHOOKS, id)))
