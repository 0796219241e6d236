"""Verify a delivery."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, cast

from ..errors import WebhookVerificationError
from ..json_text import read_json
from ..limits import TOLERANCE_SECONDS
from ..options import check_amount, check_one_of, check_time
from .headers import REPEATED, HeaderReader, WebhookHeaders, header_reader
from .signature import SCHEME_NAMES, SignatureScheme, Stamp, check_secret, equal_in_constant_time, raw_bytes, signature


@dataclass(frozen=True)
class VerifiedWebhook:
    """A delivery whose signature is good.

    Everything here was signed, except `unsigned_id` and `unsigned_type`: anyone who can change headers between the
    server and you can change those two.
    """

    id: str | None
    """The event's id. It is the same on every attempt, retry and replay, so drop an id that you have already processed.
    None in every scheme but `standard`, because the other schemes do not sign an id."""
    unsigned_id: str | None
    """The id that the headers name, whether it was signed or not."""
    type: str | None
    """The event's type, from the envelope in the body. None in format `plain`, whose body is the payload alone."""
    unsigned_type: str | None
    """The type that the headers name. None in format `standard`, which names the type only in its body."""
    attempted_at: datetime | None
    """When this attempt started, in UTC. None in scheme `pausepoint`, which signs no timestamp."""
    data: dict[str, Any]
    """The envelope's `data`, or the whole body where there is no envelope."""
    body: dict[str, Any]
    """The whole body, parsed."""
    scheme: SignatureScheme
    """The signature that was checked."""


_SIGNATURE_HEADERS: dict[SignatureScheme, str] = {
    "standard": "webhook-signature",
    "pacspace": "x-pacspace-signature",
    "plain": "x-webhook-signature",
    "pausepoint": "x-pausepoint-signature",
}
_TIMESTAMP_HEADERS: dict[SignatureScheme, str] = {
    "standard": "webhook-timestamp",
    "pacspace": "x-pacspace-timestamp",
    "plain": "x-webhook-timestamp",
}
_ID_HEADERS = ("webhook-id", "x-event-id")
_TYPE_HEADERS = ("x-webhook-event", "x-pausepoint-event")

# `\d` would match the digits of every script.
_UNIX_SECONDS = re.compile("[0-9]{1,12}")
# The end of the year 9999: Python has no later times.
_UNIX_SECONDS_MAX = 253_402_300_799
# Signalbox sends no longer id or type in an unsigned header.
_UNSIGNED_CHARS_MAX = 256


