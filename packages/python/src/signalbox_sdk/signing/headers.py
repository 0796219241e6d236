"""Read the headers of a request in the shapes that frameworks provide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..options import kind_of

WebhookHeaders = Mapping[str, Any] | Iterable[tuple[Any, Any]]
"""A request's headers: a mapping such as those of Flask, Django, Starlette, aiohttp and `http.server`, whose values are
strings or lists of strings, or pairs of name and value, such as `scope["headers"]` of ASGI. Names may be in any letter
case. Names and values may be bytes."""

HeaderReader = Callable[[str], str | None]
"""Looks up a header by its lower-case name. Returns None when it is absent or empty."""

REPEATED = "\n"
"""Stands for a repeated header. It matches no signature, timestamp or id."""

_SHAPES = "headers must be a mapping, or (name, value) pairs"


def header_reader(headers: object) -> HeaderReader:
    """Create a lookup for headers of any supported shape."""
    values: dict[str, list[object]] = {}
    for name, value in _pairs(headers):
        values.setdefault(name.lower(), []).extend(value if isinstance(value, (list, tuple)) else [value])
    return lambda name: _only_text(name, values.get(name, []))


def _pairs(headers: object) -> Iterable[tuple[str, object]]:
    if headers is None or isinstance(headers, (str, bytes, bytearray)):
        raise TypeError(f"{_SHAPES}; this is {kind_of(headers)}.")
    # A framework's own `items` returns a repeated header as several pairs, which a lookup would hide.
    items = getattr(headers, "items", None)
    pairs = items() if callable(items) else headers
    if not isinstance(pairs, Iterable):
        raise TypeError(f"{_SHAPES}; this is {kind_of(headers)}.")
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], (str, bytes)):  # noqa: PLR2004
            raise TypeError(f"{_SHAPES}; this has an item that is not such a pair.")
        yield _text(pair[0]), pair[1]


def _only_text(name: str, values: list[object]) -> str | None:
    """Values are checked when a header is read, so that other headers do not matter."""
    present = [value for value in values if value is not None]
    if len(present) > 1:
        return REPEATED
    value = present[0] if present else ""
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"headers must have a string as {name}; this is {kind_of(value)}.")
    return _text(value) or None


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
