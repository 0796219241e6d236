"""The public keys of receipts, cached for a program that verifies."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from time import monotonic
from typing import Any, cast

import httpx

from .calls import protocol_error
from .errors import NetworkError
from .limits import RECEIPT_KEYS_AGAIN_SECONDS, RECEIPT_KEYS_CACHE_SECONDS, REQUEST_TIMEOUT_SECONDS
from .options import check_string
from .types.receipts import ReceiptKey


class ReceiptKeys:
    """The keys of a server, for `verify_decision`.

    They are read when they are first needed, and again after five minutes or for a receipt with a new key. Make one for
    each server, and keep it. It needs no API key, and blocks while it reads: with asyncio, pass the list of
    `await signalbox.list_receipt_keys()` instead.

    A call raises a `SignalboxError` if the server does not respond.
    """

    def __init__(self, url: str, *, http_client: httpx.Client | None = None) -> None:
        """Take an address that you trust, never one that comes with a receipt."""
        self._url = f"{check_string('url', url).rstrip('/')}/.well-known/signalbox-keys"
        self._client = http_client
        self._lock = threading.Lock()
        self._keys: Sequence[ReceiptKey] = ()
        self._read_at = -math.inf

    def __call__(self, key_id: str) -> Sequence[ReceiptKey]:
        with self._lock:
            age = monotonic() - self._read_at
            is_known = any(key["key_id"] == key_id for key in self._keys)
            if age >= (RECEIPT_KEYS_CACHE_SECONDS if is_known else RECEIPT_KEYS_AGAIN_SECONDS):
                self._keys = self._read()
                self._read_at = monotonic()
            return self._keys

    def _read(self) -> Sequence[ReceiptKey]:
        get = httpx.get if self._client is None else self._client.get
        try:
            response = get(self._url, timeout=REQUEST_TIMEOUT_SECONDS)
            body: Any = response.json() if response.is_success else None
        except httpx.HTTPError as cause:
            raise NetworkError(f"The keys of {self._url} could not be read.", code="NETWORK_ERROR") from cause
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("keys"), list):
            raise protocol_error(f"{self._url} does not have the keys; is this the address of a Signalbox server?")
        return cast(Sequence[ReceiptKey], body["keys"])
