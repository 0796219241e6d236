"""Sign a body that contains its own signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..options import kind_of
from .canonical import canonical, read_exactly
from .signature import check_secret, hmac_hex

_FIELD = "signature"


def sign_jcs(body: Mapping[str, Any] | str, secret: str) -> str:
    """Sign a body for a Signalbox source of scheme `jcs`, such as the pause-status webhook.

    The signature is in the body's own field `signature` and covers the other fields in the canonical form of RFC 8785.
    Software on the way may therefore parse the body and serialize it again.

    Args:
        body: a JSON object or its text; an existing `signature` is replaced
        secret: the source's secret; its UTF-8 bytes are the key

    Returns:
        the JSON text to send, in canonical form

    Raises:
        TypeError: for a body that is not a JSON object, such as bytes, and for values that JSON does not have
        ValueError: for a text that repeats a key at any depth, half of a surrogate pair, a number that is not finite
            or that canonical form would change (one with more digits than a double can hold; send it as a string), a
            body that is nested deeper than 64 levels, and an empty secret
    """
    check_secret(secret)
    value = read_exactly(body) if isinstance(body, str) else body
    if not isinstance(value, Mapping):
        raise TypeError(f"The body must be a JSON object or its text; this is {kind_of(value)}.")
    rest = {key: item for key, item in value.items() if key != _FIELD}
    return canonical({**rest, _FIELD: f"sha256={hmac_hex(secret, canonical(rest))}"})
