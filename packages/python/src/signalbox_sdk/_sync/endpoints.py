# Generated from ../_async by generate_sync.py. Change the file there.
"""The URLs that receive deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast

from ..calls import Call, one_path
from ..json_text import event_text, write_json
from ..options import UNSET, Unset, given, not_none, time_text
from ..paging import LinkedPage
from ..types.endpoints import (
    CreatedEndpoint,
    Endpoint,
    EndpointCounts,
    EndpointState,
    EndpointTestResult,
    Format,
    JobStarted,
    RotatedSecret,
)
from .transport import Transport

_PATH = "/v1/endpoints"


class Endpoints:
    """The URLs that receive deliveries. The methods accept ids as `ep_…`, `webhook_…` or `wh_…`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        url: str,
        name: str | None = None,
        secret: str | None = None,
        description: str | None = None,
        event_types: Sequence[str] | None = None,
        format: Format | None = None,
        headers_json: Mapping[str, str] | None = None,
        timeout_seconds: int | None = None,
        retry_schedule_seconds: Sequence[int] | None = None,
        rate_limit_per_second: int | None = None,
        max_in_flight: int | None = None,
        ordered: bool | None = None,
    ) -> CreatedEndpoint:
        """Register an endpoint. Store the `secret` in the response, which is not shown again.

        Args:
            url: `https`, at most 2048 characters
            name: 1 to 200 characters. Default: the URL's host
            secret: 16 to 512 characters. Without one, a `whsec_` secret is generated and shown only in this response
            description: for people
            event_types: exact types, or prefixes that end in `.*`. Default: every type
            format: default: `plain`
            headers_json: at most 20 headers of 4 KB in total, which are sent with each delivery
            timeout_seconds: 1 to 30. Default: 10
            retry_schedule_seconds: one wait per retry: 0 to 20 waits of 1 to 172800 seconds
            rate_limit_per_second: default: no limit
            max_in_flight: 1 to 256. Default: 32
            ordered: one delivery at a time, in the order of the events. Default: false
        """
        fields = not_none(
            url=url,
            name=name,
            secret=secret,
            description=description,
            event_types=event_types,
            format=format,
            headers_json=headers_json,
            timeout_seconds=timeout_seconds,
            retry_schedule_seconds=retry_schedule_seconds,
            rate_limit_per_second=rate_limit_per_second,
            max_in_flight=max_in_flight,
            ordered=ordered,
        )
        return cast(CreatedEndpoint, self._post(_PATH, fields))

    def list(
        self,
        *,
        state: EndpointState | Sequence[EndpointState] | None = None,
        q: str | None = None,
        event_type: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Endpoint]:
        """All endpoints in order of creation. Further pages are fetched as you iterate.

        Args:
            state: what they are doing now; of several states, any
            q: a part of the name or the URL, in any case
            event_type: endpoints that take events of this type
            limit: rows per page. Default: the server's
        """
        for row in self._transport.linked_rows(
            _PATH, {"state": state, "q": q, "event_type": event_type, "limit": limit}
        ):
            yield row

    def page(
        self,
        *,
        state: EndpointState | Sequence[EndpointState] | None = None,
        q: str | None = None,
        event_type: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> LinkedPage[Endpoint]:
        """One page of endpoints in order of creation. With a filter, it can be short although there are more.

        Args:
            state: what they are doing now; of several states, any
            q: a part of the name or the URL, in any case
            event_type: endpoints that take events of this type
            limit: rows per page. Default: the server's
            cursor: the `next` of the page before
        """
        query = {"state": state, "q": q, "event_type": event_type, "limit": limit, "cursor": cursor}
        return self._transport.page(_PATH, query)

    def count(self) -> EndpointCounts:
        """How many endpoints are in each state."""
        return cast(EndpointCounts, self._transport.body(Call("GET", f"{_PATH}/counts")))

    def get(self, id: str) -> Endpoint:
        return cast(Endpoint, self._transport.body(Call("GET", one_path(_PATH, id))))

    def update(
        self,
        id: str,
        *,
        status: Literal["ACTIVE", "PAUSED"] | Unset = UNSET,
        url: str | Unset = UNSET,
        name: str | Unset = UNSET,
        secret: str | Unset = UNSET,
        description: str | Unset | None = UNSET,
        event_types: Sequence[str] | Unset | None = UNSET,
        format: Format | Unset = UNSET,
        headers_json: Mapping[str, str] | Unset = UNSET,
        timeout_seconds: int | Unset = UNSET,
        retry_schedule_seconds: Sequence[int] | Unset = UNSET,
        rate_limit_per_second: int | Unset | None = UNSET,
        max_in_flight: int | Unset = UNSET,
        ordered: bool | Unset = UNSET,
    ) -> Endpoint:
        """Change settings, pause (`PAUSED`) or resume (`ACTIVE`) an endpoint. Either all changes apply or none.

        Only what you pass is changed. `None` is a value: `event_types=None` matches every type.
        """
        patch = given(
            status=status,
            url=url,
            name=name,
            secret=secret,
            description=description,
            event_types=event_types,
            format=format,
            headers_json=headers_json,
            timeout_seconds=timeout_seconds,
            retry_schedule_seconds=retry_schedule_seconds,
            rate_limit_per_second=rate_limit_per_second,
            max_in_flight=max_in_flight,
            ordered=ordered,
        )
        call = Call("PATCH", one_path(_PATH, id), body=write_json(patch))
        return cast(Endpoint, self._transport.body(call))

    def delete(self, id: str) -> None:
        """Delete an endpoint. Its deliveries that have not ended are cancelled."""
        self._transport.call(Call("DELETE", one_path(_PATH, id)))

    def rotate_secret(
        self, id: str, *, secret: str | None = None, overlap_seconds: int | None = None
    ) -> RotatedSecret:
        """Change the secret. During the overlap, deliveries carry both signatures.

        Args:
            id: the endpoint
            secret: without one, a `whsec_` secret is generated
            overlap_seconds: how long the old secret stays valid. 0 ends it immediately. Default: 86400
        """
        fields = not_none(secret=secret, overlap_seconds=overlap_seconds)
        return cast(RotatedSecret, self._post(f"{one_path(_PATH, id)}/rotate-secret", fields))

    def test(
        self,
        id: str,
        *,
        event_type: str | None = None,
        payload: Mapping[str, Any] | str | None = None,
        event_id: str | None = None,
    ) -> EndpointTestResult:
        """Send a test immediately, regardless of the endpoint's status, and wait for the receiver's response.

        Args:
            id: the endpoint
            event_type: default: `test`
            payload: what to send. Text is sent byte for byte
            event_id: send this event again instead
        """
        fields = not_none(event_type=event_type, event_id=event_id)
        body = write_json(fields) if payload is None else event_text(payload, **fields)
        call = Call("POST", f"{one_path(_PATH, id)}/test", body=body)
        return cast(EndpointTestResult, self._transport.body(call))

    def recover(self, id: str, *, since: str | datetime) -> JobStarted:
        """Send deliveries again that FAILED or EXPIRED since a time, and events from while the endpoint was DISABLED.

        The job runs in the background; follow it with `jobs.get`.
        """
        fields = {"since": time_text("since", since)}
        return cast(JobStarted, self._post(f"{one_path(_PATH, id)}/recover", fields))

    def _post(self, path: str, fields: dict[str, Any]) -> object:
        return self._transport.body(Call("POST", path, body=write_json(fields)))
