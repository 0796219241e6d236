"""Make calls: credentials, timeouts, safe retries and errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any

import httpx

from ..address import check_url
from ..calls import (
    Answer,
    Call,
    Outcome,
    Result,
    advanced,
    field_of,
    is_success,
    list_of,
    lost,
    next_cursor,
    protocol_error,
    query_text,
    response_error,
    retry_wait_seconds,
    settle,
)
from ..errors import ProtocolError
from ..limits import RESPONSE_BYTES_MAX, RETRIES_MAX
from ..options import check_amount, check_header, check_string
from ..paging import LinkedPage

# Every wait for a pause holds a connection, so their number is not limited.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)


class AsyncTransport:
    """Makes calls to one server with one API key."""

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        tenant: str | None,
        retries: int,
        http_client: httpx.AsyncClient | None,
        wait: Callable[[float], Awaitable[None]] | None,
    ) -> None:
        self._base = check_url(url)
        self._authorization = f"Bearer {check_header('api_key', api_key)}"
        self._tenant = None if tenant is None else check_string("tenant", tenant)
        self._retries_max = min(int(check_amount("retries", retries)), RETRIES_MAX)
        if http_client is not None and not isinstance(http_client, httpx.AsyncClient):
            raise TypeError("http_client must be an httpx.AsyncClient.")
        self._owns_client = http_client is None
        self._client = httpx.AsyncClient(limits=_LIMITS) if http_client is None else http_client
        self.wait = wait or asyncio.sleep

    async def aclose(self) -> None:
        """Close the connections. A client that was passed in stays open."""
        if self._owns_client:
            await self._client.aclose()

    async def call(self, call: Call) -> Result:
        """Make a call, retry it where that is safe, and return its JSON."""
        if call.idempotency_key is not None:
            check_header("idempotency_key", call.idempotency_key)
        retries_max = self._retries_max if call.retries_max is None else call.retries_max
        retries = 0
        while True:
            outcome = await self._attempt(call)
            wait_seconds = retry_wait_seconds(call, outcome, retries) if retries < retries_max else None
            if wait_seconds is None:
                return settle(call, outcome, retries)
            await self.wait(wait_seconds)
            retries += 1

    async def body(self, call: Call) -> Any:
        return (await self.call(call)).body

    async def field(self, call: Call, name: str) -> Any:
        """One field of the body, which only a response that is not from Signalbox lacks."""
        return field_of(await self.body(call), name)

    async def page(self, path: str, query: Mapping[str, object]) -> LinkedPage[Any]:
        """One page of a list whose pages are plain arrays with a `Link` header to the next page."""
        result = await self.call(Call("GET", path, query))
        return LinkedPage(list_of(result.body), next_cursor(result.headers))

    async def linked_rows(self, path: str, query: Mapping[str, object]) -> AsyncIterator[Any]:
        """Every row of such a list."""
        cursor: str | None = None
        while True:
            page = await self.page(path, {**query, "cursor": cursor})
            for row in page.rows:
                yield row
            cursor = advanced(cursor, page.next)
            if cursor is None:
                return

    async def rows(self, path: str, query: Mapping[str, object], field: str = "results") -> AsyncIterator[Any]:
        """Every row of a list whose pages are objects with the rows in `field`."""
        cursor: str | None = None
        while True:
            page = await self.body(Call("GET", path, {**query, "cursor": cursor}))
            for row in list_of(field_of(page, field)):
                yield row
            cursor = advanced(cursor, page.get("next_cursor") if page.get("has_more") else None)
            if cursor is None:
                return

    async def download(self, call: Call) -> AsyncIterator[bytes]:
        """Read a file in pieces. Only its beginning is retried."""
        retries = 0
        while True:
            ends_at = monotonic() + call.timeout_seconds
            try:
                async with self._open(call) as response:
                    if is_success(response.status_code):
                        async for piece in response.aiter_bytes():
                            yield piece
                        return
                    refusal = Answer(response.status_code, response.headers, await self._text(response, ends_at))
            except httpx.RequestError as cause:
                raise lost(cause, call.timeout_seconds, broken_off=True) from cause
            wait_seconds = retry_wait_seconds(call, refusal, retries) if retries < self._retries_max else None
            if wait_seconds is None:
                raise response_error(refusal)
            await self.wait(wait_seconds)
            retries += 1

    async def _attempt(self, call: Call) -> Outcome:
        try:
            ends_at = monotonic() + call.timeout_seconds
            async with self._open(call) as response:
                return Answer(response.status_code, response.headers, await self._text(response, ends_at))
        except httpx.RequestError as cause:
            error = lost(cause, call.timeout_seconds)
            error.__cause__ = cause
            return error
        except ProtocolError as error:
            return error

    def _open(self, call: Call) -> AbstractAsyncContextManager[httpx.Response]:
        headers = {"authorization": self._authorization, "accept": "application/json"}
        if call.body is not None:
            headers["content-type"] = "application/json"
        if call.idempotency_key is not None:
            headers["idempotency-key"] = call.idempotency_key
        return self._client.stream(
            call.method,
            self._base + call.path + query_text({**call.query, "tenant": self._tenant}),
            headers=headers,
            content=None if call.body is None else call.body.encode(),
            timeout=call.timeout_seconds,
            # A redirect means that the address is wrong, and to follow it would send the key to another one.
            follow_redirects=False,
            auth=None,
        )

    async def _text(self, response: httpx.Response, ends_at: float) -> str:
        """The body. `httpx` limits each silence, and this the whole: a server that sends a byte a minute never ends."""
        content = bytearray()
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > RESPONSE_BYTES_MAX:
                raise protocol_error("The response is too long; is this the address of a Signalbox server?")
            if monotonic() > ends_at:
                raise httpx.ReadTimeout("The response is too slow.")
        return content.decode("utf-8-sig", "replace")
