"""What an attempt measured and got."""

from __future__ import annotations

from typing import TypedDict


class HeaderField(TypedDict):
    """One header."""

    name: str
    value: str


class Timings(TypedDict):
    """How long the parts of an attempt took. None: the connection was reused, or the part was not completed."""

    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    """From the request to the first byte of the response."""
    total_ms: float


class UserRef(TypedDict):
    """A user, by the email address at that time."""

    id: str
    """`usr_…`."""
    email: str
