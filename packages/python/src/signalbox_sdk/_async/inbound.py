"""The senders of inbound webhooks, and what they sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from ..calls import Call, field_of, list_of, one_path
from ..json_text import write_json
from ..options import UNSET, Unset, given, not_none, query_of
from ..paging import LinkedPage
from ..types.endpoints import RotatedSecret
from ..types.inbound import (
    BasicSettings,
    CreatedSource,
    EventTypeLocation,
    HmacSettings,
    InboundEvent,
    InboundEventDetails,
    InboundFilter,
    InboundPage,
    RefusedCounts,
    ReprocessedInboundEvent,
    ReprocessedSource,
    Source,
    SourceEventDetails,
    SourceEventFilter,
    SourceEventPage,
    SourceScheme,
    SourceTrialResult,
)
from .transport import AsyncTransport

if TYPE_CHECKING:
    from typing_extensions import Unpack

_SOURCES = "/v1/sources"
_EVENTS = "/v1/inbound-events"


def _events_of(source_id: str) -> str:
    return f"{one_path(_SOURCES, source_id)}/events"


class AsyncSources:
    """The senders of inbound webhooks. The methods need the role `org_admin`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(
        self,
        *,
        name: str,
        scheme: SourceScheme,
        secret: str | None = None,
        event_type: EventTypeLocation | None = None,
        hmac: HmacSettings | None = None,
        basic: BasicSettings | None = None,
    ) -> CreatedSource:
        """Register a source. Store the `secret` in the response, if the server generated one."""
        fields = not_none(name=name, scheme=scheme, secret=secret, event_type=event_type, hmac=hmac, basic=basic)
        return cast(CreatedSource, await self._transport.body(Call("POST", _SOURCES, body=write_json(fields))))

    async def list(self, *, limit: int | None = None) -> AsyncIterator[Source]:
        """All sources in order of creation. Further pages are fetched as you iterate."""
        async for row in self._transport.linked_rows(_SOURCES, {"limit": limit}):
            yield row

    async def page(self, *, limit: int | None = None, cursor: str | None = None) -> LinkedPage[Source]:
        """One page of sources in order of creation. `cursor` is the `next` of the page before."""
        return await self._transport.page(_SOURCES, {"limit": limit, "cursor": cursor})

    async def get(self, id: str) -> Source:
        return cast(Source, await self._transport.body(Call("GET", one_path(_SOURCES, id))))

    async def update(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        secret: str | Unset = UNSET,
        event_type: EventTypeLocation | Unset = UNSET,
        hmac: HmacSettings | Unset | None = UNSET,
        basic: BasicSettings | Unset | None = UNSET,
    ) -> Source:
        """Change settings. Only what you pass is changed. The scheme of a source does not change."""
        patch = given(name=name, secret=secret, event_type=event_type, hmac=hmac, basic=basic)
        call = Call("PATCH", one_path(_SOURCES, id), body=write_json(patch))
        return cast(Source, await self._transport.body(call))

    async def delete(self, id: str) -> None:
        await self._transport.call(Call("DELETE", one_path(_SOURCES, id)))

    async def rotate_secret(
        self, id: str, *, secret: str | None = None, overlap_seconds: int | None = None
    ) -> RotatedSecret:
        """Replace the secret. The previous one is accepted for `overlap_seconds`."""
        fields = not_none(secret=secret, overlap_seconds=overlap_seconds)
        call = Call("POST", f"{one_path(_SOURCES, id)}/rotate-secret", body=write_json(fields))
        return cast(RotatedSecret, await self._transport.body(call))

    async def try_(
        self, id: str, *, secret: str | None = None, hmac: HmacSettings | None = None, event_id: str | None = None
    ) -> SourceTrialResult:
        """Verify rejected requests with another secret or other options. Nothing is saved.

        Args:
            id: the source
            secret: to verify with
            hmac: the options of the scheme `hmac`
            event_id: one rejected request, `wh_…`. Default: all that are kept
        """
        fields = not_none(secret=secret, hmac=hmac, event_id=event_id)
        call = Call("POST", f"{one_path(_SOURCES, id)}/try", body=write_json(fields), repeatable=True)
        return cast(SourceTrialResult, await self._transport.body(call))

    async def reprocess(self, id: str) -> ReprocessedSource:
        """Verify all rejected requests again, with the current settings, and publish those that verify."""
        return cast(ReprocessedSource, await self._transport.body(Call("POST", f"{one_path(_SOURCES, id)}/reprocess")))

    async def list_events(self, id: str, **filter: Unpack[SourceEventFilter]) -> SourceEventPage:
        """One page of what a source sent, newest first. `inbound_events.list` has the same of all sources."""
        return cast(SourceEventPage, await self._transport.body(Call("GET", _events_of(id), query_of(filter))))

    async def get_event(self, id: str, event_id: str) -> SourceEventDetails:
        return cast(SourceEventDetails, await self._transport.body(Call("GET", one_path(_events_of(id), event_id))))

    async def delete_event(self, id: str, event_id: str) -> None:
        """Delete a record. It needs the role `global_admin`."""
        await self._transport.call(Call("DELETE", one_path(_events_of(id), event_id)))


class AsyncInboundEvents:
    """What was received from all sources. The methods need the role `org_admin`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, **filter: Unpack[InboundFilter]) -> InboundPage:
        """One page, newest first."""
        return cast(InboundPage, await self._transport.body(Call("GET", _EVENTS, query_of(filter))))

    async def iterate(self, **filter: Unpack[InboundFilter]) -> AsyncIterator[InboundEvent]:
        """All of them, newest first. Further pages are fetched as you iterate."""
        number = filter.get("page") or 1
        # What arrives meanwhile moves rows to the next page, which repeats them.
        before: set[str] = set()
        while True:
            query = {**query_of(filter), "page": number}
            page = await self._transport.body(Call("GET", _EVENTS, query))
            rows = cast("Sequence[InboundEvent]", list_of(field_of(page, "data")))
            for row in rows:
                if row["id"] not in before:
                    yield row
            if len(rows) < field_of(field_of(page, "pagination"), "limit"):
                return
            before = {row["id"] for row in rows}
            number += 1

    async def refused(self, *, from_: str | datetime | None = None) -> RefusedCounts:
        """Count the rejected requests that are kept, by source and reason."""
        call = Call("GET", f"{_EVENTS}/refused", query_of({"from_": from_}))
        return cast(RefusedCounts, await self._transport.body(call))

    async def get(self, id: str) -> InboundEventDetails:
        return cast(InboundEventDetails, await self._transport.body(Call("GET", one_path(_EVENTS, id))))

    async def reprocess(self, source_id: str, id: str) -> ReprocessedInboundEvent:
        """Process one record again. If a refused request still does not verify: 409 `VERIFICATION_FAILED`."""
        call = Call("POST", f"{one_path(_events_of(source_id), id)}/reprocess")
        return cast(ReprocessedInboundEvent, await self._transport.body(call))

    async def note(self, source_id: str, id: str, notes: str | None) -> SourceEventDetails:
        """Replace the notes of a record. None deletes them."""
        call = Call("PATCH", one_path(_events_of(source_id), id), body=write_json({"notes": notes}))
        return cast(SourceEventDetails, await self._transport.body(call))

    async def delete(self, id: str) -> None:
        """Delete a record. It needs the role `global_admin`."""
        await self._transport.call(Call("DELETE", one_path(_EVENTS, id)))
