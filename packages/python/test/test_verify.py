"""The verification and the signing of deliveries."""

from __future__ import annotations

import base64
import json
import math
import pickle
from datetime import datetime, timedelta, timezone
from email.message import Message
from pathlib import Path
from typing import Any

import httpx
import pytest

from signalbox_sdk import WebhookVerificationError, is_pause_event, sign, verify

SECRET = f"whsec_{base64.b64encode(bytes([7] * 32)).decode()}"
VECTORS = Path(__file__).parents[2] / "sdk" / "vectors" / "deliveries.json"
SCHEMES = ["standard", "pacspace", "plain", "pausepoint"]
NOW = datetime(2026, 5, 8, 14, 23, tzinfo=timezone.utc)
BODY = '{"type":"a.b","timestamp":"2026-05-08T14:23:00.000Z","data":{"n":1.0}}'


def signed(**more: Any) -> dict[str, str]:
    return sign(**{"secret": SECRET, "body": BODY, "timestamp": NOW, **more})


def check(headers: Any, **more: Any) -> Any:
    return verify(**{"body": BODY, "secret": SECRET, "now": NOW, "headers": headers, **more})


def only_headers_of(format: str, **more: Any) -> dict[str, str]:
    headers = signed(format=format, **more)
    return headers if format == "standard" else {k: v for k, v in headers.items() if not k.startswith("webhook-")}


def refused(code: str, headers: Any, **more: Any) -> None:
    with pytest.raises(WebhookVerificationError) as caught:
        check(headers, **more)
    assert caught.value.code == code


@pytest.mark.parametrize("format", SCHEMES)
@pytest.mark.parametrize(
    "secret",
    [SECRET, "ein geheimes Wörtchen 🔑", "x" * 512],
)
def test_verify_accepts_what_sign_creates_for_any_secret_and_body(format: str, secret: str) -> None:
    for body in ('{"ä":"\\u2028 🎉"}', '{"__proto__":{},"n":12345678901234567890}', "{}"):
        headers = only_headers_of(format, secret=secret, body=body)
        event = check(headers, secret=secret, body=body)
        assert event.scheme == format
        refused("signature_mismatch", headers, secret=f"{secret}!", body=body)
        refused("signature_mismatch", headers, secret=secret, body=f"{body} ")


def test_the_vectors_are_signed_alike_and_verify_in_each_of_their_schemes() -> None:
    vectors = json.loads(VECTORS.read_text("utf-8"))["vectors"]
    assert len(vectors) > 10
    for vector in vectors:
        secret, body, headers, format = (vector[name] for name in ("secret", "body", "headers", "format"))
        at = datetime.fromtimestamp(vector["timestamp"], timezone.utc)
        same = {name: vector[name] for name in ("id", "type", "delivery_id", "attempt")}
        assert sign(secret=secret, body=body, format=format, timestamp=at, **same) == headers, vector["name"]
        for scheme in ("standard", format):
            event = check(headers, secret=secret, body=body, scheme=scheme, now=at)
            assert event.body == json.loads(body), vector["name"]
        refused("signature_mismatch", headers, secret=f"{secret}!", body=body, now=at)


def test_the_published_vector_of_standard_webhooks_verifies() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1_614_265_330, timezone.utc)
    event = check(headers, body='{"test": 2432232314}', secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now=at)
    assert (event.id, event.type, event.data, event.attempted_at) == (
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        None,
        {"test": 2432232314},
        at,
    )


@pytest.mark.parametrize(
    ("format", "body", "type"),
    [
        ("standard", '{"type":"a.b","timestamp":"t","data":{"n":1}}', "a.b"),
        ("pacspace", '{"event":"a.b","timestamp":"t","data":{"n":1}}', "a.b"),
        ("pausepoint", '{"event":"a.b","developer_id":"dev_x","timestamp":"t","data":{"n":1}}', "a.b"),
        ("plain", '{"n":1}', None),
    ],
)
def test_the_envelope_of_each_format_is_opened(format: str, body: str, type: str | None) -> None:
    event = check(signed(format=format, body=body, id="evt_1", type="a.b"), body=body)
    assert (event.id, event.type, event.data) == ("evt_1", type, {"n": 1})


