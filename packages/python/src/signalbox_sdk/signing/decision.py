"""Verify that people decided what a program is about to do."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NoReturn, cast

from ..errors import DecisionVerificationCode, DecisionVerificationError
from ..json_text import read_json
from ..limits import RECEIPT_CLOCK_SECONDS
from ..options import check_amount, check_string, check_time, kind_of
from ..types.receipts import Receipt, ReceiptKey
from .canonical import canonical, read_exactly

ReceiptKeySource = Callable[[str], Sequence[ReceiptKey]]
"""Finds the keys among which the one of a receipt must be, such as `ReceiptKeys`."""


def verify_decision(
    receipt: object,
    *,
    keys: Sequence[ReceiptKey] | ReceiptKeySource,
    question: Mapping[str, Any],
    metadata: Mapping[str, Any] | str | None = None,
    pause_id: str | None = None,
    developer_id: str | None = None,
    choice: str | None = None,
    min_people: int = 1,
    max_age_seconds: float | None = None,
    now: datetime | None = None,
    once: Callable[[str], bool] | None = None,
) -> Receipt:
    """Verify that people decided what you are about to do, and return the receipt.

    The receipt may come from anyone, such as the agent that asked. It is checked against the question and the metadata
    that you pass, so pass what you will act on, and not what came with the receipt. It needs the extra `receipts`.

    Args:
        receipt: the `receipt` of a pause, or its JSON text
        keys: the server's keys: those that you keep, or `ReceiptKeys(url)`, which reads and caches them
        question: `message`, `options` in their order, and `details` if there were some, as you asked
        metadata: what you are about to act on: the metadata of the question, or its JSON text. Metadata with a number
            beyond doubles verifies only as the text that was sent
        pause_id: the pause that you asked. Give it, or `developer_id`: all tenants of a server share its keys
        developer_id: `dev_…`: the tenant whose people may decide
        choice: the option that allows it. Without it, look at the `choice` of the result
        min_people: how many users must have made the choice. 0 also accepts an answer through the link
        max_age_seconds: refuse a decision that is older
        now: the time to compare with, with a time zone. Default: the current time
        once: called last, with the pause's id, if everything else is right. Record the id in your database, and return
            False if it was there before: then a decision is acted on once

    Raises:
        DecisionVerificationError: with a stable `code`, for a decision that you must not act on
        TypeError, ValueError: for invalid arguments, regardless of the receipt
        ImportError: without the extra `receipts`
    """
    is_signed_by = _ed25519()
    for name, text in (("pause_id", pause_id), ("developer_id", developer_id), ("choice", choice)):
        if text is not None:
            check_string(name, text)
    if pause_id is None and developer_id is None:
        raise TypeError("Give pause_id or developer_id: all tenants of a server share its keys.")
    check_amount("min_people", min_people)
    if max_age_seconds is not None:
        check_amount("max_age_seconds", max_age_seconds)
    current = datetime.now(timezone.utc) if now is None else check_time("now", now)
    question_hash = _sha256(_question(question))
    metadata_hash = _metadata_hash(metadata)
    read = _read(receipt)
    _check_signature(read, keys, is_signed_by)
    if pause_id is not None and read["pause_id"] != pause_id:
        _fail("other_pause", f"This is the decision of {read['pause_id']}, not of {pause_id}.")
    if developer_id is not None and read["developer_id"] != developer_id:
        _fail("other_tenant", f"People of {read['developer_id']} decided, not those of {developer_id}.")
    if read["question_hash"] != question_hash:
        _fail("other_question", "People saw another message, or other options or details.")
    if read["metadata_hash"] != metadata_hash:
        _fail("other_metadata", "The question had other metadata.")
    if choice is not None and read["choice"] != choice:
        _fail("other_choice", f"People chose {read['choice']!r}, not {choice!r}.")
    people = sum(person["choice"] == read["choice"] for person in read["people"])
    if people < min_people:
        _fail("too_few_people", f"{people} users made this choice, and not {min_people}.")
    _check_age(read, current, max_age_seconds)
    if once is not None and not once(read["pause_id"]):
        _fail("already_used", f"The decision of {read['pause_id']} was acted on before.")
    return read


IsSignedBy = Callable[[bytes, str, bytes], bool]


def _ed25519() -> IsSignedBy:
    """Python's own library has no Ed25519."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError as cause:
        raise ImportError("verify_decision needs an extra: pip install 'signalbox-sdk[receipts]'") from cause

    def is_signed_by(public_key: bytes, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True

    return is_signed_by


def _fail(code: DecisionVerificationCode, message: str) -> NoReturn:
    raise DecisionVerificationError(code, message)


_TEXTS = (
    "key_id",
    "pause_id",
    "developer_id",
    "question_hash",
    "metadata_hash",
    "choice",
    "via",
    "asked_at",
    "decided_at",
    "signature",
)


def _read(receipt: object) -> Receipt:
    value = receipt
    if isinstance(receipt, str):
        try:
            value = read_json(receipt)
        except ValueError:
            _fail("malformed", "The receipt is not JSON.")
    if not isinstance(value, Mapping):
        _fail("malformed", "This is not a receipt.")
    if isinstance(value.get("version"), bool) or value.get("version") != 1:
        _fail("malformed", "This is not a receipt of version 1.")
    for name in _TEXTS:
        if not isinstance(value.get(name), str):
            _fail("malformed", f"The receipt has no {name}.")
    _time(value["decided_at"])
    people = value.get("people")
    if not isinstance(people, (list, tuple)) or not all(map(_is_person, people)):
        _fail("malformed", "The receipt has no people.")
    return cast(Receipt, value)


def _is_person(person: object) -> bool:
    return isinstance(person, Mapping) and isinstance(person.get("choice"), str)


def _check_signature(receipt: Receipt, keys: Sequence[ReceiptKey] | ReceiptKeySource, is_signed_by: IsSignedBy) -> None:
    key_id = receipt["key_id"]
    known = keys(key_id) if callable(keys) else keys
    key = next((key for key in known if key["key_id"] == key_id and key["algorithm"] == "Ed25519"), None)
    if key is None:
        _fail("unknown_key", f"There is no key {key_id!r}.")
    public_key = _bytes(key["public_key"])
    if public_key is None:
        raise ValueError(f"The public_key of {key_id} is not base64.")
    try:
        text = canonical({name: value for name, value in receipt.items() if name != "signature"})
    except (TypeError, ValueError):
        _fail("malformed", "The receipt has no canonical form.")
    signature = _bytes(receipt["signature"])
    if signature is None or not is_signed_by(public_key, text, signature):
        message = "The signature does not fit: the receipt was changed, or another server signed it."
        _fail("signature_mismatch", message)
    retired_at = key["retired_at"]
    if retired_at is not None:
        late = _time(receipt["decided_at"]) - datetime.fromisoformat(retired_at.replace("Z", "+00:00"))
        if late.total_seconds() > RECEIPT_CLOCK_SECONDS:
            _fail("retired_key", f"The key {key_id} was retired at {retired_at}, before this decision.")


def _bytes(text: str) -> bytes | None:
    """None for what is not base64 with its padding and without stray bits."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if base64.b64encode(decoded).decode() == text else None


# As the server writes it. `fromisoformat` accepts more, which other languages read differently.
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")


def _time(text: str) -> datetime:
    try:
        if _TIME.fullmatch(text) is not None:
            return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        pass  # such as 30 February
    _fail("malformed", "decided_at is not a time.")


def _check_age(receipt: Receipt, now: datetime, max_age_seconds: float | None) -> None:
    decided_at = receipt["decided_at"]
    age = (now - _time(decided_at)).total_seconds()
    if age < -RECEIPT_CLOCK_SECONDS:
        _fail("too_new", f"It was decided at {decided_at}, which is in the future.")
    if max_age_seconds is not None and age > max_age_seconds:
        _fail("too_old", f"It was decided at {decided_at}, more than {max_age_seconds:g} s ago.")


def _question(question: Mapping[str, Any]) -> str:
    if not isinstance(question, Mapping):
        raise TypeError(f"question must be a mapping; this is {kind_of(question)}.")
    details = question.get("details") or []
    facts = [{"label": detail["label"], "value": detail["value"]} for detail in details]
    return canonical({"message": question["message"], "options": list(question["options"]), "details": facts})


def _metadata_hash(metadata: Mapping[str, Any] | str | None) -> str | None:
    """The hash of the exact text if it has no canonical form, as the server does it. None fits no receipt."""
    if isinstance(metadata, str):
        read_json(metadata)
        try:
            return _sha256(canonical(read_exactly(metadata)))
        except ValueError:
            return _sha256(metadata)
    try:
        return _sha256(canonical(metadata))
    except ValueError:
        return None  # a number beyond doubles, which only the text can show


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
