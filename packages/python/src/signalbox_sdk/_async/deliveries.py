"""Deliveries of events to endpoints, replays, and jobs over many deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from ..calls import Call, one_path
from ..json_text import write_json
from ..options import not_none, query_of
from ..types.deliveries import (
    AttemptDetails,
    BulkAction,
    BulkConditions,
    BulkCount,
    BulkStarted,
    CancelledDelivery,
    Delivery,
    DeliveryConditions,
    DeliveryDetail,
    DeliveryFilter,
    DeliveryPage,
    ExportProgress,
    Job,
    JobFilter,
    JobPage,
    Replay,
)
from ..types.events import Fact
from .transport import AsyncTransport

if TYPE_CHECKING:
    from typing_extensions import Unpack

_PATH = "/v1/deliveries"
_JOBS = "/v1/jobs"


class AsyncDeliveries:
    """Deliveries of events to endpoints."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, *, cursor: str | None = None, **filter: Unpack[DeliveryFilter]) -> DeliveryPage:
        """One page of deliveries, newest first by default. `cursor` is the last page's `next_cursor`."""
        query = {**query_of(filter), "cursor": cursor}
        return cast(DeliveryPage, await self._transport.body(Call("GET", _PATH, query)))

    async def iterate(self, **filter: Unpack[DeliveryFilter]) -> AsyncIterator[Delivery]:
        """All deliveries, newest first by default. Further pages are fetched as you iterate."""
        async for row in self._transport.rows(_PATH, query_of(filter)):
            yield row

    async def get(self, id: str) -> DeliveryDetail:
        """A delivery with its attempts."""
        return cast(DeliveryDetail, await self._transport.body(Call("GET", one_path(_PATH, id))))

    async def explain(self, id: str) -> Sequence[Fact]:
        """Explain a delivery, from the acceptance of its event to what happens next."""
        call = Call("GET", f"{one_path(_PATH, id)}/explain")
        return cast("Sequence[Fact]", await self._transport.field(call, "facts"))

    async def get_attempt(
        self, id: str, number: int, *, signed: Literal["then", "now"] | None = None
    ) -> AttemptDetails:
        """What one attempt sent and got.

        Args:
            id: the delivery
            number: counts from 1
            signed: with `now`, the request has the present time, so that a receiver accepts it
        """
        call = Call("GET", f"{one_path(_PATH, id)}/attempts/{int(number)}", {"signed": signed})
        return cast(AttemptDetails, await self._transport.body(call))

    async def cancel(self, id: str) -> CancelledDelivery:
        """Cancel a delivery: no further attempt is made. If it has ended, the error is 409 `INVALID_STATE`."""
        call = Call("POST", f"{one_path(_PATH, id)}/cancel")
        return cast(CancelledDelivery, await self._transport.body(call))

    async def retry(self, id: str) -> Delivery:
        """Retry a delivery that is FAILED, EXPIRED or CANCELLED. Its schedule starts from the beginning."""
        return cast(Delivery, await self._transport.body(Call("POST", f"{one_path(_PATH, id)}/retry")))

    async def count_bulk(
        self, action: BulkAction, *, as_of: str | None = None, **filter: Unpack[BulkConditions]
    ) -> BulkCount:
        """Count what `bulk` would change, with the endpoints and a sample. Pass its `as_of` to `bulk`."""
        fields = {"action": action, "filter": _bulk_filter(filter), **not_none(as_of=as_of), "dry_run": True}
        call = Call("POST", f"{_PATH}/bulk", body=write_json(fields), repeatable=True)
        return cast(BulkCount, await self._transport.body(call))

    async def bulk(
        self,
        action: BulkAction,
        *,
        as_of: str | None = None,
        per_second: int | None = None,
        **filter: Unpack[BulkConditions],
    ) -> BulkStarted:
        """Retry, replay or cancel all deliveries that match; without a condition, every delivery.

        The job runs in the background; follow it with `jobs.get`.

        Args:
            action: what to do
            as_of: the `as_of` of a list or of a count: later deliveries are left alone. Default: now
            per_second: how many deliveries the job changes in a second, 1 to 10,000. Default: as many as possible
            filter: which deliveries
        """
        options = not_none(as_of=as_of, per_second=per_second)
        fields = {"action": action, "filter": _bulk_filter(filter), **options}
        return cast(BulkStarted, await self._transport.body(Call("POST", f"{_PATH}/bulk", body=write_json(fields))))

    async def export(
        self,
        *,
        format: Literal["csv", "ndjson"] | None = None,
        progress: str | None = None,
        **filter: Unpack[DeliveryConditions],
    ) -> AsyncIterator[bytes]:
        """Read all deliveries that match as a file, in the order of their creation.

        The pieces are UTF-8, and end anywhere. If the server cannot complete the file, the error comes after the pieces
        that have arrived.

        Args:
            format: CSV (RFC 4180) with a byte-order mark, or a JSON object a line. Default: `csv`
            progress: a text of 8 to 64 characters under which `get_export` tells how far the export is
            filter: which deliveries
        """
        query = query_of(filter)
        query["state"] = query.pop("status", None)
        query |= {"format": format, "progress": progress}
        async for piece in self._transport.download(Call("GET", "/dashboard/webhooks/deliveries/export", query)):
            yield piece

    async def get_export(self, token: str) -> ExportProgress:
        """How far an export of the delivery history is, which was started with this `progress`.

        The server forgets an export when it restarts: then the error is 404 `EXPORT_NOT_FOUND`.
        """
        return cast(ExportProgress, await self._transport.body(Call("GET", one_path("/v1/exports", token))))


class AsyncReplays:
    """Replays of deliveries."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, delivery_ids: Sequence[str], *, dry_run: bool = False) -> Replay:
        """Create new deliveries of the same events. If any id is unknown, the whole call is refused.

        Args:
            delivery_ids: at most 1000
            dry_run: only count the deliveries that would be created
        """
        fields = {"delivery_ids": delivery_ids, **({"dry_run": True} if dry_run else {})}
        call = Call("POST", "/v1/replays", body=write_json(fields), repeatable=dry_run)
        return cast(Replay, await self._transport.body(call))


class AsyncJobs:
    """Background jobs."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get(self, id: str) -> Job:
        return cast(Job, await self._transport.body(Call("GET", one_path(_JOBS, id))))

    async def list(self, *, cursor: str | None = None, **filter: Unpack[JobFilter]) -> JobPage:
        """One page of jobs, newest first. `cursor` is the last page's `next_cursor`."""
        query = {**query_of(filter), "cursor": cursor}
        return cast(JobPage, await self._transport.body(Call("GET", _JOBS, query)))

    async def iterate(self, **filter: Unpack[JobFilter]) -> AsyncIterator[Job]:
        """All jobs, newest first. Further pages are fetched as you iterate."""
        async for row in self._transport.rows(_JOBS, query_of(filter)):
            yield row

    async def cancel(self, id: str) -> Job:
        """Stop a job. What it has changed stays changed. If it has ended, the error is 409 `INVALID_STATE`."""
        return cast(Job, await self._transport.body(Call("POST", f"{one_path(_JOBS, id)}/cancel")))


def _bulk_filter(filter: BulkConditions) -> dict[str, Any]:
    """A body has arrays where a query may have a single value."""
    query = not_none(**query_of(filter))
    for name in ("status", "endpoint_id"):
        if isinstance(query.get(name), str):
            query[name] = [query[name]]
    return query
