"""Receipts of decisions, and the keys that sign them, as the API returns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict


class ReceiptPerson(TypedDict):
    """A user who decided, with the email address at that time."""

    id: str
    """`usr_…`."""
    email: str
    choice: str
    at: str


class Receipt(TypedDict):
    """What people decided, signed by the server. `verify_decision` checks it."""

    version: Literal[1]
    key_id: str
    """The key that signed it."""
    pause_id: str
    """`psr_…`."""
    developer_id: str
    """`dev_…`: the tenant whose people decided."""
    question_hash: str
    """SHA-256 in hex of `{message, options, details}` in the canonical form of RFC 8785. Without details, they are
    `[]`."""
    metadata_hash: str
    """SHA-256 in hex of the metadata in canonical form, or of its exact text if it has no canonical form."""
    choice: str
    text: str | None
    people: Sequence[ReceiptPerson]
    """The users who decided. Empty: a person decided through the link."""
    via: Literal["user", "slack", "link"]
    """`user`: a signed-in user. `slack`: a user in Slack. `link`: an answer through the link."""
    asked_at: str
    decided_at: str
    signature: str
    """Ed25519 over the canonical form of all other fields, in base64."""


class ReceiptKey(TypedDict):
    """A public key of the server."""

    key_id: str
    algorithm: Literal["Ed25519"]
    public_key: str
    """The 32 bytes in base64."""
    created_at: str
    retired_at: str | None
    """When another key replaced it. None: it signs."""
