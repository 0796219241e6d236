"""Receipts: the vectors, which the JavaScript SDK checks too, the arguments, and the cached keys."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Connect, Server
from signalbox_sdk import DecisionVerificationError, NetworkError, ProtocolError, ReceiptKeys, verify_decision
from support import Stub, reply

VECTORS = json.loads((Path(__file__).parents[2] / "sdk" / "vectors" / "receipts.json").read_text("utf-8"))
KEYS = VECTORS["keys"]
GOOD = VECTORS["vectors"][0]


def arguments_of(vector: dict[str, Any]) -> dict[str, Any]:
    expected = dict(vector["expected"])
    now = datetime.fromisoformat(expected.pop("now").replace("Z", "+00:00"))
    return {"keys": KEYS, "metadata": expected.pop("metadata_text"), "now": now, **expected}


def code_of(receipt: object, **arguments: Any) -> str | None:
    try:
        verify_decision(receipt, **arguments)
    except DecisionVerificationError as error:
        return error.code if str(error) != "" else "no message"
    return None


def test_the_vectors_are_accepted_or_refused_as_a_value_and_as_text() -> None:
    for vector in VECTORS["vectors"]:
        arguments = arguments_of(vector)
        assert code_of(vector["receipt"], **arguments) == vector["error"], vector["name"]
        assert code_of(json.dumps(vector["receipt"]), **arguments) == vector["error"], vector["name"]


def test_metadata_may_be_a_value_without_numbers_beyond_doubles() -> None:
    arguments = arguments_of(GOOD)
    value = json.loads(arguments["metadata"])
    assert verify_decision(GOOD["receipt"], **{**arguments, "metadata": value}) == GOOD["receipt"]
    for other in ({**value, "amount": 1}, {**value, "amount": 12345678901234567890}, {}, None):
        assert code_of(GOOD["receipt"], **{**arguments, "metadata": other}) == "other_metadata"


def test_once_is_asked_last_and_decides() -> None:
    arguments = arguments_of(GOOD)
    used: set[str] = set()

    def once(pause_id: str) -> bool:
        before = len(used)
        used.add(pause_id)
        return len(used) > before

    assert code_of(GOOD["receipt"], **{**arguments, "choice": "Reject"}, once=once) == "other_choice"
    assert used == set()
    assert code_of(GOOD["receipt"], **arguments, once=once) is None
    assert used == {GOOD["receipt"]["pause_id"]}
    assert code_of(GOOD["receipt"], **arguments, once=once) == "already_used"


@pytest.mark.parametrize("receipt", [None, "", "{", "[]", 7, {}, [], "NaN", {**GOOD["receipt"], "text": "\ud800"}])
def test_what_is_no_receipt_is_malformed(receipt: object) -> None:
    assert code_of(receipt, **arguments_of(GOOD)) == "malformed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"pause_id": None, "developer_id": None},
        {"pause_id": ""},
        {"choice": 1},
        {"min_people": -1},
        {"max_age_seconds": float("nan")},
        {"now": datetime(2026, 5, 8)},
        {"question": "Go on?"},
        {"metadata": "{"},
        {"metadata": {"at": datetime.now(timezone.utc)}},
    ],
)
def test_invalid_arguments_are_the_callers_mistake(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        verify_decision(None, **{**arguments_of(GOOD), **wrong})


def test_the_keys_are_read_once(serve: Callable[..., Stub]) -> None:
    stub = serve(reply(200, {"keys": KEYS}))
    arguments = {**arguments_of(GOOD), "keys": ReceiptKeys(f"{stub.url}/base/")}
    for _ in range(2):
        verify_decision(GOOD["receipt"], **arguments)
    assert code_of({**GOOD["receipt"], "key_id": "made-up"}, **arguments) == "unknown_key"
    assert [seen.url for seen in stub.seen] == ["/base/.well-known/signalbox-keys"]


def test_keys_that_cannot_be_read_are_an_error_of_the_call(serve: Callable[..., Stub]) -> None:
    for url, error in (("http://127.0.0.1:1", NetworkError), (serve(reply(404, {})).url, ProtocolError)):
        with pytest.raises(error):
            verify_decision(GOOD["receipt"], **{**arguments_of(GOOD), "keys": ReceiptKeys(url)})


def test_a_decision_on_the_real_server(connect: Connect, server: Server) -> None:
    client = connect(server.url, server.api_key)
    question: dict[str, Any] = {
        "message": "Pay 340 € to Acme?",
        "options": ["Approve", "Reject"],
        "details": [{"label": "Supplier", "value": "Acme Corp\nVienna"}],
    }
    metadata = {"order": str(uuid.uuid4()), "amount": 340.5, "ä": [1e21, True, None]}
    pause = client.pause(**question, metadata=metadata)
    client.answer_pause_link(pause["respond_url"].rpartition("/")[2], choice="Approve")
    ended = client.wait_for_pause(pause["pause_id"])
    expected: dict[str, Any] = {"pause_id": pause["pause_id"], "question": question, "metadata": metadata}
    listed = client.list_receipt_keys()
    with httpx.Client() as http_client:
        for keys in (listed, ReceiptKeys(server.url, http_client=http_client)):
            assert code_of(ended["receipt"], keys=keys, **expected) == "too_few_people"
            assert verify_decision(ended["receipt"], keys=keys, min_people=0, **expected) == ended["receipt"]
