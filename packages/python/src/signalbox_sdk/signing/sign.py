"""Create the headers of a delivery, to test a receiver."""

from __future__ import annotations

import time
import uuid
from datetime import datetime

from ..options import check_amount, check_one_of, check_string, check_time
from .signature import SCHEME_NAMES, SignatureScheme, Stamp, check_secret, raw_bytes, signature


def sign(
    *,
    secret: str,
    body: str | bytes | bytearray | memoryview,
    format: SignatureScheme = "standard",
    id: str | None = None,
    type: str = "test",
    timestamp: datetime | None = None,
    delivery_id: str | None = None,
    attempt: int = 1,
) -> dict[str, str]:
    """Create the headers that Signalbox would send with this body, to test a receiver. Their names are in lower case.

    Args:
        secret: the endpoint's signing secret
        body: the body that will be sent, byte for byte
        format: the endpoint's format, which determines the headers in addition to `webhook-*`
        id: the event's id. Default: a new `evt_…`
        type: the event's type
        timestamp: when the attempt starts, with a time zone. Default: now
        delivery_id: only `plain` has it in a header. Default: a new `del_…`
        attempt: counts from 1. Only `plain` has it in a header

    Raises:
        TypeError: for an argument of the wrong type, such as a body that is a parsed value
        ValueError: for an empty secret, an unknown format, and a timestamp without a time zone
    """
    check_secret(secret)
    check_one_of("format", format, SCHEME_NAMES)
    event_id = check_string("id", f"evt_{uuid.uuid4()}" if id is None else id)
    delivery = check_string("delivery_id", f"del_{uuid.uuid4()}" if delivery_id is None else delivery_id)
    check_string("type", type)
    check_amount("attempt", attempt)
    content = raw_bytes(body)
    if content is None:
        raise TypeError("The body must be the text or bytes that will be sent, not a value.")
    seconds = time.time() if timestamp is None else check_time("timestamp", timestamp).timestamp()
    stamp = Stamp(id=event_id, timestamp=str(int(seconds // 1)))
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": stamp.timestamp,
        "webhook-signature": signature("standard", secret, stamp, content),
    }
    if format != "standard":
        headers |= _FORMAT_HEADERS[format](signature(format, secret, stamp, content), stamp, type, delivery, attempt)
    return headers


def _pausepoint(signed: str, _stamp: Stamp, type: str, _delivery: str, _attempt: int) -> dict[str, str]:
    return {"x-pausepoint-signature": signed, "x-pausepoint-event": type}


def _pacspace(signed: str, stamp: Stamp, type: str, _delivery: str, _attempt: int) -> dict[str, str]:
    return {
        "x-pacspace-signature": signed,
        "x-pacspace-timestamp": stamp.timestamp,
        "x-webhook-event": type,
        "x-event-id": stamp.id,
    }


def _plain(signed: str, stamp: Stamp, type: str, delivery: str, attempt: int) -> dict[str, str]:
    return {
        "x-webhook-event": type,
        "x-webhook-delivery": delivery,
        "x-webhook-attempt": str(attempt),
        "x-webhook-timestamp": stamp.timestamp,
        "x-webhook-signature": signed,
    }


_FORMAT_HEADERS = {"pausepoint": _pausepoint, "pacspace": _pacspace, "plain": _plain}
