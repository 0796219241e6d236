"""Check arguments. Type checkers prevent most mistakes, but an argument can come from anywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from enum import Enum
from typing import Final, Literal


class _Unset(Enum):
    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset.UNSET
"""The default of a field that stays as it is. `None` is a value: it resets the field."""
Unset = Literal[_Unset.UNSET]

_VISIBLE_ASCII = re.compile("[!-~]+")


def given(**fields: object) -> dict[str, object]:
    """The fields that are not `UNSET`."""
    return {name: value for name, value in fields.items() if value is not UNSET}


def not_none(**fields: object) -> dict[str, object]:
    """The fields that are not `None`, for inputs and filters in which `None` says nothing."""
    return {name: value for name, value in fields.items() if value is not None}


def check_string(what: str, value: object) -> str:
    """Return a non-empty string. The error does not contain it, because it may be a key."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a non-empty string; this is {kind_of(value)}.")
    if value == "":
        raise ValueError(f"{what} must be a non-empty string; it is empty.")
    return value


def check_header(what: str, value: object) -> str:
    """Return a string that can be the value of a header. A key from a file often ends with a line break."""
    text = check_string(what, value)
    if _VISIBLE_ASCII.fullmatch(text) is None:
        raise ValueError(f"{what} must contain only visible ASCII characters, and no white space.")
    return text


def check_amount(what: str, value: object) -> float:
    """Return a finite number of 0 or more. Comparisons with NaN are always false."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} must be a finite number of 0 or more; this is {kind_of(value)}.")
    if not 0 <= value < math.inf:
        raise ValueError(f"{what} must be a finite number of 0 or more; this is {value}.")
    return value


def check_time(what: str, value: object) -> datetime:
    """Return a time that has a time zone. One without would be taken for the machine's local time."""
    if not isinstance(value, datetime):
        raise TypeError(f"{what} must be a datetime; this is {kind_of(value)}.")
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError(f"{what} must have a time zone, such as datetime.now(timezone.utc).")
    return value


def time_text(what: str, value: str | datetime) -> str:
    """A time in RFC 3339. Text is sent as it is."""
    if isinstance(value, str):
        return value
    utc = check_time(what, value).astimezone(timezone.utc)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def query_of(filter: Mapping[str, object]) -> dict[str, object]:
    """A filter as query parameters. `from_` is `from`, which Python reserves."""
    return {
        name.removesuffix("_"): time_text(name, value) if isinstance(value, datetime) else value
        for name, value in filter.items()
    }


def check_one_of(what: str, value: object, allowed: Sequence[str]) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be one of {', '.join(allowed)}; this is {kind_of(value)}.")
    if value not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(allowed)}; this is {value!r}.")


def kind_of(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"
