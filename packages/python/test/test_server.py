"""Both clients against a real server, which all tests share."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from conftest import Connect, Server
from signalbox_sdk import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    Signalbox,
    TimedOutError,
    is_pause_event,
    sign_jcs,
    verify,
)
from support import Seen, Stub, raw

Serve = Callable[..., Stub]
QUESTION: dict[str, Any] = {"message": "Pay 340 € to Acme?", "options": ["Approve", "Reject"]}
SECRET = "ein geheimes Wörtchen 🔑 mit 16+"
NO_SUCH = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def client(connect: Connect, server: Server) -> Any:
    return connect(server.url, server.api_key, real_waits=True)


@pytest.fixture
def receiver(serve: Serve) -> tuple[Stub, Callable[[], Seen]]:
    """An endpoint's side: its server, and the next delivery."""
    arrived = threading.Semaphore(0)
    taken = iter(range(1000))

    def take(_seen: Seen, handler: Any) -> None:
        raw(200, b"")(_seen, handler)
        arrived.release()

    stub = serve(take)

    def next_delivery() -> Seen:
        assert arrived.acquire(timeout=60), "no delivery arrived"
        return stub.seen[next(taken)]

    return stub, next_delivery


@pytest.fixture
def endpoints(client: Any) -> Iterator[Callable[..., Any]]:
    """Creates endpoints, and deletes them after the test."""
    made: list[str] = []

    def create(**settings: Any) -> Any:
        made.append(client.endpoints.create(**settings)["id"])
        return client.endpoints.get(made[-1])

    yield create
    for id in made:
        client.endpoints.delete(id)


def test_every_format_arrives_and_verifies(client: Any, endpoints: Any, receiver: Any) -> None:
    stub, next_delivery = receiver
    for format in ("standard", "pacspace", "plain", "pausepoint"):
        endpoint = endpoints(url=stub.url, format=format, secret=SECRET, event_types=[f"sdk.{format}"])
        payload = '{"amount": 1.0, "name": "Zoë 🎉"}'
        published = client.events.publish(type=f"sdk.{format}", payload=payload, idempotency_key=f"{endpoint['id']}")
        again = client.events.publish(type=f"sdk.{format}", payload=payload, idempotency_key=f"{endpoint['id']}")
        assert again["event_id"] == published["event_id"]
        assert [one["created"] for one in again["deliveries"]] == [False]
        arrived = next_delivery()
        for scheme in ("standard", format):
            event = verify(body=arrived.body, headers=arrived.headers, secret=SECRET, scheme=scheme)
            assert event.data == {"amount": 1.0, "name": "Zoë 🎉"}
            assert event.type == (None if format == "plain" else f"sdk.{format}")
            assert event.unsigned_id in (published["event_id"], None)
        assert payload.encode() in arrived.body
    assert client.events.get_payload(published["event_id"]) == payload
    assert client.events.get(published["event_id"])["type"] == "sdk.pausepoint"


def test_endpoints_are_listed_changed_tested_and_deleted(client: Any, receiver: Any) -> None:
    stub, next_delivery = receiver
    made = client.endpoints.create(url=stub.url, name="Zoë's", event_types=["sdk.none"], format="standard")
    id = made["id"]
    assert made["secret"].startswith("whsec_")
    assert id in [row["id"] for row in client.endpoints.list(limit=1)]
    assert [row["id"] for row in client.endpoints.page(q="zoë's").rows] == [id]
    patched = client.endpoints.update(id, status="PAUSED", event_types=None, description="x")
    assert (patched["status"], patched["event_types"], patched["name"]) == ("PAUSED", None, "Zoë's")
    assert client.endpoints.count()["states"]["paused"] >= 1
    tested = client.endpoints.test(id, event_type="sdk.test", payload='{"n": 1.0}')
    assert (tested["data"]["success"], tested["data"]["httpStatus"]) == (True, 200)
    assert verify(body=next_delivery().body, headers=stub.seen[0].headers, secret=made["secret"]).data == {"n": 1}
    rotated = client.endpoints.rotate_secret(id, overlap_seconds=0)
    client.endpoints.test(id)
    arrived = next_delivery()
    assert verify(body=arrived.body, headers=arrived.headers, secret=rotated["secret"]).type == "test"
    assert client.jobs.get(client.endpoints.recover(id, since="2026-01-01T00:00:00Z")["job_id"])["kind"] == "recover"
    client.endpoints.delete(id)
    with pytest.raises(NotFoundError):
        client.endpoints.get(id)


