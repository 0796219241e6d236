"""Calls, retries, errors and pages, against a server with responses that the test supplies."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Callable
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest

import signalbox_sdk
from conftest import Connect, Waits
from signalbox_sdk import (
    AsyncSignalbox,
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    ResponseError,
    ServerError,
    Signalbox,
    SignalboxError,
    TimedOutError,
)
from support import KEY, Seen, Stub, cut_short, hang_up, raw, reply

Serve = Callable[..., Stub]
PUBLISHED = reply(202, {"event_id": "evt_1", "deliveries": []})


def busy(status: int, retry_after: str | None = None) -> Any:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return reply(status, {"error": {"code": "BUSY", "message": "later"}}, headers)


def test_a_call_carries_the_key_and_the_tenant_and_encodes_ids(connect: Connect, serve: Serve) -> None:
    stub = serve(reply(200, {}))
    client = connect(f"{stub.url}/base/", tenant="dev_1")
    client.endpoints.get("../keys?x=ä")
    client.deliveries.list(status=["FAILED", "EXPIRED"], count=True, from_=datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert stub.lines == [
        "GET /base/v1/endpoints/..%2Fkeys%3Fx%3D%C3%A4?tenant=dev_1",
        "GET /base/v1/deliveries?status=FAILED&status=EXPIRED&count=true"
        "&from=2026-01-01T00%3A00%3A00.000Z&tenant=dev_1",
    ]
    assert all(one.headers["authorization"] == f"Bearer {KEY}" for one in stub.seen)


def test_a_text_payload_is_sent_byte_for_byte_and_must_be_one_json_value(connect: Connect, serve: Serve) -> None:
    stub = serve(reply(202, {"event_id": "evt_1", "deliveries": [], "results": []}))
    client = connect(stub.url)
    payload = '{ "n": 1.0, "big": 12345678901234567890 }'
    client.events.publish(type="a.b", payload=payload)
    client.events.publish_batch([{"type": "a.b", "payload": payload, "endpoint_ids": ["ep_1"]}])
    client.endpoints.test("ep_1", event_type="a.b", payload=payload)
    client.events.publish(type="a.b", payload={"ä": "🎉\ud800", "n": 2**70})
    assert [one.body.decode() for one in stub.seen] == [
        f'{{"type":"a.b","payload":{payload}}}',
        f'{{"events":[{{"type":"a.b","endpoint_ids":["ep_1"],"payload":{payload}}}]}}',
        f'{{"event_type":"a.b","payload":{payload}}}',
        f'{{"type":"a.b","payload":{{"ä":"🎉\\ud800","n":{2**70}}}}}',
    ]
    for wrong in ('{},"type":"c"', "", "NaN", '{"a":Infinity}', "[" * 100_000):
        with pytest.raises(ValueError, match="."):
            client.events.publish(type="a.b", payload=wrong)
    for wrong_value in (None, 5, b"{}", {"at": datetime.now(timezone.utc)}, {"n": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            client.events.publish(type="a.b", payload=wrong_value)
    assert len(stub.seen) == 4


def test_a_wrong_argument_sends_nothing(connect: Connect, serve: Serve) -> None:
    stub = serve(reply(200, {}))
    client = connect(stub.url)
    for wrong in (None, "", ".", "..", 5):
        for call in (client.endpoints.delete, client.events.get, client.cancel_pause, client.sources.reprocess):
            with pytest.raises((TypeError, ValueError)):
                call(wrong)
    for key in ("", 5, "with space", "ä", "line\nbreak"):
        with pytest.raises((TypeError, ValueError), match="^idempotency_key must"):
            client.events.publish(type="a.b", payload={}, idempotency_key=key)
        with pytest.raises((TypeError, ValueError), match="^idempotency_key must"):
            client.pause(message="?", options=["a", "b"], idempotency_key=key)
    for since in (datetime(2026, 1, 1), None, 5):
        with pytest.raises((TypeError, ValueError), match="^since must"):
            client.endpoints.recover("ep_1", since=since)
    assert stub.seen == []


def test_a_client_refuses_wrong_settings() -> None:
    for make in (Signalbox, AsyncSignalbox):
        for url, meant in (
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("signalbox:8080/base", "http://signalbox:8080/base"),
            ("hooks.example.com", "https://hooks.example.com"),
            ("https:///hooks.example.com/", "https://hooks.example.com/"),
        ):
            with pytest.raises(ValueError, match="did you mean") as caught:
                make(url=url, api_key=KEY)
            assert f'did you mean "{meant}"?' in str(caught.value)
        for url in (
            "http://u:hush@localhost",
            "http://a/v1/",
            "http://a?b=1",
            "http://a#b",
            "http://a b",
            "http://a:x",
        ):
            with pytest.raises(ValueError, match="^url "):
                make(url=url, api_key=KEY)
        for key in (None, "", "sb_live_1\n", "sb live", "schlüssel"):
            with pytest.raises((TypeError, ValueError), match="^api_key must") as refused:
                make(url="http://localhost", api_key=key)  # type: ignore[arg-type]
            assert not key or key not in str(refused.value)
        for more in ({"tenant": ""}, {"retries": -1}, {"retries": "3"}, {"http_client": 5}, {"url": None}):
            with pytest.raises((TypeError, ValueError)):
                make(**{"url": "http://localhost", "api_key": KEY, **more})  # type: ignore[arg-type]


def test_an_error_has_a_class_a_code_details_and_the_request_id(connect: Connect, serve: Serve) -> None:
    details = [{"field": "url", "rule": "must be https"}]
    common = {"error": {"code": "VALIDATION_ERROR", "message": "url must be https", "details": details}}
    of_pauses = {"error": "INVALID_API_KEY", "message": "no such key", "status_code": 401}
    ended = {"error": "TOKEN_USED", "message": "used", "outcome": {"status": "responded"}}
    answers: list[tuple[Any, type[SignalboxError], int, str]] = [
        (reply(400, common, {"x-request-id": "r-1"}), InvalidRequestError, 400, "VALIDATION_ERROR"),
        (reply(422, common), InvalidRequestError, 422, "VALIDATION_ERROR"),
        (reply(401, of_pauses), AuthenticationError, 401, "INVALID_API_KEY"),
        (reply(403, common), PermissionDeniedError, 403, "VALIDATION_ERROR"),
        (reply(404, {"error": ["odd"]}), NotFoundError, 404, "HTTP_404"),
        (reply(410, ended), ConflictError, 410, "TOKEN_USED"),
        (reply(429, common), RateLimitError, 429, "VALIDATION_ERROR"),
        (raw(502, b"<html>Bad gateway</html>", {"content-type": "text/html"}), ServerError, 502, "HTTP_502"),
        (raw(500, b"\xff\xfe"), ServerError, 500, "HTTP_500"),
        (raw(308, b"", {"location": "/elsewhere"}), ResponseError, 308, "HTTP_308"),
        (raw(200, b"<html>Sign in</html>"), ProtocolError, 200, "PROTOCOL_ERROR"),
        (raw(200, b"[" * 100_000), ProtocolError, 200, "PROTOCOL_ERROR"),
        (raw(200, b""), ProtocolError, 200, "PROTOCOL_ERROR"),
    ]
    stub = serve(*(answer for answer, *_ in answers))
    client = connect(stub.url)
    caught: list[SignalboxError] = []
    for _answer, kind, status, code in answers:
        with pytest.raises(SignalboxError) as failure:
            client.jobs.get("job_1")
        error = failure.value
        assert (type(error), error.status, error.code) == (kind, status, code)
        caught.append(error)
    assert (caught[0].details, caught[0].request_id, caught[0].message) == (details, "r-1", "url must be https")
    assert str(caught[0]) == "url must be https (VALIDATION_ERROR, request r-1)"
    assert caught[5].body["outcome"] == {"status": "responded"}
    assert len(stub.seen) == len(answers), "a redirect is not followed, and nothing is repeated"
    copy = pickle.loads(pickle.dumps(caught[0]))
    assert (copy.code, copy.details, str(copy)) == ("VALIDATION_ERROR", details, str(caught[0]))


def test_429_and_503_with_retry_after_are_repeated_after_that_wait(
    connect: Connect, serve: Serve, waits: Waits
) -> None:
    stub = serve(busy(429, "2"), busy(503, "0"), PUBLISHED)
    connect(stub.url).events.publish(type="a.b", payload={})
    assert (len(stub.seen), waits.seconds) == (3, [2, 0])


def test_nothing_else_is_repeated(connect: Connect, serve: Serve, waits: Waits) -> None:
    for answer in (busy(503), busy(503, "61"), busy(500, "1"), busy(409, "1"), busy(503, "soon")):
        stub = serve(answer)
        with pytest.raises(ResponseError, match="later"):
            connect(stub.url).jobs.get("job_1")
        assert len(stub.seen) == 1
    assert waits.seconds == []


def test_retries_stop_after_three_or_the_given_number(connect: Connect, serve: Serve, waits: Waits) -> None:
    stub = serve(busy(503, "1"))
    with pytest.raises(ServerError) as caught:
        connect(stub.url).jobs.get("job_1")
    assert (len(stub.seen), caught.value.retry_after_seconds) == (4, 1)
    none = serve(busy(503, "1"))
    with pytest.raises(ServerError):
        connect(none.url, retries=0).jobs.get("job_1")
    assert len(none.seen) == 1


def test_a_lost_connection_is_repeated_only_where_nothing_can_happen_twice(
    connect: Connect, serve: Serve, waits: Waits
) -> None:
    stub = serve(hang_up, cut_short({"event_id": "evt_1"}), PUBLISHED)
    assert connect(stub.url).events.publish(type="a.b", payload={}, idempotency_key="k")["event_id"] == "evt_1"
    assert [one.headers["idempotency-key"] for one in stub.seen] == ["k", "k", "k"]
    first, second = waits.seconds
    assert 0.125 <= first <= 0.25 <= second <= 0.5
    lost = serve(hang_up)
    client = connect(lost.url)
    event = {"type": "a.b", "payload": {}}
    once: list[Callable[[], object]] = [
        lambda: client.events.publish(**event),
        lambda: client.events.publish_batch([event, {**event, "idempotency_key": "k"}]),
        lambda: client.deliveries.retry("del_1"),
        lambda: client.deliveries.bulk("retry", status="FAILED"),
        lambda: client.replays.create(["del_1"]),
        lambda: client.endpoints.create(url="https://a.example"),
        lambda: client.endpoints.test("ep_1"),
        lambda: client.endpoints.rotate_secret("ep_1"),
        lambda: client.sources.reprocess("src_1"),
    ]
    for call in once:
        before = len(lost.seen)
        with pytest.raises(NetworkError) as caught:
            call()
        assert (len(lost.seen) - before, caught.value.status, caught.value.code) == (1, 0, "NETWORK_ERROR")
        assert isinstance(caught.value.__cause__, httpx.RequestError)
    repeated: list[Callable[[], object]] = [
        lambda: client.events.publish_batch([{**event, "idempotency_key": "k"}]),
        lambda: client.replays.create(["del_1"], dry_run=True),
        lambda: client.deliveries.count_bulk("retry"),
        lambda: client.sources.try_("src_1"),
        lambda: client.endpoints.update("ep_1", status="PAUSED"),
        lambda: client.answer_pause_link("t", choice="Yes"),
    ]
    for call in repeated:
        before = len(lost.seen)
        with pytest.raises(NetworkError):
            call()
        assert len(lost.seen) - before == 4


def test_a_deletion_whose_first_response_was_lost_has_succeeded(connect: Connect, serve: Serve) -> None:
    gone = reply(404, {"error": {"code": "NOT_FOUND", "message": "gone"}})
    connect(serve(hang_up, gone).url).endpoints.delete("ep_1")
    with pytest.raises(NotFoundError):
        connect(serve(gone).url).endpoints.delete("ep_1")
    connect(serve(raw(204, b"")).url).webhooks.delete("webhook_1")


def test_a_server_that_is_silent_or_too_slow_times_out(connect: Connect, serve: Serve) -> None:
    def silent(_seen: Seen, handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(1)  # until the client leaves

    with pytest.raises(TimedOutError) as caught:
        connect(serve(silent).url).wait_for_pause("psr_1", timeout_seconds=0.05)
    assert caught.value.code == "TIMEOUT"
    assert isinstance(caught.value, TimeoutError)


def test_a_response_without_an_end_is_refused(connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("_sync", "_async"):
        monkeypatch.setattr(f"signalbox_sdk.{kind}.transport.RESPONSE_BYTES_MAX", 1000)
    with pytest.raises(ProtocolError, match="too long"):
        connect(serve(raw(200, b"x" * 1001)).url).jobs.get("job_1")


def test_linked_pages_are_followed_and_never_to_another_host(connect: Connect, serve: Serve) -> None:
    def page(ids: list[str], link: str | None) -> Any:
        return reply(200, [{"id": id} for id in ids], {} if link is None else {"link": link})

    stub = serve(
        page(["ep_1", "ep_2"], '<https://evil.example/v1/endpoints?cursor=c1&limit=2>; rel="next"'),
        page(["ep_3"], '</v1/endpoints?cursor=c%2F2>; rel="next"'),
        page([], None),
    )
    client = connect(stub.url)
    assert [row["id"] for row in client.endpoints.list(limit=2)] == ["ep_1", "ep_2", "ep_3"]
    assert stub.lines == [
        "GET /v1/endpoints?limit=2",
        "GET /v1/endpoints?limit=2&cursor=c1",
        "GET /v1/endpoints?limit=2&cursor=c%2F2",
    ]
    page_of_stub = connect(serve(page(["ep_1"], '</x?cursor=c9>; rel="next"')).url).endpoints.page()
    assert (page_of_stub.rows, page_of_stub.next) == ([{"id": "ep_1"}], "c9")


def test_cursors_are_followed_through_empty_pages_and_only_as_far_as_the_loop(connect: Connect, serve: Serve) -> None:
    def page(rows: list[Any], next: str | None) -> Any:
        return reply(200, {"results": rows, "has_more": next is not None, "next_cursor": next})

    stub = serve(page([{"id": "del_1"}], "c1"), page([], "c2"), page([{"id": "del_2"}], None))
    assert [row["id"] for row in connect(stub.url).deliveries.iterate(status="FAILED")] == ["del_1", "del_2"]
    assert stub.lines[2] == "GET /v1/deliveries?status=FAILED&cursor=c2"
    left = serve(page([{}, {}], "c1"))
    for _row in connect(left.url).deliveries.iterate():
        break
    assert len(left.seen) == 1
    same = serve(page([], "same"))
    with pytest.raises(ProtocolError, match="cursor"):
        list(connect(same.url).deliveries.iterate())
    assert len(same.seen) == 2


def test_a_list_in_a_response_that_is_not_from_signalbox_is_refused(connect: Connect, serve: Serve) -> None:
    for body in ({"status": "ok"}, None, {"results": 5, "data": 5}):
        client = connect(serve(reply(200, body)).url)
        for rows in (client.deliveries.iterate(), client.sources.list(), client.inbound_events.iterate()):
            with pytest.raises(ProtocolError):
                list(rows)
        with pytest.raises(ProtocolError):
            client.webhooks.list()


def test_pages_by_number_leave_out_what_they_repeat(connect: Connect, serve: Serve) -> None:
    def page(*ids: str) -> Any:
        return reply(200, {"data": [{"id": id} for id in ids], "pagination": {"page": 1, "limit": 2, "total": 3}})

    stub = serve(page("wh_3", "wh_2"), page("wh_2", "wh_1"), page("wh_1"))
    assert [row["id"] for row in connect(stub.url).inbound_events.iterate(valid=False)] == ["wh_3", "wh_2", "wh_1"]
    assert stub.lines[1] == "GET /v1/inbound-events?valid=false&page=2"


def test_an_export_is_read_in_pieces_and_an_error_comes_after_them(
    connect: Connect, serve: Serve, waits: Waits
) -> None:
    stub = serve(busy(429, "7"), raw(200, "\ufeffa,b\r\n".encode()))
    pieces = connect(stub.url).deliveries.export(status="FAILED", format="csv")
    assert b"".join(pieces).decode() == "\ufeffa,b\r\n"
    assert (stub.lines[1], waits.seconds) == (
        "GET /dashboard/webhooks/deliveries/export?state=FAILED&format=csv",
        [7],
    )
    got: list[bytes] = []
    with pytest.raises(NetworkError, match="broke off"):
        got.extend(connect(serve(cut_short("0123456789")).url).deliveries.export())
    with pytest.raises(ServerError):
        list(connect(serve(busy(500)).url).deliveries.export())
    for _piece in connect(stub.url).deliveries.export():
        break


def test_an_update_changes_only_what_is_passed_and_none_is_a_value(connect: Connect, serve: Serve) -> None:
    stub = serve(reply(200, {}))
    client = connect(stub.url)
    client.endpoints.update("ep_1", event_types=None, status="PAUSED")
    client.sources.update("src_1", name="n")
    client.events.suppose(type="a.b")
    client.events.suppose(filter=None)
    client.deliveries.count_bulk("cancel", endpoint_id="ep_1", status=["FAILED"], from_="2026-01-01T00:00:00Z")
    assert [json.loads(one.body) for one in stub.seen] == [
        {"status": "PAUSED", "event_types": None},
        {"name": "n"},
        {"type": "a.b"},
        {"filter": None},
        {
            "action": "cancel",
            "filter": {"endpoint_id": ["ep_1"], "status": ["FAILED"], "from": "2026-01-01T00:00:00Z"},
            "dry_run": True,
        },
    ]


def test_a_cancelled_task_ends_its_call(serve: Serve, loop: asyncio.AbstractEventLoop) -> None:
    async def leave() -> None:
        asked = asyncio.Event()
        here = asyncio.get_running_loop()

        def silent(_seen: Seen, handler: BaseHTTPRequestHandler) -> None:
            here.call_soon_threadsafe(asked.set)
            handler.rfile.read(1)  # until the client leaves

        async with AsyncSignalbox(url=serve(silent).url, api_key=KEY) as client:
            waiting = asyncio.ensure_future(client.wait_for_pause("psr_1"))
            await asked.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    loop.run_until_complete(leave())


def test_a_client_closes_its_own_connections() -> None:
    with Signalbox(url="http://localhost:9", api_key=KEY) as client:
        pass
    with pytest.raises(RuntimeError):
        client.jobs.get("job_1")
    own = httpx.Client()
    with Signalbox(url="http://localhost:9", api_key=KEY, http_client=own):
        pass
    assert not own.is_closed
    own.close()


def test_every_public_name_exists() -> None:
    assert all(hasattr(signalbox_sdk, name) for name in signalbox_sdk.__all__)
