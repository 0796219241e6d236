"""JSON as JavaScript reads and writes it, which is stricter than Python's `json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
# Python refuses to parse more digits than this into an int. JavaScript reads such a number as Infinity.
_INT_DIGITS_MAX = 4000


def read_json(text: str) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: for a text that is not JSON, which includes `NaN` and `Infinity`
    """
    try:
        return json.loads(text, parse_constant=_no_constant, parse_int=_integer)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None


def write_json(value: object) -> str:
    """Write a value without white space, and in UTF-8 where JSON permits it.

    Raises:
        TypeError: for a value that JSON cannot represent, such as a datetime
        ValueError: for `NaN`, infinite numbers, and values that contain themselves
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("The value is nested too deeply.") from None
    # Half of a surrogate pair has no UTF-8, so it is escaped.
    return _SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", text)


def event_text(payload: Mapping[str, Any] | str, **fields: object) -> str:
    """The JSON text of an object with a payload. A payload that is text is inserted unchanged."""
    before = write_json(fields)[:-1]
    return f'{before}{"" if before == "{" else ","}"payload":{_payload_text(payload)}}}'


def _payload_text(payload: object) -> str:
    if isinstance(payload, str):
        read_json(payload)  # text that is not a single JSON value could change the surrounding fields
        return payload
    if not isinstance(payload, Mapping):
        raise TypeError("payload must be a mapping or JSON text.")
    return write_json(dict(payload))


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON.")


def _integer(text: str) -> int | float:
    return int(text) if len(text) < _INT_DIGITS_MAX else float(text)
