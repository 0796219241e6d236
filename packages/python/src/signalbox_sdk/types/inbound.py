"""Sources, and what they sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TypedDict

SourceScheme = Literal[
    "github",
    "stripe",
    "slack",
    "shopify",
    "twilio",
    "standard-webhooks",
    "pausepoint",
    "pacspace",
    "hmac",
    "jcs",
    "basic",
    "none",
]

RejectionReason = Literal[
    "header_missing",
    "header_malformed",
    "timestamp_malformed",
    "timestamp_too_old",
    "timestamp_in_future",
    "signature_missing",
    "signature_malformed",
    "signature_mismatch",
    "body_unreadable",
    "credentials_mismatch",
    "source_unknown",
    "source_unusable",
    "fields_invalid",
    "loop_detected",
]
"""Why a request was refused."""

InboundKind = Literal["webhook", "pause_status"]


class ValueLocation(TypedDict, total=False):
    """Where a value of a request is: in a header, or at a JSON pointer (RFC 6901) in the body."""

    header: str | None
    pointer: str | None


class EventTypeLocation(ValueLocation, total=False):
    """Where the type of an event is, and what comes before it."""

    prefix: str
    fallback: str | None


class _HmacOptions(TypedDict, total=False):
    algorithm: Literal["sha1", "sha256", "sha512"]
    encoding: Literal["hex", "base64"]
    prefix: str
    timestamp_header: str | None
    tolerance_seconds: int
    template: str
    delivery_id: ValueLocation | None


class HmacSettings(_HmacOptions):
    """The options of the scheme `hmac`."""

    header: str


class BasicSettings(TypedDict):
    """The options of the scheme `basic`."""

    username: str


class Source(TypedDict):
    """A sender of webhooks, and how the server verifies them."""

    id: str
    """`src_…`."""
    name: str
    scheme: SourceScheme
    url: str
    """The URL that the source sends its webhooks to."""
    pause_status_url: str | None
    event_type: EventTypeLocation
    hmac: HmacSettings | None
    basic: BasicSettings | None
    previous_expires_at: str | None
    created_at: str
    updated_at: str


class _Secret(TypedDict, total=False):
    secret: str
    """Present if the server generated it. It is not shown again."""


class CreatedSource(Source, _Secret):
    """A new source. `secret` is present if the server generated it, and is not shown again."""


class RejectionCount(TypedDict):
    """How many requests were rejected for one reason."""

    rejection_reason: RejectionReason
    count: int


class SourceTrialResult(TypedDict):
    """What other settings would make of the rejected requests."""

    tried: int
    would_verify: int
    would_fail: Sequence[RejectionCount]
    explanation: str | None
    """With `event_id`: why the request would still fail."""
    more: bool


class ReprocessedSource(TypedDict):
    """How many rejected requests were published, and how many still fail."""

    reprocessed: int
    failed: int
    more: bool


class SourceEvent(TypedDict):
    """A received request, as the list of its source shows it."""

    id: str
    """`wh_…`."""
    kind: InboundKind
    event_type: str | None
    valid: bool
    rejection_reason: RejectionReason | None
    explanation: str | None
    """What was wrong, by how much, and what to try."""
    address: str
    """The IP address of the sender."""
    received_at: str
    processed_at: str | None
    reprocessed_at: str | None
    notes: str | None


class _OfSource(TypedDict):
    source_id: str | None
    """None if no source is known."""
    source: str | None
    """The name of the source, or the name that the sender gave."""


class InboundEvent(SourceEvent, _OfSource):
    """A received request, as the list of all sources shows it."""


class RawBody(TypedDict):
    """The bytes of a request, as text if they are UTF-8."""

    encoding: Literal["utf-8", "base64"]
    content: str
    bytes: int
    """The size of the complete body."""
    truncated: bool
    """Only the beginning of the body was kept."""


class SourceEventDetails(SourceEvent):
    """A received request with its headers and its body."""

    event_ids: Sequence[str]
    """The events that were published from the request, oldest first."""
    url: str
    """As the sender used it."""
    headers: Mapping[str, str]
    """Those that the server keeps."""
    body: RawBody


class InboundEventDetails(SourceEventDetails, _OfSource):
    """A received request with its headers, its body and its source."""


class ReprocessedInboundEvent(TypedDict):
    """A record that was processed again."""

    id: str
    status: Literal["reprocessed"]
    event_id: str | None
    """None if the request publishes none."""
    reprocessed_at: str


class SourceEventFilter(TypedDict, total=False):
    """Selects received requests. All conditions must hold. `None` is no condition."""

    kind: InboundKind | None
    valid: bool | None
    rejection_reason: RejectionReason | None
    """Only requests that were rejected for this reason."""
    event_type: str | None
    from_: str | datetime | None
    """A time, or a day in UTC."""
    to: str | datetime | None
    page: int | None
    limit: int | None


class InboundFilter(SourceEventFilter, total=False):
    """Selects received requests of all sources."""

    source_id: str | None


class Pagination(TypedDict):
    """Which page it is, with the exact total."""

    page: int
    limit: int
    total: int


class SourceEventPage(TypedDict):
    """One page of what a source sent."""

    data: Sequence[SourceEvent]
    pagination: Pagination


class InboundPage(TypedDict):
    """One page of received requests."""

    data: Sequence[InboundEvent]
    pagination: Pagination


class RefusedCount(TypedDict):
    """How many rejected requests of one source are kept for one reason."""

    source_id: str | None
    source: str | None
    rejection_reason: RejectionReason
    count: int
    last_received_at: str


class RefusedCounts(TypedDict):
    """How many rejected requests are kept, by source and reason."""

    total: int
    counts: Sequence[RefusedCount]