def verify(
    *,
    body: str | bytes | bytearray | memoryview,
    headers: WebhookHeaders,
    secret: str | Sequence[str],
    scheme: SignatureScheme | None = None,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: datetime | None = None,
) -> VerifiedWebhook:
    """Verify a delivery's signature and return its event.

    The comparison takes constant time, and the timestamp is checked in both directions.

    Args:
        body: the raw body, exactly as it arrived. A body that was parsed and serialized again does not verify
        headers: the request's headers, in any of the shapes that frameworks provide
        secret: the endpoint's signing secret. During a rotation, pass several; one of them must match
        scheme: the signature to verify. Without it, the first of `standard`, `pacspace`, `plain` and `pausepoint` whose
            header is present is verified, and no other. All deliveries from Signalbox have the `standard` headers, so
            set `standard`: nobody can then replay an old delivery by removing the headers with a timestamp
        tolerance_seconds: the largest difference between the attempt's timestamp and now, in either direction
        now: the time to compare with, with a time zone. Default: the current time

    Raises:
        WebhookVerificationError: with a stable `code`, for a delivery that must not be trusted
        TypeError: for an argument of the wrong type, regardless of the delivery
        ValueError: for a tolerance that is not a finite number of 0 or more, a time without a time zone, and an unknown
            scheme
    """
    # Options are checked before the delivery, so that wrong ones show up with the first delivery.
    check_amount("tolerance_seconds", tolerance_seconds)
    seconds = int((time.time() if now is None else check_time("now", now).timestamp()) // 1)
    if scheme is not None:
        check_one_of("scheme", scheme, SCHEME_NAMES)
    read = header_reader(headers)
    used = scheme or _present_scheme(read)
    given = _required(read, _SIGNATURE_HEADERS[used])
    stamp = _read_stamp(used, read)
    if used in _TIMESTAMP_HEADERS:
        _check_timestamp(stamp.timestamp, seconds, tolerance_seconds)
    content = raw_bytes(body)
    if content is None:
        raise WebhookVerificationError("invalid_body", "The body must be the raw text or bytes, not a parsed value.")
    secrets = _secret_list(secret)
    if not _matches(used, given, stamp, content, secrets):
        raise WebhookVerificationError("signature_mismatch", "No signature matches this body and secret.")
    parsed = _parse_body(content)
    is_payload = used == "plain" or _is_plain(read, content, secrets)
    event_type, data = (None, parsed) if is_payload else _open_envelope(parsed)
    return VerifiedWebhook(
        id=stamp.id or None,
        unsigned_id=_unsigned(read, _ID_HEADERS),
        type=event_type,
        unsigned_type=_unsigned(read, _TYPE_HEADERS),
        attempted_at=datetime.fromtimestamp(int(stamp.timestamp), timezone.utc) if stamp.timestamp else None,
        data=data,
        body=parsed,
        scheme=used,
    )


def _present_scheme(read: HeaderReader) -> SignatureScheme:
    for scheme in SCHEME_NAMES:
        if read(_SIGNATURE_HEADERS[scheme]) is not None:
            return scheme
    raise WebhookVerificationError("missing_headers", "The delivery has no signature header.")


def _required(read: HeaderReader, name: str) -> str:
    value = read(name)
    if value is None:
        raise WebhookVerificationError("missing_headers", f"The {name} header is missing.")
    if value == REPEATED:
        raise WebhookVerificationError("malformed_headers", f"The {name} header is repeated.")
    return value


def _read_stamp(scheme: SignatureScheme, read: HeaderReader) -> Stamp:
    name = _TIMESTAMP_HEADERS.get(scheme)
    timestamp = "" if name is None else _required(read, name)
    return Stamp(timestamp=timestamp, id=_required(read, "webhook-id") if scheme == "standard" else "")


def _unsigned(read: HeaderReader, names: Sequence[str]) -> str | None:
    """The value of the first of these headers that is present."""
    value = next((text for text in map(read, names) if text is not None), None)
    return None if value is None or value == REPEATED or len(value) > _UNSIGNED_CHARS_MAX else value


def _check_timestamp(timestamp: str, now_seconds: int, tolerance_seconds: float) -> None:
    if _UNIX_SECONDS.fullmatch(timestamp) is None or int(timestamp) > _UNIX_SECONDS_MAX:
        raise WebhookVerificationError("malformed_headers", "The timestamp header is not in Unix seconds.")
    age = now_seconds - int(timestamp)
    if age > tolerance_seconds:
        raise WebhookVerificationError("timestamp_too_old", f"The delivery was signed {age} s ago.")
    if -age > tolerance_seconds:
        raise WebhookVerificationError("timestamp_too_new", f"The delivery was signed {-age} s in the future.")


def _secret_list(secret: object) -> Sequence[str]:
    secrets = [secret] if isinstance(secret, (str, bytes)) or not isinstance(secret, Sequence) else list(secret)
    try:
        checked = [check_secret(one) for one in secrets]
    except (TypeError, ValueError) as cause:
        raise WebhookVerificationError("invalid_secret", str(cause)) from None
    if not checked:
        raise WebhookVerificationError("invalid_secret", "There is no secret.")
    return checked


def _matches(scheme: SignatureScheme, given: str, stamp: Stamp, body: bytes, secrets: Sequence[str]) -> bool:
    # During a rotation, webhook-signature has several signatures, separated by spaces. The other headers have one.
    candidates = given.split(" ") if scheme == "standard" else [given]
    for secret in secrets:
        expected = signature(scheme, secret, stamp, body)
        if any(equal_in_constant_time(expected, candidate) for candidate in candidates):
            return True
    return False


def _is_plain(read: HeaderReader, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether a delivery that another scheme verified is in format `plain`.

    The signature of `plain` must match too, so that an added header cannot hide the envelope of a delivery.
    """
    given, timestamp = read(_SIGNATURE_HEADERS["plain"]), read(_TIMESTAMP_HEADERS["plain"])
    if given is None or timestamp is None:
        return False
    return _matches("plain", given, Stamp(id="", timestamp=timestamp), body, secrets)


def _parse_body(body: bytes) -> dict[str, Any]:
    try:
        parsed = read_json(body.decode("utf-8"))
    except ValueError as cause:
        raise WebhookVerificationError("invalid_body", "The body is not JSON in UTF-8.") from cause
    if not isinstance(parsed, dict):
        raise WebhookVerificationError("invalid_body", "The body is not a JSON object.")
    return parsed


def _open_envelope(body: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """A payload can have its own `type` and `data`. If it also has a `timestamp`, it looks like an envelope."""
    named = body.get("event")
    event_type = body.get("type") if named is None else named
    data = body.get("data")
    if isinstance(event_type, str) and isinstance(body.get("timestamp"), str) and isinstance(data, dict):
        return event_type, cast("dict[str, Any]", data)
    return None, body
