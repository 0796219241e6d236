"""Events, and who got them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict

from ..errors import FieldFault
from .deliveries import Delivery, DeliveryStatus
from .endpoints import EndpointStatus
from .exchange import UserRef
from .pauses import Vote


class EventFilter(TypedDict, total=False):
    """Selects events in lists. All conditions must hold. `None` is no condition."""

    type: str | None
    """An exact event type, or a prefix that ends in `.*`."""
    from_: str | datetime | None
    """Accepted at or after this time."""
    to: str | datetime | None
    """Accepted before this time."""
    source_id: str | None
    """Published from an inbound event of this source."""
    undelivered: bool | None
    """Only events that no endpoint got a delivery of."""
    payload_contains: str | None
    """A part of the payload's text as it was sent. Payloads over 16 KB never match. A page can have no results although
    there are more pages: follow `next_cursor`."""
    limit: int | None
    """1 to 100. Default: 20."""


class _BatchEventOptions(TypedDict, total=False):
    endpoint_ids: Sequence[str]
    """1 to 1000 endpoints, instead of all that match the event."""
    idempotency_key: str
    """1 to 255 visible ASCII characters, remembered for 72 hours."""


class BatchEventInput(_BatchEventOptions):
    """One event of a batch."""

    type: str
    """1 to 128 characters of `[A-Za-z0-9_.-]`."""
    payload: Mapping[str, Any] | str
    """Any JSON object of at most 256 KB. A string is used as JSON text and delivered byte for byte."""


class PublishedDelivery(TypedDict):
    """A delivery of a published event."""

    delivery_id: str
    endpoint_id: str
    created: bool
    """False if the idempotency key was used before: this is the first response again."""


class PublishedEvent(TypedDict):
    """An event that is committed to disk with all its deliveries."""

    event_id: str
    deliveries: Sequence[PublishedDelivery]


class ApiError(TypedDict):
    """The error of one event of a batch."""

    code: str
    message: str
    details: Sequence[FieldFault]


class RefusedEvent(TypedDict):
    """An event of a batch that was not published."""

    error: ApiError


BatchResult = PublishedEvent | RefusedEvent
"""The result for one event of a batch: it has `error` if the event was not published."""


class NotDelivered(TypedDict):
    """An endpoint that existed at the time and did not get the event."""

    endpoint_id: str
    endpoint_name: str
    endpoint_deleted: bool
    """Since the event."""
    reason: Literal["filter", "disabled", "not_named"]


class _Votes(TypedDict, total=False):
    votes: Sequence[Vote]
    """Only of a pause that takes several votes, in their order."""


class Event(_Votes):
    """A stored event."""

    id: str
    """`evt_…`."""
    type: str
    payload: dict[str, Any]
    created_at: str
    pause_id: str | None
    """The pause that the event is about."""
    decided_by_user: UserRef | None
    """The signed-in user who decided the pause."""
    inbound_event_id: str | None
    """The inbound event that it was published from."""
    source_id: str | None
    traceparent: str | None
    """The trace that it is part of, as in W3C Trace Context."""
    deliveries: Sequence[Delivery]
    not_delivered: Sequence[NotDelivered]
    """At most 1000."""


class EventDeliveries(TypedDict):
    """The deliveries of an event in a list."""

    total: int
    by_status: Mapping[DeliveryStatus, int]
    """Statuses without a delivery are left out."""


class EventSummary(TypedDict):
    """An event in a list, without its payload."""

    id: str
    """`evt_…`."""
    type: str
    created_at: str
    payload_bytes: int
    pause_id: str | None
    inbound_event_id: str | None
    source_id: str | None
    deliveries: EventDeliveries


class EventPage(TypedDict):
    """One page of events."""

    results: Sequence[EventSummary]
    has_more: bool
    next_cursor: str | None


class EventType(TypedDict):
    """A type of retained events."""

    name: str
    first_at: str
    last_at: str
    per_hour: int
    """Events in the last hour; an estimate at a high rate."""
    endpoints: int
    """How many endpoints an event of this type would go to now."""


class EventTypePage(TypedDict):
    """One page of event types, by name."""

    results: Sequence[EventType]
    has_more: bool
    next_cursor: str | None


class FactRefs(TypedDict, total=False):
    """What a fact is about."""

    event_id: str
    delivery_id: str
    endpoint_id: str
    attempt_number: int
    filter: str


class Fact(TypedDict):
    """One sentence of an explanation."""

    at: str | None
    """When it happened, or will happen, with milliseconds. None without a time."""
    rule: str
    """A stable name of the rule, such as `matched`, `wait` or `next`."""
    sentence: str
    refs: FactRefs


class SupposedEndpoint(TypedDict):
    """An endpoint that would get an event."""

    endpoint_id: str
    endpoint_name: str
    status: EndpointStatus
    filter: str | None
    """The filter that matches; None for an endpoint without filters."""


class SupposedEndpoints(TypedDict):
    """Who would get an event, at most 1000."""

    count: int
    results: Sequence[SupposedEndpoint]


class EventTypeCount(TypedDict):
    """How many events of a type there were."""

    type: str
    events: int


class LastDay(TypedDict):
    """What a filter would have changed in the last 24 hours."""

    since: str
    complete: bool
    """False when the counts are only of the newest events."""
    matched: int
    gained: Sequence[EventTypeCount]
    lost: Sequence[EventTypeCount]


class Supposition(TypedDict):
    """The answer to a question about an event or a filter."""

    facts: Sequence[Fact]
    endpoints: SupposedEndpoints | None
    """None without `type`."""
    last_day: LastDay | None
    """None without `filter`."""
