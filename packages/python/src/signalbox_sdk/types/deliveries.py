"""Deliveries of events to endpoints, their attempts, and jobs over many of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict

from .exchange import HeaderField, Timings

DeliveryStatus = Literal["PENDING", "SCHEDULED", "HELD", "IN_PROGRESS", "DELIVERED", "FAILED", "CANCELLED", "EXPIRED"]
"""PENDING, SCHEDULED and HELD deliveries wait, an IN_PROGRESS one is being sent, and the others have ended."""

DeliverySort = Literal["-created_at", "created_at", "-attempts", "attempts"]
"""`-` is descending."""

AttemptOutcome = Literal["SUCCESS", "RETRYABLE_FAILURE", "NON_RETRYABLE_FAILURE"]

BulkAction = Literal["retry", "replay", "cancel"]
"""An action on all deliveries that match."""

JobKind = Literal["recover", "cancel_backlog", "bulk_retry", "bulk_replay", "bulk_cancel"]
JobState = Literal["running", "done", "cancelled"]


class Delivery(TypedDict):
    """A delivery of one event to one endpoint."""

    id: str
    """`del_…`."""
    event_id: str
    endpoint_id: str
    endpoint_name: str
    endpoint_deleted: bool
    """A delivery to a deleted endpoint cannot be retried or replayed."""
    event_type: str
    status: DeliveryStatus
    attempts_count: int
    next_attempt_at: str | None
    first_scheduled_at: str
    last_attempt_at: str | None
    terminal_at: str | None
    terminal_reason: str | None
    created_at: str
    updated_at: str
    last_http_status: int | None
    """The status of the latest attempt; None when no response arrived."""
    last_error: str | None
    """The error of the latest attempt, with a hint; None when it succeeded."""


class Attempt(TypedDict):
    """One HTTP request of a delivery."""

    id: str
    """`att_…`."""
    attempt_number: int
    """Counts from 1 over all attempts of the delivery."""
    started_at: str
    ended_at: str
    latency_ms: float
    outcome: AttemptOutcome
    classification: str
    """`success`, `http_status`, `dns_not_found`, `connect_refused`, `response_timeout`, …"""
    http_status: int | None
    """None when no response arrived."""
    response_body_snippet: str | None
    via: str | None
    """The reader of the listener that made the attempt; None for an endpoint with a URL."""
    error_detail: str | None
    hint: str | None
    """How to fix the cause of the response's status."""


class DeliveryDetail(Delivery):
    """A delivery with its attempts."""

    attempts: Sequence[Attempt]


class _CountedPage(TypedDict, total=False):
    total: int
    """With `count`: how many deliveries match."""
    as_of: str
    """With `count` or `as_of`."""


class DeliveryPage(_CountedPage):
    """One page of deliveries."""

    results: Sequence[Delivery]
    has_more: bool
    next_cursor: str | None


class CancelledDelivery(TypedDict):
    """A cancelled delivery."""

    status: Literal["cancelled"]
    delivery_id: str


class AttemptRequest(TypedDict):
    """What an attempt sent. The server does not store requests: it rendered this one again."""

    method: Literal["POST"]
    headers: Sequence[HeaderField]
    body: str
    """Byte for byte as it was sent."""
    reconstructed: bool
    differs: Sequence[str]
    """Why the headers may differ from those that were sent."""


class AttemptResponse(TypedDict):
    """What an attempt got."""

    http_status: int
    headers: Sequence[HeaderField]
    headers_complete: bool
    """False when the response had more headers than are stored."""
    body: str | None
    """The beginning of the body."""


class AttemptDetails(TypedDict):
    """What an attempt sent and got."""

    id: str
    """`att_…`."""
    delivery_id: str
    attempt_number: int
    url: str
    via: str | None
    """The reader of the listener that made the attempt; None for an endpoint with a URL."""
    started_at: str
    ended_at: str
    outcome: AttemptOutcome
    classification: str
    error: str | None
    """What went wrong, with a hint; None for a success."""
    request: AttemptRequest
    response: AttemptResponse | None
    """None when no response arrived."""
    timings: Timings | None