def test_deliveries_are_found_explained_cancelled_retried_and_exported(client: Any, endpoints: Any) -> None:
    endpoint = endpoints(url="http://127.0.0.1:9/", event_types=["sdk.held"])
    client.endpoints.update(endpoint["id"], status="PAUSED")
    results = client.events.publish_batch(
        [{"type": "sdk.held", "payload": {"n": n}} for n in range(2)] + [{"type": "sdk held", "payload": {}}]
    )
    assert [("error" in result) for result in results] == [False, False, True]
    assert results[2]["error"]["details"][0]["field"] == "type"
    page = client.deliveries.list(endpoint_id=endpoint["id"], status=["HELD", "PENDING"], count=True, limit=1)
    assert (page["total"], page["has_more"]) == (2, True)
    ids = [row["id"] for row in client.deliveries.iterate(endpoint_id=endpoint["id"], limit=1)]
    assert len(ids) == 2
    assert client.deliveries.get(ids[0])["attempts"] == []
    assert client.deliveries.explain(ids[0])[0]["rule"]
    assert client.deliveries.cancel(ids[0])["status"] == "cancelled"
    with pytest.raises(ConflictError) as caught:
        client.deliveries.cancel(ids[0])
    assert caught.value.code == "INVALID_STATE"
    assert client.deliveries.retry(ids[0])["status"] in ("PENDING", "HELD")
    assert client.replays.create(ids, dry_run=True)["created_deliveries"] == 2
    assert client.deliveries.count_bulk("cancel", endpoint_id=endpoint["id"])["total"] == 2
    rows = b"".join(client.deliveries.export(endpoint_id=endpoint["id"], format="ndjson")).splitlines()
    assert {json.loads(row)["id"] for row in rows} == set(ids)
    started = client.deliveries.bulk("cancel", endpoint_id=endpoint["id"])
    assert client.jobs.get(started["job_id"])["kind"] == "bulk_cancel"
    listed = client.events.list(type="sdk.*", limit=1)
    assert listed["results"][0]["type"] == "sdk.held"
    assert client.events.explain(listed["results"][0]["id"])
    assert [row["name"] for row in client.events.list_types(search="sdk.held")["results"]] == ["sdk.held"]
    assert client.events.suppose(type="sdk.held")["endpoints"]["count"] >= 0


def test_what_the_server_refuses_is_named(client: Any, server: Server, connect: Connect) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.endpoints.create(url="ftp://x", timeout_seconds=99)
    assert {fault["field"] for fault in caught.value.details} == {"url", "timeout_seconds"}
    with pytest.raises(InvalidRequestError) as of_pause:
        client.pause(message="", options=["one"])
    assert of_pause.value.status in (400, 422)
    with pytest.raises(InvalidRequestError, match="status"):
        client.deliveries.list(stauts="FAILED")
    with pytest.raises(InvalidRequestError) as too_large:
        client.events.publish(type="sdk.large", payload={"x": "ä" * 200_000})
    assert too_large.value.status == 413
    wrong = connect(server.url, f"sb_live_{'0' * 48}")
    with pytest.raises(AuthenticationError):
        wrong.endpoints.count()
    with pytest.raises(AuthenticationError):
        wrong.wait_for_pause(f"psr_{NO_SUCH}")
    with pytest.raises(NotFoundError):
        client.wait_for_pause(f"psr_{NO_SUCH}")
    with pytest.raises((NotFoundError, PermissionDeniedError)):
        client.endpoints.get("../../etc/passwd")


def answer_soon(client: Any, pause: Any, choice: str, url: str) -> threading.Thread:
    """A person who answers while the test waits."""
    token = pause["respond_url"].rpartition("/")[2]
    post = lambda: httpx.post(f"{url}/v1/respond/{token}", json={"choice": choice}, timeout=60)  # noqa: E731
    thread = threading.Thread(target=post)
    thread.start()
    return thread


def test_a_pause_is_waited_for_and_its_event_agrees(client: Any, server: Server, receiver: Any) -> None:
    stub, next_delivery = receiver
    webhook = client.webhooks.create(url=stub.url, events=["pause.responded"], secret=SECRET)
    assert webhook["id"] in [one["id"] for one in client.webhooks.list()]
    pause = client.pause(**QUESTION, metadata={"amount": 340, "to": "Acme 🏦"}, allow_text_response=True)
    assert client.get_pause(pause["pause_id"])["status"] == "pending"
    assert client.get_pause(pause["pause_id"], wait=0)["respond_url"] == pause["respond_url"]
    link = client.read_pause_link(pause["respond_url"].rpartition("/")[2])
    assert (link["message"], link["status"]) == (QUESTION["message"], "pending")
    person = answer_soon(client, pause, "Approve", server.url)
    ended = client.wait_for_pause(pause["pause_id"])
    person.join()
    assert (ended["status"], ended["response_choice"], ended["decided_by"]) == ("responded", "Approve", "human")
    arrived = next_delivery()
    event = verify(body=arrived.body, headers=arrived.headers, secret=SECRET, scheme="standard")
    assert is_pause_event(event.body)
    assert event.body["pause_id"] == pause["pause_id"]
    assert event.data["metadata"] == {"amount": 340, "to": "Acme 🏦"}
    client.webhooks.delete(webhook["id"])


