# Generated from ../_async by generate_sync.py. Change the file there.
"""Events that you publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ..calls import Call, one_path
from ..json_text import event_text, write_json
from ..options import UNSET, Unset, given, not_none, query_of
from ..types.events import (
    BatchEventInput,
    BatchResult,
    Event,
    EventFilter,
    EventPage,
    EventSummary,
    EventTypePage,
    Fact,
    PublishedEvent,
    Supposition,
)
from .transport import Transport

if TYPE_CHECKING:
    from typing_extensions import Unpack

_PATH = "/v1/events"


class Events:
    """Events that you publish."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def publish(
        self,
        *,
        type: str,
        payload: Mapping[str, Any] | str,
        endpoint_ids: Sequence[str] | None = None,
        idempotency_key: str | None = None,
    ) -> PublishedEvent:
        """Publish an event. When the call returns, the event and all its deliveries are on disk.

        With an `idempotency_key`, the call is safe to repeat for 72 hours. The client repeats it after network errors,
        and so can you. A repeat returns the first response with `created: false`. Without a key, a lost response is an
        error, and you do not know whether the event was published.

        Args:
            type: 1 to 128 characters of `[A-Za-z0-9_.-]`
            payload: any JSON object of at most 256 KB. A string is used as JSON text and delivered byte for byte
            endpoint_ids: 1 to 1000 endpoints, instead of all that match the event
            idempotency_key: 1 to 255 visible ASCII characters, such as the id of the order
        """
        fields = not_none(type=type, endpoint_ids=endpoint_ids)
        call = Call("POST", _PATH, body=event_text(payload, **fields), idempotency_key=idempotency_key)
        return cast(PublishedEvent, self._transport.body(call))

    def publish_batch(self, events: Sequence[BatchEventInput]) -> Sequence[BatchResult]:
        """Publish up to 1000 events. The result has one entry for each event, in order.

        An invalid event does not reject the others; its entry has an `error`. A batch is retried after a network error
        only if each of its events has an `idempotency_key`.
        """
        texts = [event_text(**cast("dict[str, Any]", event)) for event in events]
        call = Call(
            "POST",
            f"{_PATH}/batch",
            body=f'{{"events":[{",".join(texts)}]}}',
            repeatable=all(event.get("idempotency_key") for event in events),
        )
        return cast("Sequence[BatchResult]", self._transport.field(call, "results"))

    def get(self, id: str) -> Event:
        """An event, its deliveries, and the endpoints that did not get it with the reasons."""
        return cast(Event, self._transport.body(Call("GET", one_path(_PATH, id))))

    def get_payload(self, id: str) -> str:
        """An event's payload as JSON text, byte for byte as it was published. `get` parses it."""
        return (self._transport.call(Call("GET", f"{one_path(_PATH, id)}/payload"))).text

    def list(self, *, cursor: str | None = None, **filter: Unpack[EventFilter]) -> EventPage:
        """One page of events, newest first, without their payloads. `cursor` is the last page's `next_cursor`."""
        query = {**query_of(filter), "cursor": cursor}
        return cast(EventPage, self._transport.body(Call("GET", _PATH, query)))

    def iterate(self, **filter: Unpack[EventFilter]) -> Iterator[EventSummary]:
        """All events, newest first. Further pages are fetched as you iterate."""
        for row in self._transport.rows(_PATH, query_of(filter)):
            yield row

    def list_types(
        self, *, search: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> EventTypePage:
        """One page of the types of the retained events, by name. `search` is the beginning of the name."""
        query = {"search": search, "limit": limit, "cursor": cursor}
        return cast(EventTypePage, self._transport.body(Call("GET", "/v1/event-types", query)))

    def explain(self, id: str, *, endpoint_id: str | None = None) -> Sequence[Fact]:
        """Explain who got an event and who did not; with `endpoint_id`, only that endpoint."""
        call = Call("GET", f"{one_path(_PATH, id)}/explain", {"endpoint_id": endpoint_id})
        return cast("Sequence[Fact]", self._transport.field(call, "facts"))

    def suppose(
        self,
        *,
        type: str | None = None,
        payload: Mapping[str, Any] | None = None,
        endpoint_id: str | None = None,
        filter: Sequence[str] | Unset | None = UNSET,
    ) -> Supposition:
        """Explain who would get an event, and what a filter would have changed in the last day. Publishes nothing.

        Args:
            type: required without `filter`
            payload: of the event
            endpoint_id: ask about this endpoint only
            filter: the `event_types` to suppose, of this endpoint or of a new one
        """
        fields = {**not_none(type=type, payload=payload, endpoint_id=endpoint_id), **given(filter=filter)}
        call = Call("POST", "/v1/explain", body=write_json(fields), repeatable=True)
        return cast(Supposition, self._transport.body(call))
