"""The wait for a pause, against a server with responses that the test supplies."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from conftest import Connect, Waits
from signalbox_sdk import (
    ConflictError,
    NetworkError,
    NotFoundError,
    ProtocolError,
    SignalboxError,
    TimedOutError,
)
from support import Stub, cut_short, hang_up, raw, reply

Serve = Callable[..., Stub]
CREATED = {"pause_id": "psr_1", "status": "pending", "respond_url": "http://localhost/respond/t"}
PENDING = {"pause_id": "psr_1", "status": "pending"}
RESPONDED = {"pause_id": "psr_1", "status": "responded", "response_choice": "Approve"}
QUESTION = {"message": "Pay 340 EUR to Acme?", "options": ["Approve", "Reject"]}


def refusal(status: int, code: str, headers: dict[str, str] | None = None) -> Any:
    return reply(status, {"error": code, "message": "no", "status_code": status}, headers)


def test_a_pause_is_created_again_with_the_same_key_and_each_has_its_own(connect: Connect, serve: Serve) -> None:
    stub = serve(hang_up, cut_short(CREATED), reply(201, CREATED))
    client = connect(stub.url)
    assert client.pause(**QUESTION) == CREATED
    client.pause(**QUESTION)
    client.pause(**QUESTION, idempotency_key="invoice-7")
    first, second, third, other, own = (one.headers["idempotency-key"] for one in stub.seen)
    assert re.fullmatch("[!-~]{20,255}", first)
    assert first == second == third != other
    assert own == "invoice-7"


def test_a_pause_counts_as_cancelled_by_a_call_whose_first_response_was_lost(connect: Connect, serve: Serve) -> None:
    refused = refusal(409, "ALREADY_CANCELLED")
    cancelled = {**PENDING, "status": "cancelled"}
    stub = serve(hang_up, refused, reply(200, cancelled))
    assert connect(stub.url).cancel_pause("psr_1") == cancelled
    assert stub.lines == ["DELETE /v1/pause/psr_1", "DELETE /v1/pause/psr_1", "GET /v1/pause/psr_1"]
    for answers, kind, code in (
        ((refused,), ConflictError, "ALREADY_CANCELLED"),
        ((hang_up, refusal(409, "ALREADY_RESPONDED")), ConflictError, "ALREADY_RESPONDED"),
        ((hang_up, refusal(404, "PAUSE_NOT_FOUND")), NotFoundError, "PAUSE_NOT_FOUND"),
    ):
        with pytest.raises(kind) as caught:
            connect(serve(*answers).url).cancel_pause("psr_1")
        assert caught.value.code == code


def test_a_later_deadline_is_sent_again_only_as_a_time(connect: Connect, serve: Serve) -> None:
    stub = serve(hang_up, reply(200, PENDING))
    assert connect(stub.url).extend_pause("psr_1", expires_at="2026-12-01T00:00:00Z") == PENDING
    assert stub.lines == ["POST /v1/pause/psr_1/extend"] * 2
    assert [json.loads(one.body) for one in stub.seen] == [{"expires_at": "2026-12-01T00:00:00Z"}] * 2
    stub = serve(hang_up, reply(200, PENDING))
    with pytest.raises(NetworkError):
        connect(stub.url).extend_pause("psr_1", expires_in_seconds=60)
    assert [json.loads(one.body) for one in stub.seen] == [{"expires_in_seconds": 60}]


def test_a_wait_that_is_no_number_sends_nothing(connect: Connect, serve: Serve) -> None:
    stub = serve(reply(200, PENDING))
    client = connect(stub.url)
    for wrong in (math.nan, -1, "5m", True):
        with pytest.raises((TypeError, ValueError), match="^timeout_seconds must be a finite number"):
            client.wait_for_pause("psr_1", timeout_seconds=wrong)
        with pytest.raises((TypeError, ValueError), match="^wait must be a finite number"):
            client.get_pause("psr_1", wait=wrong)
    assert stub.seen == []


@pytest.mark.parametrize("status", ["responded", "timed_out", "cancelled"])
def test_the_wait_returns_each_of_the_three_endings(connect: Connect, serve: Serve, status: str) -> None:
    ended = {**PENDING, "status": status}
    stub = serve(reply(200, ended))
    assert connect(stub.url).wait_for_pause("psr_1") == ended
    assert stub.lines == ["GET /v1/pause/psr_1?wait=60"]


def test_the_wait_survives_lost_connections_proxies_and_a_busy_server(
    connect: Connect, serve: Serve, waits: Waits
) -> None:
    stub = serve(
        hang_up,
        cut_short(RESPONDED),
        refusal(503, "STORE_UNAVAILABLE", {"retry-after": "7"}),
        refusal(429, "RATE_LIMITED", {"retry-after": "3600"}),
        raw(502, b"<html>", {"content-type": "text/html"}),
        raw(504, b""),
        refusal(503, "STORE_UNAVAILABLE"),
        raw(408, b""),
        reply(200, RESPONDED),
    )
    told: list[str] = []
    ended = connect(stub.url).wait_for_pause("psr_1", on_retry=lambda error: told.append(error.code))
    assert ended == RESPONDED
    assert told == ["NETWORK_ERROR"] * 2 + ["STORE_UNAVAILABLE", "RATE_LIMITED", "HTTP_502", "HTTP_504"] + [
        "STORE_UNAVAILABLE",
        "HTTP_408",
    ]
    for wait, most in zip(waits.seconds, (0.25, 0.5, 7, 60, 4, 8, 10, 10), strict=True):
        assert most / 2 <= wait <= most
    assert waits.seconds[2:4] == [7, 60]


def test_the_wait_survives_a_long_outage_and_asks_at_least_every_10_seconds(
    connect: Connect, serve: Serve, waits: Waits
) -> None:
    stub = serve(*[hang_up] * 14, reply(200, RESPONDED))
    assert connect(stub.url).wait_for_pause("psr_1") == RESPONDED
    assert len(stub.seen) == 15
    assert all(5 <= wait <= 10 for wait in waits.seconds[10:])


def test_a_pending_that_comes_at_once_delays_the_next_request(connect: Connect, serve: Serve, waits: Waits) -> None:
    told: list[str] = []
    stub = serve(reply(200, PENDING), reply(200, PENDING), reply(200, RESPONDED))
    connect(stub.url).wait_for_pause("psr_1", on_pending=lambda pause: told.append(pause["status"]))
    assert told == ["pending", "pending"]
    first, second = waits.seconds
    assert 0.125 <= first <= 0.25 <= second <= 0.5


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(401, "INVALID_API_KEY"), "INVALID_API_KEY"),
        (refusal(403, "FORBIDDEN"), "FORBIDDEN"),
        (refusal(404, "PAUSE_NOT_FOUND"), "PAUSE_NOT_FOUND"),
        (refusal(422, "VALIDATION_ERROR"), "VALIDATION_ERROR"),
        (raw(308, b"", {"location": "/elsewhere"}), "HTTP_308"),
        (raw(200, b"<html>Sign in</html>"), "PROTOCOL_ERROR"),
        (reply(200, {"status": "ok"}), "PROTOCOL_ERROR"),
        (reply(200, [1]), "PROTOCOL_ERROR"),
    ],
)
def test_a_permanent_refusal_ends_the_wait_at_once(
    connect: Connect, serve: Serve, waits: Waits, answer: Any, code: str
) -> None:
    stub = serve(answer)
    with pytest.raises(SignalboxError) as caught:
        connect(stub.url).wait_for_pause("psr_1")
    assert (caught.value.code, len(stub.seen), waits.seconds) == (code, 1, [])


def test_the_wait_ends_after_its_timeout_with_the_last_failure_as_the_cause(
    connect: Connect, serve: Serve, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("_sync", "_async"):
        monkeypatch.setattr(f"signalbox_sdk.{kind}.pauses.monotonic", lambda: 1000 + sum(waits.seconds))
    monkeypatch.setattr("random.random", lambda: 1.0)
    stub = serve(hang_up)
    with pytest.raises(TimedOutError, match=r"The pause did not end within 4\.25 s\.") as caught:
        connect(stub.url).wait_for_pause("psr_1", timeout_seconds=4.25)
    assert (caught.value.status, caught.value.code) == (0, "TIMEOUT")
    assert isinstance(caught.value.__cause__, NetworkError)
    assert waits.seconds == [0.25, 0.5, 1, 2, 0.5]
    assert [one.url.partition("?")[2] for one in stub.seen] == ["wait=5", "wait=4", "wait=4", "wait=3", "wait=1"]


def test_protocol_errors_are_not_retried_by_a_get(connect: Connect, serve: Serve) -> None:
    stub = serve(raw(200, b"hello"))
    with pytest.raises(ProtocolError):
        connect(stub.url).get_pause("psr_1", wait=60)
    assert stub.lines == ["GET /v1/pause/psr_1?wait=60"]
