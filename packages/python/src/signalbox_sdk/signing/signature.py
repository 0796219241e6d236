"""The signatures that a delivery can carry, and their keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..options import check_string

SignatureScheme = Literal["standard", "pacspace", "plain", "pausepoint"]
"""The signature schemes.

- `standard`: `webhook-signature` (Standard Webhooks 1.0), on every delivery
- `pacspace`: `X-PacSpace-Signature` and `X-PacSpace-Timestamp`
- `plain`: `X-Webhook-Signature` and `X-Webhook-Timestamp`
- `pausepoint`: `X-PausePoint-Signature`, the only one without a timestamp
"""

SCHEME_NAMES: Sequence[SignatureScheme] = ("standard", "pacspace", "plain", "pausepoint")
"""All schemes in order of preference. The first one signs the most."""

_PREFIX = "whsec_"
_KEY_BYTES_MIN = 24
_KEY_BYTES_MAX = 64
# RFC 4648 §4 with the required padding and no stray bits in the last digit.
_STRICT_BASE64 = re.compile(
    "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?",
)


@dataclass(frozen=True)
class Stamp:
    """The values that identify an attempt. They are signed with the body if the scheme includes them."""

    id: str
    timestamp: str
    """Unix seconds, as in the header."""


def check_secret(secret: object) -> str:
    """Check a secret before anything is signed, because anyone could sign with an empty key."""
    text = check_string("The secret", secret)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            "The secret has no UTF-8; an environment variable with other bytes is read like this."
        ) from None
    return text


def signature(scheme: SignatureScheme, secret: str, stamp: Stamp, body: bytes) -> str:
    """The signature in the form of the scheme's header: `v1,<base64>`, `v1=<hex>` or `sha256=<hex>`."""
    if scheme == "standard":
        signed = _mac(_standard_key(secret), f"{stamp.id}.{stamp.timestamp}.", body)
        return f"v1,{base64.b64encode(signed).decode()}"
    if scheme == "pausepoint":
        return f"sha256={_mac(secret.encode(), '', body).hex()}"
    return f"v1={_mac(secret.encode(), f'{stamp.timestamp}.', body).hex()}"


def hmac_hex(secret: str, text: str) -> str:
    """HMAC-SHA-256 of a text. The secret and the text are encoded as UTF-8."""
    return _mac(secret.encode(), text, b"").hex()


def equal_in_constant_time(expected: str, given: str) -> bool:
    """`hmac.compare_digest` compares only ASCII text or bytes, and a header can be anything."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def raw_bytes(body: object) -> bytes | None:
    """The bytes of a body; None for a value that is neither text nor bytes, and for text that has no UTF-8."""
    if isinstance(body, str):
        try:
            return body.encode()
        except UnicodeEncodeError:
            return None
    return bytes(body) if isinstance(body, (bytes, bytearray, memoryview)) else None


def _standard_key(secret: str) -> bytes:
    """A `whsec_` secret of 24 to 64 bytes is decoded. The key of any other is its UTF-8 bytes."""
    if secret.startswith(_PREFIX) and _STRICT_BASE64.fullmatch(secret, len(_PREFIX)) is not None:
        key = base64.b64decode(secret[len(_PREFIX) :])
        if _KEY_BYTES_MIN <= len(key) <= _KEY_BYTES_MAX:
            return key
    return secret.encode()


def _mac(key: bytes, before: str, body: bytes) -> bytes:
    signed = hmac.new(key, before.encode("utf-8", "surrogatepass"), hashlib.sha256)
    signed.update(body)
    return signed.digest()
