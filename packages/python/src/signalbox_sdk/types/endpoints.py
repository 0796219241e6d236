"""URLs that receive deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from .exchange import HeaderField, Timings

Format = Literal["plain", "pausepoint", "pacspace", "standard"]
"""The format of the deliveries to an endpoint."""

EndpointStatus = Literal["ACTIVE", "PAUSED", "DISABLED"]
"""The status of an endpoint. A PAUSED endpoint holds its deliveries. A DISABLED one gets no new events."""

EndpointState = Literal["healthy", "failing", "resting", "probing", "throttled", "paused", "disabled", "no_listener"]
"""What an endpoint is doing now."""


class Waiting(TypedDict):
    """Deliveries that have not ended, counted up to 10,000. `more` is true when there are more."""

    count: int
    more: bool


class EndpointFailure(TypedDict):
    """The latest failed attempt."""

    at: str
    classification: str
    http_status: int | None
    error: str | None


class EndpointHealthNow(TypedDict):
    """The health of an endpoint now."""

    state: EndpointState
    failing_since: str | None
    """The first failed attempt after the last success. A pause does not change it."""
    rest_until: str | None
    """No attempt before this time, after 20 consecutive failures."""
    wait_until: str | None
    """No attempt before this time: the endpoint sent `Retry-After`, or its earliest ordered delivery waits."""
    failure_streak: int
    window: int | None
    """Attempts that may be in flight at once now; None when the endpoint is idle."""
    in_flight: int
    rate: float
    """Attempts per second, measured over one to two minutes."""
    last_success_at: str | None
    last_failure: EndpointFailure | None


class EndpointBacklog(TypedDict):
    """The backlog of an endpoint."""

    oldest_at: str | None
    bytes: int
    """Payload bytes that arrived while the endpoint was held."""
    drain_per_second: float
    drained_at: str | None
    """When the backlog ends at this rate; None when it does not end."""


class ListenerState(TypedDict):
    """Who listens to a listener, which is an endpoint without a URL."""

    connected: bool
    reader: str | None
    """Who listens, or did last, such as `ada@laptop`."""
    connected_at: str | None
    seen_at: str | None
    """When somebody listened last; None before the first time."""


class Endpoint(TypedDict):
    """A URL that receives deliveries."""

    id: str
    """`ep_…`."""
    name: str
    url: str
    """Of a listener: `listener:` and its name."""
    transport: Literal["http", "stream"]
    listener: ListenerState | None
    """None for an endpoint with a URL."""
    description: str | None
    event_types: Sequence[str] | None
    format: Format
    headers_json: Mapping[str, str]
    """For a viewer, each value is `[redacted]`."""
    timeout_seconds: int
    retry_schedule_seconds: Sequence[int]
    rate_limit_per_second: int | None
    max_in_flight: int
    ordered: bool
    status: EndpointStatus
    paused_at: str | None
    """None unless PAUSED."""
    disabled_reason: Literal["gone", "no_success", "manual"] | None
    """Why the endpoint is DISABLED: a 410 response, five days without a success, or a person."""
    waiting: Waiting
    health: EndpointHealthNow
    backlog: EndpointBacklog
    previous_secret_expires_at: str | None
    """Until then, deliveries carry the signature of the previous secret too. None outside a rotation's overlap."""
    created_at: str
    updated_at: str


class _Secret(TypedDict, total=False):
    secret: str
    """Present if the server generated it. It is not shown again."""


class CreatedEndpoint(Endpoint, _Secret):
    """A new endpoint. `secret` is present if the server generated it, and is not shown again."""


class RotatedSecret(_Secret):
    """The result of a rotation."""

    previous_expires_at: str
    """When the old secret stops being valid."""


class EndpointTestData(TypedDict):
    """The receiver's response to a test."""

    success: bool
    """Whether the receiver responded with a 2xx status."""
    httpStatus: int | None
    """None when no response arrived."""
    message: str
    delivery_id: str | None
    """The delivery that recorded the test; None when nothing was sent."""
    latency_ms: float | None
    timings: Timings | None
    response_headers: Sequence[HeaderField] | None
    response_body: str | None
    """The beginning of the response's body."""


class EndpointTestResult(TypedDict):
    """The receiver's response to the event `test`."""

    success: bool
    data: EndpointTestData


class EndpointCounts(TypedDict):
    """How many endpoints are in each state now."""

    total: int
    states: Mapping[EndpointState, int]


class JobStarted(TypedDict):
    """A job that runs in the background; follow it with `jobs.get`."""

    job_id: str