def test_a_pause_times_out_is_cancelled_once_and_is_found_by_its_key(client: Any) -> None:
    key = f"invoice-{client.events.publish(type='sdk.key', payload={})['event_id']}"
    pause = client.pause(**QUESTION, idempotency_key=key)
    assert client.pause(**QUESTION, idempotency_key=key) == pause
    with pytest.raises(ConflictError) as conflict:
        client.pause(message="Another?", options=["a", "b"], idempotency_key=key)
    assert conflict.value.code == "IDEMPOTENCY_KEY_CONFLICT"
    with pytest.raises(TimedOutError):
        client.wait_for_pause(pause["pause_id"], timeout_seconds=0.01)
    assert pause["pause_id"] in [one["pause_id"] for one in client.iterate_pauses(status="pending", limit=1)]
    extended = client.extend_pause(pause["pause_id"], expires_in_seconds=172_800)
    assert extended["expires_at"] > pause["expires_at"]
    assert client.extend_pause(pause["pause_id"], expires_at=extended["expires_at"])["status"] == "pending"
    assert client.cancel_pause(pause["pause_id"])["status"] == "cancelled"
    with pytest.raises(ConflictError):
        client.cancel_pause(pause["pause_id"])
    with pytest.raises(ConflictError) as late:
        client.answer_pause_link(pause["respond_url"].rpartition("/")[2], choice="Approve")
    assert late.value.body["outcome"]["status"] == "cancelled"
    assert client.list_pauses(q=pause["pause_id"])["pauses"][0]["status"] == "cancelled"
    assert client.count_pauses()["cancelled"]["count"] >= 1


def test_a_source_takes_a_body_that_sign_jcs_has_signed(client: Any, server: Server) -> None:
    source = client.sources.create(name="sdk", scheme="jcs", secret=SECRET, event_type={"prefix": "sdk.in."})
    id = source["id"]
    body = sign_jcs({"n": 1.0, "name": "Zoë 🎉", "nested": {"b": [1e21, -0.0], "a": None}}, SECRET)
    path = source["url"].partition("/in/")[2]

    def send(text: str) -> int:
        return httpx.post(f"{server.url}/in/{path}", content=text.encode()).status_code

    # A proxy that serializes the body again does not change what it says.
    assert send(json.dumps(json.loads(body), indent=1)) == 200
    assert send(body.replace("Zoë", "Zoe")) == 401
    refused = client.sources.list_events(id, valid=False)["data"]
    assert [one["rejection_reason"] for one in refused] == ["signature_mismatch"]
    assert client.sources.try_(id, secret="another secret of 16")["would_verify"] == 0
    assert client.sources.get_event(id, refused[0]["id"])["body"]["encoding"] == "utf-8"
    assert client.inbound_events.note(id, refused[0]["id"], "looked at")["notes"] == "looked at"
    assert client.inbound_events.get(refused[0]["id"])["source"] == "sdk"
    assert len(list(client.inbound_events.iterate(source_id=id))) == 2
    assert client.inbound_events.refused()["total"] >= 1
    with pytest.raises(ConflictError):
        client.inbound_events.reprocess(id, refused[0]["id"])
    assert client.sources.reprocess(id)["failed"] == 1
    assert client.sources.update(id, name="sdk renamed")["name"] == "sdk renamed"
    assert id in [row["id"] for row in client.sources.list(limit=1)]
    assert "secret" in client.sources.rotate_secret(id)
    client.sources.delete_event(id, refused[0]["id"])
    client.sources.delete(id)


def test_the_wait_for_a_pause_outlasts_a_restart_of_the_server(connect: Connect, server: Server) -> None:
    asked = threading.Event()
    client = connect(server.url, server.api_key, real_waits=True, on_request=asked.set)
    pause = client.pause(**QUESTION)
    asked.clear()
    answered: list[str] = []

    def person() -> None:
        assert asked.wait(60)
        server.restart()
        with Signalbox(url=server.url, api_key=server.api_key) as own:
            link = own.answer_pause_link(pause["respond_url"].rpartition("/")[2], choice="Reject")
            answered.append(link["status"])

    thread = threading.Thread(target=person)
    thread.start()
    ended = client.wait_for_pause(pause["pause_id"])
    thread.join()
    assert (ended["status"], ended["response_choice"], answered) == ("responded", "Reject", ["responded"])
