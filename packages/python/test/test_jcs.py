"""Bodies that contain their signature, and the vectors that every SDK is checked with."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timezone
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

from signalbox_sdk import sign_jcs
from signalbox_sdk.signing.canonical import canonical, read_exactly

VECTORS = Path(__file__).parents[2] / "sdk" / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / name).read_text("utf-8"))["vectors"]
    assert found
    return found


def test_the_signed_vectors_are_signed_alike_from_text_and_from_a_value() -> None:
    for vector in vectors("jcs-signed.json"):
        for body in (vector["text"], json.loads(vector["text"]), vector["signed"]):
            assert sign_jcs(body, vector["secret"]) == vector["signed"], vector["name"]


def test_the_numbers_of_the_vectors_are_written_alike() -> None:
    for vector in vectors("jcs-numbers.json"):
        assert canonical(read_exactly(vector["text"])) == vector["canonical"], vector["text"]


def test_the_refused_vectors_are_refused() -> None:
    for vector in vectors("jcs-refused.json"):
        with pytest.raises((TypeError, ValueError)):
            sign_jcs(vector["text"], "a secret")


class Level(IntEnum):
    HIGH = 3


class Frozen(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return {"b": 1, "a": 2}[key]

    def __iter__(self) -> Any:
        return iter(("b", "a"))

    def __len__(self) -> int:
        return 2


def test_values_of_python_are_signed_as_their_json() -> None:
    text = sign_jcs({"level": Level.HIGH, "many": (1, True, None), "map": Frozen(), "one": 1.0, "e": 1e21}, "s")
    assert text.startswith('{"e":1e+21,"level":3,"many":[1,true,null],"map":{"a":2,"b":1},"one":1,"signature":"sha256=')
    assert canonical(read_exactly("[0e999999999999, -0]")) == "[0,0]"


def test_values_without_a_canonical_form_are_refused() -> None:
    circle: dict[str, Any] = {}
    circle["circle"] = circle
    deep: Any = 1
    for _ in range(65):
        deep = {"a": deep}
    sign_jcs(deep["a"], "s")
    bodies: list[Any] = [
        {"a": math.nan},
        {"a": [-math.inf]},
        {"a": 2**53 + 1},
        {"a": 10**400},
        {"a": "\ud800"},
        {"\ud800": 1},
        {1: "a"},
        {"a": b"bytes"},
        {"a": datetime.now(timezone.utc)},
        {"a": {1, 2}},
        deep,
        circle,
        '{"a":' * 100_000,
        '{"a":1e999999999999999999999999}',
        [],
        None,
        5,
        b"{}",
        "[]",
        "",
    ]
    for body in bodies:
        with pytest.raises((TypeError, ValueError)):
            sign_jcs(body, "s")
    for secret in ("", None, 5, b"s"):
        with pytest.raises((TypeError, ValueError), match="^The secret must be a non-empty string"):
            sign_jcs({}, secret)  # type: ignore[arg-type]