class ExportProgress(TypedDict):
    """How far an export of the delivery history is."""

    token: str
    """The text that its caller chose as `progress`."""
    state: Literal["running", "done", "failed"]
    rows: int
    """Rows read so far."""
    total: int | None
    """Rows that matched when the export began."""


class Replay(TypedDict):
    """The result of a replay."""

    batch_id: str
    """`bat_…`."""
    created_deliveries: int
    skipped: int
    """Deliveries that were skipped because their endpoint is deleted or DISABLED."""
    dry_run: bool


class DeliveryConditions(TypedDict, total=False):
    """Which deliveries match. All conditions must hold. A list matches any of its values. `None` is no condition."""

    status: DeliveryStatus | Sequence[DeliveryStatus] | None
    endpoint_id: str | Sequence[str] | None
    """At most 50."""
    event_id: str | None
    event_type: str | None
    """An exact event type, or a prefix that ends in `.*`."""
    search: str | None
    """An exact event, delivery or endpoint id, or the start of an event type."""
    from_: str | datetime | None
    """Created at or after this time."""
    to: str | datetime | None
    """Created before this time."""
    http_status: str | None
    """Of the latest attempt, such as `503`, or a class of them, such as `5xx`."""
    classification: str | None
    """Of the latest attempt."""
    terminal_reason: str | None
    attempts_min: int | None


class DeliveryFilter(DeliveryConditions, total=False):
    """Selects deliveries in lists."""

    sort: DeliverySort | None
    """Default: `-created_at`."""
    count: bool | None
    """Also count all matching deliveries: `total` and `as_of` of the page."""
    as_of: str | None
    """Ignores deliveries that were created later. Pass the `as_of` of the first page."""
    limit: int | None
    """1 to 100. Default: 20."""


class BulkConditions(DeliveryConditions, total=False):
    """Which deliveries an action changes. No condition is every delivery."""

    delivery_id: Sequence[str] | None
    """At most 100."""


class JobFilter(TypedDict, total=False):
    """Which jobs to list. `None` is no condition."""

    state: JobState | None
    kind: JobKind | None
    limit: int | None
    """1 to 100. Default: 20."""


class BulkEndpoint(TypedDict):
    """How many deliveries of an endpoint match."""

    endpoint_id: str
    endpoint_name: str
    count: int


class BulkCount(TypedDict):
    """What an action would change."""

    action: BulkAction
    dry_run: Literal[True]
    as_of: str
    total: int
    unchanged: int
    """Deliveries that match, but that the action cannot change."""
    endpoints: Sequence[BulkEndpoint]
    """The endpoints with the most of them, at most 100."""
    sample: Sequence[Delivery]
    """The newest of them."""


class BulkStarted(TypedDict):
    """A job that was started for an action."""

    job_id: str
    as_of: str
    total: int


class JobFailures(TypedDict):
    """Deliveries that a job could not change."""

    reason: str
    count: int


class JobStarter(TypedDict):
    """Who started a job."""

    kind: Literal["key", "user", "system"]
    id: str
    name: str | None


class Job(TypedDict):
    """A background job and its progress."""

    id: str
    """`job_…`."""
    kind: JobKind
    state: JobState
    done: int
    """Deliveries changed or created so far."""
    total: int | None
    """Deliveries that matched at the start; None if they were not counted."""
    failed: int
    """Deliveries that could not be changed."""
    failures: Sequence[JobFailures]
    per_second: int | None
    endpoint_id: str | None
    """The job's endpoint, if it concerns only one."""
    by: JobStarter | None
    created_at: str
    finished_at: str | None


class JobPage(TypedDict):
    """One page of jobs."""

    results: Sequence[Job]
    has_more: bool
    next_cursor: str | None