@pytest.mark.parametrize("format", SCHEMES)
def test_unsigned_types_and_ids_are_returned_apart_from_signed_ones(format: str) -> None:
    headers = only_headers_of(format, id="evt_1", type="a.b")
    event = check(headers)
    assert event.id == ("evt_1" if format == "standard" else None)
    assert event.unsigned_id == ("evt_1" if format in ("standard", "pacspace") else None)
    assert event.unsigned_type == (None if format == "standard" else "a.b")
    forged = {name: "forged" if name.endswith(("-event", "event-id")) else value for name, value in headers.items()}
    assert check(forged).type == (None if format == "plain" else "a.b")


def test_no_type_is_taken_from_the_payload_of_a_plain_delivery() -> None:
    lookalike = '{"type":"not.the.type","timestamp":"t","data":{"n":1}}'
    headers = signed(format="plain", body=lookalike, type="a.b")
    for scheme in ("standard", "plain"):
        event = check(headers, body=lookalike, scheme=scheme)
        assert (event.type, event.unsigned_type, event.data["type"]) == (None, "a.b", "not.the.type")


def test_added_headers_of_format_plain_do_not_hide_an_envelope() -> None:
    headers = signed()
    added = {**headers, "x-webhook-signature": f"v1={'0' * 64}", "x-webhook-timestamp": "1778250180"}
    assert check(added) == check(headers)


def test_headers_may_have_the_shapes_of_the_frameworks() -> None:
    headers = signed(id="evt_1")
    expected = check(headers)
    message = Message()
    for name, value in headers.items():
        message[name.title()] = value
    pairs = [*headers.items()]
    shapes: list[Any] = [
        pairs,
        iter(pairs),
        [(name.upper(), value) for name, value in pairs],
        [(name.encode(), value.encode()) for name, value in pairs],
        {name: [value] for name, value in pairs},
        httpx.Headers(headers),
        message,
        {**headers, "content-length": 5, "cookie": None},
    ]
    for shape in shapes:
        assert check(shape) == expected
    message["Webhook-Id"] = "evt_1"
    refused("malformed_headers", message)
    refused("malformed_headers", [*pairs, ("Webhook-Id", "evt_1")])
    refused("malformed_headers", {**headers, "webhook-id": ["a", "b"]})
    refused("missing_headers", {})
    refused("missing_headers", [])
    for wrong in (None, "webhook-id: 1", b"x", 5, [["webhook-id"]], ["webhook-id"], [(1, "x")]):
        with pytest.raises(TypeError, match="headers must be"):
            check(wrong)
    with pytest.raises(TypeError, match="headers must have a string as webhook-id"):
        check({**headers, "webhook-id": 5})


def test_a_wrong_option_never_lets_a_delivery_pass() -> None:
    old = sign(secret=SECRET, body=BODY, timestamp=datetime.fromtimestamp(0, timezone.utc))
    for tolerance in (math.nan, math.inf, -1, "300", None, True):
        with pytest.raises((TypeError, ValueError), match="^tolerance_seconds must be"):
            check(old, tolerance_seconds=tolerance)
    for now in (datetime(2026, 5, 8), 5, "2026-05-08"):
        with pytest.raises((TypeError, ValueError), match="^now must"):
            check(old, now=now)
    for scheme in ("foo", "", 5, ["standard"]):
        with pytest.raises((TypeError, ValueError), match="^scheme must be one of standard, pacspace, plain"):
            check(old, scheme=scheme)
    assert check(old, now=datetime.fromtimestamp(0, timezone.utc), tolerance_seconds=0)


def test_the_body_is_the_raw_text_or_bytes() -> None:
    headers = signed()
    for body in (BODY.encode(), bytearray(BODY.encode()), memoryview(f"xx{BODY}".encode())[2:]):
        check(headers, body=body)
    for wrong in ({"a": 1}, None, 5, "\ud800"):
        refused("invalid_body", headers, body=wrong)


