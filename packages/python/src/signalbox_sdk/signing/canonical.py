"""The canonical form of JSON (RFC 8785), and a reader that refuses texts that would change their meaning in it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

DEPTH_MAX = 64
"""The server refuses deeper JSON."""

_SHORT_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPED = re.compile(r'[\x00-\x1f"\\]')
_SURROGATE = re.compile("[\ud800-\udfff]")
# From 1e21 on, and below 1e-6, ECMAScript writes a power of ten.
_POINT_MAX = 21
_POINT_MIN = -6


def canonical(value: object, depth: int = 0) -> str:
    """Write a value in canonical form.

    Raises:
        TypeError: for a value that is not JSON, such as bytes, a datetime, or an object with a key that is no string
        ValueError: for half of a surrogate pair, a number that a double cannot hold, and for values that are nested
            deeper than the server accepts
    """
    if depth > DEPTH_MAX:
        raise ValueError(f"The value is nested deeper than {DEPTH_MAX} levels.")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, (list, tuple)):
        return f"[{','.join(canonical(item, depth + 1) for item in value)}]"
    if isinstance(value, Mapping):
        return _object(value, depth)
    raise TypeError(f"JSON cannot represent a value of type {type(value).__name__}.")


def read_exactly(text: str) -> Any:
    """Parse a JSON text that keeps its meaning in canonical form.

    Raises:
        ValueError: for a text that is not JSON, repeated keys, and numbers with more digits than a double can hold
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_float=_exact,
            parse_int=_exact,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as cause:
        raise ValueError("The body is not JSON.") from cause
    except RecursionError:
        raise ValueError("The body is nested too deeply.") from None


def _string(text: str) -> str:
    if _SURROGATE.search(text) is not None:
        raise ValueError("A string contains half of a surrogate pair, which has no canonical form.")
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return _SHORT_ESCAPES.get(char) or f"\\u{ord(char):04x}"


def _object(value: Mapping[Any, object], depth: int) -> str:
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"A key must be a string; this is of type {type(key).__name__}.")
    # The canonical order is that of UTF-16 code units.
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return f"{{{','.join(f'{_string(key)}:{canonical(value[key], depth + 1)}' for key in keys)}}}"


def _number(number: int | float) -> str:
    """A double as ECMAScript writes it: Python has the same shortest digits, and another notation."""
    try:
        double = float(number)
    except OverflowError:
        _refuse_number(str(type(number).__name__))
    if not math.isfinite(double):
        raise ValueError(f"JSON cannot represent {double}.")
    if isinstance(number, int) and Decimal(int(number)) != Decimal(repr(double)):
        _refuse_number(str(int(number)))
    if double == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(double)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if 0 < point <= _POINT_MAX:
        text = text + "0" * (point - len(text)) if point >= len(text) else f"{text[:point]}.{text[point:]}"
    elif _POINT_MIN < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        text = f"{text[0]}{'.' if len(text) > 1 else ''}{text[1:]}e{point - 1:+d}"
    return f"{'-' if sign else ''}{text}"


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value: dict[str, object] = {}
    for key, item in pairs:
        if key in value:
            raise ValueError(f"The key {key!r} is repeated.")
        value[key] = item
    return value


def _exact(text: str) -> float:
    """The double that a number's text names, if its shortest digits are the same number."""
    double = float(text)
    if not math.isfinite(double) or _decimal(text) != _decimal(repr(double)):
        _refuse_number(text)
    return double


def _decimal(text: str) -> tuple[bool, str, int]:
    """A number's value in a form that is the same for all its notations: sign, digits and a power of ten."""
    mantissa, _, power = text.lstrip("-").lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    short = digits.rstrip("0")
    if short == "":
        return False, "", 0
    return text.startswith("-"), short, int(power or "0") - len(fraction) + len(digits) - len(short)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON.")


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"The number {text[:40]} would change its value in canonical form; send it as a string.")