@pytest.mark.parametrize("format", SCHEMES)
def test_exactly_300_seconds_are_allowed_in_either_direction(format: str) -> None:
    headers = only_headers_of(format)
    for seconds, code in ((300, None), (-300, None), (301, "timestamp_too_old"), (-301, "timestamp_too_new")):
        at = NOW + timedelta(seconds=seconds)
        if code is None or format == "pausepoint":
            check(headers, now=at)
        else:
            refused(code, headers, now=at)


def test_missing_malformed_and_changed_headers_are_refused() -> None:
    headers = signed()
    refused("missing_headers", {**headers, "webhook-id": None})
    refused("missing_headers", {**headers, "webhook-timestamp": ""})
    for wrong in ("1e9", "-5", "1778250180\n", "١٧٧٨٢٥٠١٨٠", "9" * 13, " 1778250180"):
        refused("malformed_headers", {**headers, "webhook-timestamp": wrong})
    refused("malformed_headers", {**headers, "webhook-timestamp": "9" * 12}, tolerance_seconds=1e15)
    refused("signature_mismatch", {**headers, "webhook-id": "evt_other"})
    refused("signature_mismatch", {**headers, "webhook-signature": "v1,äöü\ud800"})
    later = str(int(headers["webhook-timestamp"]) + 1)
    refused("signature_mismatch", {**headers, "webhook-timestamp": later})


def test_one_signature_of_several_and_one_secret_of_several_suffice() -> None:
    headers = signed()
    check({**headers, "webhook-signature": f"v1,AAAA v2,x {headers['webhook-signature']}"})
    check(headers, secret=["another secret of 16", SECRET])
    check(headers, secret=("another secret of 16", SECRET))
    refused("signature_mismatch", headers, secret=["another secret of 16"])


def test_only_the_first_scheme_that_is_present_is_verified_or_the_requested_one() -> None:
    forged = {**signed(format="pausepoint"), "webhook-signature": "v1,AAAA"}
    refused("signature_mismatch", forged)
    assert check(forged, scheme="pausepoint").scheme == "pausepoint"
    refused("missing_headers", only_headers_of("pausepoint"), scheme="standard")


def test_a_missing_secret_and_a_body_that_is_no_object_are_refused() -> None:
    secrets: list[Any] = ["", [], None, 5, {}, [SECRET, None], [SECRET, ""], b"bytes", "\udcff"]
    for secret in secrets:
        refused("invalid_secret", only_headers_of("pausepoint"), secret=secret)
    for body in ("[]", "nope", "", "null", b"{\xff}", '\ufeff{"a":1}', '{"a":NaN}', "[" * 100_000, '{"a":' * 5000):
        refused("invalid_body", signed(body=body), body=body)
    many_digits = f'{{"n":{"1" * 5000}}}'
    assert check(signed(body=many_digits), body=many_digits).data == {"n": math.inf}


def test_sign_refuses_arguments_that_would_make_wrong_headers() -> None:
    for more in (
        {"secret": ""},
        {"secret": None},
        {"secret": b"x"},
        {"secret": "\udcff"},
        {"body": {"a": 1}},
        {"body": None},
        {"format": "github"},
        {"timestamp": datetime(2026, 5, 8)},
        {"timestamp": 5},
        {"id": ""},
        {"type": None},
        {"delivery_id": 5},
        {"attempt": "1"},
        {"attempt": math.nan},
    ):
        with pytest.raises((TypeError, ValueError)):
            signed(**more)


def test_an_error_survives_a_process_pool() -> None:
    error = pickle.loads(pickle.dumps(WebhookVerificationError("invalid_body", "no")))
    assert (error.code, str(error)) == ("invalid_body", "no")


def test_the_ending_of_a_pause_is_recognized_by_its_shape() -> None:
    event = {"event": "pause.responded", "pause_id": "psr_1", "data": {"choice": "Yes"}}
    assert is_pause_event(event)
    others: list[object] = [
        None,
        [],
        {**event, "event": "order.created"},
        {**event, "pause_id": None},
        {**event, "data": None},
    ]
    for wrong in others:
        assert not is_pause_event(wrong)
